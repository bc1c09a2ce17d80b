"""Visual change of a walk, and the loss that ties it to loudness."""

import numpy as np
import pytest
import torch

from soundedit.media.envelope import loudness
from soundedit.nets.stylegan2 import SynthesisNetwork
from soundedit.train.sync import loudness_of, shown_change, sync_loss


def test_change_is_that_of_brightness_from_frame_to_frame() -> None:
    torch.manual_seed(0)
    synthesis = SynthesisNetwork(16, 32, (16, 16, 8, 8))
    walk = torch.randn(2, 1, synthesis.num_ws, 16) + torch.randn(2, 5, synthesis.num_ws, 16) * 0.3
    walk[:, 3] = walk[:, 2]
    walk.requires_grad_(True)
    told = shown_change(synthesis, walk)
    with torch.no_grad():
        bright = synthesis(walk[0], until=16).mean(1)
    expected = bright.diff(dim=0).abs().mean((1, 2))
    assert told.shape == (2, 4)
    assert told[0].tolist() == pytest.approx(expected.tolist(), abs=1e-3)
    assert float(told[1, 2].detach()) < 1e-3
    told.sum().backward()
    assert walk.grad is not None
    assert float(walk.grad.abs().sum()) > 0


def test_loudness_is_that_of_an_envelope() -> None:
    rms = np.array([0.05, 0.1, 0.2, 0.4])
    levels = torch.from_numpy(20 * np.log10(rms) / 50)
    told, expected = loudness_of(levels), loudness(rms)
    # An envelope is cut off at its loudest.
    assert (told[:3] / told[0]).tolist() == pytest.approx((expected[:3] / expected[0]).tolist())


def test_loss_is_zero_in_step_and_two_against() -> None:
    loudness = torch.tensor([[0.0, 0.5, 0.1, 0.8], [0.2, 0.2, 0.2, 0.2]])
    change = torch.tensor([[1.0, 6.0, 2.0, 9.0], [5.0, 1.0, 2.0, 0.0]])
    # The second walk's sound is steady and does not count.
    assert float(sync_loss(change, loudness)) == pytest.approx(0, abs=1e-3)
    assert float(sync_loss(-change, loudness)) == pytest.approx(2, abs=1e-3)
