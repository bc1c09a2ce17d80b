"""Losses on distributions of latents."""

from typing import Any

import torch
from torch import Tensor


def energy_distance(a: Tensor, b: Tensor) -> Tensor:
    """Energy distance between two samples of latents [N, D] and [M, D] (Szekely & Rizzo 2013).

    Zero in expectation only if both come from one distribution, so a network trained on it keeps
    the variety of the data instead of its mean. Distances are divided by sqrt(D).
    """
    scale = a.shape[1] ** 0.5
    between = torch.cdist(a, b).mean()
    n, m = a.shape[0], b.shape[0]
    within_a = torch.cdist(a, a).sum() / (n * (n - 1))
    within_b = torch.cdist(b, b).sum() / (m * (m - 1))
    return (2 * between - within_a - within_b) / scale


class CodeBank:
    """The last `capacity` codes seen, to draw real latents from."""

    def __init__(self, capacity: int, w_dim: int) -> None:
        self.codes = torch.zeros(capacity, w_dim)
        self.filled = 0
        self._next = 0

    def add(self, codes: Tensor) -> None:
        """Store [B, w_dim] codes, the oldest go."""
        for code in codes.detach().cpu():
            self.codes[self._next] = code
            self._next = (self._next + 1) % len(self.codes)
            self.filled = (
                max(self.filled, self._next) if self.filled < len(self.codes) else self.filled
            )
            if self._next == 0:
                self.filled = len(self.codes)

    def state(self) -> dict[str, Any]:
        """What `restore` takes; draws go on as if nothing had happened."""
        return {"codes": self.codes[: self.filled], "next": self._next}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state of a bank of equal capacity."""
        self.filled, self._next = len(state["codes"]), int(state["next"])
        self.codes[: self.filled] = state["codes"]

    def draw(self, count: int) -> Tensor:
        """`count` codes at random, with replacement."""
        return self.codes[torch.randint(self.filled, (count,))]

    def scenes(self, count: int) -> Tensor:
        """New latents [count, w_dim] distributed as the codes: half of a Gaussian with their mean
        and covariance, as the mapping network's are, half somewhere between two codes.

        Both are what a walk passes through.
        """
        codes = self.codes[: self.filled]
        mean = codes.mean(0)
        # A random combination of N centred codes, over sqrt(N), has their covariance.
        mixing = torch.randn(count, self.filled) / max(self.filled - 1, 1) ** 0.5
        gaussian = mean + mixing @ (codes - mean)
        between = torch.lerp(self.draw(count), self.draw(count), torch.rand(count, 1))
        return torch.where(torch.rand(count, 1) < 0.5, gaussian, between)
