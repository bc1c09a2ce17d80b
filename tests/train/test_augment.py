"""Augmentation of log-mels and the contrastive loss."""

import numpy as np
import pytest
import torch

from soundedit.train.augment import augment_mels, mix
from soundedit.train.embedding import info_nce


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
