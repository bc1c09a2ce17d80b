"""Polishing of a 32 x 32 generator: what stays, what learns, stopped and taken up again."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from soundedit.errors import TrainingError
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.generator import GeneratorSettings, train_generator
from soundedit.train.polish import PolishSettings, train_polish
from soundedit.train.walkbank import WalkBank
from tests.train.tiny_generator import SMALL, write_photos


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings over a generator of eight pictures, walks of two classes and stills of them."""
    folder = tmp_path_factory.mktemp("begun")
    write_photos(folder / "photos")
    made = {**SMALL, "photos": str(folder / "photos"), "out": str(folder / "g")}
    train_generator(GeneratorSettings(**made, pictures=8, samples_from=4))
    rng = np.random.default_rng(1)
    for kind in ("fire", "rain"):
        (folder / "walks" / kind).mkdir(parents=True)
        w = rng.normal(0, 1, (40, 8, 16)).astype(np.float32)
        save_file({"w": w, "seconds": np.arange(40.0)}, folder / "walks" / kind / "a.safetensors")
    pictures = rng.integers(0, 60, (16, 32, 32, 3), dtype=np.uint8)
    pictures[::2] += 190
    np.savez(folder / "stills.npz", pictures=pictures, kinds=np.array(["fire", "rain"] * 8))
    return {
        "start": str(folder / "g" / "generator.pt"),
        "photos": str(folder / "photos"),
        "walks": str(folder / "walks"),
        "stills": str(folder / "stills.npz"),
        "batch": 8,
        "pictures": 24,
        "critics_first": 8,
        "record_steps": 1,
        "device": "cpu",
    }


def test_latents_keep_their_meaning_and_convolutions_learn(
    begun: dict[str, Any], tmp_path: Path
) -> None:
    before, encoder_before, _ = load_autoencoder(Path(begun["start"]))
    file = train_polish(PolishSettings(**begun, out=str(tmp_path / "p")))
    after, encoder, _ = load_autoencoder(file)
    for a, b in zip(encoder_before.parameters(), encoder.parameters(), strict=True):
        assert torch.equal(a, b)
    old, new = dict(before.named_parameters()), dict(after.named_parameters())
    kept = {name for name in old if torch.equal(old[name], new[name])}
    assert kept >= {name for name in old if "affine" in name or name.startswith("mapping")}
    learned = set(old) - kept
    assert {"synthesis.b32.conv1.weight", "synthesis.b4.const", "synthesis.b32.torgb.bias"} <= (
        learned
    )
    text = (tmp_path / "p" / "losses.jsonl").read_text(encoding="utf-8")
    names = (
        "copies",
        "free",
        "walked",
        "kept",
        "class",
        "named",
        "critic",
        "walk critic",
        "texture",
    )
    for name in names:
        assert f'"{name}"' in text, name


def test_a_stopped_run_ends_as_if_it_had_not_been(begun: dict[str, Any], tmp_path: Path) -> None:
    # One step of the critics and three of all, stopped after each.
    stopped = PolishSettings(**begun, out=str(tmp_path / "stopped" / "p"), minutes=1e-9)
    for _ in range(5):
        train_polish(stopped)
    whole = train_polish(PolishSettings(**begun, out=str(tmp_path / "whole" / "p")))
    one = torch.load(tmp_path / "stopped" / "p" / "generator.pt", weights_only=True)
    other = torch.load(whole, weights_only=True)
    assert one["seen"] == other["seen"] == 8 + 24
    for key in ("generator", "averages", "critics"):
        for name, value in other[key].items():
            assert torch.equal(value, one[key][name]), name


def test_critics_learn_first_while_the_generator_waits(
    begun: dict[str, Any], tmp_path: Path
) -> None:
    before = torch.load(begun["start"], weights_only=True)
    first = {**begun, "critics_first": 16, "out": str(tmp_path / "p"), "minutes": 1e-9}
    file = train_polish(PolishSettings(**first))
    state = torch.load(file, weights_only=True)
    assert (state["run"]["stage"], state["run"]["position"]) == ("critics", 8)
    assert state["seen"] == before["seen"]
    for name, value in state["generator"].items():
        assert torch.equal(value, before["averages"][f"0.{name}"]), name
    learned = [
        name for name, value in before["critics"].items()
        if not torch.equal(value, state["critics"][name])
    ]  # fmt: skip
    assert "1.head.layers.0.parametrizations.weight.original" in learned
    assert not any("mix_" in name for name in learned)
    # A polish that starts from this one knows them already, unless its walks are of other classes.
    on = {**begun, "critics_first": 16, "start": str(file), "minutes": 1e-9}
    rain = tmp_path / "walks" / "rain"
    shutil.copytree(Path(begun["walks"]) / "rain", rain)
    for name, walks, stage in (
        ("on", begun["walks"], "polish"), ("rain", str(rain.parent), "critics")
    ):  # fmt: skip
        settings = PolishSettings(**{**on, "walks": walks, "out": str(tmp_path / name / "p")})
        assert torch.load(train_polish(settings), weights_only=True)["run"]["stage"] == stage


