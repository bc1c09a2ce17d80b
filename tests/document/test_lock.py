"""One project, two windows: the second is read-only; a lock of a killed program counts nothing."""

import json
import os
import platform
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from soundedit.document.lock import STALE, FileLock, lock_project, locked_sentence

HOLD = """
import os
import sys
from pathlib import Path
from soundedit.document.lock import lock_project
lock = lock_project(Path(sys.argv[1]))
print(lock.held, os.getpid(), flush=True)
sys.stdin.read()
lock.release()
"""


def hold(path: Path) -> tuple["subprocess.Popen[str]", bool, int]:
    """Another process that takes the lock until its input ends, whether it has it, and its id.

    The process of `subprocess` may only be what starts Python, as in environments on Windows.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    held, pid = process.stdout.readline().split()
    return process, held == "True", int(pid)


def end(process: "subprocess.Popen[str]") -> None:
    process.communicate()


def write_holder(path: Path, host: str, time: float) -> None:
    fields = {"user": "ada", "host": host, "pid": 1, "time": time}
    path.write_text(json.dumps(fields))


def test_the_second_process_waits_for_the_first(tmp_path: Path) -> None:
    path = tmp_path / "p.soundedit"
    mine = lock_project(path)
    assert mine.held and locked_sentence(path, mine) == ""
    other, held, _ = hold(path)
    assert not held
    end(other)
    mine.release()
    other, held, pid = hold(path)
    assert held
    assert not mine.retry() and mine.holder is not None
    assert (mine.holder.pid, mine.holder.host) == (pid, platform.node())
    assert locked_sentence(path, mine).startswith('"p.soundedit" is open in another window (')
    end(other)
    assert mine.retry()
    mine.release()
    assert list(tmp_path.iterdir()) == []


def test_two_windows_of_one_process(tmp_path: Path) -> None:
    first, second = lock_project(tmp_path / "p.soundedit"), lock_project(tmp_path / "p.soundedit")
    assert (first.held, second.held) == (True, False)
    other = lock_project(tmp_path / "q.soundedit")
    assert other.held
    first.release()
    first.release()
    assert second.retry()
    for lock in (second, other):
        lock.release()


@pytest.mark.skipif(sys.platform == "win32", reason="links are not for everybody there")
def test_a_link_is_the_project_that_it_leads_to(tmp_path: Path) -> None:
    first = lock_project(tmp_path / "p.soundedit")
    link = tmp_path / "link.soundedit"
    link.symlink_to(tmp_path / "p.soundedit")
    assert first.held and not lock_project(link).held
    first.release()


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "p.soundedit"
    other, held, pid = hold(path)
    assert held
    os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    end(other)
    assert (tmp_path / ".p.soundedit.lock").exists()
    mine = lock_project(path)
    assert mine.held
    mine.release()


@pytest.mark.parametrize(
    ("host", "age", "free"),
    [
        (platform.node(), 0.0, True),  # The system would know if it were alive.
        ("elsewhere", 10.0, False),
        ("elsewhere", STALE + 1, True),
        ("elsewhere", -10.0, False),
        ("elsewhere", -STALE - 1, True),  # A clock that was wrong.
    ],
)
def test_lock_of_another_machine_counts_while_it_is_renewed(
    tmp_path: Path, host: str, age: float, free: bool
) -> None:
    path = tmp_path / ".p.soundedit.lock"
    write_holder(path, host, 1e9 - age)
    lock = FileLock(path, clock=lambda: 1e9)
    assert lock.held == free
    if not free:
        assert lock.holder is not None and lock.holder.user == "ada"
        assert "ada on elsewhere" in locked_sentence(tmp_path / "p.soundedit", lock)
    lock.release()


def test_a_lock_that_makes_no_sense_counts_nothing(tmp_path: Path) -> None:
    for text in (b"", b"{}", b"[1]", b'{"user": 1, "host": 2, "pid": "x"}', bytes(5000)):
        (tmp_path / "lock").write_bytes(text)
        lock = FileLock(tmp_path / "lock")
        assert lock.held
        lock.release()


def test_renewing_tells_the_time(tmp_path: Path) -> None:
    now = 1e9
    lock = FileLock(tmp_path / "lock", clock=lambda: now)
    now += 60
    lock.renew()
    assert json.loads((tmp_path / "lock").read_text())["time"] == 1e9 + 60
    lock.release()
    lock.renew()
    assert not (tmp_path / "lock").exists()


def test_only_one_of_many_has_it_at_any_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    inside = threading.Semaphore(1)
    taken = [0]
    broken = []

    def work() -> None:
        for _ in range(150):
            lock = FileLock(path)
            if lock.held:
                if not inside.acquire(blocking=False):
                    broken.append(1)
                else:
                    taken[0] += 1
                    inside.release()
                lock.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken and taken[0] > 0 and not path.exists()
