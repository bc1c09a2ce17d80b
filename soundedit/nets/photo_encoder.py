"""Photo encoder: a pyramid of image features -> W+ code of the picture."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PhotoEncoder(nn.Module):
    """One global latent plus a small offset for each style layer, from four feature taps."""

    def __init__(
        self,
        channels: Sequence[int],
        w_dim: int,
        num_ws: int,
        width: int = 96,
        hidden: int = 512,
    ) -> None:
        """`channels`: widths of the taps; all are brought to 16 x 16 before the strided trunk."""
        super().__init__()
        self.w_dim, self.num_ws = w_dim, num_ws
        self.laterals = nn.ModuleList(nn.Conv2d(c, width, 1) for c in channels)
        self.trunk = nn.Sequential(
            nn.Conv2d(width * len(channels), 256, 3, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(256, 256, 3, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(256 * 16, hidden),
            nn.LeakyReLU(0.2),
        )
        self.to_w = nn.Linear(hidden, w_dim)
        self.to_offsets = nn.Linear(hidden, num_ws * w_dim)
        nn.init.zeros_(self.to_offsets.weight)
        nn.init.zeros_(self.to_offsets.bias)

    def forward(self, taps: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Taps [B, C_i, H_i, W_i] -> global latent [B, w_dim] and offsets [B, num_ws, w_dim]."""
        maps = []
        for conv, tap in zip(self.laterals, taps, strict=True):
            x = conv(tap / (tap.abs().mean((1, 2, 3), keepdim=True) + 1e-6))
            if x.shape[2] > 16:
                x = F.adaptive_avg_pool2d(x, 16)
            elif x.shape[2] < 16:
                x = F.interpolate(x, size=(16, 16), mode="bilinear")
            maps.append(x)
        hidden = self.trunk(torch.cat(maps, dim=1))
        return self.to_w(hidden), self.to_offsets(hidden).view(-1, self.num_ws, self.w_dim)
