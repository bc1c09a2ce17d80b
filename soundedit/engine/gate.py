"""How far a walk may move in a frame: as far as its sound is loud."""

import math

from torch import Tensor

from soundedit.nets.frames import REFERENCE_RATE

RELEASE = 4.0
"""Seconds in which what counts as loud falls to 1/e of its power."""
LEAST = 0.03
"""Share of the way that is gone in silence too, at `REFERENCE_RATE` frames a second."""
QUIET = 1e-7
"""Power (-70 dB) below which nothing counts as loud."""


class LoudnessGate:
    """Shares of the way from the picture shown to the one that the walk has reached.

    A frame goes the share that its sound's power has of the loudest power lately (a peak follower
    with `RELEASE`), so that the picture moves when the sound does and comes to rest when it fades:
    after the loudness-driven motion of Lucid Sonic Dreams (Alafriz 2021), but towards where the
    frame generator leads. Causal, and the same at every frame rate.
    """

    def __init__(self, fps: float) -> None:
        self._steps = REFERENCE_RATE / fps
        self._keep = math.exp(-1 / (fps * RELEASE))
        self._loud = QUIET

    def shares(self, power: Tensor) -> list[float]:
        """Power [n] of the sound of consecutive frames -> shares, `LEAST` (or so) to 1."""
        found = []
        for now in power.tolist():
            self._loud = max(now, self._loud * self._keep, QUIET)
            share = max(now / self._loud, LEAST)
            found.append(1 - (1 - share) ** self._steps)
        return found
