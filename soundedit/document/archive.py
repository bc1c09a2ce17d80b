"""The zip of a project: its members, and what makes one of anyone's safe to open."""

import contextlib
import hashlib
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from soundedit.document.whole import write_error
from soundedit.errors import ProjectError, shown
from soundedit.progress import CancelToken

PROJECT_TEXT = "project.json"
PICTURE = "preview.png"
BLOCK = 1 << 20
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What a damaged or encrypted zip raises, besides `OSError`."""

_MEMBER_LIMIT = 10_000
# Media are stored as they are; others' zip programs may have compressed them, sound at best 20 : 1.
_GROWTH = 20
_GROWTH_FREE = 256 << 20


def member(name: str) -> zipfile.ZipInfo:
    """A new member, dated now, that anybody may read."""
    info = zipfile.ZipInfo(name, max(time.localtime()[:6], (1980, 1, 1, 0, 0, 0)))
    info.external_attr = 0o644 << 16
    return info


def media_member(archive: zipfile.ZipFile, media_id: str) -> zipfile.ZipInfo | None:
    """The member with the file of a media, whatever its name has become; None if there is none."""
    for info in archive.infolist():
        if info.filename.startswith(f"media/{media_id}/") and not info.is_dir():
            return info
    return None


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a project file whose members are safe to unpack; raises `ProjectError` otherwise."""
    try:
        archive = zipfile.ZipFile(path)
    except OSError as error:
        raise ProjectError(
            f"{shown(path)} cannot be opened ({error.strerror}); check the file and its folder."
        ) from error
    except (ValueError, *BROKEN) as error:
        raise ProjectError(
            f"{shown(path)} is not a soundedit project or is damaged; choose another file."
        ) from error
    with archive:
        _check_members(archive, path)
        yield archive


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    names = [member.filename for member in members]
    if PROJECT_TEXT not in names:
        raise ProjectError(f"{shown(path)} is not a soundedit project; choose another file.")
    packed = sum(member.compress_size for member in members)
    grown = sum(member.file_size for member in members)
    size = path.stat().st_size
    if (
        len(members) > _MEMBER_LIMIT
        or len(set(names)) < len(names)
        or any(_leads_elsewhere(name) for name in names)
        or packed > size
        or grown > max(_GROWTH_FREE, _GROWTH * size)
    ):
        raise ProjectError(
            f"{shown(path)} is not safe to open, as it would write outside its folder or fill the "
            "disk; choose another file."
        )


def _leads_elsewhere(name: str) -> bool:
    parts = name.rstrip("/").split("/")
    return any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts)


def read_small(archive: zipfile.ZipFile, path: Path, name: str, limit: int) -> bytes:
    """A whole member of at most `limit` bytes; raises `ProjectError` if it is damaged or larger."""
    try:
        if archive.getinfo(name).file_size > limit:
            raise ProjectError(f"{shown(path)} is not safe to open; choose another file.")
        return archive.read(name)
    except (OSError, *BROKEN) as error:
        raise ProjectError(f"{shown(path)} is damaged; open an older copy.") from error


def extract(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    target: Path,
    sha256: str,
    cancel: CancelToken | None,
) -> bool:
    """Unpack one member; False if it is damaged, and then there is no file.

    Raises `ProjectError` if the file cannot be written.
    """
    digest = hashlib.sha256()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            whole = _pour(archive, member, file, digest.update, cancel)
    except OSError as error:
        raise write_error(target, error) from error
    if whole and sha256 in ("", digest.hexdigest()):
        return True
    target.unlink()
    return False


def _pour(
    archive: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    file: BinaryIO,
    update: Callable[[bytes], None],
    cancel: CancelToken | None,
) -> bool:
    try:
        with archive.open(member) as source:
            while block := source.read(BLOCK):
                if cancel is not None:
                    cancel.check()
                update(block)
                file.write(block)
    except BROKEN:
        return False
    return True
