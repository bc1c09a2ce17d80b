"""The folded alias-free network gives the pictures of the network itself."""

from typing import Any

import pytest
import torch

from soundedit.engine import aliasfree
from soundedit.engine.aliasfree import PreparedAliasFree
from soundedit.nets.stylegan3 import SynthesisNetwork


@pytest.mark.parametrize("clamp", [256.0, 0.5, None])
@pytest.mark.parametrize(
    "options", [{}, {"conv_kernel": 1, "use_radial_filters": True}], ids=["T", "R"]
)
def test_pictures_are_those_of_the_network(
    options: dict[str, Any], clamp: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(2)
    network = SynthesisNetwork(
        7, 32, channel_base=500, channel_max=21, conv_clamp=clamp, **options
    ).requires_grad_(False)
    for layer in network.layers():
        layer.bias.normal_(0, 0.2)
        layer.magnitude_ema.fill_(0.7)
    network.input.affine.weight.normal_()
    ws = torch.randn(2, network.num_ws, 7)
    wanted = network(ws)
    for budget in (1, 10**7):
        monkeypatch.setattr(aliasfree, "RAISED_FLOATS", budget)
        prepared = PreparedAliasFree(network)
        assert prepared.sizes == [32]
        for count in (1, 2):
            found = prepared(ws[:count], until=16)
            torch.testing.assert_close(found, wanted[:count], rtol=1e-4, atol=1e-5)
