"""Joint embedding, sound inversion and frame generator: killed, resumed, over two processes."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from soundedit.errors import TrainingError
from soundedit.train.motion import train_frames, train_inversion
from soundedit.train.motion_data import MotionSettings
from soundedit.train.prompts import CLASSES
from tests.forked import Forked, torchrun
from tests.train.tiny_training import (
    MOTION,
    STEPS,
    make_parts,
    train_all,
    train_embedding,
    train_motion,
)

MODULE = "tests.train.tiny_training"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_parts(tmp_path_factory.mktemp("stages"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As in the processes started here, whose sums must come out alike."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def losses(folder: Path) -> list[dict[str, Any]]:
    rows = []
    for part in ("embedding", "motion"):
        file = folder / part / "losses.jsonl"
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                del row["seconds"]
                rows.append(row)
    return rows


def kill_in(stage: str, position: int, out: Path, made: Path) -> None:
    process = Forked(MODULE, (out, made, "save_minutes=0"), OMP_NUM_THREADS="1")
    while process.returncode is None:
        done = [(row["stage"], row["position"]) for row in losses(out)] if out.exists() else []
        if (stage, position) in done:
            process.kill()
        time.sleep(0.02)
    ended = process.wait()
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def weights(folder: Path) -> dict[str, torch.Tensor]:
    parts = (("embedding", ("heads", "clip", "audio")), ("motion", ("inversion", "frames")))
    found = {}
    for name, nets in parts:
        state = torch.load(folder / name / f"{name}.pt", weights_only=True)
        found |= {f"{net}.{k}": v for net in nets for k, v in state[net].items()}
    return found


def test_stages_that_were_killed_end_as_if_they_had_not_been(made: Path, tmp_path: Path) -> None:
    cut, whole = tmp_path / "cut", tmp_path / "whole"
    kill_in("audio", 2, cut, made)
    kill_in("frames", 2, cut, made)
    assert losses(cut)[-1]["stage"] == "frames"
    train_all(cut, made, record_steps=1, device="cpu")
    train_all(whole, made, record_steps=1, device="cpu")
    assert losses(cut) == losses(whole)
    for stage in ("heads", "text", "audio", "image", "inversion", "showing", "frames"):
        rows = [row["position"] for row in losses(cut) if row["stage"] == stage]
        assert rows == list(range(1, STEPS + 1))
    expected = weights(whole)
    for name, value in weights(cut).items():
        assert torch.equal(value, expected[name]), name


def test_two_processes_do_what_one_does(made: Path, tmp_path: Path) -> None:
    both, alone = tmp_path / "both", tmp_path / "alone"
    # Steps of motion too small to change it, as rounding decides the first steps of Adam.
    slow = {"inversion_lr": 1e-7, "frames_lr": 1e-7}
    settings = ("precision=float32", *(f"{key}={value}" for key, value in slow.items()))
    torchrun(2, MODULE, both, made, *settings)
    common: dict[str, Any] = {"record_steps": 1, "device": "cpu", "precision": "float32"}
    train_embedding(alone, **common)
    embedding = both / "embedding" / "embedding.pt"
    train_motion(alone, made, embedding, dropout=False, **common, **slow)
    assert len(losses(both)) == 7 * STEPS
    for two, one in zip(losses(both), losses(alone), strict=True):
        assert two.pop("stage") == one.pop("stage")
        # Untrained networks magnify rounding most on the way through decoded frames.
        assert two.pop("meaning", 0) == pytest.approx(one.pop("meaning", 0), abs=0.02)
        assert two == pytest.approx(one, rel=2e-3, abs=1e-4)
    # The root of Adam's second moment tells the size of every gradient.
    moments = []
    for folder in (both, alone):
        state = torch.load(folder / "motion" / "motion.pt", weights_only=True)
        adam = state["run"]["learners"]["frames"]["optimiser"]["state"]
        moments.append(torch.cat([p["exp_avg_sq"].flatten() for p in adam.values()]).sqrt())
    assert float((moments[0] - moments[1]).norm() / moments[1].norm()) < 0.01


def test_frames_need_inversion(made: Path, tmp_path: Path) -> None:
    embedding = tmp_path / "embedding"
    file = train_embedding(embedding, device="cpu", minutes=1e-9)
    settings = MotionSettings(
        generator=str(made / "generator.pt"),
        clips=str(made / "clips"),
        embedding=str(file),
        out=str(tmp_path / "motion"),
        device="cpu",
        **MOTION,
    )
    with pytest.raises(TrainingError, match="needs sound inversion"):
        train_frames(settings)


def test_another_generator_has_its_classes_shown_anew(made: Path, tmp_path: Path) -> None:
    train_all(tmp_path, made, record_steps=1, device="cpu")
    polished = tmp_path / "polished.pt"
    polished.write_bytes((made / "generator.pt").read_bytes())
    settings = MotionSettings(
        generator=str(polished),
        clips=str(made / "clips"),
        stills=str(made / "stills.npz"),
        embedding=str(tmp_path / "embedding" / "embedding.pt"),
        out=str(tmp_path / "motion"),
        device="cpu",
        record_steps=1,
        **MOTION,
    )
    before = weights(tmp_path)
    # A checkpoint of a pack from before sound inversion knew classes, or all of their sounds,
    # learns them.
    file = tmp_path / "motion" / "motion.pt"
    state = torch.load(file, weights_only=True)
    known = {name: state["inversion"].pop(name) for name in ("class_words", "class_sounds")}
    width = known["class_words"].shape[1]
    state["inversion"]["class_sounds"] = known["class_sounds"][:, -width:]
    torch.save(state, file)
    train_inversion(settings)
    words, sounds = (weights(tmp_path)[f"inversion.{name}"] for name in known)
    assert torch.equal(words, known["class_words"])
    # The tower is as it was; what sound inversion makes of its maps has been learned on.
    assert torch.equal(sounds[:, -width:], known["class_sounds"][:, -width:])
    rain, fire = CLASSES.index("rain"), CLASSES.index("fire")
    assert not torch.equal(sounds[rain, :-width], known["class_sounds"][rain, :-width])
    # There are clips of rain alone; words stand for the sounds of others.
    assert torch.equal(words[fire], sounds[fire, -width:])
    assert torch.equal(sounds[rain, :-width], sounds[fire, :-width])
    assert not torch.allclose(words[rain], sounds[rain, -width:], atol=1e-2)
    # Its losses take the place of the earlier ones of the stage.
    assert [row["stage"] for row in losses(tmp_path)[-STEPS:]] == ["showing"] * STEPS
    after, name = weights(tmp_path), "inversion.heads.fine.mix.4.bias"
    assert not torch.equal(after[name], before[name])
    train_inversion(settings)
    assert torch.equal(weights(tmp_path)[name], after[name])
    # What moved along it is to be learned anew as well.
    train_frames(settings)
    assert [row["stage"] for row in losses(tmp_path)[-STEPS:]] == ["frames"] * STEPS
    moved = "frames.cells.fine.to_gate.bias"
    assert not torch.equal(weights(tmp_path)[moved], before[moved])
