"""Record from a microphone into a file that is written as the sound comes."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, Qt, QTimer, Signal

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


@dataclass(frozen=True)
class Hearing:
    """How the microphone is to be heard.

    Attributes:
        device: the input; None is the system's default.
        preroll: seconds from before a recording that it holds too; 0 is none.
        monitor: whether the input is heard on `output`, None for the system's.
    """

    device: AudioDevice | None = None
    preroll: float = 0.0
    monitor: bool = False
    output: AudioDevice | None = None

    @property
    def always(self) -> bool:
        """True where the microphone has to be open before a recording begins."""
        return self.preroll > 0 or self.monitor


class Recording(QObject):
    """One recording at a time; the file is kept whatever happens.

    The microphone is open while a recording runs, and all the time where `Hearing.always` asks for
    that. Opening a device and finishing a file can take seconds, so a thread does both.
    """

    recording_changed = Signal(bool)
    finishing_changed = Signal(bool)
    """A file that was recorded is being finished, or is whole."""
    level_changed = Signal(float, float)
    """RMS and peak of the input, 0..1."""
    finished = Signal(Path)
    failed = Signal(object)
    monitor_failed = Signal()
    """There is no output to hear the input on."""
    _opened = Signal(object, object, object)
    _ended = Signal()

    def __init__(
        self,
        folder: Path,
        factory: Callable[[], Recorder] = Recorder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.folder = folder
        self._factory = factory
        self._recorder: Recorder | None = None
        self._wanted = Hearing()
        self._heard = Hearing()
        self._paused = True
        self._recording = False
        self._opening = self._closed = False
        self._handed: Recorder | None = None
        self._work: Future[None] | None = None
        self._finishing: Future[Path | None] | None = None
        self._given_up: Recorder | None = None
        self._then: list[Callable[[], None]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="microphone")
        self._opened.connect(self._on_opened, Qt.ConnectionType.QueuedConnection)
        self._ended.connect(self._on_ended, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setInterval(LEVEL_MILLISECONDS)
        self._timer.timeout.connect(self._tell_level)

    @property
    def recording(self) -> bool:
        """True while the microphone is being recorded, or opened for it."""
        return self._recording

    @property
    def finishing(self) -> bool:
        """True while a file that was recorded is being finished."""
        return self._finishing is not None

    @property
    def hearing(self) -> bool:
        """True while the microphone is open."""
        return self._recorder is not None

    @property
    def monitoring(self) -> bool:
        """True while the microphone is heard on an output."""
        return self._recorder is not None and self._recorder.monitoring

    @property
    def overflows(self) -> int:
        """How often sound was lost because the machine was too busy."""
        return self._recorder.overflows if self._recorder is not None else 0

    def hear(self, how: Hearing, *, paused: bool) -> None:
        """Hear like this from now on, see `pause`; a recording that runs keeps its device."""
        self._wanted, self._paused = how, paused
        self._settle()

    def pause(self, paused: bool) -> None:
        """Leave the microphone to somebody else while nothing is recorded, as it is at first."""
        self._paused = paused
        self._settle()

    def start(self) -> None:
        """Record."""
        if not self._recording:
            self._recording = True
            self.recording_changed.emit(True)
            self._settle()

    def stop(self) -> None:
        """End the recording; `finished` tells where it is once it is whole."""
        if not self._recording:
            return
        self._recording = False
        recorder = self._recorder
        if recorder is not None and recorder.writing and self._finishing is None:
            self._finish(recorder)
        self.recording_changed.emit(False)
        self._settle()

    def when_free(self, then: Callable[[], None]) -> None:
        """Call `then` once no file is being finished, which may be at once."""
        if self._finishing is None:
            then()
        else:
            self._then.append(then)

    def close(self) -> None:
        """Keep what is being recorded, whole, and let the device go."""
        self._closed = self._paused = True
        self._then.clear()
        self.stop()
        self._wait()
        self._on_ended()
        recorder, self._recorder = self._recorder or self._handed, None
        self._timer.stop()
        if recorder is not None and recorder.recording:
            recorder.stop()
        self._thread.shutdown()

    def _finish(self, recorder: Recorder) -> None:
        """Have the encoder and the disk complete the file, in the thread."""
        goes_on = self._stays_open and recorder.written > 0 and recorder.problem is None
        if not goes_on:
            self._recorder, self._given_up = None, recorder
            self._timer.stop()
            self.level_changed.emit(0.0, 0.0)
        self._finishing = self._thread.submit(recorder.end if goes_on else recorder.stop)
        self._finishing.add_done_callback(lambda _: self._ended.emit())
        self.finishing_changed.emit(True)

    def _on_ended(self) -> None:
        finishing, self._finishing, self._given_up = self._finishing, None, None
        if finishing is None:
            return
        path = None
        try:
            path = finishing.result()
        except (SoundeditError, OSError) as error:
            self.failed.emit(error)
        self.finishing_changed.emit(False)
        waiting, self._then = self._then, []
        for then in waiting:
            then()
        self._settle()
        if path is not None:
            self.finished.emit(path)

    def _wait(self) -> None:
        """A recorder is for one thread at a time."""
        if self._work is not None:
            self._work.result()

    @property
    def _stays_open(self) -> bool:
        return self._wanted.always and not self._paused

    def _settle(self) -> None:
        """Bring the microphone to what is wanted."""
        if self._opening or self._finishing is not None or self._closed:
            return
        recorder, wanted = self._recorder, self._wanted
        needed = self._stays_open and wanted.device == self._heard.device
        if recorder is not None and not self._recording and not needed:
            self._let_go(recorder)
            recorder = None
        if recorder is None:
            if self._recording or self._stays_open:
                self._open(None, wanted)
            return
        recorder.preroll = wanted.preroll
        monitor, heard = (wanted.monitor, wanted.output), (self._heard.monitor, self._heard.output)
        if self._recording and not recorder.writing:
            self._begin(recorder)
        elif monitor != heard:
            self._open(recorder, wanted)

    def _let_go(self, recorder: Recorder) -> None:
        self._recorder = None
        self._timer.stop()
        recorder.stop()
        self.level_changed.emit(0.0, 0.0)

    def _begin(self, recorder: Recorder) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            recorder.begin(self._new_path())
        except (SoundeditError, OSError) as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        """The microphone does not work: do without until something about it changes."""
        self._paused = True
        recording, self._recording = self._recording, False
        self._settle()
        if recording:
            self.recording_changed.emit(False)
        self.failed.emit(error)

    def _open(self, recorder: Recorder | None, how: Hearing) -> None:
        """Open the microphone, or only its monitor, in the thread."""
        self._opening = True

        def work() -> None:
            opened, trouble = recorder, None
            try:
                if opened is None:
                    opened = self._factory()
                    opened.preroll = how.preroll
                    opened.start(None, how.device)
                self._handed = opened
            except (SoundeditError, OSError) as error:
                self._opened.emit(None, how, error)
                return
            try:
                opened.set_monitor(how.monitor, how.output)
            except DeviceError as error:
                trouble = error
            self._opened.emit(opened, how, trouble)

        self._work = self._thread.submit(work)

    def _on_opened(self, recorder: Recorder | None, how: Hearing, error: Exception | None) -> None:
        self._opening = False
        self._handed = None
        if self._closed:
            return
        if recorder is None:
            assert error is not None
            self._fail(error)
            return
        if recorder is self._given_up or not recorder.recording:  # it was stopped in the meantime
            self._settle()
            return
        self._recorder, self._heard = recorder, how
        self._timer.start()
        if error is not None:
            self.monitor_failed.emit()
            self.failed.emit(error)
        self._settle()

    def _new_path(self) -> Path:
        stem = datetime.now().strftime("recording %Y-%m-%d %H.%M.%S")
        path, number = self.folder / f"{stem}.flac", 2
        while path.exists():
            path = self.folder / f"{stem} ({number}).flac"
            number += 1
        return path

    def _tell_level(self) -> None:
        recorder = self._recorder
        if recorder is None:
            return
        if recorder.problem is not None:
            problem = DeviceError(recorder.problem)
            self._paused = True
            self.stop()
            self._settle()
            self.failed.emit(problem)
            return
        self.level_changed.emit(*recorder.level())
