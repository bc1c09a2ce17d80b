"""Loudness and visual change, tied: how much a walk's frames change, as a loss on latents alone.

Decoding every frame of a walk while training would cost too much. Over the directions in which
the clips' codes move, the mean squared change of the picture is a quadratic form; it is measured
once by finite differences and then stands for the generator.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.nets.stylegan2 import SynthesisNetwork


class ChangeGauge:
    """Root mean square change of 32 x 32 pictures between consecutive latents of a walk."""

    @torch.no_grad()
    def __init__(
        self,
        synthesis: SynthesisNetwork,
        codes: Tensor,
        *,
        directions: int = 160,
        places: int = 16,
        size: int = 32,
    ) -> None:
        """`codes` [clips, T, L, D] of real clips: their principal `directions` of motion are
        tried at `places` of them.
        """
        moves = (codes[:, ::5] - codes.mean(1, keepdim=True)).flatten(0, 1).flatten(1)
        directions = min(directions, *moves.shape)
        _, spread, basis = torch.pca_lowrank(moves, q=directions, center=False, niter=3)
        steps = 0.5 * spread / max(len(moves), 1) ** 0.5
        self.basis = basis
        self.form = codes.new_zeros(directions, directions)
        for place in torch.randperm(codes.shape[0] * codes.shape[1])[:places].tolist():
            w = codes[place // codes.shape[1], place % codes.shape[1]]
            tried = (steps[:, None] * basis.T).unflatten(1, w.shape) + w
            pictures = torch.cat(
                [
                    synthesis(part, until=size).float()
                    for part in torch.cat([w[None], tried]).split(17)
                ]
            )
            slopes = (pictures[1:] - pictures[:1]).flatten(1) / steps[:, None].clamp_min(1e-6)
            self.form += slopes @ slopes.T / slopes.shape[1]
        self.form /= places

    def change(self, walk: Tensor) -> Tensor:
        """Latents [B, T, L, D] -> change from each frame to the next [B, T - 1]."""
        moves = walk.diff(dim=1).flatten(2) @ self.basis
        squared = torch.einsum("btk,kj,btj->bt", moves, self.form, moves)
        return (squared.clamp_min(0) + 1e-8).sqrt()


def sync_loss(change: Tensor, loudness: Tensor) -> Tensor:
    """1 - Pearson's correlation of change and loudness [B, T] within each walk.

    Walks count by how much their loudness varies: a steady sound asks for nothing.
    """
    a = change - change.mean(1, keepdim=True)
    b = loudness - loudness.mean(1, keepdim=True)
    spread = b.square().mean(1).sqrt()
    together = (a * b).mean(1) / (a.square().mean(1).sqrt() * spread + 1e-6)
    weights = F.relu(spread - 0.01)
    return ((1 - together) * weights).sum() / (weights.sum() + 1e-6)
