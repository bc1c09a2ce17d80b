"""What drives the frames: causal, with a bounded memory, and meaning what it says."""

import pytest
import torch

from soundedit.nets.drive import CONTEXT, FEATURES, SILENCE, drive_features

LEVEL, SECOND, ONSET, LOW, MID, HIGH, ABOVE, RISE = range(FEATURES)


@pytest.fixture
def mel() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.rand(2, 64, 400) * 1.6 - 1.1


def test_shape(mel: torch.Tensor) -> None:
    assert drive_features(mel).shape == (2, 400, FEATURES)
    assert drive_features(mel[:, :, :1]).shape == (2, 1, FEATURES)


@pytest.mark.parametrize("column", [0, 1, 50, 200, 398])
def test_later_columns_change_nothing_earlier(mel: torch.Tensor, column: int) -> None:
    changed = mel.clone()
    changed[:, :, column + 1 :] = 0.9
    before, after = drive_features(mel), drive_features(changed)
    torch.testing.assert_close(before[:, : column + 1], after[:, : column + 1], rtol=0, atol=1e-6)
    assert not torch.allclose(before[:, column + 1], after[:, column + 1], atol=1e-3)


@pytest.mark.parametrize("start", [CONTEXT, 150, 399])
def test_context_is_enough(mel: torch.Tensor, start: int) -> None:
    whole = drive_features(mel)[:, start:]
    part = drive_features(mel[:, :, start - CONTEXT :])[:, CONTEXT:]
    torch.testing.assert_close(part, whole, rtol=0, atol=1e-5)


def test_silence() -> None:
    silent = drive_features(torch.full((1, 64, 300), SILENCE))[0]
    wanted = torch.tensor([-1.0, -1.0, 0.0, -1.0, -1.0, -1.0, 0.0, 0.0])
    torch.testing.assert_close(silent, wanted.expand(300, FEATURES), atol=1e-5, rtol=0)


def test_a_clap_is_seen_at_once_held_and_forgotten() -> None:
    mel = torch.full((1, 64, 400), -0.6)
    mel[:, :, 200:205] = 0.6
    found = drive_features(mel)[0]
    assert float(found[:200, ONSET].abs().max()) == 0
    assert float(found[200, ONSET]) > 0.5
    assert float(found[214, ONSET]) > 0.05
    assert float(found[240:, ONSET].max()) == 0
    assert found[200, RISE] > 0.2 and found[200, LEVEL] > found[199, LEVEL] + 0.2
    assert found[200:303, ABOVE].max() > 0.3


def test_bands() -> None:
    for feature, bands in ((LOW, slice(0, 16)), (MID, slice(16, 40)), (HIGH, slice(40, 64))):
        mel = torch.full((1, 64, 150), SILENCE)
        mel[:, bands] = 0.2
        row = drive_features(mel)[0, -1]
        levels = {i: float(row[i]) for i in (LOW, MID, HIGH)}
        assert levels.pop(feature) == pytest.approx(0.2, abs=1e-4)
        assert list(levels.values()) == pytest.approx([-1, -1], abs=1e-4)


def test_level_of_the_last_second_lags() -> None:
    mel = torch.full((1, 64, 300), -0.5)
    mel[:, :, 100:] = 0.5
    found = drive_features(mel)[0]
    assert float(found[105, LEVEL]) == pytest.approx(0.5, abs=1e-4)
    assert float(found[149, SECOND]) == pytest.approx(0.0, abs=1e-4)
    assert float(found[200, SECOND]) == pytest.approx(0.5, abs=1e-4)
