"""`batch` as a person runs it: everything made, resumed, stopped, and told in a table."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from soundedit.cli import main
from soundedit.commands.batchrecord import RECORD, Record, fingerprint
from soundedit.document.mediafiles import media_from_file, reference_media
from soundedit.document.model import MediaKind, Project, Range, Start, Take
from soundedit.document.projectfile import save_project
from soundedit.engine.job import Job
from soundedit.media.probe import probe_video
from soundedit.media.sound import Sound, write_sound
from tests.cli.conftest import Run
from tests.forked import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two sounds, a broken one, a project, and a file that is none of these."""
    place = tmp_path / "in put"
    place.mkdir()
    rng = np.random.default_rng(0)
    for name, seconds in (("a é 100%.wav", 0.5), ("b.flac", 1.0)):
        noise = rng.standard_normal((1, round(seconds * 16_000))) * 0.1
        write_sound(place / name, Sound(noise.astype(np.float32).clip(-1, 1), 16_000))
    (place / "broken.wav").write_text("no sound")
    (place / "notes.txt").write_text("not for us")
    media = media_from_file(place / "b.flac", MediaKind.SOUND)
    project = Project(
        take=Take(media.id, 1.0),
        media=(media,),
        fps="10",
        start=Start(seed=3),
        range=Range(0.2, 0.7),
    )
    save_project(place / "b.soundedit", project, {media.id: place / "b.flac"})
    return place


def test_batch(
    soundedit: Run,
    folder: Path,
    tiny_pack: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    words = ["batch", folder, "--out", out, "--pack", tiny_pack, "--device", "cpu"]
    done = soundedit(*words, "--jobs", "2", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    lines = {Path(line["out"]).name: line for line in json.loads(done.stdout)}
    made = {name: line["frames"] for name, line in lines.items() if line["state"] == "made"}
    assert made == {"a é 100%.mp4": 12, "b-flac.mp4": 24, "b-soundedit.mp4": 5}
    assert lines["broken.mp4"]["state"] == "failed" and "not a sound" in lines["broken.mp4"]["why"]
    assert sorted(file.name for file in out.iterdir()) == [".soundedit-batch.json", *sorted(made)]
    assert {name: probe_video(out / name).frames for name in made} == made
    assert probe_video(out / "b-soundedit.mp4").fps == 10

    # The same again makes nothing but what is missing, was changed, or failed.
    (folder / "broken.wav").rename(folder / "c.wav")
    shutil.copy(folder / "a é 100%.wav", folder / "c.wav")
    os.utime(folder / "b.flac", (1, 1))
    (out / "b-soundedit.mp4").unlink()
    done = soundedit(*words)
    assert (done.returncode, done.stderr) == (0, "")
    states = dict(re.findall(r"^(.*)\.mp4 +(made before|made) ", done.stdout, re.MULTILINE))
    assert states == {
        "a é 100%": "made before",
        "b-flac": "made",
        "b-soundedit": "made",
        "c": "made",
    }
    assert done.stdout.endswith("3 made, 1 made before, 0 failed\n")

    assert main([str(word) for word in words]) == 0
    assert capsys.readouterr().out.endswith("0 made, 4 made before, 0 failed\n")


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
def test_a_device_that_is_missing_is_told_before_any_file(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["batch", str(folder), "--out", str(tmp_path / "o"), "--device", "cuda"]) == 2
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("CUDA") == told.err.count("\n") == 1
    assert not (tmp_path / "o").exists()


def test_a_list_and_files_of_others(
    soundedit: Run, folder: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    names = tmp_path / "list.txt"
    names.write_text("\n# a list\nin put/b.flac\n" + str(folder / "a é 100%.wav") + "\n", "utf-8")
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.gif").write_text("mine")
    done = soundedit(
        *("batch", names, "--out", out, "--pack", tiny_pack, "--format", "gif", "--size", "33x20")
    )
    assert done.returncode == 1
    assert "there already" in done.stdout and done.stdout.endswith("1 made, 1 failed\n")
    assert (out / "b.gif").read_text() == "mine"
    video = probe_video(out / "a é 100%.gif")
    assert (video.width, video.height, video.frames) == (33, 20, 12)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_a_stopped_batch_goes_on(soundedit: Run, tiny_pack: Path, tmp_path: Path) -> None:
    place, out = tmp_path / "in", tmp_path / "out"
    place.mkdir()
    noise = np.random.default_rng(0).standard_normal((1, 8000 * 40)) * 0.1
    write_sound(place / "long.flac", Sound(noise.astype(np.float32).clip(-1, 1), 8000))
    words = ["batch", place, "--out", out, "--pack", tiny_pack, "--jobs", "2", "--fps", "12"]
    with subprocess.Popen(
        [sys.executable, "-m", "soundedit", *map(str, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            while not any(file.stat().st_size > 50_000 for file in out.rglob("*.frames")):
                assert process.poll() is None
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGINT)
            text, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err == "soundedit: stopped, run the same command again to go on\n"
    assert "long.mp4  stopped" in text
    left = sorted(file.name for file in out.iterdir())
    assert left == [".soundedit-frames"]
    done = soundedit(*words, "--json")
    assert done.returncode == 0
    (line,) = json.loads(done.stdout)
    assert (line["state"], line["frames"]) == ("made", 480)
    record = json.loads((out / ".soundedit-batch.json").read_text())
    assert 0 < record["made"]["long.mp4"]["report"]["reused"] < 480
    assert sorted(file.name for file in out.iterdir()) == [".soundedit-batch.json", "long.mp4"]


def test_a_batch_into_its_own_folder_takes_only_what_it_did_not_make(
    soundedit: Run, tiny_pack: Path, sound: Path, tmp_path: Path
) -> None:
    words = ["batch", tmp_path, "--out", tmp_path, "--pack", tiny_pack, "--fps", "4", "--json"]
    for state in ("made", "made before"):
        done = soundedit(*words)
        assert done.returncode == 0
        found = [(Path(line["source"]).name, line["state"]) for line in json.loads(done.stdout)]
        assert found == [("swell.wav", state)]


def test_two_batches_note_in_one_record(tmp_path: Path) -> None:
    one, other = Record(tmp_path), Record(tmp_path)
    one.add(tmp_path / "a.mp4", "x", {})
    other.add(tmp_path / "b.mp4", "y", {})
    one.add(tmp_path / "c.mp4", "z", {})
    found = Record(tmp_path)
    assert all(tmp_path / f"{name}.mp4" in found for name in "abc")
    assert [file.name for file in tmp_path.iterdir()] == [RECORD]


def test_a_sound_outside_of_its_project_counts(folder: Path, sound: Path) -> None:
    media = media_from_file(sound, MediaKind.SOUND)
    project = Project(take=Take(media.id, 2.0), media=(media,))
    project = reference_media(project, media.id, sound)
    save_project(folder / "out.soundedit", project, {media.id: sound})
    job = Job(folder / "out.soundedit", folder / "out.mp4")
    before = fingerprint(job)
    assert fingerprint(job) == before
    write_sound(sound, Sound(np.full((1, 16_000), 0.1, np.float32), 16_000))
    assert fingerprint(job) != before
