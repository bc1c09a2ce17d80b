"""The main window: panels around the viewer, the timeline below, and what connects them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QMainWindow, QVBoxLayout, QWidget

from soundedit.app.actions import build_actions, build_menus, connect_actions
from soundedit.app.commands import Commands
from soundedit.app.controller import Controller
from soundedit.app.devices import FoundDevices, SoundDevices, find_devices
from soundedit.app.dialogs import Dialogs
from soundedit.app.errors import ErrorReporter
from soundedit.app.heardpanel import HeardPanel
from soundedit.app.icons import icon
from soundedit.app.labelcolours import label_colours
from soundedit.app.layout import FullScreen, add_colour_menu, add_docks
from soundedit.app.microphone import Microphone
from soundedit.app.picturepanel import MAX_SEED, PicturePanel
from soundedit.app.playback import Playback
from soundedit.app.recording import Recording, recordings_folder
from soundedit.app.requests import Kind
from soundedit.app.samples import first_sample, sample_sounds
from soundedit.app.settings import (
    CACHE_MEGABYTES,
    FIRST_START,
    FRAME_RATE,
    GEOMETRY,
    LAST_FOLDER,
    LAYOUT,
    SEED,
    Settings,
)
from soundedit.app.soundspanel import SoundsPanel
from soundedit.app.statusbar import StatusBar
from soundedit.app.timeaxis import TimeAxis
from soundedit.app.timeline import Timeline
from soundedit.app.transport import Transport
from soundedit.app.viewer import Viewer
from soundedit.app.worker import Loader, load_engine
from soundedit.errors import SoundeditError
from soundedit.media.playback import Player
from soundedit.media.record import Recorder

START_FALLBACK_MILLISECONDS = 400


class MainWindow(QMainWindow):
    """One window with everything; `begin` starts the background work once it is on screen.

    Args:
        settings: what is remembered between starts.
        loader: makes the engine, on the worker's thread.
        player: makes the player of sounds.
        recorder: makes a recorder for the microphone.
        find: looks for sound devices.
        recordings: folder of the recordings; None is the person's data folder.
        dialogs: asks for files.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        loader: Loader = load_engine,
        player: Callable[[], Player] = Player,
        recorder: Callable[[], Recorder] = Recorder,
        find: Callable[[bool], FoundDevices] = find_devices,
        recordings: Path | None = None,
        dialogs: Dialogs | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.errors = ErrorReporter(self)
        cache_bytes = settings.get(CACHE_MEGABYTES) * 2**20
        self.controller = Controller(cache_bytes, loader, self)
        self.playback = Playback(player, self)
        self.axis = TimeAxis(self)
        self.actions_by_id = build_actions(self)
        menus = build_menus(self, self.actions_by_id)
        add_colour_menu(menus["view"], settings, self)
        self.viewer = Viewer(self)
        self.sounds = SoundsPanel(self.actions_by_id["open"], self.actions_by_id["record"], self)
        self.microphone = Microphone(
            SoundDevices(find, self),
            Recording(recordings or recordings_folder(), recorder, self),
            self.sounds,
            self.actions_by_id["record"],
            settings,
            self,
        )
        self.picture = PicturePanel(self.actions_by_id["new_seed"], self)
        self.heard = HeardPanel(self)
        self.transport = Transport(self.actions_by_id, self)
        self.timeline = Timeline(self.axis, self)
        self.status = StatusBar(self.controller.jobs, self)
        self.setStatusBar(self.status)
        self.setCentralWidget(self.viewer)
        bottom = QWidget(self)
        column = QVBoxLayout(bottom)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.transport)
        column.addWidget(self.timeline)
        self._docks = add_docks(self, self.sounds, self.picture, self.heard, bottom, menus["view"])
        self._full_screen = FullScreen(self, self.viewer, self._docks)
        commands = Commands(
            self,
            controller=self.controller,
            playback=self.playback,
            microphone=self.microphone,
            axis=self.axis,
            picture=self.picture,
            full_screen=self._full_screen,
            settings=settings,
            dialogs=dialogs or Dialogs(),
        )
        connect_actions(self.actions_by_id, commands.handlers())
        self.setAcceptDrops(True)
        self._asked_for: Path | None = None
        self._start_timer = QTimer(self, singleShot=True, interval=START_FALLBACK_MILLISECONDS)
        self._start_timer.timeout.connect(self._start_work)
        self._begun = False
        self._closed = False
        self._restore()
        self._connect()
        self._refresh()

    def begin(self, path: Path | None = None) -> None:
        """Start the engine once the window has been painted; then open `path`.

        Without a path the first start shows a sample, already generated.
        """
        self._asked_for = path
        self.viewer.painted.connect(self._start_work, Qt.ConnectionType.QueuedConnection)
        # A minimised window is never painted.
        self._start_timer.start()

    def open_sound(self, path: Path, *, generate: bool = False) -> None:
        """Open a sound or the sound of a video."""
        self.controller.open_sound(path, generate=generate)

    def _start_work(self) -> None:
        if self._begun or self._closed:
            return
        self._begun = True
        self._start_timer.stop()
        self.viewer.painted.disconnect(self._start_work)
        self.controller.start()
        self.microphone.devices.look()
        first = self.settings.get(FIRST_START)
        self.settings.set(FIRST_START, False)
        sample = first_sample()
        if self._asked_for is not None:
            self.open_sound(self._asked_for)
        elif first and sample is not None:
            self.open_sound(sample, generate=True)

    def _connect(self) -> None:
        controller, feed = self.controller, self.controller.feed
        controller.sound_changed.connect(self._sound_changed)
        controller.peaks_changed.connect(self._peaks_changed)
        controller.still_changed.connect(self._still_changed)
        controller.heard_changed.connect(self._heard_changed)
        controller.movie_changed.connect(self._movie_changed)
        controller.engine_changed.connect(self._refresh)
        controller.work_changed.connect(self._refresh)
        controller.exported.connect(self._exported)
        controller.stopped.connect(self._stopped)
        for source in (controller, self.playback, self.microphone):
            source.failed.connect(self.errors.report)
        feed.shown.connect(self._show_frame)
        feed.stored.connect(self.timeline.thumbnails.add)
        self.timeline.thumbnails.slots_changed.connect(self._overview_changed)
        self.axis.playhead_moved.connect(self._playhead_moved)
        self.axis.sought.connect(self.playback.seek)
        self.heard.sought.connect(self.axis.seek)
        self.playback.position_changed.connect(self.axis.move_playhead)
        self.playback.playing_changed.connect(self._playing_changed)
        self.microphone.recorded.connect(self._recorded)
        self.microphone.why_silent_changed.connect(self.transport.set_why_silent)
        self.sounds.open_requested.connect(self.open_sound)
        self.picture.seed_changed.connect(self._seed_changed)
        self.picture.rate_changed.connect(self._rate_changed)
        self.viewer.file_dropped.connect(self.open_sound)
        self.viewer.double_clicked.connect(self._full_screen.toggle)

    def _restore(self) -> None:
        settings = self.settings
        self.resize(1180, 800)
        if not settings.get(GEOMETRY).isEmpty():
            self.restoreGeometry(settings.get(GEOMETRY))
            self.restoreState(settings.get(LAYOUT))
        self.controller.seed = min(max(settings.get(SEED), 0), MAX_SEED)
        self.controller.rate = settings.get(FRAME_RATE)
        self.picture.set_values(self.controller.seed, self.controller.rate)
        self.controller.rate = self.picture.rate.currentText()
        self.sounds.set_sounds(settings.recent(), sample_sounds())

    def _refresh(self) -> None:
        controller = self.controller
        actions = self.actions_by_id
        has_sound, has_movie = controller.sound is not None, controller.movie is not None
        works = controller.engine_error is None
        generating = controller.is_running(Kind.GENERATE)
        actions["generate"].setEnabled(has_sound and works and not generating)
        actions["export"].setEnabled(has_movie and not controller.is_running(Kind.EXPORT))
        for id_ in (
            "play",
            "start",
            "end",
            "next_frame",
            "previous_frame",
            "next_second",
            "previous_second",
            "zoom_in",
            "zoom_out",
            "zoom_fit",
        ):
            actions[id_].setEnabled(has_sound)
        self.status.show_engine(controller.engine, controller.engine_error)
        self.status.show_rate(controller.movie.fps if controller.movie else None)
        if controller.movie is None:
            if generating:
                text = self.tr("Generating...")
            else:
                ready = has_sound and works
                text = self.tr("Generate makes the frames (Ctrl+G)") if ready else ""
            self.timeline.thumbnails.set_text(text)
        self._refresh_hint()

    def _refresh_hint(self) -> None:
        controller = self.controller
        if isinstance(controller.engine_error, SoundeditError):
            hint = str(controller.engine_error)
        elif controller.engine_error is not None:
            hint = self.tr("The engine could not be loaded; the log says why.")
        elif controller.sound is not None:
            hint = self.tr("Making the picture...")
        else:
            hint = self.tr("Drop a sound here, open one (Ctrl+O) or record one (R).")
        self.viewer.set_hint(hint)

    def _sound_changed(self) -> None:
        info = self.controller.sound
        assert info is not None
        self.status.say("")
        self.setWindowTitle(f"{info.path.name} - soundedit")
        if info.path not in sample_sounds():
            self.settings.add_recent(info.path)
        self.settings.set(LAST_FOLDER, str(info.path.parent))
        self.sounds.set_sounds(self.settings.recent(), sample_sounds())
        self.sounds.show_current(info.path)
        self.playback.set_sound(info.path, info.seconds)
        self.axis.set_duration(info.seconds)
        self.timeline.waveform.set_peaks(None, self.tr("Reading the sound..."))
        self._playhead_moved(0.0)

    def _peaks_changed(self) -> None:
        self.timeline.waveform.set_peaks(self.controller.peaks)

    def _still_changed(self) -> None:
        self.picture.show_still(self.controller.still)
        if self.controller.movie is None:
            self.viewer.show_picture(self.controller.still)

    def _heard_changed(self) -> None:
        heard = self.controller.heard
        colours = label_colours(self.controller.labels())
        if heard is None:
            works = self.controller.engine_error is None
            text = (
                self.tr("Listening...")
                if works
                else self.tr("Nothing listens without a model pack.")
            )
        else:
            text = self.tr("Nothing the pack knows was heard.")
        self.timeline.heard.set_heard(heard or (), colours)
        self.heard.set_heard(heard or (), colours, text)
        self.heard.show_time(self.axis.playhead)

    def _movie_changed(self) -> None:
        movie = self.controller.movie
        self.timeline.thumbnails.set_movie(movie)
        if movie is None:
            self.viewer.show_picture(self.controller.still)
        self._playhead_moved(self.axis.playhead)
        self._overview_changed()

    def _show_frame(self, index: int, picture: NDArray[np.uint8]) -> None:
        self.viewer.show_picture(picture)

    def _overview_changed(self) -> None:
        self.controller.feed.set_overview(self.timeline.thumbnails.wanted())

    def _playhead_moved(self, seconds: float) -> None:
        movie = self.controller.movie
        frame = movie.frame_at(seconds) if movie else None
        self.transport.set_time(seconds, frame, movie.frames if movie else 0)
        self.heard.show_time(seconds)
        self.controller.feed.want(seconds)

    def _playing_changed(self, playing: bool) -> None:
        self.actions_by_id["play"].setIcon(icon("pause" if playing else "play"))
        self.controller.feed.set_playing(playing)
        self.controller.feed.want(self.axis.playhead)
        if playing and self.playback.silent_reason is not None:
            self.transport.set_why_silent(self.playback.silent_reason)

    def _exported(self, path: Path) -> None:
        self.status.say(self.tr("Exported {0}").format(path))

    def _stopped(self, kind: Kind) -> None:
        if kind is Kind.EXPORT:
            self.status.say(self.tr("Export cancelled; no file was left"))
        elif kind is Kind.GENERATE:
            self.status.say(self.tr("Generating was cancelled"))

    def _seed_changed(self, seed: int) -> None:
        self.playback.pause()
        self.settings.set(SEED, seed)
        self.controller.set_seed(seed)

    def _rate_changed(self, rate: str) -> None:
        self.settings.set(FRAME_RATE, rate)
        self.controller.rate = rate

    def _recorded(self, path: Path) -> None:
        if not self._closed:
            self.open_sound(path)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.viewer.dragEnterEvent(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.viewer.dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.viewer.dropEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._full_screen.active:
            self._full_screen.toggle()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._closed:
            self._closed = True
            self._full_screen.leave()
            self.settings.set(GEOMETRY, self.saveGeometry())
            self.settings.set(LAYOUT, self.saveState())
            # The window goes at once; waiting for a step of the engine is not the person's matter.
            self.hide()
            self.errors.close()
            self.microphone.close()
            self.playback.close()
            self.controller.close()
            self.settings.save()
        super().closeEvent(event)
