"""Finding a bridge: a rotation that is known comes out again."""

import numpy as np
import torch
from torch import Tensor

from soundedit.engine.bridging import Charts, Seen, drawn, find_turns
from soundedit.nets.bands import BANDS, band_slices

RANK, N = 4, 3000


def rotation(seed: int) -> Tensor:
    draw = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(RANK, RANK, generator=draw, dtype=torch.double))[0]


def test_the_rotation_that_makes_pictures_alike_is_found() -> None:
    draw = torch.Generator().manual_seed(1)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.double)

    effects = {name: normal(RANK, 10) for name in BANDS}
    true = {name: rotation(i) for i, name in enumerate(BANDS)}
    walk = {name: normal(N, RANK) for name in BANDS}
    shown = {name: normal(N, RANK) for name in BANDS}
    # What moves the pictures of one generator moves those of the other, turned.
    seen = torch.stack([walk[n] @ effects[n] for n in BANDS]).sum(0)
    looked = torch.stack([shown[n] @ true[n] @ effects[n] for n in BANDS]).sum(0)
    words = normal(5, 10)
    told = words - words.mean(0)
    classes = {name: told @ effects[name].T for name in BANDS}
    turns = find_turns(Seen(walk, seen), Seen(shown, looked), classes, words)
    for name in BANDS:
        eye = torch.eye(RANK, dtype=torch.double)
        torch.testing.assert_close(turns[name] @ turns[name].T, eye)
        assert (turns[name].T @ true[name] - eye).abs().max() < 0.15, name


def test_charts_whiten_both_sides_and_their_bridge_goes_there_and_back() -> None:
    torch.manual_seed(2)
    walked = torch.randn(800, 8, 5) * torch.linspace(3, 0.5, 5) + 1
    mapped = torch.randn(4000, 6) @ torch.randn(6, 6) + 2
    charts = Charts(walked, mapped, 10, rank=5)
    assert charts.rank == 5
    for along in charts.walk(walked).values():
        deviation = along.std(0)
        # The strongest axis is brought to one deviation, weaker ones to no more.
        assert 0.9 < deviation[0] <= 1.01 and (deviation <= deviation[0] + 0.01).all()
    along = charts.pictures(mapped)
    torch.testing.assert_close(along.std(0), torch.full((5,), 1 / 1.2).double(), rtol=0.01, atol=0)
    turn = torch.linalg.qr(torch.randn(5, 5, dtype=torch.double))[0]
    bridge = charts.bridge(dict.fromkeys(BANDS, turn))
    scene = bridge.to_pictures(walked[:3])
    torch.testing.assert_close(bridge.to_pictures(bridge.to_walk(scene)), scene, rtol=0, atol=1e-4)


def test_drawn_bands_come_from_different_moments() -> None:
    walked = torch.arange(50.0).view(50, 1, 1).expand(-1, 8, 2)
    found = drawn(walked, 200, np.random.default_rng(0))
    assert found.shape == (200, 8, 2)
    slices = band_slices(8)
    bands = torch.stack([found[:, part][:, 0, 0] for part in slices.values()])
    assert torch.equal(found[:, 0], found[:, 2]) and torch.equal(found[:, 6], found[:, 7])
    assert (bands[0] != bands[1]).float().mean() > 0.9
    assert len(bands[2].unique()) > 40
