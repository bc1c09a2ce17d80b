"""Generators by what a pack says of them."""

import pytest
import torch

from soundedit.nets import stylegan2, stylegan3
from soundedit.nets.generators import build_generator

PLAIN = {"z_dim": 4, "w_dim": 4, "resolution": 16, "channels": [4, 4, 4], "mapping_layers": 2}


def test_one_without_an_architecture_is_stylegan2() -> None:
    assert isinstance(build_generator(PLAIN), stylegan2.Generator)
    named = build_generator({"architecture": "stylegan2", **PLAIN})
    assert isinstance(named, stylegan2.Generator) and named.resolution == 16


def test_stylegan3_by_its_name() -> None:
    found = build_generator(
        {"architecture": "stylegan3", "z_dim": 4, "w_dim": 4, "resolution": 16, "channel_max": 4}
    )
    assert isinstance(found, stylegan3.Generator) and found.num_ws == 16
    with torch.inference_mode():
        assert found(torch.randn(1, 4)).shape == (1, 3, 16, 16)


def test_what_there_is_not() -> None:
    with pytest.raises(ValueError, match="'biggan'"):
        build_generator({"architecture": "biggan", **PLAIN})
    with pytest.raises(TypeError, match="depth"):
        build_generator({**PLAIN, "depth": 3})
