"""Files that appear whole or not at all: written beside their place, flushed, then renamed."""

import contextlib
import os
import re
import shutil
from collections.abc import Collection
from pathlib import Path

from soundedit.errors import ExportError
from soundedit.media.ffmpeg import shown

# File systems hold names of 255 bytes; this leaves room for what is put before the suffix.
_LONGEST_STEM = 200


def free_part(path: Path) -> Path:
    """`name.part.suffix` beside `path`, or `name.part-2.suffix` and so on where that is taken.

    What has such a name already is not ours to overwrite. A very long name is cut short.
    """
    number = 1
    while True:
        mark = ".part" if number == 1 else f".part-{number}"
        part = path.with_name(f"{_stem(path)}{mark}{path.suffix}")
        beside = (part.with_suffix(kind) for kind in _kinds(part.suffix))
        if not any(map(os.path.lexists, (part, old_name(part), *beside))):
            return part
        number += 1


def old_name(part: Path) -> Path:
    """Where the folder that `part` replaces is put until `part` has its name."""
    return part.with_name(f"{part.name}.old")


def parts_of(path: Path) -> list[Path]:
    """What lies beside `path` under the names that writing it takes; OSError where none is seen."""
    kinds = "|".join(re.escape(kind) for kind in (path.suffix, *_kinds(path.suffix)))
    name = re.compile(rf"{re.escape(_stem(path))}\.part(-\d+)?({kinds})")
    with contextlib.suppress(FileNotFoundError):
        return [file for file in path.parent.iterdir() if name.fullmatch(file.name)]
    return []


def remove_parts(path: Path, since: float = 0.0, kept: Collection[str] = ()) -> bool:
    """Remove what a killed program left of writing `path`; the file itself stays.

    The names in `kept` and files last changed before `since`, in seconds since 1970, are left
    alone. Returns whether nothing is left that should have gone.
    """
    try:
        parts = parts_of(path)
    except OSError:
        return False
    whole = True
    for file in parts:
        try:
            if file.name in kept or file.lstat().st_mtime < since:
                continue
            if file.is_dir():
                shutil.rmtree(file)
            else:
                file.unlink()
        except FileNotFoundError:
            continue
        except OSError:
            whole = False
    return whole


def _stem(path: Path) -> str:
    stem = path.stem
    while len(stem.encode("utf-8", "surrogatepass")) > _LONGEST_STEM:
        stem = stem[:-1]
    return stem


def _kinds(suffix: str) -> tuple[str, ...]:
    """What replaces the suffix of a part in the names of the files it is made from."""
    return (f".picture{suffix}", f".tagged{suffix}", ".picture.mkv", ".palette.mkv")


def start_part(path: Path, suffixes: Collection[str]) -> Path:
    """Create the empty file beside `path` that the content is written to (see `free_part`).

    Raises `ExportError` if `path` does not end in one of `suffixes`, is a folder, or cannot be
    written; nothing is left behind then.
    """
    if path.suffix.lower() not in suffixes:
        raise ExportError(f"{shown(path)} must end in {' or '.join(suffixes)}; rename it.")
    try:
        if path.is_dir():
            raise ExportError(f"{shown(path)} is a folder; choose a file name.")
        while True:
            part = free_part(path)
            # Another program may have taken the name since.
            with contextlib.suppress(FileExistsError):
                part.touch(exist_ok=False)
                return part
    except FileNotFoundError as error:
        raise ExportError(
            f"The folder {shown(path.absolute().parent)} does not exist; choose another folder."
        ) from error
    except OSError as error:
        raise ExportError(
            f"{shown(path)} cannot be written ({error.strerror}); choose another place or name."
        ) from error


def is_there(path: Path) -> bool:
    """Whether there is anything at `path`; False also where no path can be that long."""
    try:
        return path.exists()
    except OSError:
        return False


def publish_part(part: Path, path: Path) -> None:
    """Flush `part` to the disk and give it its name, replacing what was there."""
    try:
        with part.open("r+b") as file:
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise ExportError(
            f"{shown(path)} cannot be replaced ({error.strerror}); "
            "close the program that uses it or choose another name."
        ) from error


def write_whole(path: Path, data: bytes) -> None:
    """Write a small file whole or not at all; `ExportError` if that fails."""
    part = path.with_name(f".{_stem(path)}{path.suffix}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise ExportError(
            f"{shown(path)} could not be written ({error.strerror}); free some space or choose "
            "another place."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
