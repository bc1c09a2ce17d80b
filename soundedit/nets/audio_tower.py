"""Audio tower of the joint embedding: log-mel -> ResNet-18 -> unit vector.

Lee et al. 2022 section 3.1 (after Wav2CLIP); He et al. 2016 for the residual network, here with a
free base width and without the first max-pooling, since spectrograms are small.
"""

import copy
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.residual import Residual, merged

SEGMENT = 100
"""Columns of a segment, the least that is heard: one second at 10 ms."""
STRETCH = 500
"""Columns that are heard at once where it does not matter when; towers are trained on as many."""


class AudioTower(nn.Module):
    """ResNet-18 (two blocks in each of four stages) over log-mel spectrograms."""

    def __init__(self, n_mels: int, embed_dim: int, width: int = 32) -> None:
        """`width`: channels of the first stage, doubled at each later one (64 in He et al.)."""
        super().__init__()
        self.n_mels, self.embed_dim, self.width = n_mels, embed_dim, width
        self.norm = nn.BatchNorm2d(1)
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 5, 2, 2, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        stages: list[nn.Module] = []
        inputs = width
        for i in range(4):
            outputs = width << i
            stages.append(
                nn.Sequential(
                    Residual(inputs, outputs, 1 if i == 0 else 2), Residual(outputs, outputs, 1)
                )
            )
            inputs = outputs
        self.stages = nn.ModuleList(stages)
        self.head = nn.Linear(2 * inputs, embed_dim)

    @property
    def pyramid_channels(self) -> tuple[int, int, int]:
        """Widths of the maps that `pyramid` returns, coarse in time last."""
        return self.width * 2, self.width * 4, self.width * 8

    def fold_norms(self) -> None:
        """Merge the batch norms into the convolutions before them: the same function, faster.

        For a tower in evaluation mode, which can no longer be trained or loaded after it.
        """
        self.stem = nn.Sequential(merged(self.stem[0], self.stem[1]), self.stem[2])
        for block in self.modules():
            if isinstance(block, Residual):
                block.fold()

    def lowered(self, dtype: torch.dtype) -> Self:
        """A copy whose convolutions compute in `dtype`; what goes in and comes out is float32."""
        tower = copy.deepcopy(self)
        for part in (tower.stem, tower.stages):
            # torch's own annotations lack the memory format.
            part.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return tower

    def pyramid(self, mel: Tensor) -> list[Tensor]:
        """[B, n_mels, T] -> maps of stages 2 to 4, [B, C, n_mels / 4.., T / 4..]."""
        x = self.stem(self.norm(mel.unsqueeze(1)).to(self.stem[0].weight.dtype))
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps[1:]

    def pool(self, maps: list[Tensor]) -> Tensor:
        """The pyramid's last map -> its mean and maximum over time [B, 2 C]."""
        x = maps[-1].to(self.head.weight.dtype).mean(2)
        return torch.cat([x.mean(2), x.amax(2)], dim=1)

    def embed(self, maps: list[Tensor]) -> Tensor:
        """The pyramid's last map -> unit embedding [B, embed_dim]."""
        return F.normalize(self.head(self.pool(maps)), dim=1)

    def forward(self, mel: Tensor) -> Tensor:
        """[B, n_mels, T] (T >= 8 columns) -> unit embedding [B, embed_dim]."""
        return self.embed(self.pyramid(mel))
