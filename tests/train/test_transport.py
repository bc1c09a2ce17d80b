"""The way from samples to real pictures: what it costs, where it leads, that it is learned."""

import numpy as np
import pytest
import torch
from torch import Tensor

from soundedit.evaluate.frechet import frechet_distance
from soundedit.train import transport
from soundedit.train.transport import Likeness, Transport, statistics


def _gaussian(count: int, mean: float, mixing: Tensor, seed: int) -> Tensor:
    draw = torch.randn(count, len(mixing), generator=torch.Generator().manual_seed(seed))
    return mean + draw @ mixing


@pytest.fixture(scope="module")
def mixings() -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(5)
    one, other = (2 * torch.eye(6) + 0.5 * torch.randn(6, 6, generator=random) for _ in range(2))
    return one, 0.5 * other


@pytest.fixture()
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ridge, which takes a little of what differs."""
    monkeypatch.setattr(transport, "RIDGE", 1e-9)


@pytest.mark.usefixtures("exact")
def test_its_distance_is_the_frechet_distance(mixings: tuple[Tensor, Tensor]) -> None:
    real, fake = _gaussian(4000, 1.0, mixings[0], 0), _gaussian(3000, 0.0, mixings[1], 1)
    way = Transport(real, 3000)
    way.add(fake)
    expected = frechet_distance(fake.numpy(), real.numpy())
    variance = float(real.double().var(0).sum())
    assert way.refresh() == pytest.approx(expected / variance, rel=1e-4)


@pytest.mark.usefixtures("exact")
def test_the_map_takes_samples_to_the_moments_of_real_pictures(
    mixings: tuple[Tensor, Tensor],
) -> None:
    real, fake = _gaussian(4000, 1.0, mixings[0], 0), _gaussian(3000, 0.0, mixings[1], 1)
    way = Transport(real, 3000)
    way.add(fake)
    way.refresh()
    moved = way.mean + (fake - way.middle) @ way.map.T
    torch.testing.assert_close(moved.mean(0), real.mean(0), atol=1e-4, rtol=0)
    gap = (torch.cov(moved.T) - torch.cov(real.T)).norm() / torch.cov(real.T).norm()
    before = (torch.cov(fake.T) - torch.cov(real.T)).norm() / torch.cov(real.T).norm()
    assert gap < 1e-4 < 0.5 < before


def test_samples_that_learn_by_it_come_nearer(mixings: tuple[Tensor, Tensor]) -> None:
    real = _gaussian(4000, 1.0, mixings[0], 0)
    mixing, shift = mixings[1].clone().requires_grad_(), torch.zeros(6, requires_grad=True)
    way = Likeness([real, real[:, :3]], 512)
    optimiser = torch.optim.Adam([mixing, shift], 0.02)
    random = torch.Generator().manual_seed(2)
    distances = []
    for step in range(400):
        some = torch.randn(32, 6, generator=random) @ mixing + shift
        groups = [some, some[:, :3]]
        way.add(groups)
        if step % 20 == 19:
            distances.append(way.refresh())
        if step >= 20:
            optimiser.zero_grad()
            way.loss(groups).backward()
            optimiser.step()
    first, last = distances[0], distances[-1]
    assert all(b < 0.1 * a for a, b in zip(first, last, strict=True)), (first, last)


def test_the_oldest_samples_go_and_a_state_is_taken_up_again(
    mixings: tuple[Tensor, Tensor],
) -> None:
    real = _gaussian(500, 0.0, mixings[0], 0)
    way = Transport(real, 4)
    way.add(torch.arange(36.0).view(6, 6))
    assert way.held[:, 0].tolist() == [24, 30, 12, 18]
    way.refresh()
    other = Transport(real, 4)
    other.restore(way.state())
    some = _gaussian(3, 0.5, mixings[1], 3)
    assert other.loss(some) == way.loss(some)
    assert other.count == 6


def test_statistics_are_means_and_spreads_of_channels() -> None:
    tap = torch.arange(24.0).view(1, 2, 3, 4)
    found = statistics([tap], torch.ones(1, 5))
    spread = np.arange(12.0).std(ddof=1)
    assert found[0][0].tolist() == pytest.approx([5.5, 17.5, spread, spread])
    assert found[1].shape == (1, 5)
