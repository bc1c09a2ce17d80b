"""Weighted reduced-rank ridge regression, from what is said of pictures to offsets in W+."""

import torch
from torch import Tensor


class Rows:
    """Rows of a weighted linear regression: what is said [n, E] -> offsets [n, L, D]."""

    def __init__(self) -> None:
        self._said: list[Tensor] = []
        self._offsets: list[Tensor] = []
        self._weights: list[Tensor] = []

    def add(self, said: Tensor, offsets: Tensor, weight: float) -> None:
        """Rows [n, E], one offset [L, D] for all or one each; `weight` is that of all together."""
        count = len(said)
        self._said.append(said)
        self._offsets.append(offsets.expand(count, -1, -1).flatten(1))
        self._weights.append(torch.full((count,), weight / max(count, 1)))

    def fit(self, ridge: float, rank: int) -> tuple[Tensor, Tensor]:
        """Reduced-rank ridge regression (Izenman 1975): factors [rank, E] and [L * D, rank].

        `ridge` is relative to the mean variance of what is said.
        """
        x, y = torch.cat(self._said).double(), torch.cat(self._offsets).double()
        root = torch.cat(self._weights).double().sqrt()[:, None]
        x, y = x * root, y * root
        gram = x.T @ x
        gram += ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
        full = torch.linalg.solve(gram, x.T @ y)
        # The directions of the answers that explain most of what the map says of its rows.
        _, _, axes = torch.linalg.svd(torch.linalg.cholesky(gram).T @ full, full_matrices=False)
        axes = axes[:rank]
        return (full @ axes.T).T.float(), axes.T.float()
