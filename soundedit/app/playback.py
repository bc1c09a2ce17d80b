"""Play the sound and let its clock move the playhead."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from soundedit.errors import SoundeditError
from soundedit.media.playback import Player

TICK_MILLISECONDS = 12


class Playback(QObject):
    """The sound card's clock is the master: each tick reports where the sound is now."""

    position_changed = Signal(float)
    playing_changed = Signal(bool)
    failed = Signal(object)
    _ended = Signal()

    def __init__(
        self, factory: Callable[[], Player] = Player, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._factory = factory
        self._player: Player | None = None
        self._sound: Path | None = None
        self._opened = False
        self._playing = False
        self._duration = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        # The player tells the end from its own thread.
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)

    @property
    def playing(self) -> bool:
        """True while the playhead moves by itself."""
        return self._playing

    @property
    def silent_reason(self) -> str | None:
        """Why nothing is heard while playing; None where the sound is heard."""
        return self._player.silent_reason if self._player is not None else None

    def set_sound(self, sound: Path | None, seconds: float) -> None:
        """Play this sound from now on; it is opened when it is first played."""
        self.pause()
        self._sound, self._duration, self._opened = sound, seconds, False

    def play(self, seconds: float) -> None:
        """Play from a time; from the beginning where that is the end."""
        if self._sound is None or self._playing:
            return
        if seconds >= self._duration - 1e-3:
            seconds = 0.0
        try:
            if self._player is None:
                self._player = self._factory()
                self._player.on_ended = self._ended.emit
            if not self._opened:
                self._player.open(self._sound, seconds=self._duration)
                self._opened = True
            self._player.play(seconds)
        except SoundeditError as error:
            self.failed.emit(error)
            return
        self._set_playing(True)
        self.position_changed.emit(seconds)

    def pause(self) -> None:
        """Stop where the sound is."""
        if self._playing and self._player is not None:
            self._player.pause()
            self._set_playing(False)

    def seek(self, seconds: float) -> None:
        """Go on from another time, if playing."""
        if self._playing and self._player is not None:
            self._player.seek(seconds)

    def close(self) -> None:
        """Stop and let go of the sound device."""
        self._timer.stop()
        self._playing = False
        if self._player is not None:
            self._player.on_ended = None
            self._player.close()
            self._player = None

    def _set_playing(self, playing: bool) -> None:
        self._playing = playing
        if playing:
            self._timer.start()
        else:
            self._timer.stop()
        self.playing_changed.emit(playing)

    def _tick(self) -> None:
        if self._player is not None:
            self.position_changed.emit(self._player.position())

    def _on_ended(self) -> None:
        # A seek or a new start may have overtaken the message.
        if self._playing and self._player is not None and not self._player.playing:
            self._set_playing(False)
            self.position_changed.emit(self._duration)
