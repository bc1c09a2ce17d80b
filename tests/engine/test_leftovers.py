"""Parts of killed exports: found again and removed, and nobody else's files."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soundedit.engine.leftovers import noted, sweep

KILLED = """
import os, signal, sys
from pathlib import Path
from soundedit.engine.leftovers import noted
from soundedit.media.whole import start_part
out = Path(sys.argv[1])
with noted(out, Path(sys.argv[2])):
    part = start_part(out, [".mp4"])
    part.with_suffix(".picture.mp4").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill(tmp_path: Path) -> Path:
    """The file that an export was writing which was killed; its notes are in `notes`."""
    if sys.platform == "win32":
        pytest.skip("SIGKILL is POSIX")
    out = tmp_path / "films" / "film.mp4"
    out.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-c", KILLED, str(out), str(tmp_path / "notes")]
    assert subprocess.run(command, check=False).returncode == -9
    return out


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    return kill(tmp_path)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_the_next_export_sweeps(killed: Path, tmp_path: Path) -> None:
    assert names(killed.parent) == ["film.part.mp4", "film.part.picture.mp4"]
    killed.with_name("other.part.mp4").write_bytes(b"mine")
    killed.write_bytes(b"mine too")
    with noted(tmp_path / "another.mp4", tmp_path / "notes"):
        assert names(killed.parent) == ["film.mp4", "other.part.mp4"]
        assert len(names(tmp_path / "notes")) == 3
    # An encoder that outlived its program opens its file only now.
    killed.with_name("film.part.picture.mp4").write_bytes(b"late")
    sweep(tmp_path / "notes")
    assert names(killed.parent) == ["film.mp4", "other.part.mp4"]
    assert len(names(tmp_path / "notes")) == 1
    sweep(tmp_path / "notes", lambda: time.time() + 60)
    assert names(tmp_path / "notes") == []


def test_what_was_there_before_is_left(killed: Path, tmp_path: Path) -> None:
    before = time.time() - 3600
    os.utime(killed.with_name("film.part.mp4"), (before, before))
    sweep(tmp_path / "notes")
    assert names(killed.parent) == ["film.part.mp4"]


def test_a_persons_own_part_is_left(tmp_path: Path) -> None:
    mine = tmp_path / "films" / "film.part.mp4"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    kill(tmp_path)
    assert names(mine.parent) == ["film.part-2.mp4", "film.part-2.picture.mp4", "film.part.mp4"]
    sweep(tmp_path / "notes")
    assert names(mine.parent) == ["film.part.mp4"]
    assert mine.read_bytes() == b"mine"


def test_what_another_program_writes_now_is_left(killed: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    (left,) = notes.glob("*.json")
    kept = left.read_bytes()
    with noted(killed, notes):
        left.write_bytes(kept)
        killed.with_name("film.part.mp4").write_bytes(b"being written")
        sweep(notes)
        assert names(killed.parent) == ["film.part.mp4"]
    killed.with_name("film.part.mp4").unlink()


def test_a_part_that_cannot_be_removed_stays_noted(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    note = notes / "x.json"
    note.write_text(json.dumps({"out": str(tmp_path / ("y" * 300) / "z.mp4"), "since": 0}))
    sweep(notes)
    assert names(notes) == ["x.json"]
    note.write_text("damaged")
    sweep(notes)
    assert names(notes) == []


def test_without_a_place_for_notes_work_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = []
    with noted(tmp_path / "out.mp4", tmp_path / "file" / "notes"):
        done.append(True)
    assert done == [True]
    with pytest.raises(KeyError), noted(tmp_path / "out.mp4", tmp_path / "notes"):
        raise KeyError
    assert names(tmp_path / "notes") == []
