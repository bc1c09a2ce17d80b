"""What a batch has made, from what and how, so that the same command goes on where it stopped."""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundedit.document.lock import FileLock
from soundedit.document.projectfile import SUFFIX, glance
from soundedit.errors import SoundeditError
from soundedit.media.whole import write_whole
from soundedit.packs import MANIFEST_NAME, default_pack, pack_folder

if TYPE_CHECKING:
    from soundedit.engine.job import Job

RECORD = ".soundedit-batch.json"
_LOCK_SECONDS = 5.0


class Record:
    """The reports of finished files in `folder`, each with the fingerprint of its job."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; a damaged record counts as none."""
        self._path = folder / RECORD
        self._patience = _LOCK_SECONDS
        self._made = self._read()

    def report(self, out: Path, mark: str) -> dict[str, Any] | None:
        """The report of `out` if it is there still and was made by a job of this fingerprint."""
        entry = self._made.get(self._name(out), {})
        return entry.get("report") if out.exists() and entry.get("mark") == mark else None

    def __contains__(self, out: Path) -> bool:
        return self._name(out) in self._made

    def made(self, file: Path) -> bool:
        """Whether a file, anywhere, is one of these or lies in a folder that is."""
        try:
            inside = file.resolve().relative_to(self._path.parent.resolve())
        except ValueError:
            return False
        return any(part.as_posix() in self._made for part in (inside, *inside.parents))

    def add(self, out: Path, mark: str, report: dict[str, Any]) -> None:
        """Note a finished file at once, whole or not at all."""
        lock = FileLock(self._path.with_name(f"{RECORD}.lock"))
        if not lock.retry_for(self._patience):
            # What another machine left behind is not waited for again.
            self._patience = 0.0
        try:
            # Another batch may have noted files of its own since.
            self._made |= self._read()
            self._made[self._name(out)] = {"mark": mark, "report": report}
            made = json.dumps({"version": 1, "made": self._made}, ensure_ascii=True)
            write_whole(self._path, made.encode())
        finally:
            lock.release()

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            made = json.loads(self._path.read_text(encoding="utf-8"))["made"]
            return {str(name): dict(entry) for name, entry in made.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}

    def _name(self, out: Path) -> str:
        return out.relative_to(self._path.parent).as_posix()


def fingerprint(job: "Job") -> str:
    """Names everything that decides what a job makes: its source as it is now, settings, pack."""
    from soundedit.engine.job import job_facts

    facts = job_facts(job)
    for name in ("out", "overwrite", "work", "device"):
        del facts[name]
    pack, files = job.pack, [job.source]
    if job.source.suffix.lower() == SUFFIX:
        with contextlib.suppress(SoundeditError):
            project, outside = glance(job.source)
            pack, files = pack or project.pack or None, [job.source, *outside]
    facts["state"] = [_state(file) for file in files]
    facts["source"] = str(job.source.absolute())
    facts["manifest"] = _manifest(pack)
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _state(file: Path) -> list[int] | None:
    """Tells one content of a file from another; None where it is not there."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return [stat.st_size, stat.st_mtime_ns]


def _manifest(pack: str | None) -> str:
    """Tells one content of a pack from another; empty where it cannot be read."""
    try:
        folder = default_pack() if pack is None else pack_folder(pack)
        return hashlib.sha256((folder / MANIFEST_NAME).read_bytes()).hexdigest()
    except (OSError, SoundeditError):
        return ""
