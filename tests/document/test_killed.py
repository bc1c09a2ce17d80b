"""SIGKILL during a save and during an autosave: the saved file is always a whole one."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soundedit.document.autosave import recoverable, versions
from soundedit.document.mediafiles import media_from_file
from soundedit.document.model import MediaKind, Project, Take
from soundedit.document.projectfile import open_project, save_project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

SAVE = """
import os, signal, sys
from pathlib import Path
from soundedit.document.commands import set_title
from soundedit.document.projectfile import open_project, save_project

folder, at = Path(sys.argv[1]), sys.argv[2]
path = folder / "p.soundedit"
armed = False

def kill(event, *ignored):
    if armed and event == at:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(kill)
with open_project(path) as opened:
    for number in range(int(opened.project.title) + 1, 10_000):
        armed = number % 3 == 0
        project = set_title(opened.project, str(number))
        save_project(path, project, opened.files, progress=lambda *told: kill("in a media"))
        print(number, flush=True)
"""

AUTOSAVE = """
import itertools, sys, time
from pathlib import Path
from soundedit.document.autosave import Autosaver
from soundedit.document.model import Project

clock = itertools.count(int(time.time()), 30)
autosaver = Autosaver(Path(sys.argv[1]), lambda: float(next(clock)))
for number in range(1, 10_000):
    project = Project(title=str(number), notes="x" * 200_000)
    autosaver.write(project, {}, picture=b"\\x89PNG" + str(number).encode())
    print(number, flush=True)
"""


def run_and_kill(code: str, *args: str, after: float | None) -> int:
    """Run a program until it kills itself, or kill it some seconds after its first word.

    Returns the last number it said.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", code, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    if after is not None:
        time.sleep(after)
        process.kill()
    rest, errors = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL, errors.decode()
    return int((said + rest).split()[-1])


@pytest.fixture
def project_file(tmp_path: Path) -> Path:
    sound = tmp_path / "sound.wav"
    sound.write_bytes(random.Random(0).randbytes(3 << 20))
    media = media_from_file(sound, MediaKind.SOUND)
    path = tmp_path / "p.soundedit"
    project = Project(title="0", take=Take(media.id, 1.0), media=(media,))
    save_project(path, project, {media.id: sound})
    return path


def assert_whole(path: Path, last: int) -> None:
    with open_project(path) as opened:
        assert int(opened.project.title) in (last, last + 1)
        (file,) = opened.files.values()
        assert file.stat().st_size == 3 << 20 and not opened.missing


@pytest.mark.parametrize("at", ["in a media", "os.chmod", "os.rename"])
def test_killed_at_a_known_moment_of_saving(project_file: Path, at: str) -> None:
    last = run_and_kill(SAVE, str(project_file.parent), at, after=None)
    assert last == 2
    assert_whole(project_file, last)


def test_killed_at_random_moments_of_saving(project_file: Path) -> None:
    chance = random.Random(1)
    for _ in range(6):
        last = run_and_kill(
            SAVE, str(project_file.parent), "never", after=chance.uniform(0.01, 0.2)
        )
        assert_whole(project_file, last)


def test_killed_at_random_moments_of_autosaving(tmp_path: Path) -> None:
    chance = random.Random(2)
    for round_number in range(1, 5):
        last = run_and_kill(AUTOSAVE, str(tmp_path), after=chance.uniform(0.01, 0.15))
        found = recoverable(tmp_path)
        assert len(found) == round_number
        newest = max(found, key=lambda recovery: recovery.file.stat().st_mtime_ns)
        assert int(newest.title) in (last, last + 1)
        assert newest.picture is not None
        assert newest.picture.read_bytes() == b"\x89PNG" + newest.title.encode()
        numbers = [int(version.title) for version in versions(newest)]
        assert numbers == sorted(numbers, reverse=True)
