"""Fitting of fast directions: a linear map from joint-embedding differences to offsets in W+.

A direction is learned from pictures that show it: photos with weather rendered on against the same
photos without, and photos of one kind of scene against all. Each difference of their codes is
paired with what words and the pictures themselves say of it beyond their modality's neutral. Codes
of photos and of free samples, paired with the embedding of their pictures, teach the rest of the
vocabulary. Recordings go the way of the words they are like; see `nets.directions`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.directions import NEUTRAL, DirectionMap
from soundedit.nets.regression import Rows
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.checkpoint import save_checkpoint
from soundedit.train.directions_data import (
    Shown,
    Towers,
    picture_ws,
    recorded,
    scenes,
    shown_by,
    style_mixed,
    weathers,
)
from soundedit.train.photos import PhotoSet
from soundedit.train.prompts import CLASSES, PROMPTS
from soundedit.train.sounds import MelSettings, SoundSet

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DirectionsSettings:
    """Settings of `train directions`; the shipped TOML file explains each."""

    generator: str = "runs/generator/generator-final.pt"
    embedding: str = "runs/embedding/embedding.pt"
    photos: str = ""
    sounds: str = ""
    out: str = "runs/directions"
    each: int = 40
    photo_codes: int = 1500
    samples: int = 600
    recordings: int = 30
    rank: int = 64
    ridge: float = 1.0
    length: float = 0.9
    floor: float = 0.2
    seed: int = 1


def fit_directions(
    towers: Towers,
    shown: dict[str, Shown],
    places: dict[str, Shown],
    seen: Sequence[tuple[Tensor, Tensor]],
    recordings: dict[str, Tensor],
    settings: DirectionsSettings,
) -> DirectionMap:
    """The map fitted to weathers `shown`, scenes `places`, and (codes, embeddings) `seen`.

    `recordings` [n, E] of each class tell what sounds say on the whole.
    """
    s = settings
    neutral = towers.text(NEUTRAL).mean(0)
    rows = Rows()
    for one in shown.values():
        rows.add(towers.text(one.phrases) - neutral, one.offsets.mean(0), 1.0)
        rows.add(one.differences, one.offsets, 0.5)
    for one in places.values():
        rows.add(towers.text(one.phrases) - neutral, one.offsets.mean(0), 0.5)
    shape = next(iter(shown.values())).offsets.shape[1:]
    rows.add(towers.text(NEUTRAL) - neutral, torch.zeros(shape), 1.0)
    for codes, embeddings in seen:
        rows.add(embeddings - embeddings.mean(0), codes - codes.mean(0), 2.0)
    down, up = rows.fit(s.ridge, s.rank)
    words = F.normalize(torch.stack([towers.text(PROMPTS[c]).mean(0) for c in CLASSES]), dim=1)
    meanings = words - neutral
    # What is none of the classes says nothing of the weather.
    meanings[CLASSES.index("other")] = 0
    found = DirectionMap(words.shape[1], shape[0], shape[1], len(down), len(words))
    found.take(down, up, torch.cat([codes for codes, _ in seen]), s.length, s.floor)
    found.neutral_text.copy_(neutral)
    found.neutral_sound.copy_(torch.stack([e.mean(0) for e in recordings.values()]).mean(0))
    found.keys.copy_(F.normalize(words - words.mean(0), dim=1))
    found.meanings.copy_(meanings)
    return found


def agreement(
    found: DirectionMap, towers: Towers, recordings: dict[str, Tensor]
) -> dict[str, float]:
    """Cosine of each class word's offset with those of its recordings, the mean over them."""
    cosines = {}
    for label, embeddings in recordings.items():
        word = found(found.text_difference(towers.text([label]))).flatten(1)
        heard = found(found.sound_difference(embeddings)).flatten(1)
        cosines[label] = round(float(F.cosine_similarity(heard, word).mean()), 3)
    return cosines


def train_directions(settings: DirectionsSettings) -> Path:
    """Collect, fit and save `out/directions.pt`; TrainingError without photos or sounds."""
    s = settings
    if not s.photos or not s.sounds:
        raise TrainingError("Say what to train on: --photos FOLDER --sounds FOLDER.")
    out = Path(s.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(s.seed)
    rng = np.random.default_rng(s.seed)
    generator, encoder, _ = load_autoencoder(Path(s.generator))
    towers = Towers(Path(s.embedding))
    photos = PhotoSet(Path(s.photos), generator.resolution, out.parent / "cache")
    sounds = SoundSet(Path(s.sounds), MelSettings(), out.parent / "cache")
    with torch.inference_mode():
        recordings = recorded(towers, sounds, "train", s.recordings, rng)
        log.info("heard %d recordings", sum(len(e) for e in recordings.values()))
        chosen = np.sort(rng.permutation(len(photos))[: s.photo_codes])
        codes = picture_ws(encoder, photos.squares[chosen])
        embeddings = towers.pictures(photos.squares[chosen])
        log.info("saw %d photos", len(codes))
        places = scenes(codes, embeddings, [photos.hints[i] for i in chosen])
        ws = style_mixed(generator, s.samples, s.seed)
        seen = [(codes, embeddings), (ws, shown_by(generator, towers, ws))]
        shown = weathers(encoder, towers, photos, s.each, rng)
        found = fit_directions(towers, shown, places, seen, recordings, s)
        held_back = recorded(towers, sounds, "valid", s.recordings, rng)
        log.info("word against recordings held back: %s", agreement(found, towers, held_back))
    file = out / "directions.pt"
    save_checkpoint(file, {"config": found.config, "directions": found.state_dict()})
    return file
