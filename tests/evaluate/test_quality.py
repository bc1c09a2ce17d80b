"""Measures of quality on made-up series."""

import numpy as np
import pytest

from soundedit.evaluate.quality import FPS, LAGS, correlation_by_lag, flash_delay


def test_correlation_finds_the_lag() -> None:
    loud = np.random.default_rng(0).random(200).astype(np.float32)
    late = np.roll(loud, 2)
    curve = correlation_by_lag(loud, late)
    assert LAGS[int(curve.argmax())] == 2
    assert curve.max() == pytest.approx(1, abs=0.05)
    early = correlation_by_lag(loud, np.roll(loud, -1))
    assert LAGS[int(early.argmax())] == -1


def test_nothing_moves_means_no_correlation() -> None:
    loud = np.random.default_rng(0).random(50).astype(np.float32)
    assert np.isnan(correlation_by_lag(loud, np.zeros(50, np.float32))).all()


@pytest.mark.parametrize("late", [0, 1, 5])
def test_flash_delay(late: int) -> None:
    onset = np.zeros(3 * FPS, np.float32)
    onset[20] = 1
    brightness = np.full(3 * FPS, 0.2, np.float32)
    brightness[20 + late :] = 0.9
    assert flash_delay(brightness, onset) == late


def test_no_onset_no_delay() -> None:
    assert flash_delay(np.zeros(72, np.float32), np.zeros(72, np.float32)) is None
