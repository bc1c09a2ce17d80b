"""Frechet distance of samples to photos as a loss, in groups of frozen features.

The distance between two Gaussians (Heusel et al. 2017) is the cost of moving one to the other by
the best map, x -> m_r + T (x - m_f), with T = C_f^-1/2 (C_f^1/2 C_r C_f^1/2)^1/2 C_f^-1/2. Its
gradient at a sample is what lies between the sample and where the map takes it. So one sample can
learn from the statistics of thousands: those of the last ones seen are kept, and the maps found
anew from time to time.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.train.showing import jittered

RIDGE = 0.02
"""Share of the mean variance that is added to every direction: few samples know few directions."""
LOOKED = 16
"""Pictures that are looked at together."""


def statistics(taps: Sequence[Tensor], pooled: Tensor) -> list[Tensor]:
    """What is compared of pictures: of each tap [B, C, H, W] mean and spread of every channel
    [B, 2 C], and the pooled features [B, F].
    """
    return [
        *(torch.cat([tap.mean((2, 3)), tap.std((2, 3))], dim=1) for tap in taps),
        pooled,
    ]


def keep_statistics(
    file: Path, photos: NDArray[np.uint8], look: Callable[[Tensor], list[Tensor]]
) -> None:
    """Write `statistics` of photos [N, S, S, 3], mirrored and shifted, to `file` if it is missing.

    `look` tells those of pictures [B, 3, S, S] in [-1, 1].
    """
    if file.exists():
        return
    rng, rows = np.random.default_rng(0), []
    for some in np.array_split(photos, -(-len(photos) // LOOKED)):
        x = torch.from_numpy(np.array(some)).permute(0, 3, 1, 2).float() / 127.5 - 1
        chances = torch.from_numpy(rng.random((len(x), 5))).float()
        rows.append(look(jittered(x, chances, torch.zeros_like(x))))
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    torch.save([torch.cat(group).cpu() for group in zip(*rows, strict=True)], part)
    part.replace(file)


class Transport:
    """The best map of a group of features [N, F] to that of real pictures."""

    def __init__(self, real: Tensor, capacity: int) -> None:
        """`real` [M, F]: features of the pictures to be like; `capacity`: samples kept."""
        self.mean = real.mean(0)
        centred = (real - self.mean).double()
        self.covariance = centred.T @ centred / (len(real) - 1)
        self.scale = float(self.covariance.diagonal().sum())
        self.held = torch.zeros(capacity, real.shape[1])
        self.count = 0
        self.map = torch.eye(real.shape[1], device=real.device)
        self.middle = self.mean.clone()

    def add(self, features: Tensor) -> None:
        """Keep features of samples [B, F]; the oldest go."""
        for row in features.detach().cpu():
            self.held[self.count % len(self.held)] = row
            self.count += 1

    def refresh(self) -> float:
        """Find the map from what is kept; returns the distance as a share of real variance."""
        fake = self.held[: min(self.count, len(self.held))].to(self.mean.device)
        self.middle = fake.mean(0)
        centred = (fake - self.middle).double()
        found = centred.T @ centred / max(len(fake) - 1, 1)
        size = len(found)
        ridge = RIDGE * self.scale / size * torch.eye(size, dtype=torch.double, device=fake.device)
        values, vectors = torch.linalg.eigh(found + ridge)
        root = vectors * values.clamp_min(1e-12).sqrt() @ vectors.T
        inverse = vectors * values.clamp_min(1e-12).rsqrt() @ vectors.T
        inner, basis = torch.linalg.eigh(root @ (self.covariance + ridge) @ root)
        middle = basis * inner.clamp_min(0).sqrt() @ basis.T
        self.map = (inverse @ middle @ inverse).float()
        gap = (self.middle - self.mean).square().sum()
        spread = found.trace() + self.covariance.trace() + 2 * ridge.trace() - 2 * middle.trace()
        return float(gap + spread) / self.scale

    def loss(self, features: Tensor) -> Tensor:
        """Mean squared way of features [B, F] that is still to go, as a share of real variance."""
        with torch.no_grad():
            goal = self.mean + (features - self.middle) @ self.map.T
        return (features - goal).square().sum(1).mean() / self.scale

    def state(self) -> dict[str, Any]:
        """What `restore` takes."""
        return {"held": self.held, "count": self.count, "map": self.map, "middle": self.middle}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state of the same real pictures."""
        self.held, self.count = state["held"].clone(), int(state["count"])
        self.map, self.middle = (state[key].to(self.mean) for key in ("map", "middle"))


class Likeness:
    """Transports of all groups together."""

    def __init__(self, real: Sequence[Tensor], capacity: int) -> None:
        """`real`: `statistics` of real pictures."""
        self.groups = [Transport(group, capacity) for group in real]

    @property
    def count(self) -> int:
        """Samples seen so far."""
        return self.groups[0].count

    def add(self, found: Sequence[Tensor]) -> None:
        """Keep `statistics` of samples."""
        for group, part in zip(self.groups, found, strict=True):
            group.add(part)

    def refresh(self) -> list[float]:
        """Find the maps; the distance of each group."""
        return [group.refresh() for group in self.groups]

    def loss(self, found: Sequence[Tensor]) -> Tensor:
        """Mean over the groups, of `statistics` of samples."""
        pairs = zip(self.groups, found, strict=True)
        return torch.stack([group.loss(part) for group, part in pairs]).mean()

    def state(self) -> list[dict[str, Any]]:
        """What `restore` takes."""
        return [group.state() for group in self.groups]

    def restore(self, state: Sequence[dict[str, Any]]) -> None:
        """Take up a state."""
        for group, part in zip(self.groups, state, strict=True):
            group.restore(part)
