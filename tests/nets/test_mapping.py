"""The mapping network: normalisation, gains, truncation and its running mean."""

import pytest
import torch

from soundedit.nets.stylegan2 import Generator, MappingNetwork
from tests.nets import stylegan2_reference as slow


@pytest.fixture
def network() -> MappingNetwork:
    torch.manual_seed(1)
    made = MappingNetwork(6, 5, 8, num_layers=4)
    with torch.no_grad():
        for name, value in made.named_parameters():
            if name.endswith("bias"):
                value.copy_(30 * torch.randn_like(value))
        made.w_avg.copy_(torch.randn(5))
    return made.requires_grad_(False)


def test_equals_the_equations(network: MappingNetwork) -> None:
    weights = {f"mapping.{k}": v.double() for k, v in network.state_dict().items()}
    z = torch.randn(3, 6)
    found = network(z)
    assert found.shape == (3, 8, 5)
    for one, ws in zip(z, found, strict=True):
        wanted = slow.mapping(one.double(), weights, 4)
        for w in ws:
            torch.testing.assert_close(w.double(), wanted, rtol=1e-5, atol=1e-5)


def test_length_of_z_does_not_matter(network: MappingNetwork) -> None:
    z = torch.randn(2, 6)
    torch.testing.assert_close(network(z), network(17 * z))


def test_truncation(network: MappingNetwork) -> None:
    z = torch.randn(2, 6)
    w = network(z)
    half = network(z, truncation=0.5)
    torch.testing.assert_close(half, network.w_avg + 0.5 * (w - network.w_avg))
    torch.testing.assert_close(network(z, truncation=0.0), network.w_avg.expand(2, 8, 5))
    cut = network(z, truncation=0.5, truncation_cutoff=3)
    torch.testing.assert_close(cut[:, :3], half[:, :3])
    assert torch.equal(cut[:, 3:], w[:, 3:])


def test_running_mean(network: MappingNetwork) -> None:
    z = torch.randn(64, 6)
    before, mean = network.w_avg.clone(), network(z)[:, 0].mean(0)
    assert torch.equal(network.w_avg, before)
    network(z, update_average=True)
    torch.testing.assert_close(network.w_avg, 0.995 * before + 0.005 * mean)


def test_labels() -> None:
    torch.manual_seed(2)
    network = MappingNetwork(6, 5, 8, c_dim=3, num_layers=2)
    assert network.state_dict()["embed.weight"].shape == (5, 3)
    assert network.state_dict()["fc0.weight"].shape == (5, 11)
    z, c = torch.randn(2, 6), torch.eye(3)[:2]
    with torch.no_grad():
        assert not torch.allclose(network(z, c)[0], network(z, c.flip(0))[0])
    with pytest.raises(ValueError, match="label of 3 values"):
        network(z)


def test_generator_is_mapping_then_synthesis() -> None:
    torch.manual_seed(3)
    generator = Generator(6, 5, 8, [4, 4], mapping_layers=2).requires_grad_(False)
    z = torch.randn(2, 6)
    ws = generator.mapping(z, truncation=0.7)
    torch.testing.assert_close(generator(z, truncation=0.7), generator.synthesis(ws))
