"""Who may write: one window for a project file, one process for a folder of autosaves.

A lock is a small file that its holder keeps open and locked by the system, which lets go of it when
the holder ends in whatever way. Where a file system cannot lock, and for other machines on one
whose locks stay on their machine, the time in the file decides: holders renew it, and one that has
not been renewed for `STALE` seconds is of a program that is gone.
"""

import contextlib
import getpass
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from soundedit.document.whole import (
    folder_missing,
    folder_unwritable,
    name_beginning,
    write_error,
)
from soundedit.errors import shown

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

STALE = 300.0
"""Seconds after which a lock that nobody renews counts for nothing, where locks do not hold."""

_POLL_SECONDS = 0.01
_FAR = 1 << 30  # Windows hides locked bytes from readers, so one far behind the text is locked.


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: `time` is seconds since 1970 of when that was last certain."""

    user: str
    host: str
    pid: int
    time: float


class FileLock:
    """Try to lock by the file `path`; `held` tells whether that worked.

    Args:
        path: the lock file, made if need be and removed by `release`.
        clock: seconds since 1970.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self.held = False
        self.holder: Holder | None = None
        """Who holds the lock instead, where that can be read."""
        self.error = ""
        """Why nobody could lock here, as in a folder without permission to write."""
        self._clock = clock
        self._descriptor = -1
        self.retry()

    def retry(self) -> bool:
        """Try again, as after the other window closed; returns `held`."""
        self.error = ""
        while not self.held:
            try:
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError as error:
                self.error = str(write_error(self.path, error))
                return False
            locked = _lock(descriptor)
            if locked and not _is_file(descriptor, self.path):
                os.close(descriptor)  # It was released and removed between the two steps.
                continue
            holder = _read(descriptor)
            if locked is False or (holder is not None and self._alive(holder, locked)):
                self.holder = holder
                os.close(descriptor)
                return False
            self._descriptor, self.held, self.holder = descriptor, True, None
            self.renew()
        return True

    def retry_for(self, seconds: float) -> bool:
        """Try for so long, as others may only be looking; returns `held`."""
        end = time.monotonic() + seconds
        while not self.held and not self.error and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)
            self.retry()
        return self.held

    def renew(self) -> None:
        """Write that the holder is alive; to be called every minute or so."""
        if not self.held:
            return
        holder = Holder(_user(), platform.node(), os.getpid(), self._clock())
        with contextlib.suppress(OSError):  # A full disk; the system's lock holds all the same.
            text = json.dumps(asdict(holder)).encode()
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, text)
            os.ftruncate(self._descriptor, len(text))

    def release(self) -> None:
        """Let others have it; nothing happens where it is not held."""
        if not self.held:
            return
        self.held = False
        with contextlib.suppress(OSError):
            if os.name == "nt":
                os.close(self._descriptor)
                self.path.unlink()
            else:
                if _is_file(self._descriptor, self.path):
                    self.path.unlink()
                os.close(self._descriptor)

    def _alive(self, holder: Holder, locked: bool | None) -> bool:
        """Whether the writer of a lock file, which the system does not report as locked, lives."""
        if locked and holder.host == platform.node():
            return False
        return abs(self._clock() - holder.time) < STALE


def lock_project(path: Path) -> FileLock:
    """Try to become the one window that may save to the project file at `path`."""
    target = path.resolve()
    return FileLock(target.with_name(f".{name_beginning(target, 200)}.lock"))


def locked_sentence(path: Path, lock: FileLock) -> str:
    """Why a project whose lock is not held is read-only; empty if the lock is held."""
    if lock.held:
        return ""
    if not lock.path.parent.is_dir():
        return folder_missing(path)
    if lock.error and not os.access(lock.path.parent, os.W_OK):
        return folder_unwritable(path)
    if lock.error:
        return f"{shown(path)} may not be written; save under another name."
    holder = lock.holder
    who = "another window" if holder is None else f"another window ({holder.user} on {holder.host})"
    return f"{shown(path)} is open in {who}, so it is read-only here; save under another name."


def _lock(descriptor: int) -> bool | None:
    """Lock an open file; None where the file system cannot."""
    try:
        if sys.platform == "win32":
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


def _is_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _read(descriptor: int) -> Holder | None:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        fields = json.loads(os.read(descriptor, 4096))
        return Holder(
            str(fields["user"]),
            str(fields["host"]),
            int(fields["pid"]),
            float(fields["time"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"
