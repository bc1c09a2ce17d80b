"""Convolutions in Winograd's domain are convolutions."""

import pytest
import torch
import torch.nn.functional as F

from soundedit.engine import winograd
from soundedit.engine.winograd import tile_kernel, tiled_conv


@pytest.mark.parametrize("budget", [1, 10**6])
def test_tiled_convolution(budget: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    x = torch.randn(14, 18, 5, dtype=torch.float64)
    kernel = torch.randn(7, 5, 3, 3, dtype=torch.float64)
    wanted = F.conv2d(x.permute(2, 0, 1)[None], kernel)[0].permute(1, 2, 0)
    monkeypatch.setattr(winograd, "TILE_FLOATS", budget)
    torch.testing.assert_close(tiled_conv(x, tile_kernel(kernel)), wanted)
