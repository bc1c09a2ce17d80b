"""Loudness and visual change, tied: how much a walk's frames change, as a loss on its latents.

Frames are decoded small. A quadratic form in latents that stood for the generator was tried and
agreed with what is seen at 0.6 only: a walk that satisfied it did not follow the sound.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.media.envelope import LOUDNESS_EXPONENT
from soundedit.nets.stylegan2 import SynthesisNetwork


def shown_change(synthesis: SynthesisNetwork, walk: Tensor, size: int = 16) -> Tensor:
    """Latents [B, T, L, D] -> mean change of brightness from each frame to the next [B, T - 1].

    Frames are decoded at `size` pixels, in the precision of the latents: half precision would
    round away changes this small.
    """
    pictures = synthesis(walk.flatten(0, 1), until=size).mean(1).unflatten(0, walk.shape[:2])
    return (pictures.diff(dim=1).square() + 1e-7).sqrt().mean((2, 3))


def loudness_of(level: Tensor) -> Tensor:
    """Levels in units of 50 dB, as drive features have them -> loudness, as an envelope has it."""
    return torch.pow(10.0, 50 / 20 * LOUDNESS_EXPONENT * level)


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
