"""A pack taken apart, trained on and put together again."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from soundedit.engine.engine import Engine
from soundedit.errors import PackError, TrainingError
from soundedit.packs import Component, save_pack
from soundedit.packs.pack import open_pack
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.directions_data import picture_ws
from soundedit.train.pack import TEACHERS, PackSettings, build_pack
from soundedit.train.photos import PhotoSet
from soundedit.train.polish import PolishSettings, train_polish
from soundedit.train.unpack import UnpackSettings, unpack
from tests.tiny_pack import save_tiny_pack, with_vocabulary
from tests.train.tiny_generator import write_photos


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """A tiny pack, the folder that it was taken apart into, and the settings."""
    folder = tmp_path_factory.mktemp("unpacked")
    pack = with_vocabulary(save_tiny_pack(folder / "pack"), ["crickets", "chirping"]).path
    write_photos(folder / "photos")
    s = {
        "pack": str(pack),
        "photos": str(folder / "photos"),
        "out": str(folder / "runs"),
        "pictures": 600,
        "batch": 6,
        "record_steps": 20,
        "device": "cpu",
    }
    return pack, unpack(UnpackSettings(**s)), s


def _packed(runs: Path, out: Path, **settings: Any) -> Path:
    files = {
        "generator": "generator/generator-final.pt",
        "embedding": "embedding/embedding.pt",
        "motion": "motion/motion.pt",
        "directions": "directions/directions.pt",
        "encoder": "encoder/encoder.pt",
    }
    paths = {name: str(runs / file) for name, file in files.items()}
    return build_pack(PackSettings(**(paths | settings), out=str(out)))


def test_a_pack_put_together_again_is_the_same(
    unpacked: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    pack, runs, _ = unpacked
    before, after = open_pack(pack), open_pack(_packed(runs, tmp_path / "again"))
    assert set(before.manifest.components) == set(after.manifest.components)
    for name, component in before.manifest.components.items():
        again = after.tensors(name)
        for key, value in before.tensors(name).items():
            assert torch.equal(value, again[key]), (name, key)
        config = after.manifest.components[name].config
        assert config == component.config | config, name
    assert after.manifest.teachers == list(TEACHERS)
    engine = Engine.load(after.path, "cpu")
    assert engine.unknown_words("crickets wnid") == ["wnid"]
    engine.close()


def test_the_encoder_of_training_says_what_the_packs_says(
    unpacked: tuple[Path, Path, dict[str, Any]],
) -> None:
    _, runs, settings = unpacked
    rows = [
        json.loads(line)
        for line in (runs / "unpack" / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert rows[-1]["code"] < 0.2 * rows[0]["code"]
    _, encoder, shape = load_autoencoder(runs / "generator" / "generator-final.pt")
    photos = PhotoSet(Path(settings["photos"]), shape["resolution"], runs / "cache").squares
    codes = picture_ws(encoder, photos)
    bank = torch.load(runs / "generator" / "generator-final.pt", weights_only=True)["bank"]
    order = np.random.default_rng(0).permutation(len(photos))
    taught = bank["codes"]
    gap = (codes.mean(1)[order] - taught).square().mean()
    assert gap < 0.5 * (taught - taught.mean(0)).square().mean()


def test_training_goes_on_from_it(
    unpacked: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    _, runs, settings = unpacked
    file = train_polish(
        PolishSettings(
            start=str(runs / "generator" / "generator-final.pt"),
            photos=settings["photos"],
            out=str(tmp_path / "p"),
            pictures=8,
            critics_first=4,
            batch=4,
            device="cpu",
            frechet_weight=1.0,
            frechet_samples=16,
        )
    )
    pack = open_pack(_packed(runs, tmp_path / "polished", generator=str(file)))
    before = open_pack(unpacked[0]).tensors("generator")
    after = pack.tensors("generator")
    changed = {key for key in before if not torch.equal(before[key], after[key])}
    assert "synthesis.b64.conv1.weight" in changed
    assert not any("affine" in key or key.startswith("mapping") for key in changed)


def test_a_smaller_generator_is_the_same_without_its_last_block(
    unpacked: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    pack, _, settings = unpacked
    small = {**settings, "out": str(tmp_path / "runs"), "resolution": 32, "pictures": 12}
    runs = unpack(UnpackSettings(**small))
    before, after = open_pack(pack), open_pack(_packed(runs, tmp_path / "small"))
    assert (after.manifest.resolution, after.manifest.num_ws) == (32, 8)
    engines = [Engine.load(one.path, "cpu") for one in (before, after)]
    whole, half = (engine.picture(engine.sample(3), size=32) for engine in engines)
    assert np.array_equal(whole, half)
    for name in ("inversion", "frames", "directions", "encoder"):
        assert after.manifest.components[name].config["num_ws"] == 8, name
    with pytest.raises(TrainingError, match="no generator of 48 pixels; it has 8, 16, 32, 64"):
        unpack(UnpackSettings(**{**settings, "out": str(tmp_path / "no"), "resolution": 48}))


def test_what_is_there_stays_and_a_finished_run_does_nothing(
    unpacked: tuple[Path, Path, dict[str, Any]],
) -> None:
    _, runs, settings = unpacked
    file = runs / "motion" / "motion.pt"
    before = file.read_bytes()
    own = runs / "encoder" / "encoder.pt"
    own.write_bytes(b"mine")
    unpack(UnpackSettings(**settings))
    assert file.read_bytes() == before
    assert own.read_bytes() == b"mine"
    own.unlink()
    unpack(UnpackSettings(**settings))
    assert torch.load(own, weights_only=True)["config"]["rank"] == 4


def test_what_cannot_be_taken_apart_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--photos"):
        unpack(UnpackSettings())
    bare = save_tiny_pack(tmp_path / "bare", editing=False).path
    with pytest.raises(TrainingError, match="no generator with an encoder"):
        unpack(UnpackSettings(pack=str(bare), photos=str(tmp_path)))
    with pytest.raises(PackError):
        unpack(UnpackSettings(pack=str(tmp_path / "none"), photos=str(tmp_path)))


def test_imported_networks_are_not_unpacked(
    unpacked: tuple[Path, Path, dict[str, Any]], tmp_path: Path
) -> None:
    own = save_tiny_pack(tmp_path / "own")
    parts = dict(own.manifest.components)
    parts["adapter"] = Component("adapter.safetensors")
    manifest = dataclasses.replace(own.manifest, components=parts)
    tensors = {name: own.tensors(name) for name in own.manifest.components}
    pack = save_pack(tmp_path / "spoken", manifest, {**tensors, "adapter": {}})
    settings = {**unpacked[2], "pack": str(pack.path), "out": str(tmp_path / "runs")}
    with pytest.raises(TrainingError, match="own holds imported networks"):
        unpack(UnpackSettings(**settings))
    assert not (tmp_path / "runs").exists()
