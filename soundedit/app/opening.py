"""Read a sound's length, waveform, spectrogram and onsets off the GUI thread; the newest wins."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from soundedit.app.requests import new_id
from soundedit.errors import Cancelled
from soundedit.media.longspectrogram import Span, SpectrogramSketch, fill_spectrogram
from soundedit.media.onsets import Onsets, find_onsets
from soundedit.media.peaks import Peaks, build_peaks
from soundedit.media.sound import SoundInfo, probe_sound
from soundedit.media.spectrogram import Spectrogram, build_spectrogram
from soundedit.progress import CancelToken

KEPT_SECONDS = 5400.0
"""Sounds opened last are kept up to this length together; an hour takes about 110 MB."""


SKETCHED_SECONDS = 60.0
"""The spectrogram of a shorter sound is there in a moment."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A sound that can be used."""

    id: int
    info: SoundInfo


@dataclass(frozen=True, eq=False)
class PeaksReady:
    """The waveform of an opened sound."""

    id: int
    peaks: Peaks


@dataclass(frozen=True, eq=False)
class SpectrumSketched:
    """A first spectrogram of an opened sound that is long; it gets finer where it lies."""

    id: int
    spectrogram: Spectrogram


@dataclass(frozen=True, eq=False)
class SpectrumGrown:
    """The sketch was made fine from `start` to `end` seconds."""

    id: int
    start: float
    end: float


@dataclass(frozen=True, eq=False)
class SpectrumReady:
    """The spectrogram and the onsets of an opened sound."""

    id: int
    spectrogram: Spectrogram
    onsets: Onsets


@dataclass(frozen=True, eq=False)
class OpenFailed:
    """The file cannot be used; `error` says why."""

    id: int
    path: Path
    error: BaseException


OpenAnswer = Opened | PeaksReady | SpectrumSketched | SpectrumGrown | SpectrumReady | OpenFailed


@dataclass(frozen=True)
class _Version:
    """A file as it was when it was read."""

    path: Path
    bytes: int
    changed: int


@dataclass(frozen=True)
class _Known:
    info: SoundInfo
    peaks: Peaks
    spectrogram: Spectrogram
    onsets: Onsets


class SoundOpener(QObject):
    """One thread per file; connect `answered` with a queued connection.

    A sound that was open before and did not change is not read again.
    """

    answered = Signal(object)
    """An `OpenAnswer`: `Opened`, `PeaksReady`, `SpectrumReady` in this order, or `OpenFailed`.

    Of a long sound `SpectrumSketched` and any number of `SpectrumGrown` come before the last.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads: list[threading.Thread] = []
        self._cancel = CancelToken()
        self._known: OrderedDict[_Version, _Known] = OrderedDict()
        self._lock = threading.Lock()
        self._looked_at: Span = (0.0, 0.0)
        self.id = 0

    def open(self, path: Path) -> int:
        """Begin with a file and give up the one before; returns the id of the answers."""
        self._cancel.cancel()
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self.id = new_id()
        self._cancel = CancelToken()
        thread = threading.Thread(
            target=self._run, args=(self.id, path, self._cancel), name="sound-opener"
        )
        self._threads.append(thread)
        thread.start()
        return self.id

    def look_at(self, start: float, end: float) -> None:
        """What is on screen, in seconds: its spectrogram comes first."""
        self._looked_at = (start, end)

    def cancel(self) -> None:
        """Give up what is being opened."""
        self._cancel.cancel()
        self.id = 0

    def stop(self) -> None:
        """Give up and wait for the threads."""
        self._cancel.cancel()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _run(self, id_: int, path: Path, cancel: CancelToken) -> None:
        def answer(value: OpenAnswer) -> None:
            if not cancel.cancelled:
                self.answered.emit(value)

        try:
            version = _version(path)
            known = self._recall(version)
            if known is not None:
                answer(Opened(id_, known.info))
                answer(PeaksReady(id_, known.peaks))
                answer(SpectrumReady(id_, known.spectrogram, known.onsets))
                return
            info = probe_sound(path, cancel)
            answer(Opened(id_, info))
            cancel.check()
            sketch = SpectrogramSketch(info.seconds) if info.seconds > SKETCHED_SECONDS else None
            peaks = build_peaks(path, cancel=cancel, heard=sketch.push if sketch else None)
            answer(PeaksReady(id_, peaks))
            if sketch is None:
                spectrogram = build_spectrogram(path, cancel=cancel)
            else:
                spectrogram = sketch.spectrogram()
                answer(SpectrumSketched(id_, spectrogram))
                for start, end in fill_spectrogram(
                    spectrogram, path, lambda: self._looked_at, cancel
                ):
                    answer(SpectrumGrown(id_, start, end))
            onsets = find_onsets(spectrogram, peaks)
            answer(SpectrumReady(id_, spectrogram, onsets))
            if version is not None:
                self._keep(version, _Known(info, peaks, spectrogram, onsets))
        except Cancelled:
            return
        except Exception as error:  # any failure must reach the person as a dialog
            answer(OpenFailed(id_, path, error))

    def _recall(self, version: _Version | None) -> _Known | None:
        with self._lock:
            if version is None or version not in self._known:
                return None
            self._known.move_to_end(version)
            return self._known[version]

    def _keep(self, version: _Version, known: _Known) -> None:
        with self._lock:
            self._known[version] = known
            self._known.move_to_end(version)
            while sum(one.info.seconds for one in self._known.values()) > KEPT_SECONDS:
                self._known.popitem(last=False)


def _version(path: Path) -> _Version | None:
    """The file as it is now; None where the attempt to read it will say what is wrong."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return _Version(path, found.st_size, found.st_mtime_ns)
