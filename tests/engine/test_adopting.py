"""A generator that a pack's sound networks never saw, driven by sound all the same."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from soundedit.engine.adopting import Adopted, Adoption
from soundedit.engine.engine import Engine
from soundedit.errors import Cancelled, PackError
from soundedit.media.sound import Sound
from soundedit.nets import stylegan2
from soundedit.packs import Bands, Component, open_pack, save_pack
from soundedit.progress import CancelToken
from tests.tiny_pack import save_tiny_pack

from .conftest import MakeNoise

CPU = torch.device("cpu")
CONFIG: dict[str, Any] = {
    "z_dim": 6, "w_dim": 20, "resolution": 32, "channels": [12, 12, 8, 8], "mapping_layers": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_pack(tmp_path_factory.mktemp("packs") / "knowing", known=True).path


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    torch.manual_seed(5)
    generator = stylegan2.Generator(**CONFIG)
    with torch.no_grad():
        for name, value in generator.named_parameters():
            if name.endswith("bias"):
                value += 0.3 * torch.randn_like(value)
        generator.mapping.w_avg.copy_(generator.mapping(torch.randn(500, 6))[:, 0].mean(0))
    return generator.state_dict()


@pytest.fixture(scope="module")
def adopted(base: Path, weights: dict[str, Tensor]) -> Adopted:
    return Adoption(open_pack(base), CPU).adopt(CONFIG, weights, samples=200)


@pytest.fixture(scope="module")
def folder(
    base: Path,
    weights: dict[str, Tensor],
    adopted: Adopted,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A pack around the adopted generator."""
    own, bridge = open_pack(base), adopted.bridge
    kept = ("clip", "audio", "inversion", "frames", "encoder")
    configs: dict[str, dict[str, Any]] = {
        "generator": CONFIG,
        "bridge": {
            "walk_ws": 10, "walk_dim": 16, "num_ws": 8, "w_dim": 20, "rank": bridge.rank
        },
        "directions": {"embed_dim": 12, "num_ws": 8, "w_dim": 20, "rank": 12, "words": 3},
    }  # fmt: skip
    manifest = dataclasses.replace(
        own.manifest,
        name="adopted",
        resolution=32,
        z_dim=6,
        w_dim=20,
        num_ws=8,
        bands=Bands((0, 3), (3, 6), (6, 8)),
        components={name: own.manifest.components[name] for name in kept}
        | {name: Component(f"{name}.safetensors", config=c) for name, c in configs.items()},
    )
    parts = {name: own.tensors(name) for name in kept} | {
        "generator": weights,
        "bridge": bridge.state_dict(),
        "directions": adopted.directions.state_dict(),
    }
    folder = tmp_path_factory.mktemp("adopted") / "pack"
    save_pack(folder, manifest, parts, exact=("generator", "bridge", "directions"))
    return folder


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    return Engine.load(folder, "cpu")


def test_the_pictures_are_those_of_the_generator(
    engine: Engine, weights: dict[str, Tensor]
) -> None:
    generator = stylegan2.Generator(**CONFIG)
    generator.load_state_dict(weights)
    w = engine.sample(3)
    with torch.inference_mode():
        own = generator.synthesis(torch.from_numpy(w)[None])[0]
    frame = engine.picture(w).astype(np.float32)
    wanted = (own * 127.5 + 128).clamp(0, 255).permute(1, 2, 0).numpy()
    assert np.abs(frame - wanted).max() <= 1.01


def test_sounds_move_it_within_what_it_can_draw(engine: Engine, noise: MakeNoise) -> None:
    moved = engine.generate(noise(2.0), fps=12, seed=4)
    assert moved.w.shape == (24, 8, 20)
    scene = engine.sample(4)
    assert np.abs(np.diff(moved.w, axis=0)).max() > 1e-3
    assert np.abs(moved.w - scene).mean() > 0.02
    # What no walk says of the scene stays, whatever is heard.
    bridge = engine._bridge
    assert bridge is not None
    rests = bridge.rest(torch.from_numpy(moved.w))
    kept = bridge.rest(torch.from_numpy(scene)).expand_as(rests)
    torch.testing.assert_close(rests, kept, rtol=0, atol=1e-3)
    again = engine.generate(noise(2.0), fps=12, seed=4)
    assert np.array_equal(again.w, moved.w)
    other = engine.generate(noise(2.0, seed=2), fps=12, seed=4)
    assert not np.allclose(other.w, moved.w, atol=1e-3)


