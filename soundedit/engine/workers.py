"""Many jobs on this machine: so many processes, one job at a time each."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from soundedit.engine.export import ExportReport
from soundedit.engine.job import Job, job_facts, report_from
from soundedit.engine.leftovers import sweep
from soundedit.progress import CancelToken

_POLL_SECONDS = 0.1
_END_SECONDS = 20.0


@dataclass(frozen=True)
class Outcome:
    """What became of a job: its report, or one sentence."""

    job: Job
    report: ExportReport | None = None
    error: str = ""


@dataclass(frozen=True)
class Advance:
    """How far a job is, 0 to 1."""

    job: Job
    fraction: float


def run_jobs(
    jobs: Iterable[Job], processes: int, cancel: CancelToken | None = None
) -> Iterator[Outcome | Advance]:
    """Render jobs in `processes` worker processes, each with its share of the processor's cores.

    Yields what happens as it happens. A process that dies fails its job alone; another one goes
    on. Raises `Cancelled` once `cancel` is set. However the iterator is left, no process stays
    and no half file.
    """
    waiting = queue.SimpleQueue[Job]()
    for job in jobs:
        waiting.put(job)
    left = waiting.qsize()
    told: queue.SimpleQueue[Outcome | Advance] = queue.SimpleQueue()
    workers = [_Worker(waiting, told, processes) for _ in range(min(processes, left))]
    try:
        while left and not (cancel is not None and cancel.cancelled):
            try:
                what = told.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            left -= isinstance(what, Outcome)
            yield what
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join()
        if any(worker.lost for worker in workers):
            # Encoders that outlived their process opened their files after the sweep before.
            sweep()
    # One that was cancelled while its file got its name has made it all the same.
    while not told.empty():
        what = told.get()
        if isinstance(what, Outcome) and what.report is not None:
            left -= 1
            yield what
    if left and cancel is not None:
        cancel.check()


class _Worker:
    """A thread that feeds one process at a time."""

    def __init__(
        self,
        waiting: "queue.SimpleQueue[Job]",
        told: "queue.SimpleQueue[Outcome | Advance]",
        processes: int,
    ) -> None:
        self._waiting, self._told = waiting, told
        self._threads = str(max((os.cpu_count() or 1) // processes, 1))
        self._lock = threading.Lock()
        self._stopped = False
        self.lost = False
        """Whether a process of it died."""
        self._process: subprocess.Popen[str] | None = None
        self._log: _Log | None = None
        self._thread = threading.Thread(target=self._run, name="batch-worker")
        self._thread.start()

    def stop(self) -> None:
        """Let the process end what it does, leaving no half file."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                _hang_up(self._process)

    def join(self) -> None:
        """Wait until the process has ended; it is killed if it takes too long."""
        with self._lock:
            process = self._process
        if process is not None:
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                job = self._waiting.get_nowait()
            except queue.Empty:
                break
            process = self._running()
            if process is None:
                return
            self._told.put(self._render(process, job))
        with self._lock:
            process = self._process
        if process is not None:
            _hang_up(process)
            _reap(process)

    def _running(self) -> "subprocess.Popen[str] | None":
        """The process, started anew if it died; None once stopped."""
        with self._lock:
            if self._stopped:
                return None
            if self._process is not None and self._process.poll() is not None:
                _reap(self._process)
                self._process = None
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "soundedit.engine.worker"],
                    env={**os.environ, "OMP_NUM_THREADS": self._threads},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,
                )
                self._log = _Log(self._process)
            return self._process

    def _render(self, process: "subprocess.Popen[str]", job: Job) -> Outcome:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(job_facts(job)) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                said: dict[str, Any] = json.loads(line)
                if "progress" in said:
                    self._told.put(Advance(job, said["progress"]))
                elif "report" in said:
                    return Outcome(job, report_from(said["report"]))
                else:
                    return Outcome(job, error=said["error"])
        except (OSError, ValueError):
            pass  # the process is gone
        code = process.wait()
        self.lost = True
        sweep()
        why = self._log.last() if code > 0 and self._log is not None else "the system ended it"
        return Outcome(
            job, error=f"The process that rendered it failed ({why}); free memory and try again."
        )


class _Log:
    """The last lines that a process writes to its standard error."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._lines: deque[str] = deque(maxlen=20)
        self._thread = threading.Thread(target=self._drain, args=(process.stderr,), daemon=True)
        self._thread.start()

    def last(self) -> str:
        """The last line, once the process has ended."""
        self._thread.join()
        return next((line for line in reversed(self._lines) if line), "it said nothing")

    def _drain(self, stream: TextIO) -> None:
        for line in stream:
            self._lines.append(line.strip())


def _hang_up(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()


def _reap(process: "subprocess.Popen[str]") -> None:
    process.wait()
    _hang_up(process)
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
