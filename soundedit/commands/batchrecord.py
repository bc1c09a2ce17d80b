"""What a batch has made, from what and how, so that the same command goes on where it stopped."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundedit.errors import SoundeditError
from soundedit.media.whole import write_whole
from soundedit.packs import MANIFEST_NAME, default_pack, find_packs

if TYPE_CHECKING:
    from soundedit.engine.job import Job

RECORD = ".soundedit-batch.json"


class Record:
    """The reports of finished files in `folder`, each with the fingerprint of its job."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; a damaged record counts as none."""
        self._path = folder / RECORD
        self._made: dict[str, dict[str, Any]] = {}
        try:
            made = json.loads(self._path.read_text(encoding="utf-8"))["made"]
            self._made = {str(name): dict(entry) for name, entry in made.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            pass

    def report(self, out: Path, mark: str) -> dict[str, Any] | None:
        """The report of `out` if it is there still and was made by a job of this fingerprint."""
        entry = self._made.get(self._name(out), {})
        return entry.get("report") if out.exists() and entry.get("mark") == mark else None

    def __contains__(self, out: Path) -> bool:
        return self._name(out) in self._made

    def add(self, out: Path, mark: str, report: dict[str, Any]) -> None:
        """Note a finished file at once, whole or not at all."""
        self._made[self._name(out)] = {"mark": mark, "report": report}
        made = json.dumps({"version": 1, "made": self._made}, ensure_ascii=True)
        write_whole(self._path, made.encode())

    def _name(self, out: Path) -> str:
        return out.relative_to(self._path.parent).as_posix()


def fingerprint(job: "Job") -> str:
    """Names everything that decides what a job makes: its source as it is now, settings, pack."""
    from soundedit.engine.job import job_facts

    facts = job_facts(job)
    for name in ("out", "overwrite", "work", "device"):
        del facts[name]
    try:
        stat = job.source.stat()
        facts["state"] = [stat.st_size, stat.st_mtime_ns]
    except OSError:
        facts["state"] = None
    facts["source"] = str(job.source.absolute())
    facts["manifest"] = _manifest(job.pack)
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _manifest(pack: str | None) -> str:
    """Tells one content of a pack from another; empty where it cannot be read."""
    try:
        folders = {folder.name: folder for folder in find_packs()}
        folder = default_pack() if pack is None else folders.get(pack, Path(pack))
        return hashlib.sha256((folder / MANIFEST_NAME).read_bytes()).hexdigest()
    except (OSError, SoundeditError):
        return ""
