"""Autosaves of what is open, and what the next start can recover of them.

    <state>/sessions/<id>.lock                    held while the program works on the session
    <state>/sessions/<id>/<number>-<time>.json    an autosave: the project and where its media lie
    <state>/sessions/<id>/<number>-<time>.png     what it looked like
    <state>/sessions/<id>/media/                  media unpacked, recorded or made meanwhile

An open project is one session. A session that is there without a holder of its lock was not
closed: the program was killed or the power failed.
"""

import contextlib
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from soundedit.document.commands import take_name
from soundedit.document.ids import new_id
from soundedit.document.lock import FileLock
from soundedit.document.model import Project
from soundedit.document.projectfile import OpenedProject, shortened
from soundedit.document.schema import (
    object_from_text,
    object_text,
    project_from_object,
    project_object,
)
from soundedit.document.whole import write_error, written_whole
from soundedit.errors import ProjectError

_NAME = re.compile(r"(\d{8})-(\d{1,15})\.json")
_LOOKING_SECONDS = 0.25
"""How long a session may be locked by somebody who only looks at it."""
_MINUTE = 60.0
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def state_folder() -> Path:
    """The person's folder for what soundedit remembers of its work, as the system has it."""
    return Path(platformdirs.user_state_dir("soundedit", appauthor=False))


def in_session(path: Path) -> bool:
    """Whether a file is one that a session unpacked or made, which goes when that is closed."""
    parts = path.parts
    return any(
        name == "sessions" and media == "media"
        for name, media in zip(parts, parts[2:], strict=False)
    )


@dataclass(frozen=True)
class Recovery:
    """An autosave that can be recovered: `time` is seconds since 1970."""

    time: float
    title: str
    path: Path | None
    """The project file it was opened from or saved to; None if it never was."""
    picture: Path | None
    """A PNG picture of it."""
    file: Path
    """The autosave itself."""


class Autosaver:
    """Writes what is open to the state folder, from any one thread at a time.

    Args:
        state: the state folder; made if need be.
        clock: seconds since 1970.
        session: the id of a session to go on with, as after a crash; None is a new one.

    Raises `ProjectError` if the folder cannot be written or another program has the session.
    """

    def __init__(
        self,
        state: Path,
        clock: Callable[[], float] = time.time,
        session: str | None = None,
    ) -> None:
        sessions = state / "sessions"
        session = session or new_id()
        self.folder = sessions / session
        """The session's folder."""
        self.media = self.folder / "media"
        """Where media of the project are unpacked or made; it lasts until `close`."""
        try:
            sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Locked before the folder is there, so that nobody takes it for a crashed one.
            self._lock = FileLock(sessions / f"{session}.lock", clock)
            if self._lock.held:
                self.media.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(state, error) from error
        if not self._lock.held:
            raise ProjectError(
                self._lock.error or "This project is being recovered in another window; use that."
            )
        self._clock = clock
        self._last: tuple[Project, Path | None] | None = None
        self._number = max(_autosaves(self.folder), default=0)

    def write(
        self,
        project: Project,
        files: Mapping[str, Path],
        *,
        path: Path | None = None,
        picture: bytes | None = None,
    ) -> bool:
        """Autosave what is open; thins older autosaves out.

        To be called every minute: it tells others that the session is alive, too.

        Args:
            project: what is open.
            files: media id -> its file.
            path: the project file, if there is one.
            picture: a small PNG picture of it.

        Returns:
            False if nothing changed since the last autosave, so none was written.

        Raises `ProjectError` if it cannot be written; earlier autosaves are then still there.
        """
        self._lock.renew()
        if (project, path) == self._last:
            return False
        now = self._clock()
        number = self._number + 1
        target = self.folder / f"{number:08d}-{max(round(now * 1000), 0)}.json"
        fields: dict[str, Any] = {
            "time": now,
            "path": None if path is None else str(path.absolute()),
            "files": {media: str(file.absolute()) for media, file in files.items()},
            "project": project_object(project),
        }
        if picture is not None:
            with written_whole(target.with_suffix(".png")) as file:
                file.write(picture)
        with written_whole(target) as file:
            file.write(object_text(fields))
        self._number, self._last = number, (project, path)
        self._thin(now)
        return True

    def clear(self) -> None:
        """Forget the autosaves: what is open was saved, so that there is nothing to recover."""
        self._last = None
        for file in _autosaves(self.folder).values():
            _remove(file)

    def close(self) -> None:
        """End the session and remove all it kept: what was open is saved or not wanted."""
        _remove_session(self.folder)
        self._lock.release()

    def leave(self) -> None:
        """End the session and keep its autosaves, for whoever recovers them."""
        self._lock.release()

    def _thin(self, now: float) -> None:
        saved = _autosaves(self.folder)
        times = {number: int(file.stem.partition("-")[2]) / 1000 for number, file in saved.items()}
        for number in saved.keys() - kept_autosaves(times, now):
            _remove(saved[number])


