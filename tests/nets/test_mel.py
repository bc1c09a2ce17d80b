"""The ear: causal, the same in blocks as whole, and calibrated."""

import math

import pytest
import torch
import torchaudio

from soundedit.nets.mel import LogMel

RATE, HOP = 32_000, 320


@pytest.fixture(scope="module")
def ear() -> LogMel:
    return LogMel(RATE, 1024, HOP, 64, 50.0, 14_000.0)


@pytest.fixture(scope="module")
def noise() -> torch.Tensor:
    return 0.1 * torch.randn(1, RATE, generator=torch.Generator().manual_seed(1))


def test_shape(ear: LogMel, noise: torch.Tensor) -> None:
    assert ear.context == 704
    assert ear(noise).shape == (1, 64, 100)
    for samples, columns in ((0, 0), (319, 0), (320, 1), (639, 1), (640, 2)):
        assert ear(noise[:, :samples]).shape == (1, 64, columns)


def test_a_column_hears_nothing_later(ear: LogMel, noise: torch.Tensor) -> None:
    column = 40
    changed = noise.clone()
    changed[:, (column + 1) * HOP :] = 0.9
    before, after = ear(noise), ear(changed)
    assert torch.equal(before[:, :, : column + 1], after[:, :, : column + 1])
    assert not torch.allclose(before[:, :, column + 1], after[:, :, column + 1], atol=0.01)


def test_blocks_equal_the_whole(ear: LogMel, noise: torch.Tensor) -> None:
    whole = ear(noise)
    parts, before, at = [], None, 0
    for hops in (1, 1, 2, 40, 5, 51):
        block = noise[:, at : at + hops * HOP]
        parts.append(ear(block, before))
        heard = torch.cat([torch.zeros(1, ear.context) if before is None else before, block], 1)
        before, at = heard[:, -ear.context :], at + hops * HOP
    torch.testing.assert_close(torch.cat(parts, 2), whole)


def test_power_is_over_the_windows(ear: LogMel, noise: torch.Tensor) -> None:
    """As torchaudio has it where it is asked to normalise the spectrum, which takes longer."""
    mel = torchaudio.transforms.MelSpectrogram(
        RATE, 1024, hop_length=HOP, n_mels=64, f_min=50.0, f_max=14_000.0,
        center=False, normalized="window",
    )  # fmt: skip
    power = mel(torch.nn.functional.pad(noise, (ear.context, 0)))
    torch.testing.assert_close(ear(noise), power.log10() / 5 + 1, rtol=0, atol=1e-5)


def test_scale(ear: LogMel) -> None:
    assert torch.equal(ear(torch.zeros(1, RATE // 10)), torch.full((1, 64, 10), -1.0))
    t = torch.arange(RATE // 2) / RATE
    loud = ear(torch.sin(2 * math.pi * 1000 * t)[None])[0, :, 20]
    assert float(loud.max()) == pytest.approx(1.46, abs=0.02)
    quiet = ear(0.01 * torch.sin(2 * math.pi * 1000 * t)[None])[0, :, 20]
    # 40 dB less, at 50 dB a unit.
    assert float(loud.max() - quiet.max()) == pytest.approx(0.8, abs=1e-3)


def test_a_tone_lights_its_band(ear: LogMel) -> None:
    t = torch.arange(RATE // 4) / RATE
    bands = [
        int(ear(torch.sin(2 * math.pi * f * t)[None])[0, :, 20].argmax())
        for f in (200, 1000, 4000, 12_000)
    ]
    assert bands == sorted(set(bands))
