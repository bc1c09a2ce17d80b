"""A span of frames whose end glides into its beginning, so that it repeats without a seam."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Read = Callable[[int, int], NDArray[np.float32]]
"""Latents [count, L, D] of the frames from `first` on, by (first, count)."""


def looped(read: Read, span: range, glide: int) -> Read:
    """`read`, but for the last `glide` frames of `span`.

    Those turn little by little, slowly at both ends, into the frames that lead to the beginning of
    the span, so that its first frame comes next; where there are none before it, the very first
    frame stands still for them.
    """

    def piece(first: int, count: int) -> NDArray[np.float32]:
        w = read(first, count)
        left = span.stop - np.arange(first, first + count)
        turning = left <= glide
        if turning.any():
            left = left[turning]
            leading = np.maximum(span.start - left, 0)
            before = read(int(leading[0]), int(leading[-1] - leading[0]) + 1)[leading - leading[0]]
            way = (1 - left / (glide + 1)).astype(np.float32)[:, None, None]
            w[turning] += way * way * (3 - 2 * way) * (before - w[turning])
        return w

    return piece


def glide_frames(seconds: float, fps: float, span: range) -> int:
    """How many frames glide where that takes so many seconds: half of the span at most."""
    return min(round(seconds * fps), len(span) // 2)
