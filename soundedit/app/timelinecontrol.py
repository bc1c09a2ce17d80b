"""What keys, buttons and gestures of timeline and playback do."""

from collections.abc import Callable, Mapping
from fractions import Fraction

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction

from soundedit.app.beatsdialog import BeatsDialog
from soundedit.app.controller import Controller
from soundedit.app.marking import Marking
from soundedit.app.playback import Playback
from soundedit.app.preferences import Preferences, chosen_output
from soundedit.app.requests import PreviewSize
from soundedit.app.settings import (
    CACHE_MEGABYTES,
    ENLARGED,
    FOLLOW,
    PREVIEW_SIZE,
    RETURN_ON_STOP,
    SCRUB_SOUND,
    SNAP,
    SOUND_VIEW,
    Settings,
)
from soundedit.app.timeline import Timeline
from soundedit.app.transport import SPEEDS, Transport
from soundedit.app.waveform import SPECTROGRAM, WAVEFORM
from soundedit.media.tempo import Tempo, find_tempo

KEY_ZOOM = 1.5


class TimelineControl(QObject):
    """Joins timeline, transport and playback with the project and the settings of one window."""

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(
        self,
        *,
        controller: Controller,
        timeline: Timeline,
        transport: Transport,
        playback: Playback,
        preferences: Preferences,
        actions: Mapping[str, QAction],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._timeline, self._axis = timeline, timeline.axis
        self._transport, self._playback = transport, playback
        self._preferences, self._settings = preferences, preferences.settings
        self._actions = actions
        self._beats: BeatsDialog | None = None
        self.marking = Marking(controller.session, timeline, self.step_time, self)
        self._connect()
        self.apply_settings()

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for the commands of the menus Play, Timeline and View."""
        axis, playback, marking = self._axis, self._playback, self.marking
        return {
            "play": lambda: playback.toggle(axis.playhead),
            "backwards": lambda: playback.shuttle(axis.playhead, -1),
            "stop": playback.pause,
            "forwards": lambda: playback.shuttle(axis.playhead, 1),
            "loop": lambda: playback.set_looping(not playback.looping),
            "slower": lambda: self._change_speed(-1),
            "faster": lambda: self._change_speed(1),
            "start": lambda: axis.seek(0.0),
            "end": lambda: axis.seek(axis.duration),
            "go_to_time": self._transport.time.begin,
            "next_frame": lambda: self._step(1),
            "previous_frame": lambda: self._step(-1),
            "next_second": lambda: axis.seek(axis.playhead + 1),
            "previous_second": lambda: axis.seek(axis.playhead - 1),
            "marker": marking.mark,
            "remove_marker": marking.remove_here,
            "next_marker": lambda: marking.go_to_marker(True),
            "previous_marker": lambda: marking.go_to_marker(False),
            "next_onset": lambda: self._timeline.waveform.go_to_stop(True),
            "previous_onset": lambda: self._timeline.waveform.go_to_stop(False),
            "next_beat": lambda: self._go_to_beat(True),
            "previous_beat": lambda: self._go_to_beat(False),
            "in_point": marking.set_in_point,
            "out_point": marking.set_out_point,
            "go_in": lambda: self._go_to_edge(0),
            "go_out": lambda: self._go_to_edge(1),
            "clear_range": marking.clear_range,
            "beats": self._show_beats,
            "snap": lambda: self._preferences.set(SNAP, not axis.marks.snapping),
            "zoom_in": lambda: axis.zoom(KEY_ZOOM),
            "zoom_out": lambda: axis.zoom(1 / KEY_ZOOM),
            "zoom_fit": axis.fit,
            "spectrogram": self._change_view,
            "enlarge": lambda: self._preferences.set(ENLARGED, not self._settings.get(ENLARGED)),
        }

    def _go_to_beat(self, forward: bool) -> None:
        """Where there are no beats, they are asked for."""
        if not self.marking.go_to_beat(forward):
            self._show_beats()

    def step_time(self, seconds: float, frames: int) -> float:
        """The time some frames from a time: a frame's own where there are frames."""
        movie = self._controller.movie
        if movie is None:
            return seconds + float(frames / Fraction(self._controller.rate))
        index = movie.frame_at(seconds) + frames
        return movie.time_of(min(max(index, 0), movie.frames - 1))

    def apply_settings(self) -> None:
        """Take over what is set."""
        settings, axis = self._settings, self._axis
        self._playback.scrub_sound = settings.get(SCRUB_SOUND)
        self._playback.returns = settings.get(RETURN_ON_STOP)
        self._playback.set_output(chosen_output(settings, self._preferences.outputs))
        preview = preview_size(settings)
        self._controller.feed.set_preview(preview)
        self._transport.show_preview(preview)
        axis.set_follows(settings.get(FOLLOW))
        axis.marks.set_snapping(settings.get(SNAP))
        self._actions["snap"].setChecked(settings.get(SNAP))
        self._timeline.waveform.set_view(settings.get(SOUND_VIEW))
        self._actions["spectrogram"].setChecked(settings.get(SOUND_VIEW) == SPECTROGRAM)
        self._timeline.waveform.set_enlarged(settings.get(ENLARGED))
        self._actions["enlarge"].setChecked(settings.get(ENLARGED))
        self._controller.feed.set_cache_limit(settings.get(CACHE_MEGABYTES) * 2**20)

    def _connect(self) -> None:
        controller, axis, playback = self._controller, self._axis, self._playback
        controller.spectrum_changed.connect(self._spectrum_changed)
        controller.spectrum_grown.connect(self._timeline.waveform.spectrogram_grown)
        axis.changed.connect(lambda: controller.opener.look_at(axis.start, axis.end))
        axis.duration_changed.connect(self._range_changed)
        axis.marks.changed.connect(self._range_changed)
        axis.sought.connect(playback.seek)
        axis.scrubbed.connect(playback.scrub)
        playback.position_changed.connect(axis.move_playhead)
        playback.playing_changed.connect(self._playing_changed)
        playback.looping_changed.connect(self._actions["loop"].setChecked)
        playback.looping_changed.connect(self._set_course)
        playback.speed_changed.connect(self._transport.show_speed)
        playback.speed_changed.connect(self._set_course)
        controller.movie_changed.connect(self._set_course)
        playback.why_silent_changed.connect(self._transport.set_why_silent)
        playback.told.connect(self.told)
        self._transport.speed_chosen.connect(playback.choose_speed)
        self._transport.time.typed.connect(axis.seek)
        self._transport.time.refused.connect(
            lambda text: self.told.emit(
                self.tr("{0} is no time; type it as 83.5, 1:23.5, +2 or -2.").format(text)
            )
        )
        self._transport.preview_chosen.connect(
            lambda size: self._preferences.set(PREVIEW_SIZE, size)
        )
        self._preferences.changed.connect(self.apply_settings)

    def _playing_changed(self, playing: bool) -> None:
        if playing:
            self._axis.show_playhead()

    def _spectrum_changed(self) -> None:
        self._timeline.waveform.set_spectrogram(self._controller.spectrogram)
        self._axis.marks.set_onsets(self._controller.onsets)

    def _range_changed(self) -> None:
        self._playback.set_range(self._axis.marks.span)
        self._set_course()

    def _set_course(self) -> None:
        """Let frames be made in the order in which playing will show them."""
        self._controller.feed.set_course(self._playback.speed, self._playback.loop)

    def _step(self, frames: int) -> None:
        self._axis.seek(self.step_time(self._axis.playhead, frames))

    def _go_to_edge(self, which: int) -> None:
        span = self._axis.marks.span
        if span is not None:
            self._axis.seek(span[which])

    def _change_speed(self, by: int) -> None:
        chosen = self._playback.chosen_speed
        at = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - chosen))
        speed = SPEEDS[min(max(at + by, 0), len(SPEEDS) - 1)]
        self._playback.choose_speed(speed)
        self._transport.show_choice(speed)

    def _show_beats(self) -> None:
        if self._beats is None:
            window = self._timeline.window()
            self._beats = BeatsDialog(self._controller.session, self._axis, self._tempo, window)
            self._beats.destroyed.connect(self._beats_closed)
        self._beats.show()
        self._beats.raise_()
        self._beats.activateWindow()

    def _beats_closed(self) -> None:
        self._beats = None

    def _tempo(self) -> Tempo | None:
        """The tempo of the open sound; none until all of it was read, which its onsets tell."""
        spectrogram, onsets = self._controller.spectrogram, self._controller.onsets
        if spectrogram is None or not len(onsets):
            return None
        span = self._axis.marks.span
        return find_tempo(spectrogram, onsets, 0.0 if span is None else span[0])

    def _change_view(self) -> None:
        spectral = self._timeline.waveform.view == SPECTROGRAM
        self._settings.set(SOUND_VIEW, WAVEFORM if spectral else SPECTROGRAM)
        self.apply_settings()


def preview_size(settings: Settings) -> PreviewSize:
    """The chosen preview size; automatic where something else is stored."""
    stored = settings.get(PREVIEW_SIZE)
    return PreviewSize(stored) if stored in list(PreviewSize) else PreviewSize.AUTOMATIC
