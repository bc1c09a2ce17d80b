"""Fitting of fast directions: a linear map from joint-embedding differences to offsets in W+.

A direction is learned from pictures that show it: photos with weather rendered on against the same
photos without, and photos of one kind of scene against all. Each difference of their codes is
paired with what words, recordings and the picture itself say of it beyond their modality's
neutral, so that a word and a recording of the same thing push the same way. Codes of photos and of
free samples, paired with the embedding of their pictures, teach the rest of the vocabulary.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.directions import DirectionMap
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.checkpoint import save_checkpoint
from soundedit.train.directions_data import (
    Shown,
    Towers,
    picture_ws,
    recorded,
    sampled,
    scenes,
    weathers,
)
from soundedit.train.photos import PhotoSet
from soundedit.train.region import trusted_region
from soundedit.train.sounds import MelSettings, SoundSet

log = logging.getLogger(__name__)

NEUTRAL = ("a landscape", "a photo of a landscape", "a picture of a landscape", "scenery")
"""What words are compared with."""


@dataclass(frozen=True)
class DirectionsSettings:
    """Settings of `train directions`; the shipped TOML file explains each."""

    generator: str = "runs/generator/generator-final.pt"
    embedding: str = "runs/embedding/embedding.pt"
    photos: str = ""
    sounds: str = ""
    out: str = "runs/directions"
    each: int = 60
    photo_codes: int = 2000
    samples: int = 1000
    rank: int = 64
    ridge: float = 0.03
    length: float = 0.9
    seed: int = 1


class Rows:
    """Rows of a weighted linear regression: what is said [n, E] -> offsets [n, L, D]."""

    def __init__(self) -> None:
        self._said: list[Tensor] = []
        self._offsets: list[Tensor] = []
        self._weights: list[Tensor] = []

    def add(self, said: Tensor, offsets: Tensor, weight: float) -> None:
        """Rows [n, E], one offset [L, D] for all or one each; `weight` is that of all together."""
        count = len(said)
        self._said.append(said)
        self._offsets.append(offsets.expand(count, -1, -1).flatten(1))
        self._weights.append(torch.full((count,), weight / max(count, 1)))

    def fit(self, ridge: float, rank: int) -> tuple[Tensor, Tensor]:
        """Reduced-rank ridge regression (Izenman 1975): factors [rank, E] and [L * D, rank].

        `ridge` is relative to the mean variance of what is said.
        """
        x, y = torch.cat(self._said).double(), torch.cat(self._offsets).double()
        root = torch.cat(self._weights).double().sqrt()[:, None]
        x, y = x * root, y * root
        gram = x.T @ x
        gram += ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
        full = torch.linalg.solve(gram, x.T @ y)
        # The directions of the answers that explain most of what the map says of its rows.
        _, _, axes = torch.linalg.svd(torch.linalg.cholesky(gram).T @ full, full_matrices=False)
        axes = axes[:rank]
        return (full @ axes.T).T.float(), axes.T.float()
