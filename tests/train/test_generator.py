"""Training of the generator at 32 x 32: killed and resumed, and over two processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from soundedit.errors import TrainingError
from soundedit.train.generator import GeneratorSettings, train_generator
from tests.forked import Forked
from tests.train.tiny_generator import SMALL, write_photos


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "photos"
    write_photos(folder)
    return folder


def write_settings(file: Path, **settings: Any) -> Path:
    lines = [f"{k} = {json.dumps(v)}" for k, v in settings.items()]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def losses(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "losses.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [{k: v for k, v in row.items() if k not in ("stage", "seconds")} for row in rows]


def test_a_killed_run_ends_as_if_it_had_not_been(photos: Path, tmp_path: Path) -> None:
    common = {**SMALL, "photos": str(photos), "pictures": 24, "samples_from": 12}
    out = tmp_path / "killed" / "run"
    common["save_minutes"] = 0.0
    config = write_settings(tmp_path / "g.toml", **common, out=str(out))
    process = Forked("soundedit", ("train", "generator", "--config", config), OMP_NUM_THREADS="1")
    while process.returncode is None:
        if (out / "losses.jsonl").exists() and len(losses(out)) >= 2:
            process.kill()
        time.sleep(0.02)
    assert process.wait().returncode == -signal.SIGKILL
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        train_generator(GeneratorSettings(**common, out=str(out)))
        whole = tmp_path / "whole" / "run"
        common["save_minutes"] = 1e9
        train_generator(GeneratorSettings(**common, out=str(whole)))
    finally:
        torch.set_num_threads(before)
    assert losses(out) == losses(whole)
    resumed, straight = (torch.load(f / "generator.pt", weights_only=True) for f in (out, whole))
    assert resumed["seen"] == straight["seen"] == 24
    for key in ("generator", "averages", "critics"):
        for name, value in straight[key].items():
            assert torch.equal(value, resumed[key][name]), name
    with Image.open(out / "sheet-0000024.png") as sheet:
        assert sheet.size == (12 * 32, 4 * 32)
    assert list((out / "tensorboard").iterdir())


def test_two_processes_do_what_one_does(photos: Path, tmp_path: Path) -> None:
    # Steps too small to change the networks, as rounding decides the first steps of Adam.
    slow = dict.fromkeys(("generator_lr", "encoder_lr", "critic_lr"), 1e-7)
    common = {**SMALL, **slow, "photos": str(photos), "pictures": 12, "samples_from": 4}
    common |= {"precision": "float32", "batch": 4}
    both, alone = tmp_path / "both" / "run", tmp_path / "alone" / "run"
    config = write_settings(tmp_path / "g.toml", **common, out=str(both))
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [sys.executable, *torchrun, "-m", "soundedit", "train", "generator", "--config", config],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    train_generator(GeneratorSettings(**common, out=str(alone)))
    assert len(losses(both)) == 3
    for two, one in zip(losses(both), losses(alone), strict=True):
        assert two == pytest.approx(one, rel=2e-4, abs=1e-6)
    # After the first step Adam's second moment is 0.01 of the squared gradient.
    moments = []
    for out in (both, alone):
        state = torch.load(out / "generator.pt", weights_only=True)
        assert state["seen"] == 12
        moments.append(
            torch.cat(
                [
                    p["exp_avg_sq"].flatten()
                    for learner in state["run"]["learners"].values()
                    for p in learner["optimiser"]["state"].values()
                ]
            ).sqrt()
        )
    assert float((moments[0] - moments[1]).norm() / moments[1].norm()) < 1e-3


def test_an_unknown_precision_is_named(photos: Path, tmp_path: Path) -> None:
    settings = {**SMALL, "photos": str(photos), "out": str(tmp_path / "run"), "precision": "int8"}
    with pytest.raises(TrainingError, match="'precision'"):
        train_generator(GeneratorSettings(**settings))


@pytest.mark.parametrize(
    ("resolution", "said"),
    [(64, "64 pixels need 5 numbers of channels.*there are 4"), (48, "no power of two")],
)
def test_sizes_that_do_not_fit_are_named(photos: Path, resolution: int, said: str) -> None:
    settings = GeneratorSettings(photos=str(photos), **{**SMALL, "resolution": resolution})
    with pytest.raises(TrainingError, match=said):
        train_generator(settings)
