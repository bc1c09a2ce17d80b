"""The engine worker: one thread that owns the engine; the newest request of each kind wins."""

import importlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from soundedit.app.exports.render import ExportRequest, render_job
from soundedit.app.finejobs import (
    FitRequest,
    RefineRequest,
    RefineStartRequest,
    fit_picture,
    refine_edit,
    refine_start,
)
from soundedit.app.heavyimports import heavy_imports
from soundedit.app.live.perform import perform_live
from soundedit.app.live.requests import LiveRequest
from soundedit.app.measuring import Measurer
from soundedit.app.movie import Movie, RenderingLike
from soundedit.app.overtaking import Overtaken, OvertakenToken
from soundedit.app.renderings import make_rendering
from soundedit.app.requests import (
    Advanced,
    Answer,
    Ended,
    EngineInfo,
    EngineLike,
    FrameReady,
    FramesDone,
    FramesRequest,
    Generated,
    GenerateRequest,
    Inverted,
    InvertRequest,
    Kind,
    Listened,
    ListenRequest,
    Loaded,
    LoadFailed,
    Loading,
    LoadingStopped,
    MeasureRequest,
    PreviewSize,
    Redrawn,
    RedrawRequest,
    Request,
    new_id,
)
from soundedit.app.words import Words
from soundedit.errors import Cancelled
from soundedit.progress import CancelToken, Progress

PROGRESS_SECONDS = 0.05
"""Progress is told at most this often, so that a fast job does not flood the GUI thread."""

SLOW_SECONDS = 0.045
"""When a full picture takes longer than this, one of half the size is shown first."""

IDLE_SECONDS = 0.5
"""When nothing was asked for this long after loading, there is time to prepare for words."""

EXPORT_BATCH = 4
"""Frames an export makes at once on a CPU while nobody waits for others."""

WAITING_SECONDS = 0.05
"""How often a request that waits for words is looked at, since it may be given up."""

RECENT_SECONDS = 3.0
"""So long after somebody waited for a picture an export makes one frame at a time."""

LET_THROUGH = (Kind.REDRAW, Kind.FRAME, Kind.PLAIN)

Loader = Callable[[Progress], EngineLike]


def load_engine(
    progress: Progress, pack: str | Path | None = None, device: str = "auto"
) -> EngineLike:
    """Load a pack, the default one by default; torch is imported here, off the GUI thread."""
    with heavy_imports():
        progress(0.0, "Loading the engine")
        module = importlib.import_module("soundedit.engine.engine")
        engine: EngineLike = module.Engine.load(pack, device, progress)
    return engine


