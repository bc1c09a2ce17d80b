"""The live picture on its way to black, or back."""

import numpy as np
from numpy.typing import NDArray

from soundedit.media.fades import dimmed

FADE_SECONDS = 0.5


class Blackout:
    """`wanted` says where it goes."""

    def __init__(self) -> None:
        self.wanted = False
        self._light = 1.0

    def set_wanted(self, on: bool) -> None:
        """Go to black, or back."""
        self.wanted = on

    def dim(self, picture: NDArray[np.uint8], fps: float) -> NDArray[np.uint8]:
        """The next of `fps` pictures a second, with as much of its light as is left."""
        step = 1 / (FADE_SECONDS * fps)
        self._light += min(max(float(not self.wanted) - self._light, -step), step)
        return dimmed(picture, self._light)