def kept_autosaves(times: Mapping[int, float], now: float) -> set[int]:
    """Which autosaves to keep, of number -> time in seconds.

    They are the newest, all of the last ten minutes, one in ten minutes of the last two hours, one
    an hour of the last day and one a day before.
    """
    kept: set[int] = set()
    spoken_for: set[tuple[float, float]] = set()
    for number in sorted(times, reverse=True):
        age = now - times[number]
        width = next(
            width
            for limit, width in (
                (10 * _MINUTE, 0.0),
                (2 * _HOUR, 10 * _MINUTE),
                (_DAY, _HOUR),
                (float("inf"), _DAY),
            )
            if age <= limit
        )
        bucket = (width, times[number] // width) if width else (width, float(number))
        if not kept or bucket not in spoken_for:
            kept.add(number)
        spoken_for.add(bucket)
    return kept


def recoverable(state: Path) -> list[Recovery]:
    """The newest readable autosave of each session that was not closed, newest first.

    Sessions that are at work are left out, and those that hold nothing are removed.
    """
    found = []
    sessions = state / "sessions"
    for folder in _folders(sessions):
        lock = FileLock(sessions / f"{folder.name}.lock")
        if not lock.retry_for(_LOOKING_SECONDS):
            continue
        readable = _readable(folder)
        if readable:
            found.append(readable[0])
        elif not _autosaves(folder):
            _remove_session(folder)  # Killed before there was anything to save.
        lock.release()
    return sorted(found, key=lambda recovery: recovery.time, reverse=True)


def autosaved_files(state: Path) -> set[Path]:
    """The media of everything that can be recovered."""
    found: set[Path] = set()
    for recovery in recoverable(state):
        found.update(Path(file) for file in _read(recovery.file)["files"].values())
    return found


def versions(recovery: Recovery) -> list[Recovery]:
    """Every readable autosave of a recovery's session, newest first."""
    return _readable(recovery.file.parent)


def recover(
    recovery: Recovery, clock: Callable[[], float] = time.time
) -> tuple[Autosaver, OpenedProject]:
    """Open an autosave and go on with its session, which keeps its autosaves until it is saved.

    Raises `ProjectError` if it cannot be read, or is being recovered in another window.
    """
    folder = recovery.file.parent
    autosaver = Autosaver(folder.parent.parent, clock, folder.name)
    try:
        return autosaver, _open(recovery.file)
    except BaseException:
        autosaver.leave()
        raise


def discard(recovery: Recovery) -> None:
    """Remove a session that nobody wants to recover; one that is at work stays."""
    folder = recovery.file.parent
    lock = FileLock(folder.with_name(f"{folder.name}.lock"))
    if lock.retry_for(_LOOKING_SECONDS):
        _remove_session(folder)
        lock.release()


def _open(file: Path) -> OpenedProject:
    fields = _read(file)
    damage: list[str] = []
    project = project_from_object(fields["project"], damage=damage)
    opened = OpenedProject(project, {}, damage=shortened(damage))
    for media in project.media:
        path = Path(fields["files"].get(media.id) or media.path or media.name)
        if path.is_absolute() and path.is_file():
            opened.files[media.id] = path
        else:
            opened.missing.append(
                f'The file of "{media.name}" is not at {path} any more; put it back or choose it '
                "anew."
            )
    return opened


def _read(file: Path) -> dict[str, Any]:
    """The fields of an autosave, of the right kinds; raises `ProjectError` otherwise."""
    try:
        fields = object_from_text(file.read_bytes())
    except OSError as error:
        raise ProjectError(f"The autosave cannot be read ({error.strerror}).") from error
    files = fields.get("files")
    if (
        not isinstance(fields.get("project"), dict)
        or not isinstance(files, dict)
        or not all(isinstance(path, str) for path in files.values())
        or type(fields.get("time")) is not float
        or not isinstance(fields.get("path"), (str, type(None)))
    ):
        raise ProjectError("The autosave is damaged; choose an older one.")
    return fields


def _readable(folder: Path) -> list[Recovery]:
    found: list[Recovery] = []
    damaged: list[Recovery] = []
    for _, file in sorted(_autosaves(folder).items(), reverse=True):
        damage: list[str] = []
        try:
            fields = _read(file)
            project = project_from_object(fields["project"], damage=damage)
        except ProjectError:
            continue  # An older one may do.
        picture = file.with_suffix(".png")
        (damaged if damage else found).append(
            Recovery(
                time=fields["time"],
                title=project.title or take_name(project),
                path=None if fields["path"] is None else Path(fields["path"]),
                picture=picture if picture.is_file() else None,
                file=file,
            )
        )
    return found or damaged


def _autosaves(folder: Path) -> dict[int, Path]:
    """Number -> file of the autosaves in a session's folder."""
    found = {}
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            if match := _NAME.fullmatch(file.name):
                found[int(match[1])] = file
    return found


def _remove(file: Path) -> None:
    for one in (file, file.with_suffix(".png")):
        with contextlib.suppress(OSError):
            one.unlink(missing_ok=True)


def _remove_session(folder: Path) -> None:
    # The autosaves first: a session half removed has nothing to recover.
    for file in _autosaves(folder).values():
        _remove(file)
    shutil.rmtree(folder, ignore_errors=True)


def _folders(sessions: Path) -> list[Path]:
    try:
        return [folder for folder in sessions.iterdir() if folder.is_dir()]
    except OSError:
        return []
