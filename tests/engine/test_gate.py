"""A walk moves as far as its sound is loud."""

import numpy as np
import pytest
import torch

from soundedit.engine.gate import LEAST, RELEASE, LoudnessGate


def test_the_loudest_passes_whole_and_silence_hardly() -> None:
    gate = LoudnessGate(25)
    assert gate.shares(torch.tensor([1e-10])) == pytest.approx([LEAST])
    assert gate.shares(torch.tensor([1e-3, 2e-3])) == pytest.approx([1.0, 1.0])
    assert gate.shares(torch.tensor([1e-10])) == pytest.approx([LEAST])


def test_a_share_is_that_of_the_power() -> None:
    gate = LoudnessGate(25)
    gate.shares(torch.tensor([1e-2]))
    kept = np.exp(-1 / (25 * RELEASE))
    assert gate.shares(torch.tensor([5e-3])) == pytest.approx([0.5 / kept])


def test_what_was_loud_is_forgotten() -> None:
    gate = LoudnessGate(25)
    gate.shares(torch.tensor([1.0]))
    quiet = gate.shares(torch.full((round(25 * RELEASE * 5),), 0.01))
    assert quiet[0] == pytest.approx(LEAST)
    assert quiet == sorted(quiet)
    assert quiet[-1] == 1.0


@pytest.mark.parametrize("fps", [12.0, 60.0])
def test_a_steady_share_takes_as_long_at_every_frame_rate(fps: float) -> None:
    gate = LoudnessGate(fps)
    gate.shares(torch.tensor([1.0]))
    left = np.prod(1 - np.array(gate.shares(torch.full((round(fps),), 1e-9))))
    assert left == pytest.approx((1 - LEAST) ** 25, rel=1e-6)


def test_blocks_do_not_matter() -> None:
    power = torch.from_numpy(np.random.default_rng(0).uniform(1e-6, 1e-2, 50))
    whole = LoudnessGate(24).shares(power)
    gate = LoudnessGate(24)
    assert [x for part in power.split(7) for x in gate.shares(part)] == whole
