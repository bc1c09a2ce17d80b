"""Losses that pull unit vectors that belong together, and push the others apart."""

import torch.nn.functional as F
from torch import Tensor


def unit(x: Tensor) -> Tensor:
    """Rows [N, E] of length 1."""
    return F.normalize(x, dim=1)


def info_nce(a: Tensor, b: Tensor, same: Tensor, temperature: float) -> Tensor:
    """Symmetric InfoNCE of unit vectors [N, E], [M, E] with positives `same` [N, M] (boolean)."""
    logits = a @ b.T / temperature
    weights = same.float()
    rows = -(F.log_softmax(logits, 1) * weights).sum(1) / weights.sum(1).clamp_min(1)
    columns = -(F.log_softmax(logits, 0) * weights).sum(0) / weights.sum(0).clamp_min(1)
    return (rows.mean() + columns.mean()) / 2


def mixed_cross_entropy(
    logits: Tensor, kinds: Tensor, partner: Tensor, share: Tensor, smoothing: float
) -> Tensor:
    """Cross-entropy of logits [N, K] where row n is `share[n]` of class `kinds[n]`, and the rest of
    that of row `partner[n]` (mixup, Zhang et al. 2018), with label smoothing (Szegedy et al. 2016).
    """
    hot = F.one_hot(kinds, logits.shape[1]).to(logits.dtype)
    goal = share[:, None] * hot + (1 - share[:, None]) * hot[partner]
    return F.cross_entropy(logits, goal, label_smoothing=smoothing)
