"""What is kept of the queue, so that it outlives the program: the list, and each job's snapshot.

A folder holds `jobs.json`, `projects/<id>.json` and, in `media`, the files that those need. One
running program owns a folder; see `claim`.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from soundedit.app.exports.job import ExportJob, JobState
from soundedit.document.lock import FileLock
from soundedit.document.mediafiles import used_media
from soundedit.document.model import Project
from soundedit.document.schema import (
    object_from_text,
    object_text,
    project_from_object,
    project_object,
)
from soundedit.document.whole import written_whole
from soundedit.errors import ExportError, MediaError, SoundeditError
from soundedit.media.presets import settings_facts, settings_from

SCHEMA = 1

COPY_BELOW = 64 * 2**20
"""Smaller media are copied, larger ones linked where the file system can: at once, in no room."""

_PLAIN = ("title", "pack", "error", "log", "added", "ended")
_NUMBERS = ("start", "end", "spent")
_COUNTS = ("frames", "done", "crashes", "size", "reused")


class QueueStore:
    """The files of one queue. Methods may be called from any one thread at a time."""

    def __init__(self, folder: Path, lock: FileLock | None = None) -> None:
        self.folder = folder
        self._lock = lock

    def load(self) -> list[ExportJob]:
        """The jobs as they were saved, without those that nothing is kept of.

        A list that cannot be read is put aside as `jobs.json.damaged`; `ExportError` tells so.
        """
        path = self.folder / "jobs.json"
        try:
            facts = object_from_text(path.read_bytes())
            if facts["schema"] != SCHEMA:
                raise ValueError(f"schema {facts['schema']}")
            jobs = [job_from(one) for one in facts["jobs"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError, SoundeditError) as error:
            aside = path.with_name("jobs.json.damaged")
            path.replace(aside)
            raise ExportError(
                f"The list of exports could not be read ({error}) and is now {aside}; "
                "add the exports again."
            ) from error
        return [job for job in jobs if not job.open or self._project(job.id).is_file()]

    def save(self, jobs: Iterable[ExportJob]) -> None:
        """Write the list, whole or not at all; `SoundeditError` if that fails."""
        self._write(
            self.folder / "jobs.json",
            {"schema": SCHEMA, "jobs": [job_facts(job) for job in jobs]},
        )

    def keep(self, id_: str, project: Project, files: Mapping[str, Path]) -> None:
        """Keep a job's project with the files it needs, whatever happens to them elsewhere.

        Raises `SoundeditError` if that fails.
        """
        kept: dict[str, Any] = {}
        for media in used_media(project):
            path = files.get(media)
            if path is not None and path.is_file():
                name = self._keep_file(path)
                kept[media] = {"name": name, "state": _state(self.folder / "media" / name)}
        facts = {"project": project_object(project), "files": kept}
        self._write(self._project(id_), facts)

    def snapshot(self, id_: str) -> tuple[Project, dict[str, Path]]:
        """The project of a job and the files of its media, by id.

        Raises `ExportError` if it is lost or damaged, `MediaError` if a file changed since.
        """
        try:
            facts = object_from_text(self._project(id_).read_bytes())
            project = project_from_object(facts["project"])
            kept = facts["files"].items()
            files = {media: self.folder / "media" / one["name"] for media, one in kept}
            states = {media: one["state"] for media, one in kept}
        except (OSError, AttributeError, TypeError, KeyError, SoundeditError) as error:
            raise ExportError(
                f"What was to be exported is lost ({error}); add the export again."
            ) from error
        for media, path in files.items():
            if not path.is_file() or _state(path) != states[media]:
                names = [one.name for one in project.media if one.id == media]
                raise MediaError(
                    f"The file {names[0] if names else media} was changed after the export was "
                    "added; add it again."
                )
        return project, files

    def tidy(self, jobs: Sequence[ExportJob]) -> None:
        """Remove what no job needs any more; done ones need nothing."""
        needed = {job.id for job in jobs if job.state is not JobState.DONE}
        used = set()
        for path in _files(self.folder / "projects"):
            if path.stem not in needed:
                path.unlink(missing_ok=True)
                continue
            try:
                facts = object_from_text(path.read_bytes())
                used |= {one["name"] for one in facts["files"].values()}
            except (OSError, AttributeError, TypeError, KeyError, SoundeditError):
                # A damaged one is told when its job's turn comes.
                continue
        for path in _files(self.folder / "media"):
            if path.name not in used:
                path.unlink(missing_ok=True)

    def adopt(self, other: "QueueStore") -> list[ExportJob]:
        """Take over the jobs of a program that is no more; they are in no list until saved."""
        jobs = other.load()
        for part in ("media", "projects"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
            for path in _files(other.folder / part):
                path.replace(self.folder / part / path.name)
        return jobs

    def close(self, *, remove: bool = False) -> None:
        """Let another program own the folder, or `remove` it."""
        if remove:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self._lock is not None:
            self._lock.release()

    def _project(self, id_: str) -> Path:
        return self.folder / "projects" / f"{id_}.json"

    def _keep_file(self, path: Path) -> str:
        """Name of the copy in `media`; the same file is there once, however many need it."""
        facts = [str(path), *_state(path)]
        name = hashlib.sha256(repr(facts).encode()).hexdigest()[:24] + path.suffix
        place = self.folder / "media" / name
        if place.exists():
            return name
        part = place.with_name(f"{name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            if path.stat().st_size < COPY_BELOW or not _link(path, part):
                shutil.copy2(path, part)
            part.replace(place)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise ExportError(
                f"{path.name} could not be kept for the export ({error.strerror}); "
                "make room on the disk and add it again."
            ) from error
        return name

    def _write(self, path: Path, facts: Mapping[str, Any]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportError(
                f"The list of exports cannot be kept in {path.parent} ({error.strerror}); "
                "make room or allow writing there."
            ) from error
        with written_whole(path) as file:
            file.write(object_text(dict(facts)))


def claim(root: Path) -> tuple[QueueStore, list[QueueStore]]:
    """A folder of `root` for this program alone, and those that programs now gone left behind.

    The first is `root/1`; a second program at the same time gets `root/2`. Raises `ExportError`
    where nothing can be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        found = {int(path.name) for path in root.iterdir() if path.name.isdigit()}
    except OSError as error:
        raise ExportError(
            f"The list of exports cannot be kept in {root} ({error.strerror}); "
            "make room or allow writing there."
        ) from error
    stores: list[QueueStore] = []
    for number in sorted(found | {1, max(found, default=0) + 1}):
        folder = root / str(number)
        if number not in found and stores:
            continue
        folder.mkdir(exist_ok=True)
        lock = FileLock(root / f"{number}.lock")
        if lock.held:
            stores.append(QueueStore(folder, lock))
    if not stores:
        raise ExportError(f"The list of exports cannot be kept in {root}; allow writing there.")
    return stores[0], stores[1:]


