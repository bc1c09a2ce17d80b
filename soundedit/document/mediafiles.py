"""The files a project uses: which they are, where they lie, whether they travel inside it."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from soundedit.document.commands import add_media, find_media
from soundedit.document.ids import new_id
from soundedit.document.model import Media, MediaKind, Project
from soundedit.errors import ProjectError, shown
from soundedit.progress import CancelToken

_BLOCK = 1 << 20
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def media_from_file(path: Path, kind: MediaKind, cancel: CancelToken | None = None) -> Media:
    """A new entry, inside the project, for a file on the disk.

    Raises `ProjectError` if it cannot be read, `Cancelled` if asked to stop.
    """
    digest = file_sha256(path, cancel)
    return Media(new_id(), safe_name(path.name), kind, path=str(path.absolute()), sha256=digest)


def file_sha256(path: Path, cancel: CancelToken | None = None) -> str:
    """SHA-256 of a file in hexadecimal digits; `ProjectError` if it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if cancel is not None:
                    cancel.check()
                digest.update(block)
    except OSError as error:
        raise ProjectError(
            f"{shown(path)} cannot be read ({error.strerror}); choose another file."
        ) from error
    return digest.hexdigest()


def safe_name(name: str) -> str:
    """A file name that every system takes, as near to `name` as that allows."""
    name = _FORBIDDEN.sub("_", name).rstrip(". ") or "file"
    stem, dot, suffix = name.rpartition(".")
    suffix = dot + suffix if stem and len(suffix) <= 16 else ""
    name = (
        name[: len(name) - len(suffix)]
        .encode()[: 180 - len(suffix.encode())]
        .decode(errors="ignore")
    )
    name = name.rstrip(". ") + suffix
    return f"_{name}" if _DEVICES.fullmatch(name) else name


def used_media(project: Project) -> frozenset[str]:
    """Ids of the media that the project refers to, or that fields of a newer version may."""
    ids = {media.id for media in project.media}
    return frozenset(ids & set(_texts(replace(project, media=())))) | {
        media.id for media in project.media if media.extra
    }


def without_unused(project: Project) -> Project:
    """The project without the media that nothing in it refers to."""
    used = used_media(project)
    if len(used) == len(project.media):
        return project
    return replace(project, media=tuple(media for media in project.media if media.id in used))


def collect_media(project: Project, files: Mapping[str, Path]) -> Project:
    """The project with every media inside that lies in `files`, to be moved to other machines."""
    return replace(
        project,
        media=tuple(
            replace(media, inside=True) if media.id in files else media for media in project.media
        ),
    )


def reference_media(project: Project, media_id: str, path: Path) -> Project:
    """The project with one media no longer inside but found at `path`."""
    media = find_media(project, media_id)
    return add_media(project, replace(media, inside=False, path=str(path.absolute())))


def absolute_path(media: Media, folder: Path) -> str:
    """Where a referenced media lies, for a project file in `folder`; empty if it says nothing."""
    return os.path.normpath(folder / media.path) if media.path else ""


def stored_path(media: Media, folder: Path) -> str:
    """What a project file in `folder` says of a media's place: relative to it, with slashes.

    Absolute where there is no relative way, as to another drive of Windows.
    """
    try:
        return Path(os.path.relpath(media.path, folder)).as_posix() if media.path else ""
    except ValueError:
        return media.path


def locate(media: Media, folder: Path) -> Path | None:
    """The file of a referenced media: at its `path`, or by name beside the project file.

    A file found by name alone must have the recorded SHA-256. None where there is none.
    """
    if media.path and Path(media.path).is_file():
        return Path(media.path)
    beside = folder / safe_name(media.name)
    if media.sha256 and beside.is_file() and file_sha256(beside) == media.sha256:
        return beside
    return None


def _texts(value: Any) -> Iterable[str]:
    """Every text in a value of the document, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _texts(getattr(value, name))
