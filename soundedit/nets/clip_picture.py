"""Image tower of CLIP: the modified ResNet of Radford et al. 2021, section 2.4.

Parameters are named as in open_clip, whose image towers of this kind can be loaded. Three
convolutions and an average pool begin it; a stride is an average pool; attention with the mean
as its query ends it.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EXPANSION = 4
SHRINKING = 32
"""A picture's side over that of the last map."""


class PictureTower(nn.Module):
    """Pictures [B, 3, S, S] -> embeddings [B, E], S being `image_size`, a multiple of 32."""

    def __init__(
        self, layers: Sequence[int], output_dim: int, heads: int, image_size: int, width: int
    ) -> None:
        """`layers`: blocks in each of the four stages; `width`: channels of the first map."""
        super().__init__()
        half = width // 2
        self.conv1 = nn.Conv2d(3, half, 3, 2, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(half)
        self.conv2 = nn.Conv2d(half, half, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(half)
        self.conv3 = nn.Conv2d(half, width, 3, 1, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.layer1 = _stage(width, width, layers[0], 1)
        self.layer2 = _stage(width * 4, width * 2, layers[1], 2)
        self.layer3 = _stage(width * 8, width * 4, layers[2], 2)
        self.layer4 = _stage(width * 16, width * 8, layers[3], 2)
        self.attnpool = _AttentionPool(image_size // SHRINKING, width * 32, heads, output_dim)

    def forward_intermediates(
        self, x: Tensor, *, intermediates_only: bool = False
    ) -> dict[str, Any]:
        """Pictures [B, 3, S, S] -> maps and embedding by open_clip's names for them.

        `image_intermediates`: the stem's map and those of the stages, S / 4 to S / 32 wide;
        `image_features`: [B, E], left out on request.
        """
        for conv, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = F.relu(norm(conv(x)))
        maps = [F.avg_pool2d(x, 2)]
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps.append(stage(maps[-1]))
        if intermediates_only:
            return {"image_intermediates": maps}
        return {"image_intermediates": maps, "image_features": self.attnpool(maps[-1])}

    def forward(self, x: Tensor) -> Tensor:
        """Pictures [B, 3, S, S] -> [B, E], not of unit length."""
        features: Tensor = self.forward_intermediates(x)["image_features"]
        return features


def _stage(inputs: int, planes: int, blocks: int, stride: int) -> nn.Sequential:
    more = [_Bottleneck(planes * EXPANSION, planes, 1) for _ in range(blocks - 1)]
    return nn.Sequential(_Bottleneck(inputs, planes, stride), *more)


class _Bottleneck(nn.Module):
    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        outputs = planes * EXPANSION
        self.stride = stride
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        # A block begins as its skip connection.
        nn.init.zeros_(self.bn3.weight)
        self.downsample: nn.Module | None = None
        if stride > 1 or inputs != outputs:
            parts: list[tuple[str, nn.Module]] = [
                ("0", nn.Conv2d(inputs, outputs, 1, bias=False)),
                ("1", nn.BatchNorm2d(outputs)),
            ]
            self.downsample = nn.Sequential(OrderedDict(parts))

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        if self.stride > 1:
            y, x = F.avg_pool2d(y, self.stride), F.avg_pool2d(x, self.stride)
        y = self.bn3(self.conv3(y))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class _AttentionPool(nn.Module):
    def __init__(self, side: int, width: int, heads: int, output_dim: int) -> None:
        super().__init__()
        self.heads = heads
        self.positional_embedding = nn.Parameter(torch.randn(side**2 + 1, width) / width**0.5)
        self.k_proj = nn.Linear(width, width)
        self.q_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.c_proj = nn.Linear(width, output_dim)
        for part in (self.k_proj, self.q_proj, self.v_proj, self.c_proj):
            nn.init.normal_(part.weight, std=width**-0.5)
            nn.init.zeros_(part.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.positional_embedding
        query, key, value = (
            part(y).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part, y in ((self.q_proj, x[:, :1]), (self.k_proj, x), (self.v_proj, x))
        )
        pooled = F.scaled_dot_product_attention(query, key, value)
        out: Tensor = self.c_proj(pooled.flatten(1))
        return out
