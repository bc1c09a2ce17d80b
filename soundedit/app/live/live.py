"""Live in the app: begins and ends it, joins window, worker, controllers and the project."""

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.live.blackout import Blackout
from soundedit.app.live.controllers import Controllers
from soundedit.app.live.looks import LiveLooks
from soundedit.app.live.panel import EDIT_TARGET, REACTIVITY
from soundedit.app.live.performed import Performed
from soundedit.app.live.reactivity import LiveReactivity
from soundedit.app.live.requests import (
    LiveAnswer,
    LiveBegan,
    LiveDrew,
    LiveLink,
    LiveNotes,
    LiveRecorded,
    LiveRequest,
    LiveSource,
    LiveTrouble,
)
from soundedit.app.live.window import LiveWindow
from soundedit.app.reacting import Reacting
from soundedit.app.requests import Ended
from soundedit.app.settings import LAST_FOLDER, LIVE_AUTOMATIC, Settings
from soundedit.document.curve import active_edits
from soundedit.document.model import Edit, Project
from soundedit.document.performancelog import PerformanceLog
from soundedit.engine.pace import PaceMeter
from soundedit.errors import DeviceError, MediaError, SoundeditError
from soundedit.media.portaudio import AudioBackend, AudioDevice

TELL_MILLISECONDS = 100


