"""Distributions of latents: energy distance, the code bank, the mapping network's fit."""

import pytest
import torch

from soundedit.nets.stylegan2 import MappingNetwork
from soundedit.train.latents import CodeBank, energy_distance
from soundedit.train.mapping import fit_mapping


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


def test_mapping_is_fitted_to_the_codes() -> None:
    torch.manual_seed(0)
    directions = torch.zeros(2, 16)
    directions[0, :2], directions[1, 1] = torch.tensor([3.0, 1.0]), 0.5
    codes = torch.randn(600, 2) @ directions + 2.0
    mapping = MappingNetwork(16, 16, 7, num_layers=2)
    fit_mapping(mapping, codes, gaussian_steps=1000, energy_steps=100, components=2)
    with torch.no_grad():
        w = mapping(torch.randn(2000, 16))[:, 0]
    assert torch.allclose(w.mean(0), codes.mean(0), atol=0.35)
    assert float(w[:, 0].std()) == pytest.approx(float(codes[:, 0].std()), rel=0.25)
    assert float(w[:, 2].std()) < 0.3
    assert torch.allclose(mapping.w_avg, codes.mean(0))
