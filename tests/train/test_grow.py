"""A 32 x 32 generator grown to 64: what stays, what learns, and the parts that go along."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.numpy import save_file

from soundedit.errors import TrainingError
from soundedit.nets.directions import DirectionMap
from soundedit.nets.drive import FEATURES
from soundedit.nets.frames import NOISE, FrameGenerator
from soundedit.nets.inversion import SoundInversion
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.packs import save_pack
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.generator import GeneratorSettings, train_generator
from soundedit.train.grow import GrowSettings, train_grow
from soundedit.train.layers import fitted, repeat_last
from tests.tiny_pack import save_tiny_pack
from tests.train.tiny_generator import SMALL, write_photos


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings over a generator of eight pictures, six small photos, four large, and walks."""
    folder = tmp_path_factory.mktemp("begun")
    write_photos(folder / "photos")
    made = {**SMALL, "photos": str(folder / "photos"), "out": str(folder / "g")}
    train_generator(GeneratorSettings(**made, pictures=8, samples_from=4))
    rng = np.random.default_rng(1)
    for n in range(4):
        coarse = rng.integers(0, 255, (9, 9, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((80, 70)).save(folder / "photos" / f"large{n}.png")
    (folder / "walks" / "rain").mkdir(parents=True)
    w = rng.normal(0, 1, (40, 8, 16)).astype(np.float32)
    save_file({"w": w, "seconds": np.arange(40.0)}, folder / "walks" / "rain" / "a.safetensors")
    return {
        "start": str(folder / "g" / "generator.pt"),
        "photos": str(folder / "photos"),
        "walks": str(folder / "walks"),
        "width": 8,
        "batch": 4,
        "pictures": 10,
        "enlarger_pictures": 10,
        "enlarger_batch": 4,
        "record_steps": 1,
        "device": "cpu",
    }


def test_pictures_are_the_same_but_larger(begun: dict[str, Any], tmp_path: Path) -> None:
    before, encoder_before, _ = load_autoencoder(Path(begun["start"]))
    file = train_grow(GrowSettings(**begun, out=str(tmp_path / "g")))
    after, encoder, _ = load_autoencoder(file)
    assert (after.resolution, after.num_ws) == (64, 10)
    old, new = before.state_dict(), after.state_dict()
    assert all(torch.equal(value, new[name]) for name, value in old.items())
    w = torch.randn(3, 8, 16, generator=torch.Generator().manual_seed(2))
    small = before.synthesis(w)
    large = after.synthesis(repeat_last(w, 10))
    off = (F.avg_pool2d(large, 2) - small).abs().mean()
    assert off < 0.5 * small.std()
    taps = [torch.rand(2, c, s, s) for c, s in ((24, 8), (40, 4), (112, 2), (320, 1))]
    for a, b in zip(encoder_before(taps), encoder(taps), strict=True):
        assert torch.equal(a, b if a.ndim == 2 else b[:, :8])
    offsets = encoder(taps)[1]
    assert torch.equal(offsets[:, 8:], offsets[:, 7:8].expand(-1, 2, -1))
    text = (tmp_path / "g" / "losses.jsonl").read_text(encoding="utf-8")
    for name in ("pixels", "kept", "texture", "critic"):
        assert f'"{name}"' in text, name
    cached = sorted((tmp_path / "cache").glob("photos-*.npy"))
    assert np.load(cached[0], mmap_mode="r").shape[1:] == (64, 64, 3)
    assert len((cached[0].with_suffix(".txt")).read_text().splitlines()) == 4


def test_a_stopped_run_ends_as_if_it_had_not_been(begun: dict[str, Any], tmp_path: Path) -> None:
    stopped = GrowSettings(**begun, out=str(tmp_path / "stopped" / "g"), minutes=1e-9)
    for _ in range(8):
        train_grow(stopped)
    whole = train_grow(GrowSettings(**begun, out=str(tmp_path / "whole" / "g")))
    one = torch.load(tmp_path / "stopped" / "g" / "generator.pt", weights_only=True)
    other = torch.load(whole, weights_only=True)
    assert one["seen"] == other["seen"] == 8 + 12
    for key in ("generator", "averages", "enlarger", "critics"):
        for name, value in other[key].items():
            assert torch.equal(value, one[key][name]), name


def test_the_new_block_can_begin_as_that_of_a_pack(begun: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    pack = save_tiny_pack(folder)
    still = {**begun, "out": str(tmp_path / "g"), "block": str(folder), "generator_lr": 0.0}
    with pytest.raises(TrainingError, match="no block of 64 pixels and 8 channels"):
        train_grow(GrowSettings(**still))
    part = pack.manifest.components["generator"]
    part = replace(part, config={**part.config, "channels": [16, 16, 16, 16, 8]})
    manifest = replace(pack.manifest, components={**pack.manifest.components, "generator": part})
    drawn = Generator(**part.config)
    save_pack(folder, manifest, {"generator": drawn.state_dict()})
    grown, _, _ = load_autoencoder(train_grow(GrowSettings(**still)))
    wanted = {k: v.half().float() for k, v in drawn.synthesis.b64.state_dict().items()}
    assert all(
        torch.equal(value, wanted[k]) for k, value in grown.synthesis.b64.state_dict().items()
    )
    before, _, _ = load_autoencoder(Path(begun["start"]))
    assert torch.equal(grown.synthesis.b32.conv1.weight, before.synthesis.b32.conv1.weight)


def test_photos_as_large_are_needed(begun: dict[str, Any], tmp_path: Path) -> None:
    write_photos(tmp_path / "small")
    settings = {**begun, "photos": str(tmp_path / "small"), "out": str(tmp_path / "g")}
    with pytest.raises(TrainingError, match="No picture of 64 pixels or more"):
        train_grow(GrowSettings(**settings))


def test_parts_grow_along() -> None:
    made = torch.Generator().manual_seed(3)
    heard, scene = torch.randn(2, 3 * 96 + 6, generator=made), torch.randn(2, 1, 16, generator=made)
    config: dict[str, Any] = {"embed_dim": 6, "w_dim": 16, "num_ws": 8}
    small = SoundInversion((4, 4, 4), **config).eval()
    config, weights = fitted("inversion", config, small.state_dict(), 10)
    large = SoundInversion((4, 4, 4), **config).eval()
    large.load_state_dict(weights)
    placed = small.place(heard, scene.expand(-1, 8, -1))
    along = large.place(heard, scene.expand(-1, 10, -1))
    assert torch.allclose(along, repeat_last(placed, 10), atol=1e-6)
    config, back = fitted("inversion", config, weights, 8)
    assert config["num_ws"] == 8
    assert all(torch.equal(value, back[name]) for name, value in small.state_dict().items())

    config = {"w_dim": 16, "num_ws": 8}
    walker = FrameGenerator(**config, hidden=8, inner=8)
    config, weights = fitted("frames", config, walker.state_dict(), 10)
    farther = FrameGenerator(**config, hidden=8, inner=8)
    farther.load_state_dict(weights)
    drive, noise = torch.randn(2, FEATURES), torch.randn(2, NOISE)
    states = []
    for net, num_ws in ((walker, 8), (farther, 10)):
        flat = scene.expand(-1, num_ws, -1)
        states.append(net(net.start(flat), flat, flat, drive, noise, torch.full((2,), 0.04)).w)
    assert torch.allclose(states[1], repeat_last(states[0], 10), atol=1e-6)

    config = {"embed_dim": 6, "num_ws": 8, "w_dim": 16, "rank": 4, "words": 3}
    words = DirectionMap(**config)
    words.up.copy_(torch.randn(8, 16, 4, generator=made))
    words.down.copy_(torch.randn(4, 6, generator=made))
    config, weights = fitted("directions", config, words.state_dict(), 10)
    more = DirectionMap(**config)
    more.load_state_dict(weights)
    said = torch.randn(2, 6, generator=made)
    assert torch.allclose(more.linear(said), repeat_last(words.linear(said), 10))
    assert more.radius.shape == (10,) and more.spread.shape == (10, 16)

    config = {"w_dim": 16, "num_ws": 8, "image_size": 32}
    sees = PictureEncoder(**config).eval()
    config, weights = fitted("encoder", config, sees.state_dict(), 10)
    sees_more = PictureEncoder(**config).eval()
    sees_more.load_state_dict(weights)
    picture = torch.rand(1, 3, 32, 32, generator=made)
    assert torch.allclose(sees_more(picture), repeat_last(sees(picture), 10), atol=1e-6)
    assert fitted("encoder", config, weights, 10) == (config, weights)
