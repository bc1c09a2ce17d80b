"""The bridge between two generators' latents."""

import pytest
import torch

from soundedit.nets.bands import BANDS
from soundedit.nets.bridge import LatentBridge


def made() -> LatentBridge:
    """Orthonormal charts of three coordinates, so that there and back is exact on them."""
    torch.manual_seed(0)
    bridge = LatentBridge(8, 5, 10, 6, rank=3)
    bridge.centre.normal_()
    bridge.walk_centre.normal_()
    for name in BANDS:
        band = bridge.band(name)
        axes = torch.linalg.qr(torch.randn(6, 3))[0].T
        walked = torch.linalg.qr(torch.randn(band.walk_down.shape[1], 3))[0].T
        band.down.copy_(axes / 2)
        band.up.copy_(axes * 2)
        band.walk_down.copy_(walked / 3)
        band.walk_up.copy_(walked * 3)
    return bridge


def test_there_and_back_is_the_identity_on_what_both_know() -> None:
    bridge = made()
    scene = torch.randn(4, 10, 6)
    walked = bridge.to_walk(scene)
    assert walked.shape == (4, 8, 5)
    torch.testing.assert_close(bridge.to_walk(bridge.to_pictures(walked)), walked)
    torch.testing.assert_close(bridge.to_pictures(walked) + bridge.rest(scene), scene)
    assert bridge.rest(scene).abs().mean() > 0.1


def test_the_centres_lie_on_each_other_and_bands_act_alone() -> None:
    bridge = made()
    torch.testing.assert_close(bridge.to_pictures(bridge.walk_centre), bridge.centre.expand(10, -1))
    moved = bridge.walk_centre.clone()
    moved[3:6] += torch.randn(3, 5)
    change = bridge.to_pictures(moved) - bridge.centre
    assert change[3:6].abs().max() > 0.1
    torch.testing.assert_close(change[[0, 1, 2, 6, 7, 8, 9]], torch.zeros(7, 6))
    torch.testing.assert_close(change[3], change[4])


def test_shapes_beyond_one_batch_axis() -> None:
    bridge = made()
    many = torch.randn(2, 3, 8, 5)
    assert bridge.to_pictures(many).shape == (2, 3, 10, 6)
    torch.testing.assert_close(bridge.to_pictures(many)[1, 2], bridge.to_pictures(many[1, 2]))


def test_too_few_layers_for_bands() -> None:
    with pytest.raises(ValueError, match="at least 7"):
        LatentBridge(6, 5, 10, 6, rank=3)
