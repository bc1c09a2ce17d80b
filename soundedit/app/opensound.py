"""The sound that is open, and what is known of it without an engine."""

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from soundedit.app.engineclient import EngineClient
from soundedit.app.opening import (
    OpenAnswer,
    Opened,
    OpenFailed,
    PeaksReady,
    SoundOpener,
    SpectrumGrown,
    SpectrumReady,
    SpectrumSketched,
)
from soundedit.app.worker import Loader
from soundedit.media.onsets import NO_ONSETS, Onsets
from soundedit.media.peaks import Peaks
from soundedit.media.sound import SoundInfo
from soundedit.media.spectrogram import Spectrogram


class OpenSound(EngineClient):
    """Has sounds read and keeps what is known of the one that is open; lives in the GUI thread."""

    sound_changed = Signal()
    peaks_changed = Signal()
    spectrum_changed = Signal()
    """The spectrogram or the onsets of the sound are there, or gone."""
    spectrum_grown = Signal(float, float)
    """The spectrogram is finer from a time to another."""

    def __init__(self, loader: Loader, parent: QObject | None = None) -> None:
        super().__init__(loader, parent)
        self.opener = SoundOpener(self)
        self.sound: SoundInfo | None = None
        self.peaks: Peaks | None = None
        self.spectrogram: Spectrogram | None = None
        self.onsets: Onsets = NO_ONSETS
        self._opening: Path | None = None
        self._generate_after_open = False
        self.opener.answered.connect(self._on_opened, Qt.ConnectionType.QueuedConnection)

    def _take_sound(self, info: SoundInfo) -> None:
        """A sound proved readable: `_hold` it, and make of it what is made of sounds."""
        raise NotImplementedError

    def _refuse_take(self, path: Path) -> None:
        """The project's own take proved unreadable."""
        raise NotImplementedError

    def _open(self, path: Path, *, take: bool, generate: bool) -> None:
        """Read a sound; `take` makes it the project's, which it already is otherwise."""
        self.jobs.end(self.opener.id)
        self._opening = None if take else path
        self._generate_after_open = generate
        id_ = self.opener.open(path)
        self.jobs.begin(id_, self.tr("Opening {0}").format(path.name))

    def _stop_opening(self) -> None:
        self.jobs.end(self.opener.id)
        self.opener.cancel()
        self._opening = None

    def _hold(self, info: SoundInfo | None) -> None:
        """Another sound is open, of which nothing is known yet."""
        self.sound, self.peaks = info, None
        self.spectrogram, self.onsets = None, NO_ONSETS
        self.sound_changed.emit()
        self.spectrum_changed.emit()

    def _on_opened(self, answer: OpenAnswer) -> None:
        if answer.id != self.opener.id or self._closed:
            return
        match answer:
            case Opened():
                self._take_sound(answer.info)
            case PeaksReady():
                self.jobs.end(answer.id)
                self.peaks = answer.peaks
                self.peaks_changed.emit()
            case SpectrumSketched():
                self.spectrogram = answer.spectrogram
                self.spectrum_changed.emit()
            case SpectrumGrown():
                self.spectrum_grown.emit(answer.start, answer.end)
            case SpectrumReady():
                self.spectrogram, self.onsets = answer.spectrogram, answer.onsets
                self.spectrum_changed.emit()
            case OpenFailed():
                self.jobs.end(answer.id)
                own, self._opening = self._opening, None
                if own is not None:
                    self._refuse_take(own)
                self.failed.emit(answer.error)
