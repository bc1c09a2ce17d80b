"""What a disk can do to a save: full, gone, read-only, not permitted. The old file survives all."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from soundedit.document.autosave import Autosaver, recoverable
from soundedit.document.commands import add_media, set_notes, set_take
from soundedit.document.lock import lock_project, locked_sentence
from soundedit.document.mediafiles import media_from_file
from soundedit.document.model import MediaKind, Project, Take
from soundedit.document.projectfile import open_project, save_project
from soundedit.errors import ProjectError

resource = pytest.importorskip("resource", reason="limits and mounts of POSIX")
NOBODY = 65534


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """Be nobody, where the tests run as root, whom permissions do not stop."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that anybody may write to, reached through folders that anybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        folder.chmod(0o777)


def sound_project(folder: Path, size: int) -> tuple[Project, dict[str, Path]]:
    sound = folder / "sound.wav"
    sound.write_bytes(os.urandom(size))
    media = media_from_file(sound, MediaKind.SOUND)
    return set_take(Project(title="old"), Take(media.id, 1.0), [media]), {media.id: sound}


def assert_old_is_whole(path: Path) -> None:
    with open_project(path) as opened:
        assert opened.project.title == "old" and not opened.missing
    assert [p.name for p in path.parent.iterdir() if p.name.endswith(".part")] == []


def test_disk_full(small_disk: Path, tmp_path: Path) -> None:
    project, files = sound_project(tmp_path, 600_000)
    path = small_disk / "p.soundedit"
    save_project(path, project, files)
    with pytest.raises(ProjectError, match="was not written, as the disk is full; free"):
        save_project(path, replace(project, title="new"), files)
    assert_old_is_whole(path)
    other, more = sound_project(tmp_path, 10_000)
    save_project(path.with_name("fits.soundedit"), other, more)


def test_disk_full_while_autosaving_and_opening(small_disk: Path, tmp_path: Path) -> None:
    autosaver = Autosaver(small_disk / "state")
    assert autosaver.write(Project(title="old"), {})
    with pytest.raises(ProjectError, match="disk is full"):
        autosaver.write(set_notes(Project(title="new"), "x" * 2_000_000), {})
    assert not autosaver.write(Project(title="old"), {})
    autosaver._lock.release()
    assert [recovery.title for recovery in recoverable(small_disk / "state")] == ["old"]
    project, files = sound_project(tmp_path, 2_000_000)
    save_project(tmp_path / "p.soundedit", project, files)
    with pytest.raises(ProjectError, match="disk is full"):
        open_project(tmp_path / "p.soundedit", small_disk / "media")


def test_file_larger_than_allowed(tmp_path: Path) -> None:
    project, files = sound_project(tmp_path, 300_000)
    path = tmp_path / "p.soundedit"
    save_project(path, project, files)
    for limit in (0, 1_000, 299_000, 300_050, 300_400):
        with largest_file(limit), pytest.raises(ProjectError, match="disk is full"):
            save_project(path, replace(project, title="new"), files)
        assert_old_is_whole(path)


def test_folder_gone(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    project, files = sound_project(tmp_path, 1_000)
    save_project(folder / "p.soundedit", project, files)
    shutil.rmtree(folder)
    with pytest.raises(ProjectError, match='The folder "stick" does not exist; choose another'):
        save_project(folder / "p.soundedit", project, files)
    with pytest.raises(ProjectError, match="cannot be opened"):
        open_project(folder / "p.soundedit")
    lock = lock_project(folder / "p.soundedit")
    said = locked_sentence(folder / "p.soundedit", lock)
    assert not lock.held and said.startswith('The folder "stick" does not exist')
    (tmp_path / "file").write_text("")
    with pytest.raises(ProjectError):
        Autosaver(tmp_path / "file")


def test_no_permission_to_write(open_folder: Path, tmp_path: Path) -> None:
    path = open_folder / "p.soundedit"
    save_project(path, Project(title="old"), {})
    open_folder.chmod(0o555)
    with without_rights():
        with open_project(path) as opened:
            assert "may not be written; save under another name" in opened.read_only
        with pytest.raises(ProjectError, match=r"cannot be written \(Permission denied\); choose"):
            save_project(path, Project(title="new"), {})
        lock = lock_project(path)
        assert not lock.held and "Permission denied" in lock.error
        with pytest.raises(ProjectError, match="Permission denied"):
            Autosaver(open_folder / "state")
    assert_old_is_whole(path)


def test_no_permission_to_read(open_folder: Path) -> None:
    project, files = sound_project(open_folder, 1_000)
    path = open_folder / "p.soundedit"
    save_project(path, project, files)
    sound = next(iter(files.values()))
    sound.chmod(0)
    with without_rights():
        with pytest.raises(ProjectError, match="cannot be read, so nothing was saved"):
            save_project(open_folder / "q.soundedit", project, files)
        with pytest.raises(ProjectError, match="cannot be read"):
            media_from_file(sound, MediaKind.SOUND)
    path.chmod(0)
    with without_rights(), pytest.raises(ProjectError, match="cannot be opened"):
        open_project(path)
    assert sorted(p.name for p in open_folder.iterdir()) == ["p.soundedit", "sound.wav"]


def test_media_on_a_file_system_without_them_is_still_in_memory(tmp_path: Path) -> None:
    """After a failed save, the same project can be saved elsewhere."""
    project, files = sound_project(tmp_path, 1_000)
    with pytest.raises(ProjectError):
        save_project(tmp_path / "gone" / "p.soundedit", project, files)
    other = add_media(project, media_from_file(files[project.media[0].id], MediaKind.SOUND))
    save_project(tmp_path / "p.soundedit", other, files)
    assert_old_is_whole(tmp_path / "p.soundedit")


@pytest.mark.parametrize("letter", ["a", "ж", "景"])
def test_a_name_as_long_as_the_file_system_takes(tmp_path: Path, letter: str) -> None:
    stem = letter * (240 // len(letter.encode()))
    path = tmp_path / f"{stem}.soundedit"
    lock = lock_project(path)
    assert lock.held
    save_project(path, Project(title="long"), {})
    with open_project(path) as opened:
        assert opened.project.title == "long"
    lock.release()
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
