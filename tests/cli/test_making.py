"""`render`, `invert` and `info SOUND` as a person runs them, with a small pack."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.document.model import Project
from soundedit.document.projectfile import save_project
from soundedit.media.probe import probe_video
from soundedit.media.sound import Sound, write_sound
from tests.cli.conftest import Run
from tests.forked import ROOT


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_render(soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    words = ["--pack", tiny_pack, "--fps", "12.5", "--size", "48", "--seed", "7"]
    done = soundedit("render", sound, "-o", out, *words, "--device", "cpu", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    made = json.loads(done.stdout)
    assert made["frames"] == 25
    assert made["fps"] == "25/2"
    assert made["seed"] == 7
    assert made["pack"] == "tiny"
    assert made["device"] == "cpu"
    video = probe_video(out)
    assert (video.width, video.height, video.frames) == (48, 48, 25)
    assert video.fps == Fraction(25, 2)
    assert video.has_sound
    assert abs(video.seconds - 2.0) <= 1 / 12.5
    assert names(tmp_path) == ["out.mp4", "swell.wav"]


def test_render_a_span(soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "span.mp4"
    words = ["--pack", tiny_pack, "--start", "0.5", "--end", "1.25"]
    done = soundedit("render", sound, "-o", out, *words)
    assert (done.returncode, done.stderr) == (0, "")
    said = r"^.*span.mp4: 18 frames, 0.75 s, 64 x 64 at 24 frames/s, .* MB, made in .*\n$"
    assert re.match(said, done.stdout)
    assert probe_video(out).frames == 18


def test_an_end_beyond_the_sound_is_told(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    out = tmp_path / "o.mp4"
    done = soundedit("render", sound, "-o", out, "--pack", tiny_pack, "--end", "9", "--no-sound")
    assert done.returncode == 0
    assert done.stderr == "soundedit: The range ends at 9 s, but the take at 2.00 s.\n"
    video = probe_video(out)
    assert (video.frames, video.has_sound) == (48, False)


def test_a_project_that_nothing_moves_is_no_video(
    soundedit: Run, tiny_pack: Path, tmp_path: Path
) -> None:
    save_project(tmp_path / "still.soundedit", Project(), {})
    words = ["render", tmp_path / "still.soundedit", "--pack", tiny_pack]
    done = soundedit(*words, "-o", tmp_path / "o.mp4")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "Nothing moves the pictures" in done.stderr
    assert "soundedit edit" in done.stderr and names(tmp_path) == ["still.soundedit"]


def test_a_folder_that_cannot_be_worked_in_is_told_before_the_sound_is_read(
    soundedit: Run, sound: Path, tmp_path: Path
) -> None:
    # The sound is none: whoever had read it would say so.
    sound.write_text("no sound")
    out, file = tmp_path / "o.mp4", tmp_path / "a.txt"
    file.touch()
    for work in (file, file / "frames" / "of it"):
        done = soundedit("render", sound, "-o", out, "--work", work)
        assert (done.returncode, done.stdout) == (2, "")
        assert "for finished frames cannot be used" in done.stderr and "a.txt" in done.stderr
    assert names(tmp_path) == ["a.txt", "swell.wav"]


def test_an_empty_span_is_refused(soundedit: Run, sound: Path, tmp_path: Path) -> None:
    done = soundedit("render", sound, "-o", tmp_path / "o.mp4", "--start", "2.5")
    assert done.returncode == 2
    assert "the take has 2.00 s" in done.stderr
    assert names(tmp_path) == ["swell.wav"]


def test_a_broken_pack_is_refused(
    soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    pack = tmp_path / "broken"
    pack.mkdir()
    for file in tiny_pack.iterdir():
        (pack / file.name).write_bytes(file.read_bytes())
    os.truncate(pack / "generator.safetensors", 100)
    done = soundedit("render", sound, "-o", tmp_path / "o.mp4", "--pack", pack)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "generator.safetensors is cut short" in done.stderr
    assert not (tmp_path / "o.mp4").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_no_half_file(tiny_pack: Path, tmp_path: Path, stop: int) -> None:
    rain = np.random.default_rng(0).standard_normal((1, 8000 * 60)).astype(np.float32) * 0.1
    write_sound(tmp_path / "rain.flac", Sound(rain.clip(-1, 1), 8000))
    out = tmp_path / "out"
    out.mkdir()
    words = ["render", tmp_path / "rain.flac", "-o", out / "o.mp4", "--pack", tiny_pack]
    with subprocess.Popen(
        [sys.executable, "-m", "soundedit", *map(str, words)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            # The moment the first file appears is the hardest one to clean up after.
            while not names(out):
                assert process.poll() is None
                time.sleep(0.001)
            # As a terminal does, to the program and its children alike.
            os.killpg(process.pid, stop)
            _, err = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err == "soundedit: stopped, nothing was written\n"
    assert names(out) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_sees_progress(sound: Path, tiny_pack: Path, tmp_path: Path) -> None:
    import pty

    here, there = pty.openpty()
    words = ["render", sound, "-o", tmp_path / "o.mp4", "--pack", tiny_pack]
    with subprocess.Popen(
        [sys.executable, "-m", "soundedit", *map(str, words)], cwd=ROOT, stderr=there
    ) as process:
        os.close(there)
        seen = b""
        # Linux ends a pseudo-terminal's output with an error.
        while chunk := _read(here):
            seen += chunk
    os.close(here)
    assert process.returncode == 0
    assert re.search(rb"Rendering \[#*-*\] +\d+%", seen)
    assert seen.endswith(b"\r\x1b[2K")


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 4096)
    except OSError:
        return b""


def test_invert(soundedit: Run, sound: Path, tiny_pack: Path, tmp_path: Path) -> None:
    pictures = []
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        out = tmp_path / f"{name}.png"
        done = soundedit("invert", sound, "-o", out, "--pack", tiny_pack, "--seed", seed)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}: 64 x 64\n", "")
        with Image.open(out) as picture:
            pictures.append(np.asarray(picture))
    assert pictures[0].shape == (64, 64, 3)
    assert np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures[0], pictures[2])
    again = soundedit("invert", sound, "-o", out, "--pack", tiny_pack)
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


def test_info_of_a_sound(soundedit: Run, sound: Path, tiny_pack: Path) -> None:
    done = soundedit("info", sound, "--json", "--pack", tiny_pack)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert facts["seconds"] == 2.0
    assert facts["sample_rate"] == 44_100
    assert facts["channels"] == 2
    assert not facts["has_video"]
    for span in facts["heard"]:
        assert set(span) == {"start", "end", "label", "score"}
        assert 0 <= span["start"] < span["end"] <= 2.0
        assert span["label"] in {"rain", "wind", "birds"}


def test_info_in_words(soundedit: Run, sound: Path, tiny_pack: Path) -> None:
    done = soundedit("info", sound, "--pack", tiny_pack)
    assert done.stdout.startswith(f"{sound}: 2.00 s, 44100 Hz, 2 channels")
