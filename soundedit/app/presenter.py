"""Shows in the window's parts what the session and the controller hold."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from soundedit.app.controller import Controller
from soundedit.app.heardpanel import HeardPanel
from soundedit.app.icons import icon
from soundedit.app.jobs import Offer
from soundedit.app.labelcolours import label_colours
from soundedit.app.picturepanel import PicturePanel
from soundedit.app.playback import Playback
from soundedit.app.requests import Kind
from soundedit.app.samples import sample_sounds
from soundedit.app.settings import LAST_FOLDER, Settings
from soundedit.app.shortcuts import COMMANDS
from soundedit.app.soundspanel import SoundsPanel
from soundedit.app.statusbar import StatusBar
from soundedit.app.timeaxis import TimeAxis
from soundedit.app.timeline import Timeline
from soundedit.app.transport import Transport
from soundedit.app.viewer import Viewer
from soundedit.document.autosave import in_session
from soundedit.errors import SoundeditError


class Presenter(QObject):
    """Keeps the parts of one window in step with what is open; decides nothing."""

    title_changed = Signal()

    def __init__(
        self,
        parent: QObject,
        *,
        controller: Controller,
        actions: dict[str, QAction],
        axis: TimeAxis,
        heard: HeardPanel,
        picture: PicturePanel,
        playback: Playback,
        settings: Settings,
        sounds: SoundsPanel,
        status: StatusBar,
        timeline: Timeline,
        transport: Transport,
        viewer: Viewer,
    ) -> None:
        super().__init__(parent)
        self._controller, self._feed = controller, controller.feed
        self._actions, self._axis = actions, axis
        self._heard, self._picture, self._playback = heard, picture, playback
        self._settings, self._sounds, self._status = settings, sounds, status
        self._timeline, self._transport, self._viewer = timeline, transport, viewer
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        controller, feed, axis = self._controller, self._feed, self._axis
        controller.sound_changed.connect(self._sound_changed)
        controller.sound_replaced.connect(self._sound_replaced)
        controller.peaks_changed.connect(self._peaks_changed)
        controller.still_changed.connect(self._still_changed)
        controller.heard_changed.connect(self._heard_changed)
        controller.movie_changed.connect(self._movie_changed)
        controller.redrawn.connect(self._redrawn)
        controller.engine_changed.connect(self.refresh)
        controller.work_changed.connect(self.refresh)
        controller.stopped.connect(self._stopped)
        controller.session.changed.connect(self._project_changed)
        controller.session.refused.connect(self._refused)
        feed.shown.connect(self._show_frame)
        feed.stored.connect(self._timeline.thumbnails.add)
        self._timeline.thumbnails.slots_changed.connect(self._overview_changed)
        axis.playhead_moved.connect(self._playhead_moved)
        self._playback.playing_changed.connect(self._playing_changed)
        self._actions["record"].changed.connect(self._refresh_hint)

    def refresh(self) -> None:
        """What can be done now, and what stands where nothing is."""
        controller, actions = self._controller, self._actions
        works = controller.engine_error is None
        generating = controller.is_running(Kind.GENERATE)
        ready = controller.can_generate and works
        actions["generate"].setEnabled(ready and not generating)
        for id_ in ("export", "export_again"):
            actions[id_].setEnabled(ready and controller.engine is not None)
        for command in COMMANDS:
            if command.needs_sound:
                actions[command.id].setEnabled(controller.sound is not None)
        if controller.sound is None:
            text = self.tr("Open a sound that moves the picture")
            self._timeline.waveform.set_peaks(None, text)
        self._status.show_engine(controller.engine, controller.engine_error)
        self._status.show_rate(controller.movie.fps if controller.movie else None)
        if controller.movie is None:
            if generating:
                text = self.tr("Generating...")
            else:
                text = self.tr("Generate makes the frames (Ctrl+G)") if ready else ""
            self._timeline.thumbnails.set_text(text)
        self._refresh_hint()

    def _refresh_hint(self) -> None:
        controller = self._controller
        if isinstance(controller.engine_error, SoundeditError):
            hint = str(controller.engine_error)
        elif controller.engine_error is not None:
            hint = self.tr("The engine could not be loaded; the log says why.")
        elif controller.can_generate and self._is_making():
            hint = self.tr("Making the picture...")
        elif controller.can_generate:
            hint = self.tr("Generate makes the video (Ctrl+G).")
        elif self._actions["record"].isEnabled():
            hint = self.tr("Drop a sound here, open one (Ctrl+O) or record one (R).")
        else:
            hint = self.tr("Drop a sound here, or open one (Ctrl+O).")
        self._viewer.set_hint(hint)

    def _is_making(self) -> bool:
        controller = self._controller
        return controller.engine is None or any(
            controller.is_running(kind) for kind in (Kind.INVERT, Kind.GENERATE)
        )

    def _project_changed(self) -> None:
        project = self._controller.session.project
        self._picture.set_values(project.start.seed, project.fps)
        self._transport.time.set_rate(Fraction(project.fps))
        names = [media.name for media in project.media if media.id == project.start.media]
        self._picture.show_start(names[0] if names else "")
        self.refresh()

    def _refused(self) -> None:
        self._status.say(
            self.tr("The project is open in another window; save a copy of it to change it.")
        )
        # What was chosen or typed is not taken.
        self._project_changed()

    def _sound_changed(self) -> None:
        info = self._controller.sound
        # What a person may not change is said when it is opened.
        if not self._controller.session.read_only:
            self._status.say("")
        self.title_changed.emit()
        if info is None:
            self._playback.pause()
            self._axis.set_duration(0.0)
            self._sounds.show_current(None)
            self.refresh()
            return
        samples = sample_sounds()
        known = {path.resolve() for path in samples}
        if not in_session(info.path) and info.path.resolve() not in known:
            self._settings.add_recent(info.path)
            self._settings.set(LAST_FOLDER, str(info.path.parent))
        self._sounds.set_sounds(self._settings.recent(samples), samples)
        self._sounds.show_current(info.path)
        self._playback.set_sound(info.path, info.seconds)
        self._axis.set_duration(info.seconds)
        self._timeline.waveform.set_peaks(None, self.tr("Reading the sound..."))
        self._playhead_moved(0.0)

    def _sound_replaced(self, name: str) -> None:
        session = self._controller.session
        self._status.say(
            self.tr('The sound of "{0}" is now {1}.').format(session.title, name),
            Offer(self.tr("Undo"), session.undo),
        )

    def _peaks_changed(self) -> None:
        self._timeline.waveform.set_peaks(self._controller.peaks)

    def _still_changed(self) -> None:
        self._picture.show_still(self._controller.still)
        if self._controller.movie is None:
            self._viewer.show_picture(self._controller.still)

    def _heard_changed(self) -> None:
        heard = self._controller.heard
        colours = label_colours(self._controller.labels())
        if heard is not None:
            text = self.tr("Nothing the pack knows was heard.")
        elif self._controller.engine_error is not None:
            text = self.tr("Nothing listens without a model pack.")
        elif self._controller.sound is not None:
            text = self.tr("Listening...")
        else:
            text = self.tr("Open a sound to see what it sounds like.")
        self._timeline.heard.set_heard(heard or (), colours)
        self._heard.set_heard(heard or (), colours, text)
        self._heard.show_time(self._axis.playhead)

    def _movie_changed(self) -> None:
        movie = self._controller.movie
        if movie is not None and self._controller.sound is None:
            self._axis.set_duration(movie.seconds)
        self._timeline.thumbnails.set_movie(movie)
        if movie is None:
            self._viewer.show_picture(self._controller.still)
        self._playhead_moved(self._axis.playhead)
        self._overview_changed()

    def _redrawn(self) -> None:
        movie = self._controller.movie
        if movie is not None:
            self._timeline.thumbnails.change_movie(movie)
            self._overview_changed()

    def _show_frame(self, index: int, picture: NDArray[np.uint8]) -> None:
        self._viewer.show_picture(picture)

    def _overview_changed(self) -> None:
        self._feed.set_overview(self._timeline.thumbnails.wanted())
        self._feed.tell_overview()

    def _playhead_moved(self, seconds: float) -> None:
        movie = self._controller.movie
        frame = movie.frame_at(seconds) if movie else None
        self._transport.set_time(seconds, frame, movie.frames if movie else 0)
        self._heard.show_time(seconds)
        self._feed.want(seconds)

    def _playing_changed(self, playing: bool) -> None:
        self._actions["play"].setIcon(icon("pause" if playing else "play"))
        self._feed.set_playing(playing)
        self._feed.want(self._axis.playhead)
        if playing and self._playback.silent_reason is not None:
            self._transport.set_why_silent(self._playback.silent_reason)

    def _stopped(self, kind: Kind) -> None:
        if kind is Kind.GENERATE:
            self._status.say(self.tr("Generating was cancelled"))
