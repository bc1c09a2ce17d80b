"""From black and silence at the beginning of an export, and to them at its end."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Fades:
    """`into` and `out` are seconds in which all comes and goes in a straight line; 0 is at once."""

    into: float = 0.0
    out: float = 0.0

    def shares(self, first: int, count: int, total: int, rate: float) -> NDArray[np.float32]:
        """How much 0 to 1 there is of `count` samples, from number `first` on, of `total`.

        `rate` is how many there are a second. The first of all is 0 where all comes, and the last
        where all goes; one that both change is the lesser.
        """
        numbers = np.arange(first, first + count, dtype=np.float64)
        shares = np.ones(count)
        if self.into * rate >= 1:
            shares = np.minimum(shares, numbers / (self.into * rate))
        if self.out * rate >= 1:
            shares = np.minimum(shares, (total - 1 - numbers) / (self.out * rate))
        return np.clip(shares, 0, 1).astype(np.float32)


AT_ONCE = Fades()
"""No fade at all."""


def dimmed(picture: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """A picture with `share` 0 to 1 of its light, as it is encoded."""
    if share >= 1:
        return picture
    return np.rint(picture * np.float32(share)).astype(np.uint8)
