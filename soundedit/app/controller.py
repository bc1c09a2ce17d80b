"""What is open and what is being made of it: the one way from a sound to a movie in the app."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal

from soundedit.app.framefeed import FrameFeed
from soundedit.app.jobs import Jobs
from soundedit.app.opening import (
    OpenAnswer,
    Opened,
    OpenFailed,
    PeaksReady,
    SoundOpener,
    SpectrumReady,
)
from soundedit.app.picturepanel import DEFAULT_RATE, FRAME_RATES
from soundedit.app.requests import (
    Advanced,
    Answer,
    Ended,
    EngineInfo,
    Exported,
    ExportRequest,
    FrameReady,
    FramesDone,
    Generated,
    GenerateRequest,
    HeardLike,
    Inverted,
    InvertRequest,
    Kind,
    Listened,
    ListenRequest,
    Loaded,
    LoadFailed,
    Loading,
    Movie,
    Request,
)
from soundedit.app.worker import EngineWorker, Loader, load_engine
from soundedit.media.onsets import NO_ONSETS, Onsets
from soundedit.media.peaks import Peaks
from soundedit.media.sound import SoundInfo
from soundedit.media.spectrogram import Spectrogram


class Controller(QObject):
    """Holds the state of the window and talks to the worker; lives in the GUI thread.

    Every answer carries its request's id; answers to requests that were overtaken are dropped.
    """

    engine_changed = Signal()
    sound_changed = Signal()
    peaks_changed = Signal()
    spectrum_changed = Signal()
    """The spectrogram and the onsets of the sound are there, or gone."""
    still_changed = Signal()
    heard_changed = Signal()
    movie_changed = Signal()
    work_changed = Signal()
    """Something that decides what can be done began or ended."""
    exported = Signal(Path)
    stopped = Signal(Kind)
    """The person stopped a job of this kind."""
    failed = Signal(object)

    def __init__(
        self, cache_bytes: int, loader: Loader = load_engine, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.worker = EngineWorker(loader, self)
        self.opener = SoundOpener(self)
        self.jobs = Jobs(self)
        self.feed = FrameFeed(self._submit, cache_bytes, self)
        self.engine: EngineInfo | None = None
        self.engine_error: BaseException | None = None
        self.sound: SoundInfo | None = None
        self.peaks: Peaks | None = None
        self.spectrogram: Spectrogram | None = None
        self.onsets: Onsets = NO_ONSETS
        self.still: NDArray[np.uint8] | None = None
        self.heard: Sequence[HeardLike] | None = None
        self.movie: Movie | None = None
        self.seed = 0
        self.rate = DEFAULT_RATE
        self._latest: dict[Kind, Request] = {}
        self._generate_after_open = False
        self._closed = False
        queued = Qt.ConnectionType.QueuedConnection
        self.worker.answered.connect(self._on_answer, queued)
        self.opener.answered.connect(self._on_opened, queued)

    def start(self) -> None:
        """Start the worker, which loads the engine."""
        self.worker.start()

    def close(self) -> None:
        """Stop all work and wait for the threads."""
        self._closed = True
        self.opener.stop()
        self.worker.stop()

    def open_sound(self, path: Path, *, generate: bool = False) -> None:
        """Open a sound; what is open stays until the file proves readable."""
        self.jobs.end(self.opener.id)
        self._generate_after_open = generate
        id_ = self.opener.open(path)
        self.jobs.begin(id_, self.tr("Opening {0}").format(path.name))

    def set_seed(self, seed: int) -> None:
        """Begin from another picture; the movie made from the old one goes."""
        if seed == self.seed:
            return
        self.seed = seed
        if self.sound is not None:
            self._stop(Kind.GENERATE)
            self._set_movie(None)
            self._invert()

    def generate(self) -> None:
        """Make the movie of the open sound."""
        if self.sound is None:
            return
        request = GenerateRequest(self.sound.path, self.seed, FRAME_RATES[self.rate])
        self._begin(request, self.tr("Generating the video"))

    def export(self, path: Path) -> None:
        """Write the movie with its sound; it is the movie of now that is written."""
        if self.movie is None:
            return
        request = ExportRequest(self.movie, path)
        self._begin(request, self.tr("Exporting {0}").format(path.name))

    def labels(self) -> tuple[str, ...]:
        """All labels there can be, in the pack's order, then those only this sound has."""
        known = self.engine.labels if self.engine is not None else ()
        return (*known, *sorted({item.label for item in self.heard or ()} - set(known)))

    def is_running(self, kind: Kind) -> bool:
        """True while the latest request of a kind has no answer."""
        return kind in self._latest

    def _submit(self, request: Request) -> None:
        if not self._closed and self.engine_error is None:
            self.worker.submit(request)

    def _begin(self, request: Request, text: str, *, can_stop: bool = True) -> None:
        if self.engine_error is not None:
            self.failed.emit(self.engine_error)
            return
        older = self._latest.get(request.kind)
        if older is not None:
            self.jobs.end(older.id)
        self._latest[request.kind] = request
        stop: Callable[[], None] | None = request.cancel.cancel if can_stop else None
        self.jobs.begin(request.id, text, stop)
        self._submit(request)
        self.work_changed.emit()

    def _stop(self, kind: Kind) -> None:
        request = self._latest.pop(kind, None)
        if request is not None:
            request.cancel.cancel()
            self.jobs.end(request.id)
            self.work_changed.emit()

    def _invert(self) -> None:
        assert self.sound is not None
        if self.engine_error is None:
            request = InvertRequest(self.sound.path, self.seed)
            self._begin(request, self.tr("Inverting the sound"), can_stop=False)

    def _listen(self) -> None:
        assert self.sound is not None
        if self.engine_error is None:
            request = ListenRequest(self.sound.path)
            self._begin(request, self.tr("Listening"), can_stop=False)

    def _set_movie(self, movie: Movie | None) -> None:
        self.movie = movie
        self.feed.set_movie(movie)
        self.movie_changed.emit()
        self.work_changed.emit()

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
            case SpectrumReady():
                self.spectrogram, self.onsets = answer.spectrogram, answer.onsets
                self.spectrum_changed.emit()
            case OpenFailed():
                self.jobs.end(answer.id)
                self.failed.emit(answer.error)

    def _take_sound(self, info: SoundInfo) -> None:
        for kind in (Kind.INVERT, Kind.LISTEN, Kind.GENERATE):
            self._stop(kind)
        self.sound, self.peaks, self.still, self.heard = info, None, None, None
        self.spectrogram, self.onsets = None, NO_ONSETS
        self.sound_changed.emit()
        self.spectrum_changed.emit()
        self.still_changed.emit()
        self.heard_changed.emit()
        self._set_movie(None)
        self._invert()
        if self._generate_after_open:
            self.generate()
        self._listen()

    def _finish(self, answer: Answer, kind: Kind) -> bool:
        """Close the books of a request; False where its answer is stale."""
        self.jobs.end(answer.id)
        request = self._latest.get(kind)
        if request is None or request.id != answer.id:
            return False
        del self._latest[kind]
        self.work_changed.emit()
        return True

    def _on_answer(self, answer: Answer) -> None:
        if self._closed:
            return
        match answer:
            case FrameReady():
                self.feed.on_frame(answer)
            case FramesDone():
                self.feed.on_done(answer)
            case Advanced():
                self.jobs.advance(answer.id, answer.fraction)
            case Inverted():
                if self._finish(answer, Kind.INVERT):
                    self.still = answer.picture
                    self.still_changed.emit()
            case Listened():
                if self._finish(answer, Kind.LISTEN):
                    self.heard = answer.heard
                    self.heard_changed.emit()
            case Generated():
                if self._finish(answer, Kind.GENERATE):
                    self._set_movie(answer.movie)
            case Exported():
                if self._finish(answer, Kind.EXPORT):
                    self.exported.emit(answer.path)
            case Ended():
                self._on_ended(answer)
            case Loading():
                if answer.id not in self.jobs:
                    self.jobs.begin(answer.id, answer.text)
                self.jobs.advance(answer.id, answer.fraction, answer.text)
            case Loaded():
                self.jobs.end(answer.id)
                self.engine = answer.info
                self.engine_changed.emit()
                self.work_changed.emit()
            case LoadFailed():
                self.jobs.end(answer.id)
                self._on_load_failed(answer.error)

    def _on_ended(self, answer: Ended) -> None:
        self.feed.on_stopped(answer.id)
        latest = self._finish(answer, answer.kind)
        if answer.error is not None:
            self.failed.emit(answer.error)
        elif latest:
            self.stopped.emit(answer.kind)

    def _on_load_failed(self, error: BaseException) -> None:
        self.engine_error = error
        for kind in list(self._latest):
            self._stop(kind)
        self.engine_changed.emit()
        self.heard_changed.emit()
        self.work_changed.emit()
        self.failed.emit(error)
