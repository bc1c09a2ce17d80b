"""Picture encoder that ships: pixels -> W+ code, small, without features from elsewhere.

A residual network (He et al. 2016) down to 1/32 of the side, then, as in encoder for editing (Tov
et al. 2021), one latent for all style layers and an offset for each, of low rank. Plain 3 x 3
convolutions: separable ones are smaller, but many times slower to train on a CPU.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Block(nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.short: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.short = nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.layers(x) + self.short(x))


class PictureEncoder(nn.Module):
    """Pictures [B, 3, S, S] in [-1, 1], any size -> codes [B, num_ws, w_dim]."""

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        w_dim: int,
        num_ws: int,
        image_size: int = 128,
        widths: Sequence[int] = (32, 64, 112, 144),
        repeats: Sequence[int] = (1, 1, 2, 1),
        hidden: int = 320,
        rank: int = 96,
    ) -> None:
        """`image_size`: side that pictures are brought to, 32 or more."""
        super().__init__()
        self.w_dim, self.num_ws, self.image_size = w_dim, num_ws, image_size
        first = widths[0]
        layers: list[nn.Module] = [
            nn.Conv2d(3, first, 5, 2, 2, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        ]
        inputs = first
        for width, count in zip(widths, repeats, strict=True):
            for j in range(count):
                layers.append(_Block(inputs, width, 2 if j == 0 else 1))
                inputs = width
        self.trunk = nn.Sequential(*layers)
        self.hidden = nn.Sequential(nn.Linear(inputs * 16, hidden), nn.ReLU())
        self.to_w = nn.Linear(hidden, w_dim)
        self.to_offsets = nn.Sequential(nn.Linear(hidden, rank), nn.Linear(rank, num_ws * w_dim))
        self.register_buffer("mean", torch.zeros(num_ws, w_dim))
        self.register_buffer("scale", torch.ones([]))

    def forward(self, pictures: Tensor) -> Tensor:
        """Codes: the mean code plus `scale` times what is seen."""
        side = self.image_size
        if pictures.shape[2:] != (side, side):
            smaller = pictures.shape[2] > side
            pictures = F.interpolate(
                pictures, size=(side, side), mode="bilinear", antialias=smaller, align_corners=False
            )
        h = self.hidden(F.adaptive_avg_pool2d(self.trunk(pictures), 4).flatten(1))
        offsets = self.to_offsets(h).view(-1, self.num_ws, self.w_dim)
        codes: Tensor = self.mean + self.scale * (self.to_w(h)[:, None] + offsets)
        return codes
