"""Sounds written to files."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from soundedit.errors import ExportError
from soundedit.media.sound import Sound, read_sound, write_sound


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_write_cleans_and_replaces(make: Any, suffix: str) -> None:
    path = make.folder / f"out{suffix}"
    path.write_bytes(b"old")
    samples = make.tone(0.5, 44100, peak=2.0)
    samples[0, 10:13] = np.nan, np.inf, -np.inf

    write_sound(path, Sound(samples, 44100))

    expected = np.where(np.isfinite(samples), np.clip(samples, -1, 1), 0)
    assert np.abs(read_sound(path).samples - expected).max() <= 2**-22
    assert [p.name for p in make.folder.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out.mp3", "must end in"),
        ("nowhere/out.wav", "does not exist"),
        ("folder.wav", "is a folder"),
        ("x" * 260 + ".wav", "cannot be written"),
    ],
)
def test_write_refused(make: Any, name: str, words: str) -> None:
    (make.folder / "folder.wav").mkdir()
    with pytest.raises(ExportError, match=words) as caught:
        write_sound(make.folder / name, Sound(make.tone(0.5, 16000), 16000))
    make.assert_sentence(caught.value)
    assert [p.name for p in make.folder.iterdir()] == ["folder.wav"]


def test_write_of_nothing_is_refused(make: Any) -> None:
    for shape in ((1, 0), (9, 100)):
        with pytest.raises(ExportError):
            write_sound(make.folder / "out.wav", Sound(np.zeros(shape, np.float32), 8000))
    assert list(make.folder.iterdir()) == []


def test_full_disk_leaves_the_old_file(make: Any) -> None:
    pytest.importorskip("resource", reason="only POSIX can limit the size of files")
    path = make.folder / "out.wav"
    path.write_bytes(b"old")
    script = """
import resource, sys
import numpy as np
from soundedit.errors import ExportError
from soundedit.media.sound import Sound, write_sound
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_sound(sys.argv[1], Sound(np.ones((2, 480_000), np.float32), 48000))
except ExportError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert "could not be written" in done.stdout and "Traceback" not in done.stderr
    assert path.read_bytes() == b"old"
    assert [p.name for p in make.folder.iterdir()] == ["out.wav"]
