"""A generator of 32 x 32 pixels, small enough to train in seconds, and pictures for it."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

SMALL: dict[str, Any] = {
    "resolution": 32,
    "w_dim": 16,
    "z_dim": 16,
    "channels": (16, 16, 16, 16),
    "mapping_layers": 2,
    "batch": 4,
    "critic_from": -8,
    "critic_full": 0,
    "record_steps": 1,
    "device": "cpu",
}


def write_photos(folder: Path) -> None:
    """Write six pictures into a new folder."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for n in range(6):
        coarse = rng.integers(0, 255, (5, 5, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((32, 32)).save(folder / f"{n}.png")
