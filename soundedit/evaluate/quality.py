"""Does a video move in time with its sound? Measures on series a value a frame."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FPS = 24
LAGS = range(-3, 4)
SMALL = 32
"""Side of the frames that change is measured on."""


def correlation_by_lag(
    loudness: NDArray[np.float32], change: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Pearson correlation of two series [T] for each of `LAGS` (positive: change comes later).

    NaN where one of them does not vary.
    """
    rows = []
    for lag in LAGS:
        a = loudness[max(-lag, 0) : len(loudness) - max(lag, 0)]
        b = change[max(lag, 0) : len(change) - max(-lag, 0)]
        varied = a.std() > 1e-6 and b.std() > 1e-9
        rows.append(float(np.corrcoef(a, b)[0, 1]) if varied else float("nan"))
    return np.array(rows)


def flash_delay(brightness: NDArray[np.float32], onset: NDArray[np.float32]) -> float | None:
    """Frames from the strongest onset to the steepest rise of brightness within half a second.

    None without an onset that has half a second around it.
    """
    at = int(onset.argmax())
    half = FPS // 2
    if onset[at] <= 0 or at < 2 or at + half >= len(brightness):
        return None
    rise = np.diff(brightness)[at - 2 : at + half]
    return float(int(rise.argmax()) - 1)


def mean_curve(curves: Sequence[NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """Mean of the curves that have every value; None without one."""
    kept = [curve for curve in curves if np.isfinite(curve).all()]
    mean: NDArray[np.float64] | None = np.mean(kept, axis=0) if kept else None
    return mean
