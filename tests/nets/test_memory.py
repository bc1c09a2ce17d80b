"""The running mean of what is heard."""

import math

import pytest
import torch

from soundedit.nets.memory import SECONDS, HeardMean


def test_it_begins_at_once_and_averages_plainly_at_first() -> None:
    heard = torch.tensor([[1.0], [1.0], [1.0], [0.0], [0.0], [0.0]])
    # At 10 frames/s each frame is a step: the mean of all frames so far.
    found = HeardMean(10).follow(heard).flatten().tolist()
    assert found == pytest.approx([1, 1, 1, 3 / 4, 3 / 5, 3 / 6])


def test_an_old_sound_fades() -> None:
    memory = HeardMean(20)
    memory.follow(torch.ones(20 * 30, 1))
    faded = memory.follow(torch.zeros(round(20 * SECONDS), 1))
    assert float(faded[-1]) == pytest.approx(math.exp(-1), rel=0.06)
    assert float(memory.follow(torch.zeros(20 * 20, 1))[-1]) < 1e-4


@pytest.mark.parametrize("fps", [12.0, 24.0, 60.0])
def test_blocks_and_frame_rates_do_not_matter(fps: float) -> None:
    seconds = torch.arange(round(4 * fps)) / fps
    heard = torch.sin(seconds)[:, None]
    whole = HeardMean(fps).follow(heard)
    memory = HeardMean(fps)
    parts = [memory.follow(part) for part in heard.split([7, 1, len(heard) - 8])]
    assert torch.equal(torch.cat(parts), whole)
    reference = HeardMean(120).follow(torch.sin(torch.arange(480) / 120)[:, None])
    assert float(whole[-1]) == pytest.approx(float(reference[-1]), abs=0.05)


def test_a_scene_is_placed_ten_times_a_second_at_most() -> None:
    found = HeardMean(60).follow(torch.randn(120, 4))
    assert len(torch.unique_consecutive(found, dim=0)) == 20
