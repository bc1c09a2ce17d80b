"""The gauge of visual change against decoded pictures, and the loss that ties it to loudness."""

import pytest
import torch

from soundedit.nets.stylegan2 import SynthesisNetwork
from soundedit.train.sync import ChangeGauge, sync_loss


def test_gauge_agrees_with_decoded_pictures() -> None:
    torch.manual_seed(0)
    synthesis = SynthesisNetwork(16, 32, (16, 16, 8, 8))
    moves = torch.randn(6, 40, 8, 1, 1) * torch.randn(8, synthesis.num_ws, 16) * 0.05
    codes = torch.randn(6, 1, 1, 16) + moves.sum(2)
    gauge = ChangeGauge(synthesis, codes, directions=8, places=40)
    with torch.no_grad():
        pictures = synthesis(codes[0], until=32)
    seen = pictures.diff(dim=0).flatten(1).square().mean(1).sqrt()
    told = gauge.change(codes[:1])[0]
    assert float(torch.corrcoef(torch.stack([seen, told]))[0, 1]) > 0.6
    assert float(told.mean()) == pytest.approx(float(seen.mean()), rel=0.4)


def test_loss_is_zero_in_step_and_two_against() -> None:
    loudness = torch.tensor([[0.0, 0.5, 0.1, 0.8], [0.2, 0.2, 0.2, 0.2]])
    change = torch.tensor([[1.0, 6.0, 2.0, 9.0], [5.0, 1.0, 2.0, 0.0]])
    # The second walk's sound is steady and does not count.
    assert float(sync_loss(change, loudness)) == pytest.approx(0, abs=1e-3)
    assert float(sync_loss(-change, loudness)) == pytest.approx(2, abs=1e-3)
