"""Distributions of latents: energy distance, the code bank, the mapping network's fit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from soundedit.nets.stylegan2 import MappingNetwork
from soundedit.train.distributed import joined
from soundedit.train.latents import CodeBank, energy_distance
from soundedit.train.mapping import FinishSettings, MappingTrainer
from soundedit.train.run import Run


def test_energy_distance_sees_mean_and_spread() -> None:
    torch.manual_seed(0)
    a = torch.randn(400, 8)
    same = energy_distance(a, torch.randn(400, 8))
    moved = energy_distance(a, torch.randn(400, 8) + 1)
    wider = energy_distance(a, torch.randn(400, 8) * 2)
    assert abs(float(same)) < 0.02
    assert float(moved) > 0.1
    assert float(wider) > 0.1


def test_bank_keeps_the_last_codes() -> None:
    bank = CodeBank(4, 1)
    bank.add(torch.tensor([[1.0], [2.0]]))
    assert bank.filled == 2
    assert set(bank.draw(50).flatten().tolist()) == {1.0, 2.0}
    bank.add(torch.tensor([[3.0], [4.0], [5.0]]))
    assert bank.filled == 4
    assert set(bank.codes.flatten().tolist()) == {2.0, 3.0, 4.0, 5.0}


def test_scenes_are_distributed_as_the_codes() -> None:
    torch.manual_seed(0)
    bank = CodeBank(2000, 3)
    bank.add(torch.randn(2000, 3) @ torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.5, 0.0], [0, 0, 0]]) + 4)
    scenes = bank.scenes(6000)
    assert torch.allclose(scenes.mean(0), bank.codes.mean(0), atol=0.1)
    # Between two codes the variance is 2/3 on average, in the Gaussian half it is the codes' own.
    assert torch.allclose(scenes.T.cov(), bank.codes.T.cov() * 5 / 6, atol=0.25)
    assert torch.equal(scenes[:, 2], torch.full((6000,), 4.0))


def fitted(
    file: Path, settings: FinishSettings, codes: Tensor, z_dim: int = 16
) -> tuple[MappingNetwork, bool]:
    """A mapping network after a run to its end, or to the end of its time."""
    with joined("cpu") as world:
        run = Run(file, settings, world, np.random.default_rng(1))
        torch.manual_seed(5)
        trainer = MappingTrainer(settings, run, MappingNetwork(z_dim, 16, 7, num_layers=2), codes)
        run.resume(trainer)
        return trainer.mapping, trainer.train()


def test_a_fit_goes_on_where_it_stopped(tmp_path: Path) -> None:
    codes = torch.randn(50, 16, generator=torch.Generator().manual_seed(3))
    steps = {"gaussian_steps": 6, "energy_steps": 4, "components": 4, "batch": 16, "device": "cpu"}
    whole, done = fitted(tmp_path / "whole" / "m.pt", FinishSettings(**steps), codes)
    assert done
    runs, done, short = 0, False, FinishSettings(**steps, minutes=1e-9)
    while not done:
        cut, done = fitted(tmp_path / "cut" / "m.pt", short, codes)
        runs += 1
        assert runs < 30
    assert runs > 5
    for name, value in cut.state_dict().items():
        assert torch.equal(value, whole.state_dict()[name]), name


def test_mapping_is_fitted_to_the_codes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    directions = torch.zeros(2, 16)
    directions[0, :2], directions[1, 1] = torch.tensor([3.0, 1.0]), 0.5
    codes = torch.randn(600, 2) @ directions + 2.0
    settings = FinishSettings(gaussian_steps=1000, energy_steps=100, components=2, device="cpu")
    mapping, done = fitted(tmp_path / "mapping.pt", settings, codes)
    assert done
    with torch.no_grad():
        w = mapping(torch.randn(2000, 16))[:, 0]
    assert torch.allclose(w.mean(0), codes.mean(0), atol=0.35)
    assert float(w[:, 0].std()) == pytest.approx(float(codes[:, 0].std()), rel=0.25)
    assert float(w[:, 2].std()) < 0.3
    assert torch.allclose(mapping.w_avg, codes.mean(0))


def test_noise_of_fewer_dimensions_than_the_codes_is_fitted(tmp_path: Path) -> None:
    codes = torch.randn(50, 16, generator=torch.Generator().manual_seed(3)) + 2
    settings = FinishSettings(gaussian_steps=200, energy_steps=5, device="cpu")
    mapping, done = fitted(tmp_path / "mapping.pt", settings, codes, z_dim=6)
    assert done
    with torch.no_grad():
        w = mapping(torch.randn(500, 6))[:, 0]
    assert torch.allclose(w.mean(0), codes.mean(0), atol=0.4)
