"""The map from what is said to offsets, and the region of codes."""

import numpy as np
import torch

from soundedit.nets.directions import DirectionMap, principal_region


def made() -> DirectionMap:
    torch.manual_seed(0)
    found = DirectionMap(12, 8, 6, rank=4, words=3)
    for name in ("down", "up", "meanings", "neutral_text"):
        getattr(found, name).normal_()
    found.keys.copy_(torch.eye(3, 12))
    return found


def test_opposites_and_lengths() -> None:
    found = made()
    found.length.fill_(0.5)
    said = torch.randn(5, 12)
    offsets = found(said)
    assert offsets.shape == (5, 8, 6)
    assert torch.allclose(offsets.square().mean((1, 2)).sqrt(), torch.full((5,), 0.5), atol=1e-5)
    assert torch.allclose(found(-said), -offsets, atol=1e-6)
    found.floor.fill_(0.2)
    faint = found(said * 1e-3).square().mean((1, 2)).sqrt()
    assert faint.max() < 0.1
    assert not found(torch.zeros(1, 12)).any()


def test_the_neutral_word_says_nothing() -> None:
    found = made()
    assert not found(found.text_difference(found.neutral_text[None])).any()


def test_sounds_mean_what_they_are_like() -> None:
    found = made()
    alike = found.sound_difference(torch.eye(12)[:3])
    assert torch.nn.functional.cosine_similarity(alike, found.meanings).min() > 0.99
    between = torch.nn.functional.normalize(torch.eye(12)[:1] + torch.eye(12)[1:2])
    mean = found.meanings[:2].mean(0)
    assert torch.allclose(found.sound_difference(between)[0], mean, atol=0.02)


def test_the_region_of_codes() -> None:
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((2000, 3, 5)).astype(np.float32)
    codes = codes * np.array([3, 1, 1, 0.5, 0.0], np.float32) + 7
    centre, axes, spread, radius = principal_region(codes, 90.0)
    assert np.allclose(centre, 7, atol=0.2)
    assert np.allclose(axes @ axes.T, np.eye(5), atol=1e-5)
    assert np.allclose(abs(axes[0, 0]), 1, atol=0.02)
    assert np.allclose(spread[:, 0], 3, rtol=0.1)
    # No axis is so thin that any step along it would lead out.
    assert spread.min() > 0.1
    away = np.linalg.norm((codes - centre) @ axes.T / spread, axis=2)
    assert np.allclose((away <= radius).mean(0), 0.9, atol=0.01)
