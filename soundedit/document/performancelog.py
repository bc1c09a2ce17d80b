"""A live performance while it is recorded: project and slider moves, written as they come.

A text file of JSON lines beside the recorded sound. A line has the `project` with its `files` and
the `fps`, from then on; or the `strengths` of the edits by id from a `frame` on. What a crash left
is read to the last whole line.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from soundedit.document.lock import FileLock
from soundedit.document.model import Project
from soundedit.document.schema import object_from_text, project_from_object, project_object
from soundedit.document.whole import write_error
from soundedit.errors import ProjectError

LOG_SUFFIX = ".moves"


class PerformanceLog:
    """Writes beside `sound`; ProjectError if it cannot be written.

    Until `close` it is locked, so that no other window takes it for one that a crash left.
    """

    def __init__(
        self, sound: Path, project: Project, files: Mapping[str, Path], fps: Fraction
    ) -> None:
        self.path = sound.with_suffix(LOG_SUFFIX)
        self._fps = fps
        self._last: Mapping[str, float] | None = None
        self._lock = FileLock(_lock_path(self.path))
        try:
            self._file = self.path.open("xb", buffering=0)
        except OSError as error:
            self._lock.release()
            raise write_error(self.path, error) from error
        self.change(project, files)

    def change(self, project: Project, files: Mapping[str, Path]) -> None:
        """The project is another one from now on."""
        found = {media: str(file.absolute()) for media, file in files.items()}
        self._write({"project": project_object(project), "files": found, "fps": str(self._fps)})

    def moved(self, frame: int, strengths: Mapping[str, float]) -> None:
        """The strengths of a frame; nothing is written where they are those of the one before."""
        if strengths is not self._last:
            self._last = strengths
            self._write({"frame": frame, "strengths": dict(strengths)})

    def finish(self) -> None:
        """Write no more."""
        self._file.close()

    def close(self) -> None:
        """Write no more, and let go of the file, which stays for whoever looks for it."""
        self._file.close()
        self._lock.release()

    def discard(self) -> None:
        """Write no more and remove the file: it is not needed."""
        self._file.close()
        self.path.unlink(missing_ok=True)
        self._lock.release()

    def _write(self, fields: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(fields).encode() + b"\n")
        except OSError as error:
            raise write_error(self.path, error) from error


@dataclass(frozen=True)
class LeftPerformance:
    """What a log holds; `moves` are frames with the strengths from there on."""

    project: Project
    files: Mapping[str, Path]
    fps: Fraction
    moves: tuple[tuple[int, Mapping[str, float]], ...]


def read_performance(path: Path) -> LeftPerformance:
    """Read a log up to its last whole line; ProjectError where it holds no project."""
    found: LeftPerformance | None = None
    moves: list[tuple[int, Mapping[str, float]]] = []
    try:
        for line in path.read_bytes().split(b"\n")[:-1]:
            fields = object_from_text(line)
            if "project" in fields:
                files = {media: Path(file) for media, file in fields["files"].items()}
                project = project_from_object(fields["project"])
                found = LeftPerformance(project, files, Fraction(fields["fps"]), ())
            else:
                strengths = {edit: float(value) for edit, value in fields["strengths"].items()}
                moves.append((int(fields["frame"]), strengths))
    except ProjectError:
        if found is None:
            raise
    except OSError as error:
        raise ProjectError(f"{path} cannot be read ({error.strerror}).") from error
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ProjectError(f"{path} is damaged; the sound beside it is kept.") from error
    if found is None:
        raise ProjectError(f"{path} is damaged; the sound beside it is kept.")
    return LeftPerformance(found.project, found.files, found.fps, tuple(moves))


def left_logs(folder: Path) -> list[tuple[Path, FileLock]]:
    """Logs in a folder that nobody writes any more, oldest first, each locked for the caller."""
    found = []
    for path in sorted(folder.glob(f"*{LOG_SUFFIX}")):
        lock = FileLock(_lock_path(path))
        if lock.held:
            found.append((path, lock))
    return found


def _lock_path(log: Path) -> Path:
    return log.with_name(f".{log.name}.lock")
