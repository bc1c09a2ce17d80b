"""How far the sound moves the pictures, as the command line says it."""

import argparse
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from soundedit.commands.editspec import reactivity, start_project
from soundedit.document.model import Bands, Reactivity
from soundedit.document.projectfile import open_project
from soundedit.engine.job import Job, job_facts, job_from
from tests.cli.conftest import Run


def test_reactivities_are_read() -> None:
    assert reactivity("0.6") == Reactivity(0.6)
    assert reactivity("2:coarse=.2,fine=0") == Reactivity(2.0, Bands(0.2, 1.0, 0.0))
    for text in ("", "3", "-1", "x", "nan", "1:", "1:hue=1", "1:fine=3", ":fine=1", "1:fine"):
        with pytest.raises(argparse.ArgumentTypeError, match="is not"):
            reactivity(text)


@pytest.mark.parametrize("command", ["render", "edit", "batch"])
def test_a_wrong_one_is_told_in_one_line(soundedit: Run, tmp_path: Path, command: str) -> None:
    tail = ["--out", tmp_path] if command == "batch" else ["-o", tmp_path / "o.mp4"]
    source = ["--take", "a.wav"] if command == "edit" else ["a.wav"]
    done = soundedit(command, *source, *tail, "--reactivity", "2.5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "argument --reactivity: '2.5' is not a number from 0 to 2" in done.stderr


def test_a_photo_is_shown_beside_its_sound(sound: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.fromarray(np.full((40, 40, 3), 90, np.uint8)).save(photo)
    assert start_project(str(photo), sound).project.reactivity == Reactivity(0.5)
    assert start_project("7", sound).project.reactivity == Reactivity(1.0)


def test_a_job_keeps_it_on_its_way_to_another_process(tmp_path: Path) -> None:
    for wanted in (None, Reactivity(0.5, Bands(0.0, 1.0, 2.0))):
        job = Job(tmp_path / "a.wav", tmp_path / "a.mp4", reactivity=wanted)
        assert job_from(job_facts(job)) == job


def latents(path: Path) -> np.ndarray:
    with safe_open(path, "numpy") as file:
        w: np.ndarray = file.get_tensor("w")
    return w


def test_a_project_holds_it_and_a_video_obeys_it(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "p.soundedit"
    words = ["--start", "3", "--take", sound, "--fps", "10", "--pack", tiny_pack]
    done = soundedit("edit", *words, "--reactivity", "0.5:coarse=0,mid=2", "-o", saved)
    assert (done.returncode, done.stderr) == (0, "")
    with open_project(saved) as opened:
        assert opened.project.reactivity == Reactivity(0.5, Bands(0.0, 2.0, 1.0))
    made = {}
    for name, option in (
        ("own", []),
        ("full", ["--reactivity", "1"]),
        ("none", ["--reactivity", "0"]),
    ):
        out = tmp_path / f"{name}.safetensors"
        done = soundedit("render", saved, "-o", out, "--pack", tiny_pack, "--no-sound", *option)
        assert (done.returncode, done.stderr) == (0, "")
        made[name] = latents(out)
    own, full, none = made["own"], made["full"], made["none"]
    assert (none == none[0]).all() and np.abs(full - none).max() > 0.01
    assert np.array_equal(own[:, :3], none[:, :3]) and np.array_equal(own[:, 3:6], full[:, 3:6])
    assert np.allclose(own[:, 6:], (full + none)[:, 6:] / 2, atol=1e-5)
