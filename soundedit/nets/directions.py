"""Linear map from differences in the joint embedding to offsets in W+, and where W+ is trusted."""

import torch
from torch import Tensor, nn


class DirectionMap(nn.Module):
    """What a word or a sound says beyond its neutral -> an offset of every style layer.

    Low rank: offsets [L, D] = up @ (down @ difference). The neutral of a modality is what it says
    of nothing in particular, so that the gap between modalities (Liang et al. 2022) drops out.
    The trusted region is, for each layer, a ball around `centre` after whitening by `axes` (shared
    principal axes, in rows) and `spread` (deviation of each layer along them).
    """

    down: Tensor
    up: Tensor
    neutral_text: Tensor
    neutral_sound: Tensor
    centre: Tensor
    axes: Tensor
    spread: Tensor
    radius: Tensor

    def __init__(self, embed_dim: int, num_ws: int, w_dim: int, rank: int) -> None:
        super().__init__()
        self.shape = (embed_dim, num_ws, w_dim)
        self.register_buffer("down", torch.zeros(rank, embed_dim))
        self.register_buffer("up", torch.zeros(num_ws, w_dim, rank))
        self.register_buffer("neutral_text", torch.zeros(embed_dim))
        self.register_buffer("neutral_sound", torch.zeros(embed_dim))
        self.register_buffer("centre", torch.zeros(num_ws, w_dim))
        self.register_buffer("axes", torch.eye(w_dim))
        self.register_buffer("spread", torch.ones(num_ws, w_dim))
        self.register_buffer("radius", torch.ones(num_ws))

    def forward(self, difference: Tensor) -> Tensor:
        """Embedding minus neutral [B, E] -> offsets [B, L, D]."""
        return torch.einsum("ldr,br->bld", self.up, difference @ self.down.T)
