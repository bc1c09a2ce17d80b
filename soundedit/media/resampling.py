"""Change the sample rate of a stream of sound, block by block."""

from math import gcd

import numpy as np
from numpy.typing import NDArray

CROSSINGS = 16
"""Zero crossings of the sinc on each side."""
ROLL_OFF = 0.945
BETA = 9.0


class StreamResampler:
    """Windowed-sinc resampling of one channel; the same samples whatever the blocks.

    Output sample n is the band-limited signal at n * source / target; it comes once the half of
    the filter that lies after it was heard: `delay` seconds, half a millisecond at common rates.
    """

    def __init__(self, source: int, target: int) -> None:
        """`source` and `target` in hertz; ValueError unless both are positive."""
        if source < 1 or target < 1:
            raise ValueError(f"sample rates must be positive, not {source} and {target}")
        common = gcd(source, target)
        self._up, self._down = target // common, source // common
        scale = min(1.0, target / source) * ROLL_OFF
        self._half = int(np.ceil(CROSSINGS / scale))
        self.delay = 0.0 if source == target else self._half / source
        taps = np.arange(1 - self._half, self._half + 1)
        phases = np.arange(self._up)[:, None] / self._up
        away = (taps - phases) * scale
        window = np.i0(BETA * np.sqrt(np.clip(1 - (away / CROSSINGS) ** 2, 0, 1))) / np.i0(BETA)
        kernels = np.sinc(away) * window
        self._kernels = (kernels / kernels.sum(1, keepdims=True)).astype(np.float32)
        # Input before the first sample is silence; `_first` is the input index of `_kept[0]`.
        self._kept = np.zeros(self._half - 1, np.float32)
        self._first = 1 - self._half
        self._made = 0

    def push(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take samples (n,); return those (m,) that can be made now."""
        if self._up == self._down:
            return samples
        kept = np.concatenate([self._kept, samples])
        end = self._first + len(kept)
        # The last output whose filter ends inside what is there.
        last = ((end - self._half) * self._up - 1) // self._down
        places = np.arange(self._made, last + 1)
        if len(places) == 0:
            self._kept = kept
            return np.zeros(0, np.float32)
        at, phase = np.divmod(places * self._down, self._up)
        windows = np.lib.stride_tricks.sliding_window_view(kept, 2 * self._half)
        chosen = windows[at + 1 - self._half - self._first]
        out: NDArray[np.float32] = np.einsum("nt,nt->n", chosen, self._kernels[phase])
        self._made = last + 1
        drop = self._made * self._down // self._up + 1 - self._half - self._first
        self._kept = kept[max(drop, 0) :].copy()
        self._first += max(drop, 0)
        return out