def test_a_sound_is_inverted_into_its_latents(engine: Engine, noise: MakeNoise) -> None:
    found = engine.invert(noise(1.0), seed=2)
    assert found.w.shape == (8, 20) and found.picture.shape == (32, 32, 3)
    assert np.abs(found.w - engine.sample(2)).mean() > 0.02


def test_live_glides_to_another_scene_of_it(engine: Engine, second: Sound) -> None:
    walk = engine._walk(torch.from_numpy(engine.sample(0)), 24.0, 0)
    assert walk.rests is not None and engine._bridge is not None
    before = walk.rests[0].clone()
    walk.glide(torch.from_numpy(engine.sample(1)), 0.5)
    after = engine._bridge.rest(torch.from_numpy(engine.sample(1)))
    torch.testing.assert_close(walk.rests[0], before)
    torch.testing.assert_close(walk.rests[-1], after)
    assert len(walk.scenes) == len(walk.rests) == 13


def test_words_and_the_region_have_its_shape(engine: Engine, adopted: Adopted) -> None:
    assert engine.region.centre.shape == (8, 20)
    said = torch.from_numpy(engine.embed_text("the sound of rain"))
    offset = adopted.directions(adopted.directions.text_difference(said))
    own = float(adopted.directions.spread.square().mean().sqrt())
    assert offset.shape == (1, 8, 20)
    assert 0.3 * own < float(offset.square().mean().sqrt()) <= 0.9 * own + 1e-4


def test_photos_come_over_the_bridge(engine: Engine) -> None:
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 255, (2, 32, 32, 3), np.uint8)
    photos[1] //= 4
    found = np.stack([engine.encode_picture(photo) for photo in photos])
    assert found.shape == (2, 8, 20) and np.abs(found[1] - found[0]).mean() > 1e-3
    assert engine._bridge is not None
    rest = engine._bridge.rest(torch.from_numpy(found))
    torch.testing.assert_close(rest, torch.zeros_like(rest), rtol=0, atol=1e-4)
    fit = engine.refine_picture(photos[0], steps=5)
    assert fit.w.shape == (8, 20) and fit.distance <= fit.before


def test_the_same_again_is_the_same(
    base: Path, weights: dict[str, Tensor], adopted: Adopted
) -> None:
    heard: list[tuple[float, str]] = []
    again = Adoption(open_pack(base), CPU).adopt(
        CONFIG, weights, samples=200, progress=lambda share, text: heard.append((share, text))
    )
    for name, value in adopted.bridge.state_dict().items():
        assert torch.equal(value, again.bridge.state_dict()[name]), name
    assert again.figures == adopted.figures
    assert set(adopted.figures) == {"classes_drawn", "words_gain"}
    shares = [share for share, _ in heard]
    assert shares == sorted(shares) and shares[0] == 0 and 0.8 < shares[-1] <= 1
    assert any("of 200" in text for _, text in heard)


def test_what_cannot_be_adopted(
    base: Path, tiny_pack: Path, weights: dict[str, Tensor], folder: Path
) -> None:
    with pytest.raises(PackError, match="no classes of sounds"):
        Adoption(open_pack(tiny_pack), CPU)
    with pytest.raises(PackError, match="imported generator itself"):
        Adoption(open_pack(folder), CPU)
    adoption = Adoption(open_pack(base), CPU)
    with pytest.raises(PackError, match="too few"):
        adoption.adopt(CONFIG, weights, samples=20)
    small = CONFIG | {"resolution": 16, "channels": [4, 4, 4]}
    tiny = stylegan2.Generator(**small).state_dict()
    with pytest.raises(PackError, match="32 pixels"):
        adoption.adopt(small, tiny)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        adoption.adopt(CONFIG, weights, cancel=cancel)
