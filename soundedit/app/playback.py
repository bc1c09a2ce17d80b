"""Play the sound and let its clock move the playhead."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from soundedit.errors import SoundeditError
from soundedit.media.playback import MIN_LOOP_SECONDS, SPEEDS, Player
from soundedit.media.portaudio import AudioDevice
from soundedit.media.scrub import Scrubber

TICK_MILLISECONDS = 12
FASTEST_SHUTTLE = 4.0
AT_END = 1e-3


class Playback(QObject):
    """The sound card's clock is the master: each tick reports where the sound is now.

    Args:
        factory: makes the player, when something is first played.
        scrubber: makes what is heard while the playhead is dragged, when it first is.
    """

    position_changed = Signal(float)
    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    """The speed it plays with now, negative for backwards."""
    looping_changed = Signal(bool)
    why_silent_changed = Signal(object)
    """A sentence why playback goes on without sound, or None."""
    told = Signal(str)
    """A sentence about what happened to the sound device."""
    failed = Signal(object)
    _ended = Signal()
    _moved = Signal(str)

    def __init__(
        self,
        factory: Callable[[], Player] = Player,
        parent: QObject | None = None,
        *,
        scrubber: Callable[[], Scrubber] = Scrubber,
    ) -> None:
        super().__init__(parent)
        self._factory = factory
        self._make_scrubber = scrubber
        self._player: Player | None = None
        self._scrubber: Scrubber | None = None
        self._sound: Path | None = None
        self._device: AudioDevice | None = None
        self._opened = False
        self._scrub_opened = False
        self._playing = False
        self._duration = 0.0
        self._begun_at = 0.0
        self._chosen_speed = 1.0
        self._speed = 1.0
        self._looping = False
        self._range: tuple[float, float] | None = None
        self._silent_reason: str | None = None
        self.scrub_sound = True
        """Whether a dragged playhead is heard."""
        self.returns = False
        """Whether Space takes the playhead back to where it began."""
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        # The player tells these from its own thread.
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)
        self._moved.connect(self.told, Qt.ConnectionType.QueuedConnection)

    @property
    def playing(self) -> bool:
        """True while the playhead moves by itself."""
        return self._playing

    @property
    def speed(self) -> float:
        """The speed it plays with, or would; negative for backwards."""
        return self._speed

    @property
    def chosen_speed(self) -> float:
        """The speed that Space plays with."""
        return self._chosen_speed

    @property
    def looping(self) -> bool:
        """Whether the range, or without one the whole sound, repeats."""
        return self._looping

    @property
    def loop(self) -> tuple[float, float] | None:
        """What repeats, in seconds of the sound; None where nothing does."""
        if not self._looping:
            return None
        start, end = self._range or (0.0, self._duration)
        return (start, end) if end - start >= MIN_LOOP_SECONDS else None

    @property
    def silent_reason(self) -> str | None:
        """Why nothing is heard while playing; None where the sound is heard."""
        return self._player.silent_reason if self._player is not None else None

    def set_sound(self, sound: Path | None, seconds: float) -> None:
        """Play this sound from now on; it is opened when it is first played."""
        self.pause()
        if self._scrubber is not None:
            self._scrubber.release()
        self._sound, self._duration = sound, seconds
        self._opened = self._scrub_opened = False
        self._range = None

    def play(self, seconds: float) -> None:
        """Play forwards from a time with the chosen speed; from the beginning where that is the
        end, and from the in point where a range that is looped does not hold it."""
        if self._playing:
            return
        loop = self.loop
        if loop is not None and not loop[0] <= seconds < loop[1] - AT_END:
            seconds = loop[0]
        elif seconds >= self._duration - AT_END:
            seconds = 0.0
        self._begin(seconds, self._chosen_speed)

    def toggle(self, seconds: float) -> None:
        """Play from a time or stop; where that is set, go back to where it began."""
        if not self._playing:
            self.play(seconds)
            return
        self.pause()
        if self.returns:
            self.position_changed.emit(self._begun_at)

    def shuttle(self, seconds: float, direction: int) -> None:
        """Play forwards (1) or backwards (-1); again is twice as fast, up to four times."""
        if not self._playing:
            at_end = seconds >= self._duration - AT_END if direction > 0 else seconds <= AT_END
            if not at_end:
                self._begin(seconds, float(direction))
        elif self._speed * direction < 0:
            self._set_speed(float(direction))
        elif abs(self._speed) < FASTEST_SHUTTLE:
            self._set_speed(direction * min(max(2 * abs(self._speed), 1.0), FASTEST_SHUTTLE))

    def pause(self) -> None:
        """Stop where the sound is."""
        if self._playing and self._player is not None:
            self._player.pause()
            self._set_playing(False)
            self._set_speed(self._chosen_speed)

    def seek(self, seconds: float) -> None:
        """Go on from another time, if playing."""
        if self._playing and self._player is not None:
            self._player.seek(seconds)

    def scrub(self, seconds: float) -> None:
        """Let the sound at a time be heard in a burst, while nothing plays."""
        if self._playing or not self.scrub_sound or self._sound is None:
            return
        if self._scrubber is None:
            self._scrubber = self._make_scrubber()
        if not self._scrub_opened:
            self._scrubber.open(self._sound, self._duration, self._device)
            self._scrub_opened = True
        self._scrubber.move(seconds)

    def choose_speed(self, speed: float) -> None:
        """Play with this speed, 0.25 to 4, from now on."""
        self._chosen_speed = min(max(speed, SPEEDS[0]), SPEEDS[1])
        self._set_speed(self._chosen_speed)

    def set_output(self, device: AudioDevice | None) -> None:
        """Play on this device, None being the system's; goes on there at once."""
        if device == self._device:
            return
        self._device = device
        if self._player is not None:
            self._player.device = device
        self._scrub_opened = False

    def set_looping(self, on: bool) -> None:
        """Repeat the range, or without one the whole sound."""
        if on != self._looping:
            self._looping = on
            self._apply_loop()
            self.looping_changed.emit(on)

    def set_range(self, span: tuple[float, float] | None) -> None:
        """The range that is repeated; None is the whole sound."""
        if span != self._range:
            self._range = span
            self._apply_loop()

    def devices_changed(self) -> None:
        """Devices were looked for again."""
        if self._player is not None:
            self._player.devices_changed()
        self._scrub_opened = False

    def close(self) -> None:
        """Stop and let go of the sound device."""
        self._timer.stop()
        self._playing = False
        if self._player is not None:
            self._player.on_ended = self._player.on_moved = None
            self._player.close()
            self._player = None
        if self._scrubber is not None:
            self._scrubber.close()
            self._scrubber = None

    def _begin(self, seconds: float, speed: float) -> None:
        if self._sound is None:
            return
        if self._scrubber is not None:
            self._scrubber.release()
        try:
            if self._player is None:
                self._player = self._factory()
                self._player.on_ended = self._ended.emit
                self._player.on_moved = self._moved.emit
                self._player.device = self._device
            if not self._opened:
                self._player.open(self._sound, seconds=self._duration)
                self._opened = True
            self._player.loop = self.loop
            self._player.speed = speed
            self._player.play(seconds)
        except SoundeditError as error:
            self.failed.emit(error)
            return
        self._begun_at = seconds
        self._set_speed(speed)
        self._set_playing(True)
        self.position_changed.emit(seconds)

    def _apply_loop(self) -> None:
        if self._player is not None and self._opened:
            self._player.loop = self.loop

    def _set_speed(self, speed: float) -> None:
        if self._player is not None and self._playing:
            self._player.speed = speed
        if speed != self._speed:
            self._speed = speed
            self.speed_changed.emit(speed)

    def _set_playing(self, playing: bool) -> None:
        self._playing = playing
        if playing:
            self._timer.start()
        else:
            self._timer.stop()
        self.playing_changed.emit(playing)

    def _tick(self) -> None:
        if self._player is None:
            return
        self.position_changed.emit(self._player.position())
        if self._player.silent_reason != self._silent_reason:
            self._silent_reason = self._player.silent_reason
            self.why_silent_changed.emit(self._silent_reason)

    def _on_ended(self) -> None:
        # A seek or a new start may have overtaken the message.
        if self._playing and self._player is not None and not self._player.playing:
            self._set_playing(False)
            self.position_changed.emit(self._player.position())
            self._set_speed(self._chosen_speed)