class Live(QObject):
    """One live run at a time, with its window."""

    running_changed = Signal(bool)
    """True before an input is opened, False when it is free again."""
    said = Signal(str)
    scene_wanted = Signal()
    """The person wants another seed."""
    words_wanted = Signal(str)
    """The person wants an edit of a word or phrase."""
    removal_wanted = Signal(str)
    """The person wants the edit of an id to go."""
    failed = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        controller: Controller,
        settings: Settings,
        dialogs: Dialogs,
        folder: Path,
        *,
        backend: Callable[[], AudioBackend | None] = lambda: None,
    ) -> None:
        """`folder`: of the recordings; `backend`: makes the sound card, None for the machine's."""
        super().__init__(parent)
        self._parent, self._controller, self._settings = parent, controller, settings
        self._dialogs, self._folder, self._backend = dialogs, folder, backend
        self.window: LiveWindow | None = None
        self._microphones: tuple[AudioDevice, ...] = ()
        self._request: LiveRequest | None = None
        self._next: LiveSource | None = None
        self._wanted: LiveSource | None = None
        self._link = LiveLink(automatic=settings.get(LIVE_AUTOMATIC))
        self._shown: Any = None
        self._blackout = Blackout()
        self._meter = PaceMeter()
        self._latency = 0.0
        self._performed = Performed(controller.session, settings, folder)
        self._controllers = Controllers(settings, self._edits, self)
        self._controllers.moved.connect(self._moved)
        self._looks = LiveLooks(controller.session, self._moved, self)
        self._looks.seed_wanted.connect(controller.set_seed)
        self._controllers.look_called.connect(self._looks.go_to)
        self._controllers.moved.connect(self._looks.let_go)
        self._timer = QTimer(self, interval=TELL_MILLISECONDS)
        self._timer.timeout.connect(self._tell)
        reacting = Reacting(controller.session, self)
        self._reactivity = LiveReactivity(self._link, reacting, self)
        controller.live_answered.connect(self._on_answer)
        controller.session.changed.connect(self._project_changed)
        controller.engine_changed.connect(self._engine_changed)

    @property
    def running(self) -> bool:
        """True while an input is heard."""
        return self._request is not None

    @property
    def shown(self) -> Any:
        """The `soundedit.engine.live.LiveFrame` that was shown last, or None."""
        return self._shown

    def set_microphones(self, microphones: Sequence[AudioDevice]) -> None:
        """The inputs there are."""
        self._microphones = tuple(microphones)
        if self.window is not None:
            self._show_sources()

    def open(self, sound: Path | None = None) -> None:
        """Show the window and hear a file, or the default microphone unless it hears already."""
        if self.window is None:
            self.window = self._make_window()
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()
        if sound is None and self._request is not None and self._wanted is not None:
            return
        if sound is not None:
            source = LiveSource(sound.name, sound=sound)
        else:
            source = LiveSource(self.tr("Default microphone"))
        self.hear(source)

    def hear(self, source: LiveSource) -> None:
        """Hear another source; what was recorded until now is kept."""
        if self.window is None:
            return
        self._wanted = source
        self._show_sources()
        self.window.panel.say("")
        if self._request is not None:
            self._next = source
            self._request.cancel.cancel()
            return
        if self._controller.engine is None:
            error = self._controller.engine_error
            hint = str(error) if error is not None else self.tr("Waiting for the engine...")
            self.window.viewer.set_hint(hint)
            return
        self._begin(source)

    def close(self, *, keep: bool = False) -> None:
        """Leave live; a performance that is being recorded is kept.

        With `keep`, what was not saved is offered by the next start.
        """
        if self.window is not None:
            self.window.close()
        self._performed.close(keep=keep)

    def _begin(self, source: LiveSource) -> None:
        assert self.window is not None
        snapshot = self._controller.session.snapshot()
        self._link.take_frame()
        self._link.project = self._link.take = None
        self._link.strengths = MappingProxyType(self._strengths(snapshot.project))
        self._reactivity.follow(self.window.panel)
        self._shown, self._meter = None, PaceMeter()
        request = LiveRequest(snapshot.project, snapshot.files, source, self._link, self._backend)
        self._request = request
        self.window.viewer.set_hint(self.tr("Opening the input..."))
        self.running_changed.emit(True)
        self._controller.submit(request)
        self._timer.start()

    def _make_window(self) -> LiveWindow:
        window = LiveWindow(self._parent)
        panel = window.panel
        panel.source_chosen.connect(self._source_chosen)
        panel.moved.connect(self._moved)
        panel.automatic.setChecked(self._link.automatic)
        panel.automatic_switched.connect(self._switch_automatic)
        panel.frozen.connect(lambda on: setattr(self._link, "frozen", on))
        panel.darkened.connect(lambda on: self._blackout.set_wanted(on))
        panel.scene_wanted.connect(self.scene_wanted)
        panel.words_chosen.connect(self.words_wanted)
        panel.monitored.connect(lambda on: setattr(self._link, "monitored", on))
        panel.recorded.connect(self._record)
        panel.removed.connect(self._remove)
        window.painted.connect(self._painted)
        window.left.connect(self._left)
        self.window = window
        self._controllers.attach(panel)
        self._looks.attach(panel)
        self._suggest()
        # What was played the last time is in the project, if the person kept it.
        self._link.strengths = MappingProxyType({})
        self._show_edits()
        self._reactivity.follow(panel)
        self._show_sources()
        return window

    def _show_sources(self) -> None:
        if self.window is None:
            return
        sources = [LiveSource(self.tr("Default microphone"))]
        sources += [
            LiveSource(f"{device.name} ({device.host_api})", device=device)
            for device in self._microphones
        ]
        self.window.panel.set_sources(sources, self._wanted)

    def _edits(self) -> tuple[Edit, ...]:
        return active_edits(self._controller.session.project)

    def _strengths(self, project: Project) -> dict[str, float]:
        rows = {} if self.window is None else self.window.panel.rows
        found = {}
        for edit in active_edits(project):
            row = rows.get(EDIT_TARGET + edit.id)
            found[edit.id] = edit.strength if row is None else row.slider.number.value()
        return found

    def _show_edits(self) -> None:
        if self.window is not None:
            self.window.panel.set_edits(self._edits(), self._link.strengths)
            self.window.panel.words.setEnabled(not self._controller.session.read_only)
            self._controllers.follow()
            self._looks.follow()

    def _project_changed(self) -> None:
        if self.window is None:
            return
        self._show_edits()
        self._reactivity.follow(self.window.panel)
        if self._request is not None:
            snapshot = self._controller.session.snapshot()
            self._link.strengths = MappingProxyType(self._strengths(snapshot.project))
            self._link.project = (snapshot.project, snapshot.files)

    def _suggest(self) -> None:
        engine = self._controller.engine
        if self.window is not None and engine is not None:
            self.window.panel.words.set_words(engine.words)

    def _engine_changed(self) -> None:
        self._suggest()
        if self.window is not None and self._request is None and self._wanted is not None:
            self.hear(self._wanted)

    def _source_chosen(self, source: LiveSource | None) -> None:
        if source is None:
            path = self._dialogs.sound_to_open(self._parent, self._settings.get(LAST_FOLDER))
            if path is None:
                self._show_sources()
                return
            source = LiveSource(path.name, sound=path)
        self.hear(source)

    def _moved(self, target: str, value: float) -> None:
        if target == "sensitivity":
            self._link.sensitivity = value
        elif target == "smoothing":
            self._link.smoothing = value
        elif target == REACTIVITY:
            self._reactivity.move(value)
        else:
            edit = target.removeprefix(EDIT_TARGET)
            self._link.strengths = MappingProxyType({**self._link.strengths, edit: value})

    def _remove(self, target: str) -> None:
        """Let an edit go; one that is being recorded stays, without effect."""
        assert self.window is not None
        if self._link.take is None:
            self.removal_wanted.emit(target.removeprefix(EDIT_TARGET))
            return
        self.window.panel.rows[target].slider.set_value(0.0)
        self._moved(target, 0.0)
        self._looks.let_go(target)
        self.window.panel.say(
            self.tr("It is part of what is recorded, so it stays, at strength 0.")
        )

    def _switch_automatic(self, on: bool) -> None:
        self._link.automatic = on
        self._settings.set(LIVE_AUTOMATIC, on)

    def _record(self, on: bool) -> None:
        if not on or self._request is None:
            self._link.take = None
            if self.window is not None and on:
                self.window.panel.set_recording(False)
            return
        try:
            self._link.take = self._performed.new_file()
        except OSError as error:
            self.failed.emit(DeviceError(f"{self._folder} cannot be written ({error.strerror})."))

    def _on_answer(self, answer: LiveAnswer | Ended) -> None:
        if isinstance(answer, LiveRecorded):
            self._recorded(answer.take, answer.log)
            return
        request, window = self._request, self.window
        if request is None or answer.id != request.id:
            return
        match answer:
            case LiveBegan():
                self._latency = answer.latency
                if window is not None:
                    window.panel.set_running(True)
                    window.panel.say("")
                    window.panel.note("")
            case LiveNotes():
                if window is not None:
                    window.panel.note(" ".join(answer.notes))
            case LiveDrew():
                self._show()
            case LiveTrouble():
                if window is not None:
                    if answer.monitor:
                        window.panel.monitor.setChecked(False)
                    else:
                        window.panel.set_recording(False)
                    window.panel.say(str(answer.error))
            case Ended():
                self._ended(answer.error)

    def _show(self) -> None:
        frame = self._link.take_frame()
        if frame is None or self.window is None:
            return
        self._shown = frame
        fps = float(Fraction(self._controller.session.project.fps))
        picture = self._blackout.dim(frame.picture, fps)
        self.window.show_picture(picture)
        self._controllers.send(picture)

    def _painted(self, now: float) -> None:
        frame = self._shown
        if frame is not None and frame.fresh:
            self._meter.painted(frame.heard.captured, now)

    def _tell(self) -> None:
        if self.window is None:
            return
        panel, status = self.window.panel, self._link.status
        panel.show_status(status)
        size = None if self._shown is None else self._shown.size
        panel.show_pace(self._meter.report(time.monotonic()), size, self._latency, status.lost)

    def _ended(self, error: BaseException | None) -> None:
        self._request = None
        self._timer.stop()
        if self.window is None or self._next is None:
            self.running_changed.emit(False)
        if self.window is None:
            self._next = None
            return
        self.window.panel.set_running(False)
        source, self._next = self._next, None
        if source is not None:
            self._begin(source)
        elif error is not None:
            self.window.panel.pace.setText("")
            if isinstance(error, SoundeditError):
                self.window.viewer.show_picture(None)
                self.window.viewer.set_hint(
                    self.tr("Choose another input, or a sound file to be heard in its place.")
                )
                self.window.panel.say(str(error))
            else:
                self.failed.emit(error)

    def _recorded(self, take: Any, log: PerformanceLog) -> None:
        """A performance is there: make it the project's take, as it was played."""
        self._reactivity.keep()
        problem = take.problem
        try:
            if self._performed.take_over(self.tr("record a live performance"), take, log):
                told = self.tr("The performance is the project's take now.")
                self.said.emit(told)
                if self.window is not None:
                    self.window.panel.say(told)
        except MediaError as error:
            problem = str(error)
        if problem is not None and self.window is not None:
            self.window.panel.say(problem)

    def _left(self) -> None:
        """The window was closed."""
        self._reactivity.keep()
        window, self.window = self.window, None
        self._controllers.close()
        self._looks.close()
        self._blackout = Blackout()
        self._wanted = self._next = None
        self._timer.stop()
        if self._request is not None:
            self._request.cancel.cancel()
        if window is not None:
            window.deleteLater()
