"""Directions in W+ of words and sounds: what an edit adds to the latents at strength 1."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.document.model import Part, PartKind
from soundedit.engine.latents import read_latents
from soundedit.engine.region import Region
from soundedit.nets.directions import DirectionMap
from soundedit.packs.manifest import Manifest

SAID = (PartKind.TEXT, PartKind.SOUND)
"""Parts that have an embedding."""
OFFSET_KINDS = (*SAID, PartKind.DIRECTION)
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


def difference_of(directions: DirectionMap, part: Part, embed: Embed) -> Tensor:
    """What one word or sound says beyond its neutral, [1, E]."""
    embedding = torch.from_numpy(embed(part)).to(directions.up.device)[None]
    if part.kind == PartKind.TEXT:
        return directions.text_difference(embedding)
    return directions.sound_difference(embedding)


@torch.inference_mode()
def direction_of(
    parts: Sequence[Part],
    region: Region,
    directions: DirectionMap | None,
    embed: Embed,
    locate: Locate,
    pack: Manifest,
) -> Direction:
    """Add up the offsets of parts by their weights; styles (pictures, seeds) add nothing.

    `directions` is needed for words and sounds only. MediaError for a saved direction that is
    damaged or was made for another pack than `pack`.
    """
    shape = (region.centre.shape[0], region.centre.shape[1])
    total = np.zeros(shape, np.float32)
    for part in parts:
        if part.kind == PartKind.DIRECTION:
            kept = read_latents(locate(part.value), shape, pack.name, pack.latents)
            total += part.weight * kept.w
        elif part.kind in SAID:
            assert directions is not None
            offset = directions(difference_of(directions, part, embed))[0]
            total += part.weight * offset.cpu().numpy()
    return Direction(total, region.change(total))


@torch.inference_mode()
def target_of(
    parts: Sequence[Part], directions: DirectionMap, embed: Embed
) -> NDArray[np.float32] | None:
    """The unit embedding [E] that a picture should come to; None where no part has one."""
    said = [part for part in parts if part.kind in SAID and part.weight]
    if not said:
        return None
    total = directions.neutral_text.clone()
    for part in said:
        total += part.weight * difference_of(directions, part, embed)[0]
    target: NDArray[np.float32] = torch.nn.functional.normalize(total, dim=0).cpu().numpy()
    return target
