"""The running mean of what is heard."""

import math

import pytest
import torch

from soundedit.nets.memory import LOUDNESS, SECONDS, HeardMean, weight_of


def follow(memory: HeardMean, heard: torch.Tensor, level: float = 0.0) -> torch.Tensor:
    return memory.follow(heard, torch.full((len(heard),), level))


def test_it_begins_at_once_and_averages_what_there_was() -> None:
    heard = torch.tensor([[1.0], [1.0], [1.0], [0.0], [0.0], [0.0]])
    # At 10 frames/s each frame is a step: older ones count a little less.
    found = follow(HeardMean(10), heard).flatten().tolist()
    ages = [math.exp(-k * 0.1 / SECONDS) for k in range(6)]
    later = [sum(ages[k : k + 3]) / sum(ages[: k + 3]) for k in (1, 2, 3)]
    assert found == pytest.approx([1, 1, 1, *later])


def test_an_old_sound_fades() -> None:
    memory = HeardMean(20)
    follow(memory, torch.ones(20 * 30, 1))
    faded = follow(memory, torch.zeros(round(20 * SECONDS), 1))
    assert float(faded[-1]) == pytest.approx(math.exp(-1), rel=0.06)
    assert float(follow(memory, torch.zeros(20 * 20, 1))[-1]) < 1e-4


def test_loud_moments_count_more_and_stay_in_silence() -> None:
    assert float(weight_of(torch.tensor(0.5)) / weight_of(torch.tensor(0.0))) == pytest.approx(
        math.exp(LOUDNESS / 2)
    )
    memory = HeardMean(10)
    follow(memory, torch.zeros(20, 1), -1.0)
    bang = follow(memory, torch.ones(2, 1), 0.6)
    assert float(bang[-1]) > 0.98
    # Two seconds of silence do not take the picture away; a sound as loud does.
    assert float(follow(memory, torch.zeros(20, 1), -1.0)[-1]) > 0.9
    assert float(follow(memory, torch.zeros(20, 1), 0.6)[-1]) < 0.1


@pytest.mark.parametrize("fps", [12.0, 24.0, 60.0])
def test_blocks_and_frame_rates_do_not_matter(fps: float) -> None:
    seconds = torch.arange(round(4 * fps)) / fps
    heard, levels = torch.sin(seconds)[:, None], 0.3 * torch.cos(2 * seconds)
    whole = HeardMean(fps).follow(heard, levels)
    memory = HeardMean(fps)
    pieces = [7, 1, len(heard) - 8]
    pairs = zip(heard.split(pieces), levels.split(pieces), strict=True)
    assert torch.equal(torch.cat([memory.follow(*pair) for pair in pairs]), whole)
    fine = torch.arange(480) / 120
    reference = HeardMean(120).follow(torch.sin(fine)[:, None], 0.3 * torch.cos(2 * fine))
    assert float(whole[-1]) == pytest.approx(float(reference[-1]), abs=0.05)


def test_a_scene_is_placed_ten_times_a_second_at_most() -> None:
    found = follow(HeardMean(60), torch.randn(120, 4))
    assert len(torch.unique_consecutive(found, dim=0)) == 20
