"""Frechet distance against its closed form."""

import numpy as np
import pytest

from soundedit.evaluate.frechet import frechet_distance


def test_distance_of_gaussians_is_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(0, 1, (20_000, 3)).astype(np.float32)
    b = rng.normal((1, 0, 0), (2, 1, 1), (20_000, 3)).astype(np.float32)
    # (1)^2 of the means and (2 - 1)^2 of the spreads.
    assert frechet_distance(a, b) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("count", [5, 40])
def test_nothing_lies_between_a_set_and_itself(count: int) -> None:
    a = np.random.default_rng(1).normal(size=(count, 12)).astype(np.float32)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-4)
    assert frechet_distance(a, a + 1) == pytest.approx(12, rel=1e-4)


def test_one_sample_is_too_few() -> None:
    with pytest.raises(ValueError, match="two samples"):
        frechet_distance(np.zeros((1, 3), np.float32), np.zeros((4, 3), np.float32))
