import pytest
import torch
from torch import Tensor

from soundedit.nets.audio_tower import AudioTower
from soundedit.nets.inversion import CLEAR, SoundInversion

NUM_WS, W_DIM, EMBED = 10, 6, 12


@pytest.fixture(scope="module")
def tower() -> AudioTower:
    torch.manual_seed(1)
    return AudioTower(64, EMBED, width=4).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def inversion(tower: AudioTower) -> SoundInversion:
    """Every weight random, so that nothing is neutral."""
    torch.manual_seed(2)
    made = SoundInversion(tower.pyramid_channels, EMBED, W_DIM, NUM_WS, width=8, hidden=16)
    with torch.no_grad():
        for value in made.parameters():
            value += 0.3 * torch.randn_like(value)
    return made.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def maps(tower: AudioTower) -> list[Tensor]:
    torch.manual_seed(3)
    return tower.pyramid(torch.rand(3, 64, 100) - 0.7)


def test_shapes(tower: AudioTower, inversion: SoundInversion, maps: list[Tensor]) -> None:
    embedding = tower.embed(maps)
    heard = inversion.listen(maps, embedding)
    assert heard.shape == (3, 3 * 8 + EMBED)
    assert torch.equal(heard[:, 24:], embedding)
    scene = torch.randn(3, NUM_WS, W_DIM)
    placed = inversion.place(heard, scene)
    assert placed.shape == (3, NUM_WS, W_DIM)
    torch.testing.assert_close(inversion(maps, embedding, scene), placed)


def test_it_starts_near_the_scene(tower: AudioTower, maps: list[Tensor]) -> None:
    torch.manual_seed(4)
    fresh = SoundInversion(tower.pyramid_channels, EMBED, W_DIM, NUM_WS, width=8, hidden=16).eval()
    scene = torch.randn(3, NUM_WS, W_DIM)
    placed = fresh(maps, tower.embed(maps), scene)
    assert 0 < float((placed - scene).detach().abs().max()) < 0.05


def test_sounds_and_scenes_matter(
    tower: AudioTower, inversion: SoundInversion, maps: list[Tensor]
) -> None:
    heard = inversion.listen(maps, tower.embed(maps))
    scenes = torch.randn(2, NUM_WS, W_DIM)
    one = inversion.place(heard, scenes[:1].expand(3, -1, -1)) - scenes[:1]
    assert not torch.allclose(one[0], one[1], atol=1e-3)
    other = inversion.place(heard, scenes[1:].expand(3, -1, -1)) - scenes[1:]
    assert not torch.allclose(one[0], other[0], atol=1e-3)


@pytest.mark.parametrize(("band", "layers"), [(0, (0, 3)), (1, (3, 6)), (2, (6, NUM_WS))])
def test_each_band_hears_its_own_level(
    inversion: SoundInversion, band: int, layers: tuple[int, int]
) -> None:
    torch.manual_seed(5)
    heard, scene = torch.randn(1, 24 + EMBED), torch.randn(1, NUM_WS, W_DIM)
    changed = heard.clone()
    changed[:, band * 8 : band * 8 + 8] += 1
    moved = (inversion.place(changed, scene) - inversion.place(heard, scene)).abs().amax((0, 2)) > 0
    wanted = [layers[0] <= i < layers[1] for i in range(NUM_WS)]
    assert moved.tolist() == wanted


def test_coarse_layers_hear_the_coarsest_map(
    tower: AudioTower, inversion: SoundInversion, maps: list[Tensor]
) -> None:
    changed = [maps[0] + torch.randn_like(maps[0]), *maps[1:]]
    embedding = tower.embed(maps)
    before, after = inversion.listen(maps, embedding), inversion.listen(changed, embedding)
    torch.testing.assert_close(before[:, :16], after[:, :16])
    assert not torch.allclose(before[:, 16:24], after[:, 16:24], atol=1e-3)


def test_a_batch_equals_one_by_one(
    tower: AudioTower, inversion: SoundInversion, maps: list[Tensor]
) -> None:
    embedding = tower.embed(maps)
    together = inversion.listen(maps, embedding)
    alone = [inversion.listen([x[i : i + 1] for x in maps], embedding[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)


def test_what_is_heard_is_cleared_by_the_classes_it_sounds_like(
    tower: AudioTower, maps: list[Tensor]
) -> None:
    torch.manual_seed(6)
    net = SoundInversion(
        tower.pyramid_channels,
        EMBED,
        W_DIM,
        NUM_WS,
        width=8,
        hidden=16,
        classes=2,
        known_summaries=True,
    ).eval()
    words = torch.eye(2, EMBED)
    sounds = torch.stack([torch.full((24 + EMBED,), 0.2), torch.full((24 + EMBED,), -0.3)])
    net.know(words, sounds)
    heard = torch.cat([torch.ones(2, 24), words + 0.01], dim=1)
    wanted = (1 - CLEAR) * heard + CLEAR * sounds
    torch.testing.assert_close(net.clear(heard), wanted, rtol=0, atol=1e-5)
    # Between both classes it is between their sounds.
    middle = torch.cat([torch.ones(1, 24), words.mean(0, keepdim=True)], dim=1)
    wanted = (1 - CLEAR) * middle[0] + CLEAR * sounds.mean(0)
    torch.testing.assert_close(net.clear(middle)[0], wanted, rtol=0, atol=1e-5)
    shares = torch.tensor([[0.0], [1.0]])
    torch.testing.assert_close(
        net.clear(heard, shares), torch.stack([heard[0], sounds[1]]), rtol=0, atol=1e-5
    )
    scene = torch.randn(2, NUM_WS, W_DIM)
    assert not torch.allclose(net.place(heard, scene), scene)
    assert not torch.allclose(net.place(heard, scene), net.place(heard, scene, 0.0))


def test_packs_that_know_embeddings_alone_clear_those(
    tower: AudioTower, maps: list[Tensor]
) -> None:
    sizes = (tower.pyramid_channels, EMBED, W_DIM, NUM_WS)
    net = SoundInversion(*sizes, width=8, hidden=16, classes=2).eval()
    words, sounds = torch.eye(2, EMBED), torch.full((2, EMBED), 0.2)
    net.know(words, sounds)
    heard = torch.cat([torch.ones(2, 24), words], dim=1)
    wanted = (1 - CLEAR) * words + CLEAR * sounds
    torch.testing.assert_close(
        net.clear(heard), torch.cat([torch.ones(2, 24), wanted], dim=1), rtol=0, atol=1e-5
    )
    plain = SoundInversion(*sizes, width=8, hidden=16)
    assert plain.clear(heard) is heard
    assert set(net.state_dict()) - set(plain.state_dict()) == {"class_words", "class_sounds"}
