"""A classifier of what pictures show, from features of a frozen network."""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


class SceneClassifier:
    """Multinomial logistic regression on features scaled to unit variance."""

    def __init__(self, features: NDArray[np.float32], kinds: Sequence[str]) -> None:
        """Learn the kinds of features [n, d]; ValueError with fewer than two kinds."""
        self.classes = sorted(set(kinds))
        if len(self.classes) < 2:
            raise ValueError("a classifier needs two classes or more")
        x = torch.from_numpy(features)
        self._mean, self._scale = x.mean(0), x.std(0, correction=0) + 1e-3
        x = (x - self._mean) / self._scale
        y = torch.tensor([self.classes.index(kind) for kind in kinds])
        self._weight = torch.zeros(features.shape[1], len(self.classes), requires_grad=True)
        self._bias = torch.zeros(len(self.classes), requires_grad=True)
        parts = [self._weight, self._bias]
        optimiser = torch.optim.LBFGS(parts, max_iter=100, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = F.cross_entropy(x @ self._weight + self._bias, y)
            loss = loss + 0.05 * self._weight.square().sum()
            loss.backward()
            return loss

        optimiser.step(closure)
        for part in parts:
            part.requires_grad_(False)

    def to(self, device: torch.device) -> None:
        """Move what was learned."""
        for name in ("_mean", "_scale", "_weight", "_bias"):
            setattr(self, name, getattr(self, name).to(device))

    def logits(self, features: Tensor, shares: Tensor | None = None) -> Tensor:
        """Features [n, d] -> [n, classes], with gradients to the features.

        `shares` [n, d]: how much of each feature's way from the mean counts, all where None.
        """
        x = (features - self._mean) / self._scale
        return (x if shares is None else x * shares) @ self._weight + self._bias

    def chances(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Probabilities [n, classes] of features [n, d]."""
        found: NDArray[np.float32] = self.logits(torch.from_numpy(features)).softmax(1).numpy()
        return found

    def calls(self, features: NDArray[np.float32]) -> str:
        """The class of the frames of one clip together [n, d]."""
        return self.classes[int(self.chances(features).mean(0).argmax())]

    def right(self, features: NDArray[np.float32], kinds: NDArray[np.str_]) -> float:
        """Share of features [n, d] that are called by their kind [n]."""
        called = np.array(self.classes)[self.chances(features).argmax(1)]
        return float((called == kinds).mean())
