"""Read a sound's length and its waveform off the GUI thread; the newest file wins."""

import threading
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from soundedit.app.requests import new_id
from soundedit.errors import Cancelled
from soundedit.media.peaks import Peaks, build_peaks
from soundedit.media.sound import SoundInfo, probe_sound
from soundedit.progress import CancelToken


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
class OpenFailed:
    """The file cannot be used; `error` says why."""

    id: int
    path: Path
    error: BaseException


class SoundOpener(QObject):
    """One thread per file; connect `answered` with a queued connection."""

    answered = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._threads: list[threading.Thread] = []
        self._cancel = CancelToken()
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

    def stop(self) -> None:
        """Give up and wait for the threads."""
        self._cancel.cancel()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    def _run(self, id_: int, path: Path, cancel: CancelToken) -> None:
        def answer(value: Opened | PeaksReady | OpenFailed) -> None:
            if not cancel.cancelled:
                self.answered.emit(value)

        try:
            answer(Opened(id_, probe_sound(path, cancel)))
            cancel.check()
            answer(PeaksReady(id_, build_peaks(path, cancel=cancel)))
        except Cancelled:
            return
        except Exception as error:  # any failure must reach the person as a dialog
            answer(OpenFailed(id_, path, error))
