"""How a picture of one size fills a frame of another: mirrored on, enlarged, cropped, framed."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundedit.media.presets import Fit

_LANCZOS_REACH = 3


@dataclass(frozen=True)
class Fitting:
    """Rows and columns of the picture to take (None for all), and ffmpeg's filters after that."""

    rows: NDArray[np.intp] | None
    columns: NDArray[np.intp] | None
    scaled: tuple[int, int]
    framing: str

    def take(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The rows and columns, uint8 (h, w, 3), contiguous."""
        if self.rows is not None:
            frame = frame[self.rows]
        if self.columns is not None:
            frame = frame[:, self.columns]
        return np.ascontiguousarray(frame)

    def taken(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of what `take` gives for a picture of this size."""
        return (
            width if self.columns is None else len(self.columns),
            height if self.rows is None else len(self.rows),
        )


def fitting(source: tuple[int, int], target: tuple[int, int], fit: Fit) -> Fitting:
    """Plan how a picture of `source` (width, height) fills a frame of `target`.

    The picture keeps its shape. Only what is seen, and the reach of the filter about it, is
    enlarged.
    """
    ratios = [want / have for want, have in zip(target, source, strict=True)]
    scale = max(ratios) if fit is Fit.CROP else min(ratios)
    if fit is Fit.LETTERBOX:
        inner = [
            min(want, max(2, 2 * round(have * scale / 2))) if have * scale < want - 0.5 else want
            for have, want in zip(source, target, strict=True)
        ]
        bars = tuple(inner) != target
        pad = f"pad={target[0]}:{target[1]}:(ow-iw)/2:(oh-ih)/2:black," if bars else ""
        return Fitting(None, None, (inner[0], inner[1]), pad)
    (columns, wide), (rows, high) = (
        _axis(have, want, scale) for have, want in zip(source, target, strict=True)
    )
    cut = f"crop={target[0]}:{target[1]}," if (wide, high) != target else ""
    return Fitting(rows, columns, (wide, high), cut)


def _axis(source: int, target: int, scale: float) -> tuple[NDArray[np.intp] | None, int]:
    """Which samples of one axis to take, and how many they are enlarged to, at least `target`."""
    seen = target / scale
    if abs(seen - source) * scale < 0.5:
        return None, target
    count = math.ceil(seen) + 2 * math.ceil(_LANCZOS_REACH / min(scale, 1))
    # The same parity keeps the middle in the middle.
    count += (count - source) % 2
    if seen < source:
        count = min(count, source)
    at = (source - count) // 2 + np.arange(count)
    folded = at % (2 * source)
    indices = np.where(folded < source, folded, 2 * source - 1 - folded)
    scaled = max(round(count * scale), target)
    return indices, scaled + (scaled - target) % 2
