"""Text tower of CLIP: a causal transformer over byte pairs (Radford et al. 2021, section 2.4)."""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class TextTransformer(nn.Module):
    """Layers of attention and perceptron, each after a layer norm (Radford et al. 2019)."""

    def __init__(self, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(_Block(width, heads, layers) for _ in range(layers))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """[B, N, W] and what is added to the attention's logits [N, N] -> [B, N, W]."""
        for block in self.resblocks:
            x = block(x, mask)
        return x


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(width)
        wider, back = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        parts = [("c_fc", wider), ("gelu", nn.GELU()), ("c_proj", back)]
        self.mlp = nn.Sequential(OrderedDict(parts))
        nn.init.normal_(self.attn.in_proj_weight, std=width**-0.5)
        nn.init.normal_(wider.weight, std=(2 * width) ** -0.5)
        for last in (self.attn.out_proj, back):
            nn.init.normal_(last.weight, std=(width * 2 * layers) ** -0.5)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False, attn_mask=mask)[0]
        out: Tensor = x + self.mlp(self.ln_2(x))
        return out


def causal_mask(length: int) -> Tensor:
    """[N, N], -inf where a token would look at a later one."""
    return torch.full((length, length), float("-inf")).triu(1)
