"""What a killed program left half written is removed by the next one.

Each export notes where it writes, in a folder of its own, and holds a lock while it runs. A note
whose lock nobody holds is of a program that is gone, and the parts that came since are ours.
"""

import contextlib
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from soundedit.document.autosave import state_folder
from soundedit.document.lock import FileLock
from soundedit.media.whole import parts_of, remove_parts, write_whole

# File systems may count in steps of two seconds.
_COARSE_SECONDS = 2.0


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
            kept = [file.name for file in parts_of(out)]
            facts = {"out": str(out.absolute()), "since": time.time(), "kept": kept}
            write_whole(note, json.dumps(facts).encode())
        yield


def sweep(folder: Path | None = None) -> None:
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
                written.update(path for path, *_ in _read(note))
        for note, lock in gone:
            for out, since, kept in _read(note):
                # Whoever writes that file now has parts of the same names.
                if out not in written and not remove_parts(out, since - _COARSE_SECONDS, kept):
                    break
            else:
                _forget(note)
            lock.release()


def _read(note: Path) -> list[tuple[Path, float, list[str]]]:
    """The path, the time and the older parts that a note names; none where it is damaged."""
    try:
        facts = json.loads(note.read_bytes())
        return [(Path(str(facts["out"])), float(facts["since"]), list(facts.get("kept", ())))]
    except (OSError, ValueError, LookupError, TypeError):
        return []


def _forget(note: Path) -> None:
    with contextlib.suppress(OSError):
        note.unlink(missing_ok=True)
