"""A rendering becomes a file: synthesis and encoding side by side, in flat memory."""

import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from soundedit.engine.engine import Engine
from soundedit.errors import ExportError
from soundedit.media.ffmpeg import shown
from soundedit.media.presets import ExportSettings
from soundedit.media.video import VideoWriter
from soundedit.progress import CancelToken, Progress

BATCH = 8
_WAITING_FRAMES = 24
_POLL_SECONDS = 0.02


class Frames(Protocol):
    """What an export needs of a `Rendering`: latents of any frame, and what decides them."""

    engine: Engine
    fps: Fraction
    frames: int
    key: str

    def latents(self, first: int, count: int) -> NDArray[np.float32]:
        """Latents [n, L, D] of `count` frames from `first`, edits applied."""


class Writer(Protocol):
    """What frames are written to."""

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame, uint8 (H, W, 3)."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


@dataclass(frozen=True)
class ExportReport:
    """What was made: `seconds` of picture, `took` seconds of time, `reused` frames of a cache."""

    path: Path
    format: str
    width: int
    height: int
    fps: Fraction
    frames: int
    seconds: float
    bytes: int
    reused: int
    took: float
    notes: tuple[str, ...] = ()


def export(
    rendering: Frames,
    out: str | Path,
    settings: ExportSettings,
    *,
    start: float = 0.0,
    end: float | None = None,
    sound: str | Path | None,
    work: Path | None = None,
    batch: int = BATCH,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    pause: Callable[[], bool] | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Write the span [start, end), in seconds, of a rendering and its sound to `out`.

    The picture begins with the frame shown at `start`, the sound at that frame's very time. Latents
    become frames in the caller's thread, `batch` at a time; a thread of its own writes them, at
    most 24 waiting. `progress` is called in the caller's thread after each frame and while it
    waits for the encoder; it may serve other work and may raise. While `pause` answers true
    nothing is made; it is asked between batches, every 20 ms.

    Args:
        sound: the take; None for a silent file, as is `settings.sound` False.
        work: folder in which finished frames are kept, so that a job that ended halfway goes on
            from there and another export of the same pictures need not make them again.
        overwrite: replace a file that is there already.

    Raises `ExportError` if the file cannot be written or is there already, `MediaError` if the
    sound cannot be read, `Cancelled`; nothing is left of the file then, and the frames of
    `work` stay.
    """
    begun = time.monotonic()
    out = Path(out)
    if settings.fps is not None and settings.fps != rendering.fps:
        raise ValueError(f"the rendering has {rendering.fps} frames/s, not {settings.fps}")
    if out.exists() and not overwrite:
        raise ExportError(f"{shown(out)} is there already; overwrite it or choose another name.")
    span = frame_span(rendering, start, end)
    side = rendering.engine.resolution
    writer = VideoWriter(
        out,
        width=side,
        height=side,
        fps=rendering.fps,
        settings=settings,
        sound=sound if settings.has_sound else None,
        start=float(span.start / rendering.fps),
        end=end,
        cancel=cancel,
    )

    def report(done: int) -> None:
        if progress is not None:
            progress(done / len(span), f"{done} of {len(span)} frames")

    with _Pump(writer, cancel) as pump:
        for done, frame in enumerate(_frames(rendering, span, batch, cancel, pause), start=1):
            pump.put(frame, lambda done=done: report(done - 1))  # type: ignore[misc]
            report(done)
        if progress is not None:
            progress(-1, "Finishing")
        pump.finish()
    notes = []
    if settings.sound and sound is not None and settings.kind.sound is None:
        notes.append(f"{settings.kind.title} holds no sound.")
    width, height = settings.size(side)
    return ExportReport(
        out,
        settings.format,
        width,
        height,
        rendering.fps,
        len(span),
        float(len(span) / rendering.fps),
        out.stat().st_size,
        0,
        time.monotonic() - begun,
        tuple(notes),
    )


def frame_span(rendering: Frames, start: float, end: float | None) -> range:
    """The frames that are shown in [start, end), in seconds; `ExportError` if there are none."""
    # A frame's own time must give that frame although it was rounded to a float.
    first = math.floor(start * rendering.fps + Fraction(1, 1000))
    stop = rendering.frames
    if end is not None:
        stop = min(stop, math.ceil(end * rendering.fps - Fraction(1, 1000)))
    if not 0 <= first < stop:
        seconds = float(rendering.frames / rendering.fps)
        raise ExportError(
            f"There is nothing from {start:g} s on to export, as the take has {seconds:.2f} s and "
            "the range must end after it begins; choose another range."
        )
    return range(first, stop)


def _frames(
    rendering: Frames,
    span: range,
    batch: int,
    cancel: CancelToken | None,
    pause: Callable[[], bool] | None,
) -> Iterator[NDArray[np.uint8]]:
    for first in range(span.start, span.stop, batch):
        while pause is not None and pause():
            if cancel is not None:
                cancel.check()
            time.sleep(_POLL_SECONDS)
        latents = rendering.latents(first, min(batch, span.stop - first))
        yield from rendering.engine.synthesise(latents, batch=batch, cancel=cancel)


class _Pump:
    """Hands frames to a writer in a thread of its own, a bounded number of them waiting."""

    def __init__(
        self, writer: AbstractContextManager[VideoWriter], cancel: CancelToken | None
    ) -> None:
        self._cancel = cancel
        self._waiting: queue.Queue[NDArray[np.uint8] | None] = queue.Queue(_WAITING_FRAMES)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(writer,), name="export-writer")
        self._whole = False
        self._thread.start()

    def put(self, frame: NDArray[np.uint8], while_full: Callable[[], None]) -> None:
        """Append a frame; raises what the writer raised."""
        self._send(frame, while_full)

    def finish(self) -> None:
        """Let the writer close its file; raises what it raised."""
        self._send(None, lambda: None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _send(self, item: NDArray[np.uint8] | None, while_full: Callable[[], None]) -> None:
        while True:
            if self._cancel is not None:
                self._cancel.check()
            if not self._thread.is_alive() and self._error is not None:
                raise self._error
            try:
                return self._waiting.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                while_full()

    def _run(self, writer: AbstractContextManager[VideoWriter]) -> None:
        try:
            with writer as file:
                while True:
                    try:
                        frame = self._waiting.get(timeout=_POLL_SECONDS)
                    except queue.Empty:
                        if self._stop.is_set():
                            raise _Stopped from None
                        continue
                    if frame is None:
                        return
                    if self._stop.is_set():
                        raise _Stopped
                    file.write(frame)
        except _Stopped:
            pass
        except BaseException as error:  # told in the thread that exports
            self._error = error


class _Stopped(Exception):
    """The exporting thread gave up; the writer is to leave nothing."""
