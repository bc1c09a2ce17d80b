"""What a walk goes by: what was heard of late, not each moment of it."""

import math

import torch
from torch import Tensor

SECONDS = 1.5
"""Time in which what was heard before fades to 1/e."""
EVERY = 0.1
"""Seconds between changes, so that scenes need not be placed anew for each frame."""


class HeardMean:
    """Running mean of sound latents' sources, at first the plain mean of all so far.

    A second of a storm may sound like rain, like surf or like thunder: the scene is to be that of
    the storm. Causal, and the same at every frame rate but for the steps of `EVERY`.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._mean: Tensor | None = None
        self._count = self._last = 0

    def follow(self, heard: Tensor) -> Tensor:
        """What consecutive frames heard [n, H] -> what they go by [n, H]."""
        found = []
        for now in heard:
            if self._mean is None:
                self._mean = now
            elif self._count - self._last >= EVERY * self._fps - 1e-6:
                passed = (self._count - self._last) / self._fps
                begun = passed / (passed + self._count / self._fps)
                share = max(1 - math.exp(-passed / SECONDS), begun)
                self._mean = torch.lerp(self._mean, now, share)
                self._last = self._count
            found.append(self._mean)
            self._count += 1
        return torch.stack(found) if found else heard
