"""Slow and careful work of the engine: fit a picture, refine an edit. Runs on the worker."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundedit.app.movie import Movie
from soundedit.app.requests import Answer, Kind, Request
from soundedit.document.model import Edit, Start, StartKind
from soundedit.media.picture import Crop, read_square, video_squares
from soundedit.progress import Progress

SCENES = 3
"""Moments of the span that a refined edit is made to suit."""
FIT_STEPS = 80


@dataclass(frozen=True, eq=False)
class FitRequest(Request):
    """A picture file, or the first frame of a video -> latents; careful with `steps`.

    The latents are written to `out` where that is given.
    """

    path: Path
    crop: Crop | None
    video: bool = False
    steps: int = 0
    out: Path | None = None

    @property
    def kind(self) -> Kind:
        return Kind.FIT

    @property
    def needs_words(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class RefineRequest(Request):
    """The words and sounds of an edit -> its fine direction, written to `out`."""

    edit: Edit
    files: Mapping[str, Path]
    movie: Movie
    out: Path

    @property
    def kind(self) -> Kind:
        return Kind.REFINE

    @property
    def needs_words(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class RefineStartRequest(Request):
    """The photo or the frames of the video `start` -> nearer latents, in `out`.

    `on_show` gives the movie and its frame to show meanwhile, if any; it is asked on the worker.
    """

    start: Start
    files: Mapping[str, Path]
    fps: Fraction
    out: Path
    on_show: Callable[[], tuple[Movie, int] | None]

    @property
    def kind(self) -> Kind:
        return Kind.REFINE


@dataclass(frozen=True, eq=False)
class Improving(Answer):
    """What a job has come to, uint8 (H, W, 3); for one `frame` of the movie, or for any."""

    picture: NDArray[np.uint8]
    frame: int | None = None


@dataclass(frozen=True, eq=False)
class Fitted(Answer):
    """The picture found for `wanted`, both uint8 (S, S, 3); `distance` 0 is the same picture."""

    picture: NDArray[np.uint8]
    wanted: NDArray[np.uint8]
    distance: float
    out: Path | None


@dataclass(frozen=True, eq=False)
class EditRefined(Answer):
    """The direction of an edit lies in `out`; cosines with what it asks for, fast and fine."""

    edit: str
    out: Path
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class StartRefined(Answer):
    """The latents of `start` lie in `out`; how far its pictures were away, and are now."""

    start: Start
    out: Path
    before: float
    distance: float


def fit_picture(
    engine: Any, request: FitRequest, progress: Progress, tell: Callable[[Answer], None]
) -> Fitted:
    """Encode a picture, and refine it where steps are asked for.

    Raises MediaError for a file that cannot be read, PackError where the pack has no encoder,
    ExportError where `out` cannot be written.
    """
    size = engine.resolution
    if request.video:
        squares = video_squares(request.path, size, Fraction(1), request.crop)
        image = np.array(next(squares))
        squares.close()  # type: ignore[attr-defined]
    else:
        image = read_square(request.path, size, request.crop)
    w = engine.encode_picture(image)
    if request.steps:
        found = engine.refine_picture(
            image,
            w,
            steps=request.steps,
            progress=progress,
            cancel=request.cancel,
            on_change=lambda change: tell(Improving(request.id, engine.picture(w + change(0)))),
        )
        w, distance = found.w, found.distance
    else:
        distance = engine.picture_distance(w, image)
    if request.out is not None:
        _write(engine, request.out, w)
    return Fitted(request.id, engine.picture(w), image, distance, request.out)


def refine_edit(
    engine: Any, request: RefineRequest, progress: Progress, tell: Callable[[Answer], None]
) -> EditRefined:
    """Find the fine direction of an edit for the scenes it acts on. Errors as the engine's."""
    movie, span = request.movie, request.edit.span
    end = movie.seconds if span.end is None else span.end
    times = np.linspace(span.start, end, SCENES + 2)[1:-1]
    plain = [movie.rendering.plain(movie.frame_at(float(time)), 1) for time in times]
    found = engine.refine_direction(
        request.edit.parts,
        lambda media: request.files[media],
        np.concatenate(plain),
        progress=progress,
        cancel=request.cancel,
        on_picture=lambda picture: tell(Improving(request.id, picture)),
    )
    _write(engine, request.out, found.dw)
    return EditRefined(request.id, request.edit.id, request.out, found.before, found.after)


def refine_start(
    engine: Any, request: RefineStartRequest, progress: Progress, tell: Callable[[Answer], None]
) -> StartRefined:
    """Bring the pictures of a start nearer to its photo or video. Errors as the engine's.

    The frame on show is told as it improves, with the sound and the edits that move it.
    """

    def show(change: Callable[[int], NDArray[np.float32]]) -> None:
        shown = request.on_show()
        if shown is not None:
            movie, frame = shown
            w = movie.rendering.latents(frame, 1)[0] + change(frame)
            tell(Improving(request.id, engine.picture(w), frame))

    start = request.start
    found = importlib.import_module("soundedit.engine.start").refine_start(
        engine,
        start,
        request.files,
        request.fps,
        progress=progress,
        cancel=request.cancel,
        on_change=show,
    )
    fps = request.fps if start.kind is StartKind.VIDEO else None
    _write(engine, request.out, found.w, fps)
    return StartRefined(request.id, start, request.out, found.before, found.distance)


def _write(engine: Any, path: Path, w: NDArray[np.float32], fps: Fraction | None = None) -> None:
    latents = importlib.import_module("soundedit.engine.latents")
    path.parent.mkdir(parents=True, exist_ok=True)
    manifest = engine.manifest
    pack = f"{manifest.name} {manifest.version}"
    latents.write_latents(path, latents.Latents(w, pack, fps, manifest.latents))
