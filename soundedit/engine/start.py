"""What a project's pictures start from, as latents: a seed, a photo or a video."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundedit.document.model import Start, StartKind
from soundedit.engine.latents import read_latents
from soundedit.engine.photo_start import OnChange, PictureFit, VideoFit
from soundedit.errors import SoundeditError
from soundedit.media.picture import read_square
from soundedit.progress import CancelToken, Progress

if TYPE_CHECKING:
    from soundedit.engine.engine import Engine


def start_latents(
    engine: "Engine",
    start: Start,
    locate: Callable[[str], Path],
    fps: Fraction,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> NDArray[np.float32]:
    """The scene of a project: [L, D] of a seed or a photo, [T, L, D] of a video at `fps`.

    Refined latents are taken where there are some. SoundeditError where a file is missing, cannot
    be read, or the pack has no photo encoder.
    """
    if start.latents is not None:
        shape, pack = (engine.num_ws, engine.w_dim), engine.manifest
        found = read_latents(locate(start.latents), shape, pack.name, pack.latents)
        return found.w if found.fps is None else at_rate(found.w, found.fps, fps)
    if start.kind == StartKind.SEED:
        return engine.sample(start.seed)
    if start.media is None:
        raise SoundeditError(f"The project names no {start.kind} to start from; choose one.")
    if start.kind == StartKind.PHOTO:
        return engine.encode_photo(locate(start.media), start.crop)
    return engine.encode_video(
        locate(start.media), fps, start.crop, progress=progress, cancel=cancel
    )


def refine_start(
    engine: "Engine",
    start: Start,
    files: Mapping[str, Path],
    fps: Fraction,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    on_change: OnChange | None = None,
) -> PictureFit | VideoFit:
    """Latents nearer to the photo or video of a start than its own; see `start_latents`.

    As `Engine.refine_picture` and `Engine.refine_video`; errors as `start_latents`. `files` has the
    file of each media id; refined latents that it lacks are found anew.
    """
    if start.media is None or start.media not in files:
        raise SoundeditError("There is no photo or video to come nearer to; start from one.")
    file, w = files[start.media], None
    if start.latents in files:
        w = start_latents(engine, start, files.__getitem__, fps)
    if start.kind == StartKind.PHOTO:
        photo = read_square(file, engine.resolution, start.crop)
        return engine.refine_picture(
            photo, w, progress=progress, cancel=cancel, on_change=on_change
        )
    return engine.refine_video(
        file, fps, start.crop, w, progress=progress, cancel=cancel, on_change=on_change
    )


def at_rate(w: NDArray[np.float32], fps: Fraction, wanted: Fraction) -> NDArray[np.float32]:
    """A path [T, L, D] at another frame rate, straight between its points."""
    if fps == wanted:
        return w
    count = max(round(len(w) / fps * wanted), 1)
    place = np.minimum(np.arange(count) * float(fps / wanted), len(w) - 1)
    low = place.astype(np.int64)
    high = np.minimum(low + 1, len(w) - 1)
    share = (place - low).astype(np.float32)[:, None, None]
    path: NDArray[np.float32] = w[low] + share * (w[high] - w[low])
    return path