class EngineWorker(QObject):
    """Takes requests from the GUI thread and answers with the `answered` signal.

    While a long job runs, requests of a more urgent kind are served between its steps, so that
    scrubbing goes on during an export. Connect `answered` with a queued connection to a method of
    a QObject that lives in the GUI thread.
    """

    answered = Signal(object)

    def __init__(self, loader: Loader = load_engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._engine: EngineLike | None = None
        self._measurer: Measurer
        self._words: Words | None = None
        self._batch = 1
        self._full_took = 0.0
        self._asked = -RECENT_SECONDS
        self._ahead_from = 0.0
        self._condition = threading.Condition()
        self._pending: dict[Kind, Request] = {}
        self._running: dict[Kind, Request] = {}
        self._stopping = CancelToken()
        self._leaving = CancelToken()
        self._thread = threading.Thread(target=self._run, name="engine-worker")

    def start(self) -> None:
        """Start the thread; the engine is loaded first."""
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Ask for work; an older request of the same kind, waiting or running, is cancelled.

        A picture that is already being made for the playhead is let through: it is shown on the
        way.
        """
        with self._condition:
            older = self._pending.pop(request.kind, None)
            if older is not None:
                older.cancel.cancel()
            running = self._running.get(request.kind)
            if running is not None and request.kind not in LET_THROUGH:
                running.cancel.cancel()
            self._pending[request.kind] = request
            if request.kind in LET_THROUGH:
                self._asked = time.monotonic()
            self._condition.notify()

    def reload(self, loader: Loader) -> None:
        """Let the engine go and load another; what was asked of the old one is cancelled."""
        with self._condition:
            self._loader = loader
            self._leave()

    def stop(self) -> None:
        """Cancel everything, end the thread and wait for it."""
        self._stopping.cancel()
        with self._condition:
            self._leave()
        if self._thread.ident is not None:
            self._thread.join()

    def _leave(self) -> None:
        self._leaving.cancel()
        for request in (*self._pending.values(), *self._running.values()):
            request.cancel.cancel()
        for kind, request in self._pending.items():
            self._answer(Ended(request.id, kind, None))
        self._pending.clear()
        self._condition.notify()

    def _answer(self, answer: Answer) -> None:
        if not self._stopping.cancelled:
            self.answered.emit(answer)

    def _run(self) -> None:
        while not self._stopping.cancelled:
            with self._condition:
                self._leaving, loader = CancelToken(), self._loader
            loaded = self._load(loader)
            try:
                while not self._wait(loaded):
                    self._serve(above=None)
            finally:
                if self._words is not None:
                    self._words.close()
                    self._words = None
                if self._engine is not None:
                    self._engine.close()
                    self._engine = None

    def _wait(self, loaded: bool) -> bool:
        """Wait for work, where there is an engine; True when it is time to leave this one.

        The first idle time is used to make words ready.
        """
        with self._condition:
            while not (self._leaving.cancelled or self._stopping.cancelled):
                if loaded and self._servable(above=None):
                    return False
                words = self._words
                if loaded and self._pending:
                    self._condition.wait(WAITING_SECONDS)
                elif words is None or words.begun:
                    self._condition.wait()
                elif not self._condition.wait(IDLE_SECONDS):
                    words.begin()
        return True

    def _servable(self, above: Kind | None) -> list[Kind]:
        """Kinds of the waiting requests more urgent than `above` that can be done now.

        One that needs words is left waiting until they are ready; others go before it.
        """
        words = self._words
        kinds = []
        for kind, request in self._pending.items():
            if above is not None and kind >= above:
                continue
            if words is not None and words.needed(request) and not request.cancel.cancelled:
                words.hurry()
                if not words.ready:
                    continue
            kinds.append(kind)
        return kinds

    def _words_ready(self) -> None:
        with self._condition:
            self._condition.notify()

    def _load(self, loader: Loader) -> bool:
        id_ = new_id()

        def progress(fraction: float, text: str) -> None:
            self._stopping.check()
            self._leaving.check()
            self._answer(Loading(id_, fraction, text))

        try:
            engine = loader(progress)
        except Cancelled:
            self._answer(LoadingStopped(id_))
            return False
        except Exception as error:  # any failure must reach the person as a dialog
            self._answer(LoadFailed(id_, error))
            return False
        self._engine, self._measurer = engine, Measurer(engine)
        self._words = Words(engine, self._words_ready)
        self._batch = 1 if engine.device.startswith("cpu") else 8
        manifest = engine.manifest
        info = EngineInfo(
            pack=manifest.title or manifest.name,
            pack_id=f"{manifest.name} {manifest.version}",
            device=engine.device,
            device_name=engine.device_name,
            resolution=engine.resolution,
            labels=tuple(manifest.classes),
            name=manifest.name,
            words=_vocabulary(manifest.classes, manifest.prompts),
        )
        self._answer(Loaded(id_, info))
        return True

    def _serve(self, above: Kind | None) -> None:
        """Do the requests that can be done and are more urgent than `above`; None means all."""
        while not (self._stopping.cancelled or self._leaving.cancelled):
            with self._condition:
                kinds = self._servable(above)
                if not kinds:
                    return
                kind = min(kinds)
                request = self._pending.pop(kind)
                self._running[kind] = request
            words = self._words if kind <= Kind.GENERATE else None
            try:
                with nullcontext() if words is None else words.held():
                    self._perform(request)
            except Cancelled:
                self._answer(Ended(request.id, kind, None))
            except Exception as error:  # a failed job must not end the worker
                stopped = request.cancel.cancelled
                self._answer(Ended(request.id, kind, None if stopped else error))
            finally:
                with self._condition:
                    self._running.pop(kind, None)

    def _perform(self, request: Request) -> None:
        request.cancel.check()
        engine = self._engine
        assert engine is not None
        if request.kind is Kind.AHEAD and self._words is not None:
            # There may be no idle time before somebody asks for words.
            self._words.begin()
        told = 0.0

        def progress(fraction: float, text: str) -> None:
            nonlocal told
            request.cancel.check()
            now = time.monotonic()
            if now - told >= PROGRESS_SECONDS:
                told = now
                self._answer(Advanced(request.id, request.kind, fraction, text))
            if request.kind is Kind.EXPORT:
                self._give_way()
            else:
                self._serve(above=request.kind)

        match request:
            case FramesRequest():
                self._frames(engine, request)
            case InvertRequest():
                inversion = engine.invert(request.sound, seed=request.seed, cancel=request.cancel)
                self._answer(Inverted(request.id, inversion.picture))
            case ListenRequest():
                heard = engine.listen(request.sound, progress=progress, cancel=request.cancel)
                self._answer(Listened(request.id, tuple(heard)))
            case GenerateRequest():
                made = make_rendering(
                    engine,
                    request.project,
                    request.files,
                    progress=progress,
                    cancel=request.cancel,
                )
                self._answer(Generated(request.id, *_movies(made, request, request.sound)))
            case FitRequest():
                self._answer(fit_picture(engine, request, progress, self._answer))
            case RefineRequest():
                self._answer(refine_edit(engine, request, progress, self._answer))
            case RefineStartRequest():
                self._answer(refine_start(engine, request, progress, self._answer))
            case MeasureRequest():
                self._answer(self._measurer.measure(request, lambda: self._between(request)))
            case RedrawRequest():
                self._redraw(engine, request)
            case LiveRequest():
                perform_live(engine, request, self._answer, lambda: self._serve(above=Kind.LIVE))
            case ExportRequest():
                self._answer(render_job(engine, request, self._export_batch, progress))

    def _between(self, request: Request) -> None:
        """Let what is more urgent go first; Cancelled if the request is no more wanted."""
        self._serve(above=request.kind)
        request.cancel.check()

    def _export_batch(self) -> int:
        """How many frames an export makes before it looks whether somebody waits."""
        if time.monotonic() - self._asked < RECENT_SECONDS:
            return self._batch
        return max(self._batch, EXPORT_BATCH)

    def _give_way(self) -> None:
        """Between frames of an export: what is urgent at once, work ahead for half of the time."""
        self._serve(above=Kind.AHEAD)
        begun = time.monotonic()
        if begun >= self._ahead_from:
            self._serve(above=Kind.EXPORT)
            now = time.monotonic()
            self._ahead_from = now + (now - begun)

    def _redraw(self, engine: EngineLike, request: RedrawRequest) -> None:
        made = request.movie.rendering.with_project(
            request.project, request.files, cancel=request.cancel
        )
        movie, plain = _movies(made, request, request.movie.sound)
        self._answer(Redrawn(request.id, movie, plain, request.index))
        frames = FramesRequest(
            movie, (request.index,), urgent=True, preview=request.preview, id=request.id
        )
        self._now(engine, frames, Kind.REDRAW)

    def _frames(self, engine: EngineLike, request: FramesRequest) -> None:
        if request.urgent or request.plain:
            self._now(engine, request, request.kind)
            return
        for at in range(0, len(request.indices), self._batch):
            # Work ahead gives way.
            request.cancel.check()
            self._between(request)
            indices = request.indices[at : at + self._batch]
            while not self._made_ahead(engine, request, indices):
                self._between(request)
        self._answer(FramesDone(request.id, request.urgent))

    def _now(self, engine: EngineLike, request: FramesRequest, kind: Kind) -> None:
        """A picture somebody waits for, never stopped half-way: small first where it is slow, then
        whole unless another one is waited for.
        """
        small = request.preview > PreviewSize.FULL
        if request.preview is PreviewSize.AUTOMATIC:
            small = self._full_took > SLOW_SECONDS
        if request.size is None and small:
            size = engine.resolution // request.preview.part
            self._synthesise(engine, request, request.indices, size, request.cancel)
        # Whoever went on has no use for the full picture of what is already left.
        stop = OvertakenToken(request.cancel, lambda: small and self._is_overtaken(kind))
        with suppress(Overtaken):
            stop.check()
            self._full_took = self._synthesise(engine, request, request.indices, request.size, stop)
        self._answer(FramesDone(request.id, request.urgent))

    def _made_ahead(
        self, engine: EngineLike, request: FramesRequest, indices: Sequence[int]
    ) -> bool:
        """Make pictures ahead; False where they were left half-made for what is more urgent."""
        stop = OvertakenToken(request.cancel, lambda: self._is_awaited(request.kind))
        try:
            self._synthesise(engine, request, indices, request.size, stop)
        except Overtaken:
            return False
        return True

    def _synthesise(
        self,
        engine: EngineLike,
        request: FramesRequest,
        indices: Sequence[int],
        size: int | None,
        cancel: CancelToken,
    ) -> float:
        """Answer with each picture; returns the seconds one took."""
        begun = time.perf_counter()
        movie = request.movie
        w = np.concatenate([movie.rendering.latents(index, 1) for index in indices])
        took = 0.0
        for index, image in zip(
            indices, engine.synthesise(w, batch=len(indices), size=size, cancel=cancel), strict=True
        ):
            took = (time.perf_counter() - begun) / len(indices)
            # A view would keep its whole batch in memory for as long as the cache has it.
            own = image if image.base is None else image.copy()
            self._answer(FrameReady(request.id, movie.key, index, size, own, took, request.urgent))
        return took

    def _is_overtaken(self, kind: Kind) -> bool:
        with self._condition:
            return kind in self._pending

    def _is_awaited(self, above: Kind) -> bool:
        with self._condition:
            return bool(self._servable(above))


def _movies(
    made: RenderingLike, request: GenerateRequest | RedrawRequest, sound: Path | None
) -> tuple[Movie, Movie]:
    """The movie of a rendering, and the same without edits."""
    bare = replace(request.project, edits=())
    plain = made.with_project(bare, request.files)
    return Movie.of(made, request.project, sound), Movie.of(plain, bare, sound)


def _vocabulary(classes: Sequence[str], prompts: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The classes' names, then the phrases the pack was fitted with, each once."""
    phrases = [phrase for name in classes for phrase in prompts.get(name, ())]
    return tuple(dict.fromkeys([*classes, *sorted(phrases)]))
