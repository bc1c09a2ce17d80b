"""Augmentation of log-mels and the contrastive loss."""

import numpy as np
import pytest
import torch

from soundedit.train.augment import augment_mels, mix, stretch_mels
from soundedit.train.contrast import info_nce, mixed_cross_entropy


def test_mixing_adds_power() -> None:
    a, b = torch.full((1, 2, 3), 0.8), torch.full((1, 2, 3), 0.8)
    even = mix(a, b, torch.tensor([0.5]))
    assert torch.allclose(even, a, atol=1e-4)
    quiet = mix(a, torch.full_like(a, -1.0), torch.tensor([0.5]))
    # Half the power is 3.01 dB less, and 50 dB are one unit.
    assert float(quiet[0, 0, 0]) == pytest.approx(0.8 - 3.01 / 50, abs=1e-3)


def test_augmented_mels_keep_shape_and_share() -> None:
    mels = torch.rand(16, 12, 40)
    out, partner, share = augment_mels(mels, np.random.default_rng(0))
    assert out.shape == mels.shape
    assert torch.isfinite(out).all()
    assert sorted(partner.tolist()) == list(range(16))
    assert float(share.min()) >= 0.5
    assert 0 < int((share < 1).sum()) < 16
    alone, _, own = augment_mels(mels, np.random.default_rng(0), mix=False)
    assert not torch.equal(alone, mels)
    assert torch.equal(own, torch.ones(16))


def test_info_nce_prefers_matching_pairs() -> None:
    a = torch.eye(4)
    same = torch.eye(4, dtype=torch.bool)
    right = float(info_nce(a, a, same, 0.1))
    wrong = float(info_nce(a, a.roll(1, 0), same, 0.1))
    assert right == pytest.approx(float(np.log(1 + 3 * np.exp(-10))), abs=1e-4)
    assert wrong > 9


def test_stretched_mels_keep_their_bands() -> None:
    ramp = torch.linspace(0, 1, 32)[None, :, None].expand(2, 32, 100).contiguous()
    widths, tops = [], []
    for seed in range(40):
        out = stretch_mels(ramp, np.random.default_rng(seed), time=1.25, bands=1.08)
        assert out.shape[:2] == (2, 32)
        widths.append(out.shape[2])
        tops.append(float(out[0, 16, 0]))
    assert 80 <= min(widths) < 90 and 112 < max(widths) <= 125
    # A tone moves to another band: the same band holds what was below or above.
    assert min(tops) < float(ramp[0, 16, 0]) - 0.01 and max(tops) > float(ramp[0, 16, 0]) + 0.01
    same = stretch_mels(ramp, np.random.default_rng(0), time=1.0, bands=1.0)
    assert torch.allclose(same, ramp)


def test_cross_entropy_follows_the_shares() -> None:
    kinds, partner = torch.tensor([0, 1]), torch.tensor([1, 0])
    even = torch.zeros(2, 4)
    loss = mixed_cross_entropy(even, kinds, partner, torch.tensor([1.0, 0.5]), 0.1)
    assert float(loss) == pytest.approx(np.log(4))
    sure = torch.tensor([[9.0, 0, 0, 0], [0, 9.0, 0, 0]])
    whole = mixed_cross_entropy(sure, kinds, partner, torch.ones(2), 0.0)
    mixed = mixed_cross_entropy(sure, kinds, partner, torch.full((2,), 0.5), 0.0)
    assert float(whole) < 0.001
    assert float(mixed) == pytest.approx(float(whole) + 4.5, abs=1e-4)
