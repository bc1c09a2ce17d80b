"""Sheets of pictures."""

import numpy as np
import torch
from PIL import Image
from torch import Tensor


def picture_grid(pictures: Tensor, columns: int) -> Image.Image:
    """Lay [N, 3, S, S] pictures in [-1, 1] out in rows."""
    n, _, height, width = pictures.shape
    rows = -(-n // columns)
    levels = ((pictures.float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    grid = np.zeros((rows * height, columns * width, 3), np.uint8)
    for i, picture in enumerate(levels.permute(0, 2, 3, 1).numpy()):
        y, x = i // columns * height, i % columns * width
        grid[y : y + height, x : x + width] = picture
    return Image.fromarray(grid)
