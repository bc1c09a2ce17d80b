"""3 x 3 convolutions with a quarter of the multiplications (Winograd's minimal filtering).

Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks". What is saved is worth the
way into the domain and out again where there are a hundred channels and more.
"""

import torch
from torch import Tensor

TILE_FLOATS = 6_000_000
"""About how many values in Winograd's domain are worked on at a time: 24 MB."""

# F(4, 3) for the points 0, 1, -1, 2, -2 and infinity.
_TO_TILES = [
    [4.0, 0, -5, 0, 1, 0],
    [0, -4, -4, 1, 1, 0],
    [0, 4, -4, -1, 1, 0],
    [0, -2, -1, 2, 1, 0],
    [0, 2, -1, -2, 1, 0],
    [0, 4, 0, -5, 0, 1],
]
_KERNEL_TO_TILES = [
    [1 / 4, 0, 0],
    [-1 / 6, -1 / 6, -1 / 6],
    [-1 / 6, 1 / 6, -1 / 6],
    [1 / 24, 1 / 12, 1 / 6],
    [1 / 24, -1 / 12, 1 / 6],
    [0, 0, 1],
]
_FROM_TILES = [
    [1.0, 1, 1, 1, 1, 0],
    [0, 1, -1, 2, -2, 0],
    [0, 1, 1, 4, 4, 0],
    [0, 1, -1, 8, -8, 1],
]


def tile_kernel(kernel: Tensor) -> Tensor:
    """A kernel [O, I, 3, 3] in Winograd's domain, [36, I, O] (columns first, then rows)."""
    points = kernel.new_tensor(_KERNEL_TO_TILES)
    # Rows of a kernel are those of the picture, and tiles come columns first.
    both = torch.einsum("qx,py->qpyx", points, points).reshape(36, 9)
    tiles = both @ kernel.permute(2, 3, 1, 0).reshape(9, -1)
    return tiles.view(36, kernel.shape[1], kernel.shape[0])


def tiled_conv(x: Tensor, tiles: Tensor) -> Tensor:
    """Convolve [4 m + 2, 4 n + 2, I] with `tile_kernel`'s [36, I, O] -> [4 m, 4 n, O]."""
    height, width, channels = x.shape
    down, across, out = (height - 2) // 4, (width - 2) // 4, tiles.shape[2]
    to_tiles, from_tiles = x.new_tensor(_TO_TILES), x.new_tensor(_FROM_TILES)
    result = x.new_empty(down, 4, across, 4, out)
    band = max(1, TILE_FLOATS // (36 * across * max(channels, out)))
    for start in range(0, down, band):
        count = min(band, down - start)
        rows = x[4 * start :].as_strided(
            (count, 6, width * channels), (4 * width * channels, width * channels, 1)
        )
        mixed = torch.bmm(to_tiles.expand(count, 6, 6), rows).view(count, 6, width, channels)
        parts = x.new_empty(6, 6, count, across, channels)
        for i in range(6):
            parts[i].copy_(mixed[:, :, i : i + 4 * across - 3 : 4].transpose(0, 1))
        inside = torch.mm(to_tiles, parts.view(6, -1)).view(36, count * across, channels)
        inside = torch.bmm(inside, tiles)
        inside = torch.mm(from_tiles, inside.view(6, -1)).view(4, 6, -1)
        inside = torch.bmm(from_tiles.expand(4, 4, 6), inside).view(4, 4, count, across, out)
        result[start : start + count].copy_(inside.permute(2, 1, 3, 0, 4))
    return result.view(4 * down, 4 * across, out)
