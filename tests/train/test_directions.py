"""Fitting directions: what the regression finds."""

from typing import Any

import numpy as np
import pytest
import torch

from soundedit.errors import TrainingError
from soundedit.nets.regression import Rows
from soundedit.nets.stylegan2 import Generator
from soundedit.train.directions import (
    DirectionsSettings,
    agreement,
    fit_directions,
    train_directions,
)
from soundedit.train.directions_data import Shown, scenes, style_mixed
from soundedit.train.prompts import CLASSES, PROMPTS

E, L, D = 24, 8, 6


class Words:
    """Stands for the text tower: each phrase has its own place, near that of its class."""

    def __init__(self) -> None:
        draw = torch.Generator().manual_seed(0)
        self.places = {k: torch.randn(E, generator=draw) for k in CLASSES}
        self.kinds = {phrase: k for k, phrases in PROMPTS.items() for phrase in phrases}

    def text(self, phrases: Any) -> torch.Tensor:
        rows = []
        for phrase in phrases:
            kind = self.kinds.get(phrase, phrase)
            place = self.places.get(kind, torch.zeros(E))
            draw = torch.Generator().manual_seed(len(phrase))
            rows.append(place + 0.1 * torch.randn(E, generator=draw) + 0.3)
        return torch.nn.functional.normalize(torch.stack(rows), dim=1)


def test_reduced_rank_regression_finds_the_map() -> None:
    torch.manual_seed(0)
    truth = torch.randn(L * D, 2) @ torch.randn(2, E)
    said = torch.randn(200, E)
    offsets = (said @ truth.T).view(-1, L, D)
    rows = Rows()
    rows.add(said[:100], offsets[:100], 1.0)
    rows.add(said[100:], offsets[100:], 3.0)
    down, up = rows.fit(1e-6, rank=2)
    assert (down.shape, up.shape) == ((2, E), (L * D, 2))
    assert torch.allclose(up @ down, truth, atol=1e-2)


def test_heavier_rows_win() -> None:
    said = torch.eye(E)[:1]
    rows = Rows()
    rows.add(said, torch.ones(1, L, D), 9.0)
    rows.add(said, -torch.ones(1, L, D), 1.0)
    down, up = rows.fit(1e-6, rank=1)
    assert torch.allclose((up @ down)[:, 0], torch.full((L * D,), 0.8), atol=1e-3)


def test_words_and_recordings_push_as_the_pictures_say() -> None:
    towers: Any = Words()
    draw = torch.Generator().manual_seed(1)
    true = {k: torch.randn(L, D, generator=draw) for k in ("rain", "fire", "wind")}
    shown = {
        k: Shown(
            offset + 0.1 * torch.randn(20, L, D, generator=draw),
            towers.text([k]) - towers.text(["a landscape"]) + torch.zeros(20, E),
            PROMPTS[k],
        )
        for k, offset in true.items()
    }
    codes = torch.randn(300, L, D, generator=draw)
    seen = [(codes, 0.01 * torch.randn(300, E, generator=draw))]
    # Recordings lie elsewhere than words, by a shift that they share.
    heard = {k: towers.text(PROMPTS[k]) + 2.0 for k in CLASSES}
    found = fit_directions(towers, shown, {}, seen, heard, DirectionsSettings(rank=8, ridge=0.01))
    for kind, offset in true.items():
        said = found(found.text_difference(towers.text([kind])))[0]
        assert torch.cosine_similarity(said.flatten(), offset.flatten(), dim=0) > 0.9
    cosines = agreement(found, towers, {k: heard[k] for k in true})
    assert min(cosines.values()) > 0.8
    own = float(found.spread.square().mean().sqrt())
    assert float(found.length) == pytest.approx(0.9 * own)


def test_scenes_with_few_photos_are_left_out() -> None:
    codes, embeddings = torch.randn(100, L, D), torch.randn(100, E)
    found = scenes(codes, embeddings, ["forest"] * 60 + ["night"] * 10 + [""] * 30)
    assert set(found) == {"forest"}
    assert torch.allclose(found["forest"].offsets, codes[:60] - codes.mean(0))


def test_every_other_sample_is_mixed() -> None:
    torch.manual_seed(0)
    ws = style_mixed(Generator(8, 16, 32, [8, 8, 8, 8], mapping_layers=2), 10, seed=3)
    same = [bool((row == row[:1]).all()) for row in ws]
    assert same == [False, True] * 5


def test_nothing_to_train_on() -> None:
    with pytest.raises(TrainingError, match="--photos FOLDER --sounds FOLDER"):
        train_directions(DirectionsSettings())


def test_numpy_rows_stay_finite() -> None:
    rows = Rows()
    rows.add(torch.zeros(3, E), torch.zeros(3, L, D), 1.0)
    rows.add(torch.eye(E)[:2], torch.ones(1, L, D), 1.0)
    down, up = rows.fit(1.0, rank=4)
    assert np.isfinite((up @ down).numpy()).all()