def job_facts(job: ExportJob) -> dict[str, Any]:
    """A job as JSON holds it."""
    facts = {name: getattr(job, name) for name in (*_PLAIN, *_NUMBERS, *_COUNTS, "overwrite")}
    return {
        "id": job.id,
        "path": str(job.path),
        "fps": str(job.fps),
        "state": str(job.state),
        "settings": settings_facts(job.settings),
        **facts,
    }


def job_from(facts: Mapping[str, Any]) -> ExportJob:
    """The job that `job_facts` wrote.

    Raises KeyError, TypeError, ValueError or `ExportError` for anything else.
    """
    plain: dict[str, Any] = {name: str(facts[name]) for name in _PLAIN}
    plain |= {name: float(facts[name]) for name in _NUMBERS}
    plain |= {name: int(facts[name]) for name in _COUNTS}
    return ExportJob(
        id=str(facts["id"]),
        path=Path(facts["path"]),
        fps=Fraction(facts["fps"]),
        state=JobState(facts["state"]),
        settings=settings_from(facts["settings"]),
        overwrite=facts["overwrite"] is True,
        **plain,
    )


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _state(path: Path) -> list[int]:
    """Tells a file that was changed from what it was."""
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def _link(path: Path, place: Path) -> bool:
    try:
        os.link(path.resolve(), place)
    except OSError:
        return False
    return True
