"""Files that appear whole or not at all: written beside their place, flushed, then renamed."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from soundedit.errors import ExportError
from soundedit.media.ffmpeg import shown

# File systems hold names of 255 bytes; this leaves room for what is put before the suffix.
_LONGEST_STEM = 200


def part_name(path: Path) -> Path:
    """`name.part.suffix` beside `path`, with a name that is very long cut short."""
    stem = path.stem
    while len(stem.encode("utf-8", "surrogatepass")) > _LONGEST_STEM:
        stem = stem[:-1]
    return path.with_name(f"{stem}.part{path.suffix}")


def remove_parts(path: Path, since: float = 0.0) -> bool:
    """Remove what a killed program left of writing `path`; the file itself stays.

    Files that were last changed before `since`, in seconds since 1970, are left alone. Returns
    whether nothing is left that should have gone.
    """
    part = part_name(path)
    kinds = (f".picture{part.suffix}", f".tagged{part.suffix}", ".picture.mkv", ".palette.mkv")
    whole = True
    for file in (part, *(part.with_suffix(kind) for kind in kinds)):
        try:
            if file.stat().st_mtime < since:
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


def start_part(path: Path, suffixes: Collection[str]) -> Path:
    """Create the empty file `name.part.suffix` beside `path` that the content is written to.

    Raises `ExportError` if `path` does not end in one of `suffixes`, is a folder, or cannot be
    written; nothing is left behind then.
    """
    if path.suffix.lower() not in suffixes:
        raise ExportError(f"{shown(path)} must end in {' or '.join(suffixes)}; rename it.")
    part = part_name(path)
    try:
        if path.is_dir():
            raise ExportError(f"{shown(path)} is a folder; choose a file name.")
        part.write_bytes(b"")
    except FileNotFoundError as error:
        raise ExportError(
            f"The folder {shown(path.absolute().parent)} does not exist; choose another folder."
        ) from error
    except OSError as error:
        raise ExportError(
            f"{shown(path)} cannot be written ({error.strerror}); choose another place or name."
        ) from error
    return part


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
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
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
        part.unlink(missing_ok=True)
