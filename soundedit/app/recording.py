"""Record from a microphone into a file that is written as the sound comes."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, QTimer, Signal

from soundedit.errors import DeviceError, SoundeditError
from soundedit.media.portaudio import AudioDevice
from soundedit.media.record import Recorder

LEVEL_MILLISECONDS = 50


def recordings_folder() -> Path:
    """Where recordings are kept."""
    return Path(platformdirs.user_data_dir("soundedit", appauthor=False)) / "recordings"


def leftover_recordings(folder: Path, since: float) -> list[Path]:
    """Recordings written to after `since`, seconds since the epoch, the oldest first.

    After a crash these are the ones that nobody was told of.
    """
    found = [(path.stat(), path) for path in folder.glob("*.flac")]
    late = [(stat.st_mtime, path) for stat, path in found if stat.st_mtime > since and stat.st_size]
    return [path for _, path in sorted(late)]


class Recording(QObject):
    """One recording at a time; the file is kept whatever happens."""

    recording_changed = Signal(bool)
    level_changed = Signal(float, float)
    """RMS and peak of the input, 0..1."""
    finished = Signal(Path)
    failed = Signal(object)

    def __init__(
        self,
        folder: Path,
        factory: Callable[[], Recorder] = Recorder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._folder = folder
        self._factory = factory
        self._recorder: Recorder | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(LEVEL_MILLISECONDS)
        self._timer.timeout.connect(self._tell_level)

    @property
    def recording(self) -> bool:
        """True while the microphone is being recorded."""
        return self._recorder is not None

    @property
    def overflows(self) -> int:
        """How often sound was lost because the machine was too busy."""
        return self._recorder.overflows if self._recorder is not None else 0

    def start(self, device: AudioDevice | None = None) -> None:
        """Record from a device (None is the system's default)."""
        if self._recorder is not None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            recorder = self._factory()
            recorder.start(self._new_path(), device)
        except (SoundeditError, OSError) as error:
            self.failed.emit(error)
            return
        self._recorder = recorder
        self._timer.start()
        self.recording_changed.emit(True)

    def stop(self) -> Path | None:
        """End the recording and tell where it is."""
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return None
        self._timer.stop()
        path: Path | None = None
        try:
            path = recorder.stop()
        except (SoundeditError, OSError) as error:
            self.failed.emit(error)
        self.level_changed.emit(0.0, 0.0)
        self.recording_changed.emit(False)
        if path is not None:
            self.finished.emit(path)
        return path

    def _new_path(self) -> Path:
        stem = datetime.now().strftime("recording %Y-%m-%d %H.%M.%S")
        path, number = self._folder / f"{stem}.flac", 2
        while path.exists():
            path = self._folder / f"{stem} ({number}).flac"
            number += 1
        return path

    def _tell_level(self) -> None:
        if self._recorder is None:
            return
        problem = self._recorder.problem
        if problem is not None:
            self.stop()
            self.failed.emit(DeviceError(problem))
            return
        self.level_changed.emit(*self._recorder.level())
