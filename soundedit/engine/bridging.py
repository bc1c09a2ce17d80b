"""Finding the bridge from a walk's latents to those of a generator that it never saw.

Two things are known of both generators: what their latents are distributed like, and what the joint
embedding sees in their pictures. Each band is whitened on both sides (for pictures, by principal
axes of W; Härkönen et al. 2020, "GANSpace"), which leaves one rotation open. It is the one that has
the same change seen the same way: the orthogonal Procrustes solution (Schönemann 1966) over what
every axis does to the embedding, and over what latents of each sound class have in common.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from soundedit.engine.looking import mixed
from soundedit.nets.bands import BANDS, band_slices
from soundedit.nets.bridge import LatentBridge

RANK = 32
"""Coordinates of a band. More carry the classes less well: what tells scenes apart is in few."""
REACH = 1.2
"""Deviations of W that one deviation of the walk goes; below 1 the classes are hardly seen."""
FLATTENED = 0.2
"""Axes weaker than this share of a band's strongest are not brought up to its strength."""
MEANING = 5.0
"""Weight of changes that tell the classes' words apart, over that of any other."""
ALIKE = 40
"""Pictures of a class: those of all samples that are most like its words."""
_RIDGE = 0.05


@dataclass(frozen=True)
class Seen:
    """Latents, and unit embeddings [N, E] of their pictures.

    `coordinates` [N, rank] of each band, drawn independently of the other bands'.
    """

    coordinates: Mapping[str, Tensor]
    embeddings: Tensor


class Charts:
    """The whitened principal coordinates of each band, on both sides of a bridge."""

    def __init__(self, walked: Tensor, mapped: Tensor, num_ws: int, rank: int = RANK) -> None:
        """`walked` [N, walk_ws, walk_dim]: latents that walks pass through; `mapped` [M, w_dim]:
        what the mapping network of the pictures makes, of `num_ws` layers.
        """
        self.walk_shape, self.num_ws = (walked.shape[1], walked.shape[2]), num_ws
        slices = band_slices(walked.shape[1])
        self.rank = min(rank, mapped.shape[1], len(walked) - 1, len(mapped) - 1)
        self.walk_centre = walked.double().mean(0)
        self._slices = slices
        self._walk: dict[str, tuple[Tensor, Tensor]] = {}
        for name, part in slices.items():
            axes, spread = _principal(walked[:, part].flatten(1).double(), self.rank)
            spread = (spread.square() + (FLATTENED * spread[0]).square()).sqrt()
            self._walk[name] = (axes / spread[:, None], axes * spread[:, None])
        self.centre = mapped.double().mean(0)
        axes, spread = _principal(mapped.double(), self.rank)
        spread = REACH * spread.clamp_min(1e-6)
        self._down, self._up = axes / spread[:, None], axes * spread[:, None]

    def walk(self, w: Tensor) -> dict[str, Tensor]:
        """Latents of walks [N, walk_ws, walk_dim] -> coordinates [N, rank] of each band."""
        moved = w.double() - self.walk_centre
        return {
            name: moved[:, part].flatten(1) @ self._walk[name][0].T
            for name, part in self._slices.items()
        }

    def pictures(self, w: Tensor) -> Tensor:
        """Mapped latents [N, w_dim] -> coordinates [N, rank], before any rotation."""
        return (w.double() - self.centre) @ self._down.T

    def bridge(self, turns: Mapping[str, Tensor]) -> LatentBridge:
        """The bridge whose bands are rotated by orthogonal [rank, rank], walk to pictures."""
        w_dim = len(self.centre)
        found = LatentBridge(*self.walk_shape, self.num_ws, w_dim, self.rank)
        found.centre.copy_(self.centre)
        found.walk_centre.copy_(self.walk_centre)
        for name in BANDS:
            band, turn = found.band(name), turns[name]
            band.down.copy_(turn.T @ self._down)
            band.up.copy_(turn.T @ self._up)
            band.walk_down.copy_(self._walk[name][0])
            band.walk_up.copy_(self._walk[name][1])
        return found.requires_grad_(False)


def find_turns(
    walk: Seen, pictures: Seen, classes: Mapping[str, Tensor], words: Tensor
) -> dict[str, Tensor]:
    """The rotation [rank, rank] of each band, from the walk's coordinates to the pictures'.

    `classes`: coordinates [C, rank] of each band that the walk gives the sound classes in the
    mean; `words` [C, E] their embeddings in words.
    """
    told = words.double() - words.double().mean(0)
    _, _, meanings = torch.linalg.svd(told[:-1], full_matrices=False)
    effects = [_effects(seen) for seen in (walk, pictures)]
    embeddings = pictures.embeddings.double()
    like = (embeddings - embeddings.mean(0)) @ told.T
    chosen = like.topk(min(ALIKE, len(like)), dim=0).indices.T
    turns = {}
    for name in BANDS:
        before, after = effects[0][name], effects[1][name]
        said = after @ before.T + MEANING * (after @ meanings.T) @ (before @ meanings.T).T
        shown = pictures.coordinates[name][chosen].mean(1)
        heard = classes[name]
        paired = (shown - shown.mean(0)).T @ (heard - heard.mean(0))
        u, _, v = torch.linalg.svd(said / said.norm() + paired / paired.norm())
        turns[name] = u @ v
    return turns


def drawn(walked: Tensor, count: int, rng: np.random.Generator) -> Tensor:
    """Latents [count, L, D] whose bands are of different rows of `walked`."""
    slices = band_slices(walked.shape[1])
    return mixed(
        {n: walked[rng.integers(len(walked), size=count)][:, p] for n, p in slices.items()}
    )


def _principal(rows: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Axes [rank, D] in rows and deviations [rank] along them."""
    _, scale, axes = torch.linalg.svd(rows - rows.mean(0), full_matrices=False)
    return axes[:rank], scale[:rank] / len(rows) ** 0.5


def _effects(seen: Seen) -> dict[str, Tensor]:
    """What each coordinate of each band adds to the embedding [rank, E], by ridge regression."""
    x = torch.cat([seen.coordinates[name] for name in BANDS], dim=1).double()
    y = seen.embeddings.double()
    x, y = x - x.mean(0), y - y.mean(0)
    gram = x.T @ x
    gram += _RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    found = torch.linalg.solve(gram, x.T @ y)
    return dict(zip(BANDS, found.split(len(found) // len(BANDS)), strict=True))
