"""What a walk goes by: what was heard of late, not each moment of it."""

import math

import torch
from torch import Tensor

SECONDS = 1.5
"""Time in which what was heard before fades to 1/e."""
EVERY = 0.1
"""Seconds between changes, so that scenes need not be placed anew for each frame."""


LOUDNESS = 4.0
"""Power of e by which a sound counts more for each 50 dB that it is louder."""


def weight_of(level: Tensor) -> Tensor:
    """How much segments of a level (decibels / 50 + 1) count where a sound is heard as a whole."""
    return torch.exp(LOUDNESS * level)


class HeardMean:
    """Running mean of sound latents' sources, at first the mean of all so far.

    Loud ones count more. A second of a storm may sound like rain, like surf or like thunder: the
    scene is to be that of the storm. What was loud stays while nothing follows it. Causal, and the
    same at every frame rate but for the steps of `EVERY`.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._mean: Tensor | None = None
        self._weight = 0.0
        self._count = self._last = 0

    def follow(self, heard: Tensor, levels: Tensor) -> Tensor:
        """What consecutive frames heard [n, H], and its levels [n] -> what they go by [n, H]."""
        found = []
        for now, weight in zip(heard, weight_of(levels).tolist(), strict=True):
            if self._mean is None:
                self._mean, self._weight = now, weight * EVERY
            elif self._count - self._last >= EVERY * self._fps - 1e-6:
                passed = (self._count - self._last) / self._fps
                kept = self._weight * math.exp(-passed / SECONDS)
                self._weight = kept + weight * passed
                self._mean = torch.lerp(self._mean, now, weight * passed / self._weight)
                self._last = self._count
            found.append(self._mean)
            self._count += 1
        return torch.stack(found) if found else heard
