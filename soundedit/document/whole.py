"""Files that appear whole or not at all, whenever the program or the machine is stopped."""

import contextlib
import errno
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from soundedit.errors import ProjectError, shown

_LEFT_OVER = 600.0
_LONGEST_BEGINNING = 150


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that becomes `path` when the block ends without an exception.

    It is written beside `path`, flushed to the disk and renamed, so that `path` is always either
    the old file or the whole new one; the old one's permissions are kept, and a link is followed.
    What a killed program left of earlier attempts is removed.

    Raises `ProjectError` where it cannot be written; the old file is then as it was.
    """
    try:
        target = path.resolve()
        if target.is_dir():
            raise ProjectError(f"{shown(path)} is a folder; choose a file name.")
        part = target.with_name(f"{_beginning(target)}{uuid.uuid4().hex}.part")
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            if target.exists():
                shutil.copymode(target, part)
            part.replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        flush_folder(target.parent)
        _sweep(target)
    except OSError as error:
        raise write_error(path, error) from error


def folder_unwritable(path: Path) -> str:
    """The sentence for a file whose folder takes no files from this person."""
    return f"The folder {shown(path.absolute().parent)} may not be written to; choose another."


def folder_missing(path: Path) -> str:
    """The sentence for a file whose folder is not there."""
    return f"The folder {shown(path.absolute().parent)} does not exist; choose another folder."


def write_error(path: Path, error: OSError) -> ProjectError:
    """The sentence for a file that the system refuses to write."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return ProjectError(
            f"{shown(path)} was not written, as the disk is full; free some space or choose "
            "another disk."
        )
    if not path.absolute().parent.is_dir():
        return ProjectError(folder_missing(path))
    reason = error.strerror or type(error).__name__
    return ProjectError(
        f"{shown(path)} cannot be written ({reason}); choose another place or name."
    )


def flush_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, where the system can do that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def name_beginning(path: Path, most: int) -> str:
    """The first `most` bytes of a file's name: file systems hold names of 255 bytes."""
    return os.fsencode(path.name)[:most].decode("utf-8", "ignore")


def _beginning(target: Path) -> str:
    """What the names of the parts of a file begin with."""
    return f".{name_beginning(target, _LONGEST_BEGINNING)}."


def _sweep(target: Path) -> None:
    ours = re.compile(re.escape(_beginning(target)) + r"[0-9a-f]{32}\.part")
    with contextlib.suppress(OSError):
        for part in target.parent.iterdir():
            if ours.fullmatch(part.name) and time.time() - part.stat().st_mtime > _LEFT_OVER:
                part.unlink()
