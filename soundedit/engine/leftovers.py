"""What a killed program left half written is removed by the next one.

Each export notes where it writes, in a folder of its own, and holds a lock while it runs. A note
whose lock nobody holds is of a program that is gone, and the parts that came since are ours. Its
encoder may outlive it for a moment and open its file only then, so a note is kept a while longer.
"""

import contextlib
import json
import math
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from soundedit.document.autosave import state_folder
from soundedit.document.lock import FileLock
from soundedit.errors import ExportError
from soundedit.media.whole import parts_of, remove_parts, write_whole

# File systems may count in steps of two seconds.
_COARSE_SECONDS = 2.0
_ORPHAN_SECONDS = 30.0
"""How long after the first sweep a note is kept."""


def notes_folder() -> Path:
    """Where this person's programs note what they write."""
    return state_folder() / "writing"


@contextlib.contextmanager
def noted(out: Path, folder: Path | None = None) -> Iterator[None]:
    """Note while the block runs that parts of `out` are being written, after sweeping old ones.

    Where nothing can be noted, the block runs all the same.
    """
    folder = notes_folder() if folder is None else folder
    sweep(folder)
    with contextlib.ExitStack() as stack:
        # An export must not fail because its note does.
        with contextlib.suppress(Exception):
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / f"{uuid.uuid4().hex}.lock")
            stack.callback(lock.release)
            note = lock.path.with_suffix(".json")
            stack.callback(_forget, note)
            kept = tuple(file.name for file in parts_of(out))
            _write(note, _Note(out.absolute(), time.time(), kept))
        yield


def sweep(folder: Path | None = None, clock: Callable[[], float] = time.time) -> None:
    """Remove the parts that programs now gone were writing; what cannot be removed stays noted."""
    folder = notes_folder() if folder is None else folder
    with contextlib.suppress(OSError):
        gone: list[tuple[Path, FileLock]] = []
        written: set[Path] = set()
        for note in list(folder.glob("*.json")):
            lock = FileLock(note.with_suffix(".lock"))
            if lock.held:
                gone.append((note, lock))
            else:
                held = _read(note)
                written.update(() if held is None else (held.out,))
        for note, lock in gone:
            if (left := _read(note)) is None:
                _forget(note)
            # Whoever writes that file now has parts of the same names.
            elif left.out in written or left.remove():
                if clock() - left.swept > _ORPHAN_SECONDS:
                    _forget(note)
                elif left.swept == math.inf:
                    with contextlib.suppress(ExportError):
                        _write(note, replace(left, swept=clock()))
            lock.release()


@dataclass(frozen=True)
class _Note:
    """What is written where `since` when, the parts that were there before, and when it was first
    `swept`.
    """

    out: Path
    since: float
    kept: tuple[str, ...]
    swept: float = math.inf

    def remove(self) -> bool:
        """Remove the parts that came since; whether all of them are gone."""
        return remove_parts(self.out, self.since - _COARSE_SECONDS, self.kept)


def _write(note: Path, what: _Note) -> None:
    facts: dict[str, object] = {"out": str(what.out), "since": what.since, "kept": what.kept}
    if what.swept < math.inf:
        facts["swept"] = what.swept
    write_whole(note, json.dumps(facts).encode())


def _read(note: Path) -> _Note | None:
    """A note; None where it is damaged."""
    try:
        facts = json.loads(note.read_bytes())
        return _Note(
            Path(str(facts["out"])),
            float(facts["since"]),
            tuple(facts.get("kept", ())),
            float(facts.get("swept", math.inf)),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _forget(note: Path) -> None:
    with contextlib.suppress(OSError):
        note.unlink(missing_ok=True)
