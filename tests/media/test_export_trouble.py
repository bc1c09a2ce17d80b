"""What goes wrong while a file is written, provoked for real: disks, folders, processes, names."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from soundedit.errors import ExportError
from soundedit.media.formats import FORMATS, Kind
from soundedit.media.presets import ExportSettings
from soundedit.media.probe import probe_video
from soundedit.media.sequence import SequenceWriter
from soundedit.media.space import check_space, estimated_bytes
from soundedit.media.video import VideoWriter

NOISE = np.random.default_rng(0).integers(0, 256, (10, 128, 128, 3), np.uint8)


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"may not mount a file system here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if sys.platform != "linux":
        pytest.skip("mounts a tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        yield Disk(folder)
    finally:
        while folder.is_mount():
            subprocess.run(["umount", str(folder)], check=True)


def write(path: Path, name: str, frames: int, **options: Any) -> None:
    settings = ExportSettings(name)
    writer = SequenceWriter if settings.kind.kind is Kind.SEQUENCE else VideoWriter
    with writer(path, width=128, height=128, fps=Fraction(24), settings=settings, **options) as out:
        for k in range(frames):
            out.write(NOISE[k % 10])


@pytest.mark.parametrize("name", ["mp4", "webm", "mov", "gif", "webp", "webp-lossy", "png"])
def test_full_disk(make: Any, disk: Disk, name: str) -> None:
    disk.mount("size=600k")
    with pytest.raises(ExportError, match="could not be written") as caught:
        write(disk.folder / ("out" + FORMATS[name].suffix), name, 120)
    make.assert_sentence(caught.value)
    assert list(disk.folder.iterdir()) == []


def test_a_disk_that_fills_up_at_the_end(make: Any, disk: Disk) -> None:
    """The picture fits, a second one with its sound does not."""
    sound = make.float_wav("s.wav", make.tone(1.0, 48_000), 48_000)
    write(make.folder / "size.mp4", "mp4", 24)
    size = (make.folder / "size.mp4").stat().st_size
    disk.mount(f"size={round(size * 1.5) // 4096 * 4}k")
    with pytest.raises(ExportError, match="No space left") as caught:
        write(disk.folder / "out.mp4", "mp4", 24, sound=sound)
    make.assert_sentence(caught.value)
    assert "No space left" in caught.value.details
    assert list(disk.folder.iterdir()) == []


def test_too_little_room_is_told_before(make: Any, disk: Disk) -> None:
    disk.mount("size=3m")
    needed = estimated_bytes(ExportSettings("mov"), 256, 2400, Fraction(24))
    with pytest.raises(ExportError, match=r"needs about .* MB and 3\.\d MB are free") as caught:
        check_space(disk.folder / "out.mov", needed)
    make.assert_sentence(caught.value)
    check_space(disk.folder / "out.mov", 1_000_000)


@pytest.mark.parametrize("name", ["mp4", "gif", "png"])
def test_read_only_folder(make: Any, disk: Disk, name: str) -> None:
    disk.mount("size=600k,ro")
    with pytest.raises(ExportError, match="Read-only file system") as caught:
        write(disk.folder / ("out" + FORMATS[name].suffix), name, 3)
    make.assert_sentence(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("name", ["mp4", "webm", "gif", "webp", "webp-lossy", "png"])
def test_ffmpeg_killed(make: Any, name: str) -> None:
    path = make.folder / ("out" + FORMATS[name].suffix)
    settings = ExportSettings(name)
    kind = SequenceWriter if settings.kind.kind is Kind.SEQUENCE else VideoWriter
    writer = kind(path, width=128, height=128, fps=Fraction(24), settings=settings)
    with pytest.raises(ExportError, match="was stopped by the system") as caught, writer:
        for k in range(5000):
            if k == 5:
                os.kill(writer._encoder.pid, signal.SIGKILL)
            writer.write(NOISE[k % 10])
    make.assert_sentence(caught.value)
    assert list(make.folder.iterdir()) == []


NAMES = [
    "with  spaces ",
    "Ünïcødé 風景",
    "🌩️ storm",
    "100% %d %05d",
    "-dash",
    'quote\'s "double"',
    "a:b;c,[d]=e\\f",
    "file:x",
    "x" * 240,
    "é" * 120,
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows forbids some of these names")
@pytest.mark.parametrize("name", ["mp4", "gif", "png"])
@pytest.mark.parametrize("stem", NAMES, ids=range(len(NAMES)))
def test_names(make: Any, name: str, stem: str) -> None:
    folder = make.folder / stem
    folder.mkdir()
    path = folder / (stem + FORMATS[name].suffix)
    sound = make.float_wav("s.wav", make.tone(0.3, 48_000), 48_000)
    write(path, name, 3, sound=sound)
    assert [file.name for file in folder.iterdir()] == [path.name]
    if name == "png":
        assert len(list(path.iterdir())) == 4
    else:
        assert probe_video(path).frames == 3


@pytest.mark.skipif(sys.platform == "win32", reason="paths are shorter there")
def test_very_long_paths(make: Any) -> None:
    folder = make.folder
    while len(str(folder)) < 3500:
        folder = folder / ("long " * 40)
    folder.mkdir(parents=True)
    write(folder / "out.mp4", "mp4", 3)
    assert probe_video(folder / "out.mp4").frames == 3
    for path in (folder / ("x" * 300 + ".mp4"), folder / ("y/" * 400) / "out.mp4"):
        with pytest.raises(ExportError, match=r"cannot be written|does not exist") as caught:
            write(path, "mp4", 3)
        make.assert_sentence(caught.value)
    assert [file.name for file in folder.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("name", ["mp4", "gif", "png"])
def test_a_persons_own_file_in_the_way_of_the_part(make: Any, name: str) -> None:
    suffix = "" if name == "png" else f".{name}"
    taken = [f"film.part{suffix}", f"film.part-2{suffix}"]
    if name != "png":
        taken.append("film.part-3.picture.mkv")
    for mine in taken:
        (make.folder / mine).write_bytes(b"mine")
    for _ in range(2):
        write(make.folder / f"film{suffix}", name, 3)
    assert {file.name for file in make.folder.iterdir()} == {f"film{suffix}", *taken}
    assert all((make.folder / mine).read_bytes() == b"mine" for mine in taken)


def test_a_folder_in_the_way_of_the_one_replaced(make: Any) -> None:
    mine = make.folder / "film.part.old"
    mine.mkdir()
    for frames in (2, 3):
        write(make.folder / "film", "png", frames)
    assert len(list((make.folder / "film").iterdir())) == 3
    assert {file.name for file in make.folder.iterdir()} == {"film", mine.name}