def test_it_works_without_walks(begun: dict[str, Any], tmp_path: Path) -> None:
    # The last of three batches sees more than the twenty pictures.
    settings = {**begun, "walks": "", "stills": "", "pictures": 20}
    file = train_polish(PolishSettings(**settings, out=str(tmp_path / "p")))
    assert torch.load(file, weights_only=True)["seen"] == 8 + 24
    text = (tmp_path / "p" / "losses.jsonl").read_text(encoding="utf-8")
    assert '"free"' in text
    assert '"walked"' not in text


def test_seeds_find_other_scenes_where_the_mapping_network_learns(
    begun: dict[str, Any], tmp_path: Path
) -> None:
    before, encoder_before, _ = load_autoencoder(Path(begun["start"]))
    settings = {**begun, "walks": "", "stills": "", "mapping_lr": 1e-3}
    file = train_polish(PolishSettings(**settings, out=str(tmp_path / "whole" / "p")))
    after, encoder, _ = load_autoencoder(file)
    for a, b in zip(encoder_before.parameters(), encoder.parameters(), strict=True):
        assert torch.equal(a, b)
    moved = {name for name, now in after.named_parameters()
             if not torch.equal(now, dict(before.named_parameters())[name])}  # fmt: skip
    assert {"mapping.fc0.weight", "mapping.fc1.bias"} <= moved
    assert not any("affine" in name for name in moved)
    # The mean latent, towards which seeds are truncated, follows.
    z = torch.randn(4000, 16, generator=torch.Generator().manual_seed(1))
    trained = torch.load(file, weights_only=True)["generator"]
    assert not torch.equal(trained["mapping.w_avg"], before.mapping.w_avg)
    far = (before.mapping(z)[:, 0].mean(0) - before.mapping.w_avg).norm()
    near = (before.mapping(z)[:, 0].mean(0) - trained["mapping.w_avg"]).norm()
    assert near < far
    # Stopped after each step, it ends the same; its critics of free scenes are kept.
    cut = PolishSettings(**settings, out=str(tmp_path / "cut" / "p"), minutes=1e-9)
    for _ in range(5):
        train_polish(cut)
    one = torch.load(tmp_path / "cut" / "p" / "generator.pt", weights_only=True)
    other = torch.load(file, weights_only=True)
    for key in ("generator", "critics", "free_critics", "texture"):
        for name, value in other[key].items():
            assert torch.equal(value, one[key][name]), name
    head = "0.heads.0.layers.0.parametrizations.weight.original"
    assert not torch.equal(other["critics"][head], other["free_critics"][head])


def test_noise_is_held_at_its_share(begun: dict[str, Any], tmp_path: Path) -> None:
    before = torch.load(begun["start"], weights_only=True)["averages"]
    settings = PolishSettings(**begun, out=str(tmp_path / "p"), noise_share=0.5, minutes=1e-9)
    for _ in range(5):  # stopped after each step, and taken up again
        train_polish(settings)
    state = torch.load(tmp_path / "p" / "generator.pt", weights_only=True)
    names = [name for name in before if name.endswith("noise_strength")]
    assert any(float(before[name]) != 0 for name in names)
    for name in names:
        assert torch.equal(state["averages"][name], before[name] / 2)
        assert torch.equal(state["generator"][name.removeprefix("0.")], before[name] / 2)


def test_walks_are_drawn_evenly_and_told_apart(begun: dict[str, Any]) -> None:
    bank = WalkBank(Path(begun["walks"]), 8, 16)
    assert (bank.classes, len(bank)) == (["fire", "rain"], 48)
    w, kinds = bank.draw(400, np.random.default_rng(3))
    assert w.shape == (400, 8, 16)
    counts = [int((kinds == k).sum()) for k in (-1, 0, 1)]
    # 70 % of a third are far on their way.
    assert counts == pytest.approx([93, 153, 153], abs=35)


def test_unfit_walks_are_named(begun: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no trajectories"):
        WalkBank(tmp_path, 8, 16)
    with pytest.raises(TrainingError, match="another generator"):
        WalkBank(Path(begun["walks"]), 12, 16)
    (tmp_path / "rain").mkdir()
    (tmp_path / "rain" / "a.safetensors").write_bytes(b"no")
    with pytest.raises(TrainingError, match="is not a trajectory"):
        WalkBank(tmp_path, 8, 16)
