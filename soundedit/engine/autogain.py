"""Automatic gain for live: a sensitivity that follows how loud the room is, slowly."""

import math

import numpy as np
from numpy.typing import NDArray

RANGE = (-18.0, 30.0)
"""Least and greatest gain in dB."""
TARGET = -20.0
"""RMS in dB of full scale to which the room's louder moments are brought."""
SILENCE = -66.0
"""Below this level in dB of full scale nothing is learned: silence is not made loud."""
CEILING = 0.98
"""Samples never go above this; the gain gives way at once."""
_WINDOW = 0.4  # seconds of level, as momentary loudness in EBU R 128
_FORGET = 0.75  # dB a second by which louder moments are forgotten
_RISE, _FALL = 2.0, 8.0  # dB a second of the gain
_DEAD = 3.0  # dB off the target before the gain sets out; it then goes all the way


class AutoGain:
    """Follows blocks of sound; the gain stands still in a steady room.

    Args:
        sample_rate: of the blocks, in hertz.

    Attributes:
        gain: in dB, as it is after the last block.
    """

    def __init__(self, sample_rate: int) -> None:
        self.gain = 0.0
        self._rate = sample_rate
        self._power: float | None = None
        self._loud: float | None = None
        self._moving = False

    def follow(self, mono: NDArray[np.float32], *, on: bool = True) -> float:
        """Hear a block (n,) as it came in; returns the gain. Switched off it goes back to 0 dB."""
        if len(mono) == 0:
            return self.gain
        seconds = len(mono) / self._rate
        wanted = self._wanted(mono, seconds) if on else 0.0
        if wanted is None:
            return self.gain
        off = wanted - self.gain
        self._moving = not on or abs(off) > (0.0 if self._moving else _DEAD)
        if self._moving:
            step = min(max(off, -_FALL * seconds), _RISE * seconds if on else _FALL * seconds)
            self.gain += step
            self._moving = step != off
        return self.gain

    def _wanted(self, mono: NDArray[np.float32], seconds: float) -> float | None:
        """The gain for the room as it is now; None in silence."""
        power = float(np.mean(np.square(mono, dtype=np.float64)))
        share = min(seconds / _WINDOW, 1.0)
        self._power = power if self._power is None else self._power + share * (power - self._power)
        level = 10 * math.log10(max(self._power, 1e-12))
        if level < SILENCE:
            return None
        forgotten = level if self._loud is None else self._loud - _FORGET * seconds
        self._loud = max(level, forgotten)
        return min(max(TARGET - self._loud, RANGE[0]), RANGE[1])

    def give_way(self, peak: float) -> float:
        """What a block with that peak after the gain must be multiplied by, to stay within
        `CEILING`; the gain is lowered by as much.
        """
        if peak <= CEILING:
            return 1.0
        share = CEILING / peak
        self.gain += 20 * math.log10(share)
        return share
