import copy

import pytest
import torch

from soundedit.nets.audio_tower import AudioTower


@pytest.fixture(scope="module")
def tower() -> AudioTower:
    torch.manual_seed(1)
    return AudioTower(64, 12, width=4).eval().requires_grad_(False)


def test_embeddings_are_unit_vectors(tower: AudioTower) -> None:
    mel = torch.randn(3, 64, 100)
    found = tower(mel)
    assert found.shape == (3, 12)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(3))
    assert not torch.allclose(found[0], found[1], atol=1e-3)


@pytest.mark.parametrize("columns", [8, 33, 100, 256])
def test_any_length(tower: AudioTower, columns: int) -> None:
    assert tower(torch.randn(1, 64, columns)).shape == (1, 12)


def test_pyramid(tower: AudioTower) -> None:
    mel = torch.randn(2, 64, 96)
    maps = tower.pyramid(mel)
    shapes = [
        (2, c, 64 // s, 96 // s) for c, s in zip(tower.pyramid_channels, (4, 8, 16), strict=True)
    ]
    assert [tuple(x.shape) for x in maps] == shapes
    torch.testing.assert_close(tower.embed(maps), tower(mel))


def test_eighteen_layers() -> None:
    """Stem, four stages of two blocks of two convolutions, and the head, as He et al. count."""
    kernels = [
        name
        for name, value in AudioTower(64, 8, width=4).named_parameters()
        if value.ndim >= 2 and "skip" not in name
    ]
    assert len(kernels) == 18


def test_a_batch_equals_one_by_one(tower: AudioTower) -> None:
    mel = torch.randn(3, 64, 50)
    torch.testing.assert_close(tower(mel), torch.cat([tower(one[None]) for one in mel]))


def test_folded_norms_change_nothing(tower: AudioTower) -> None:
    torch.manual_seed(3)
    tower = copy.deepcopy(tower)
    for module in tower.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 2)
            torch.nn.init.normal_(module.bias)
            module.running_mean = torch.randn_like(module.bias)
            module.running_var = torch.rand_like(module.bias) + 0.5
    mel = torch.randn(2, tower.n_mels, 100)
    before = [x.detach() for x in (tower(mel), *tower.pyramid(mel))]
    tower.fold_norms()
    norms = [m for m in tower.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert norms == [tower.norm]
    for old, new in zip(before, (tower(mel), *tower.pyramid(mel)), strict=True):
        torch.testing.assert_close(new, old, rtol=1e-3, atol=1e-4)


def test_lowered_is_nearly_the_same(tower: AudioTower) -> None:
    torch.manual_seed(4)
    tower = copy.deepcopy(tower)
    tower.fold_norms()
    mel = torch.rand(2, tower.n_mels, 100) * 1.4 - 1
    before = tower(mel)
    low = tower.lowered(torch.bfloat16)
    found = low(mel)
    assert found.dtype == torch.float32
    assert low.pyramid(mel)[0].dtype == torch.bfloat16
    assert float((found * before).sum(1).min()) > 0.9999
    # The tower it was taken from computes as before.
    assert torch.equal(tower(mel), before) and not torch.equal(found, before)
