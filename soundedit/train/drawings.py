"""Photos as the generator draws them: brought into W+ by its encoder and synthesised again."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.lite0 import load_lite0, look

log = logging.getLogger(__name__)
_AT_ONCE = 32


def redrawn(generator: Generator, encoder: PhotoEncoder, taps: list[Tensor]) -> Tensor:
    """Pictures [B, 3, S, S] in [-1, 1] that the generator draws of those with these Lite0 maps."""
    w, offsets = encoder(taps)
    return generator.synthesis(w[:, None] + offsets).float().clamp(-1, 1)


@torch.inference_mode()
def drawings(
    checkpoint: Path, picture: Callable[[int], NDArray[np.uint8]], chosen: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """The pictures [S, S, 3] numbered `chosen` [n], drawn anew: uint8 [n, S, S, 3].

    `checkpoint`: of `train generator` or `train mapping`. TrainingError where it is missing or
    draws pictures of another size.
    """
    generator, encoder, _ = load_autoencoder(checkpoint)
    teacher, rows = load_lite0(), []
    for n in range(0, len(chosen), _AT_ONCE):
        some = np.stack([picture(int(i)) for i in chosen[n : n + _AT_ONCE]])
        if some.shape[1] != generator.resolution:
            raise TrainingError(
                f"The generator draws {generator.resolution} pixels and the image tower sees "
                f"{some.shape[1]}; set image_size to {generator.resolution}."
            )
        x = torch.from_numpy(some).permute(0, 3, 1, 2).float() / 127.5 - 1
        drawn = redrawn(generator, encoder, look(teacher, x))
        rows.append(((drawn + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())
        if n % (_AT_ONCE * 20) == 0:
            log.info("drew %d of %d pictures", n, len(chosen))
    return np.concatenate(rows)
