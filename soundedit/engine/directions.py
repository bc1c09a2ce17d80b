"""Directions in W+ of words and sounds: what an edit adds to the latents at strength 1."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from soundedit.document.model import Part, PartKind
from soundedit.engine.latents import read_latents
from soundedit.engine.region import Region
from soundedit.nets.directions import DirectionMap

OFFSET_KINDS = (PartKind.TEXT, PartKind.SOUND, PartKind.DIRECTION)
"""Parts that add an offset; the others mix in a style."""
Locate = Callable[[str], Path]
"""The file of a media id."""
Embed = Callable[[Part], NDArray[np.float32]]
"""The unit embedding [E] of a text or sound part."""


@dataclass(frozen=True)
class Direction:
    """`dw` float32 [L, D] at strength 1, and how far it moves each band, in latents' spreads."""

    dw: NDArray[np.float32]
    change: dict[str, float]


def offset_of(
    directions: DirectionMap, embedding: NDArray[np.float32], kind: PartKind
) -> NDArray[np.float32]:
    """The offset [L, D] of one embedding [E] of a text or a sound."""
    said = torch.from_numpy(embedding).to(directions.up.device)[None]
    with torch.inference_mode():
        offset = directions.of_text(said) if kind == PartKind.TEXT else directions.of_sound(said)
    found: NDArray[np.float32] = offset[0].cpu().numpy()
    return found


def direction_of(
    parts: Sequence[Part],
    region: Region,
    directions: DirectionMap | None,
    embed: Embed,
    locate: Locate,
) -> Direction:
    """Add up the offsets of parts by their weights; styles (pictures, seeds) add nothing.

    `directions` is needed for words and sounds only. MediaError for a damaged saved direction.
    """
    shape = region.centre.shape
    total = np.zeros(shape, np.float32)
    for part in parts:
        if part.kind == PartKind.DIRECTION:
            total += part.weight * read_latents(locate(part.value), (shape[0], shape[1])).w
        elif part.kind in OFFSET_KINDS:
            assert directions is not None
            total += part.weight * offset_of(directions, embed(part), part.kind)
    return Direction(total, region.change(total))
