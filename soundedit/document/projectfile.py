"""The `.soundedit` file: a zip of `project.json`, a picture, and the media inside.

    project.json            the text of `schema.project_text`, compressed
    preview.png             what the project looks like, for those who list files
    media/<id>/<name>       the media inside, stored as they are

Any zip program opens it and the text can be read by eye, so that what is in it outlives the
program. A file made by anyone is safe to open: names that lead elsewhere, archives that grow out of
proportion and texts that are no project are refused.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from soundedit.document.archive import (
    BLOCK,
    BROKEN,
    PICTURE,
    PROJECT_TEXT,
    extract,
    media_member,
    member,
    open_archive,
    read_small,
)
from soundedit.document.mediafiles import (
    absolute_path,
    locate,
    safe_name,
    stored_path,
    without_unused,
)
from soundedit.document.model import Media, Project
from soundedit.document.schema import project_from_text, project_text
from soundedit.document.whole import written_whole
from soundedit.errors import ProjectError, shown
from soundedit.progress import CancelToken, Progress

SUFFIX = ".soundedit"

_TOLD = 8
_LARGE = 1 << 30
_TEXT_LIMIT = 64 << 20
_PICTURE_LIMIT = 16 << 20


@dataclass
class OpenedProject:
    """A project and where its media lie.

    A context manager: leaving it removes the folder that `open_project` unpacked into, if that
    was not given.
    """

    project: Project
    files: dict[str, Path]
    """Media id -> its file, for those that could be found."""
    missing: list[str] = field(default_factory=list)
    """A sentence for each media that could not."""
    damage: list[str] = field(default_factory=list)
    """A sentence for each damaged value, and what stands in its place."""
    read_only: str = ""
    """Why saving to the same file is impossible or would lose something; empty if it is not."""
    picture: bytes | None = None
    """The PNG picture in the file."""
    own_folder: Path | None = None
    """The folder to be removed."""

    def close(self) -> None:
        """Remove the unpacked media, if their folder was not given."""
        if self.own_folder is not None:
            shutil.rmtree(self.own_folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def save_project(
    path: Path,
    project: Project,
    files: Mapping[str, Path],
    *,
    picture: bytes | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> list[str]:
    """Write a project file, whole or not at all; a failure leaves the old one as it was.

    Media that nothing in the project refers to are left out. A media inside whose file is gone is
    taken from the old file at `path`, if it is there.

    Args:
        path: ends in ".soundedit".
        files: media id -> its file on the disk.
        picture: a PNG picture of the project.

    Returns:
        A sentence for each media inside that could not be put in.

    Raises `ProjectError` if the file cannot be written, `Cancelled` if asked to stop.
    """
    if path.suffix.lower() != SUFFIX:
        raise ProjectError(f"{shown(path)} must end in {SUFFIX}; rename it.")
    project = without_unused(project)
    inside = [media for media in project.media if media.inside]
    stored = []
    lacking = []
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(written_whole(path))
        old = stack.enter_context(_old_file(path))
        archive = stack.enter_context(zipfile.ZipFile(file, "w"))
        copying = _Copying(inside, files, progress, cancel)
        for media in project.media:
            media = replace(media, name=safe_name(media.name))
            if media.inside:
                digest = copying.put(archive, media, old)
                if digest is None:
                    lacking.append(f'The file of "{media.name}" is gone, so it was not saved.')
                # The path stays out: it would tell others about this person's folders.
                stored.append(replace(media, path="", sha256=digest or media.sha256))
            else:
                media = _found(media, files)
                stored.append(replace(media, path=stored_path(media, path.resolve().parent)))
        if picture is not None:
            archive.writestr(member(PICTURE), picture)
        text = project_text(replace(project, media=tuple(stored)))
        archive.writestr(member(PROJECT_TEXT), text, zipfile.ZIP_DEFLATED)
    if progress is not None:
        progress(1.0, "Saved")
    return lacking


def open_project(
    path: Path,
    folder: Path | None = None,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> OpenedProject:
    """Read a project file and unpack the media inside.

    Media that are missing or damaged and values that cannot be are told in the answer, and the
    rest is opened.

    Args:
        folder: where media are unpacked to, as `<id>/<name>`; None is a new temporary folder,
            which the answer's `close` removes.

    Raises `ProjectError` if the file cannot be read, is damaged, not safe, or comes from a newer
    version; `Cancelled` if asked to stop.
    """
    own = None
    if folder is None:
        own = folder = Path(tempfile.mkdtemp(prefix="soundedit-"))
    try:
        with open_archive(path) as archive:
            damage: list[str] = []
            text = read_small(archive, path, PROJECT_TEXT, _TEXT_LIMIT)
            project = project_from_text(text, damage=damage)
            opened = OpenedProject(project, {}, damage=shortened(damage), own_folder=own)
            if damage:
                opened.read_only = _damaged_in_part(path)
            if PICTURE in archive.namelist():
                opened.picture = read_small(archive, path, PICTURE, _PICTURE_LIMIT)
            _unpack(archive, path, folder, opened, progress, cancel)
    except BaseException:
        if own is not None:
            shutil.rmtree(own, ignore_errors=True)
        raise
    if not opened.read_only and not _writable(path):
        opened.read_only = f"{shown(path)} may not be written; save under another name."
    return opened


def glance(path: Path) -> tuple[Project, list[Path]]:
    """The project in a file, with nothing unpacked, and where the media outside of it lie.

    Errors as `open_project`.
    """
    with open_archive(path) as archive:
        text = read_small(archive, path, PROJECT_TEXT, _TEXT_LIMIT)
        project = project_from_text(text, damage=[])
    beside = path.resolve().parent
    outside = [replace(one, path=absolute_path(one, beside)) for one in project.media]
    found = [locate(one, beside) for one in outside if not one.inside]
    return project, [file for file in found if file is not None]


def shortened(damage: list[str]) -> list[str]:
    """The first sentences, and how many more there are: a dialog has room for so many."""
    more = len(damage) - _TOLD
    return damage if more <= 1 else [*damage[:_TOLD], f"{more} more values are damaged likewise."]


def project_picture(path: Path) -> bytes | None:
    """The PNG picture in a project file; None where there is none. Errors as `open_project`."""
    with open_archive(path) as archive:
        if PICTURE not in archive.namelist():
            return None
        return read_small(archive, path, PICTURE, _PICTURE_LIMIT)


class _Copying:
    """Puts media into an archive and reports how far that is."""

    def __init__(
        self,
        inside: Iterable[Media],
        files: Mapping[str, Path],
        progress: Progress | None,
        cancel: CancelToken | None,
    ) -> None:
        self._files = files
        self._progress = progress
        self._cancel = cancel
        self._done = 0
        self._total = sum(_size(files[media.id]) for media in inside if media.id in files)

    def put(
        self, archive: zipfile.ZipFile, media: Media, old: zipfile.ZipFile | None
    ) -> str | None:
        """Store one media; its SHA-256, or None where there is no file of it."""
        source, size = self._source(media, old)
        if source is None:
            return None
        info = member(f"media/{media.id}/{media.name}")
        info.file_size = size
        digest = hashlib.sha256()
        with source, archive.open(info, "w", force_zip64=size > _LARGE) as target:
            for block in _blocks(source, media):
                if self._cancel is not None:
                    self._cancel.check()
                digest.update(block)
                target.write(block)
                self._done += len(block)
                if self._progress is not None and self._total:
                    self._progress(min(self._done / self._total, 1.0), f"Saving {media.name}")
        return digest.hexdigest()

    def _source(self, media: Media, old: zipfile.ZipFile | None) -> tuple[IO[bytes] | None, int]:
        path = self._files.get(media.id)
        if path is not None and path.is_file():
            try:
                return path.open("rb"), _size(path)
            except OSError as error:
                raise _unreadable(media) from error
        info = None if old is None else media_member(old, media.id)
        if old is None or info is None:
            return None, 0
        try:
            return old.open(info), info.file_size
        except (OSError, *BROKEN) as error:
            raise _unreadable(media) from error


def _blocks(source: IO[bytes], media: Media) -> Iterable[bytes]:
    while True:
        try:
            block = source.read(BLOCK)
        except (OSError, *BROKEN) as error:
            raise _unreadable(media) from error
        if not block:
            return
        yield block


def _unreadable(media: Media) -> ProjectError:
    return ProjectError(
        f'The file of "{media.name}" cannot be read, so nothing was saved; make it readable or '
        "remove it from the project."
    )


def _found(media: Media, files: Mapping[str, Path]) -> Media:
    if media.id not in files:
        return media
    return replace(media, path=str(files[media.id].absolute()))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextlib.contextmanager
def _old_file(path: Path) -> Iterator[zipfile.ZipFile | None]:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, *BROKEN):
        yield None
        return
    with archive:
        yield archive


def _damaged_in_part(path: Path) -> str:
    return (
        f"{shown(path)} is damaged in part, and saving over it would lose that for good; "
        "save under another name."
    )


def _writable(path: Path) -> bool:
    target = path.resolve()
    return os.access(target, os.W_OK) and os.access(target.parent, os.W_OK)


def _unpack(
    archive: zipfile.ZipFile,
    path: Path,
    folder: Path,
    opened: OpenedProject,
    progress: Progress | None,
    cancel: CancelToken | None,
) -> None:
    """Unpack and locate the media of `opened`, whose files, missing and read_only are filled."""
    beside = path.resolve().parent
    total = sum(member.file_size for member in archive.infolist()) or 1
    done = 0
    media = []
    for one in opened.project.media:
        if one.inside and safe_name(one.name) != one.name:
            raise ProjectError(
                f"{shown(path)} is not safe to open, as a file in it has a name that no file may "
                "have; choose another file."
            )
        one = replace(one, path=absolute_path(one, beside))
        media.append(one)
        if not one.inside:
            found = locate(one, beside)
            if found is None:
                opened.missing.append(
                    f'The file of "{one.name}" is not at {one.path or "its place"} any more; '
                    "put it back or choose it anew."
                )
            else:
                opened.files[one.id] = found
            continue
        info = media_member(archive, one.id)
        if info is None:
            opened.missing.append(f'The file of "{one.name}" is not in the project; add it anew.')
            continue
        if progress is not None:
            progress(done / total, f"Opening {one.name}")
        done += info.file_size
        target = folder / one.id / one.name
        if extract(archive, info, target, one.sha256, cancel):
            opened.files[one.id] = target
        else:
            opened.missing.append(f'The file of "{one.name}" in the project is damaged.')
            opened.read_only = _damaged_in_part(path)
    opened.project = replace(opened.project, media=tuple(media))
