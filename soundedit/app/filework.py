"""Reads and writes files off the GUI thread, one after another."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal

from soundedit.app.jobs import Jobs
from soundedit.app.requests import new_id
from soundedit.progress import CancelToken, Progress

Work = Callable[[Progress, CancelToken], Any]


@dataclass(frozen=True)
class _Task:
    id: int
    work: Work
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    cancel: CancelToken


class FileWork(QObject):
    """One thread for all files of the project, so that no two writes meet.

    `close` waits until all that was asked for is done: what is being saved is not given up.
    """

    _advanced = Signal(int, float, str)
    _ended = Signal(object, object, object)

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._waiting: set[int] = set()
        queued = Qt.ConnectionType.QueuedConnection
        self._advanced.connect(jobs.advance, queued)
        self._ended.connect(self._on_ended, queued)

    @property
    def busy(self) -> bool:
        """True while something is not done."""
        return bool(self._waiting)

    def do(
        self,
        work: Work,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        text: str = "",
    ) -> None:
        """Call `work` on the thread, then `done` with its value or `failed`, in the GUI thread.

        With a `text` it is shown as a job that can be cancelled.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="file-work")
            self._thread.start()
        task = _Task(new_id(), work, done, failed, CancelToken())
        self._waiting.add(task.id)
        if text:
            self._jobs.begin(task.id, text, task.cancel.cancel)
        self._tasks.put(task)

    def close(self) -> None:
        """Finish what was asked for and end the thread; nobody is told any more."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                value, error = task.work(self._progress(task), task.cancel), None
            except Exception as problem:  # any failure must reach the person as a dialog
                value, error = None, problem
            self._ended.emit(task, value, error)

    def _progress(self, task: _Task) -> Progress:
        return lambda fraction, text: self._advanced.emit(task.id, fraction, text)

    def _on_ended(self, task: _Task, value: Any, error: Exception | None) -> None:
        self._waiting.discard(task.id)
        self._jobs.end(task.id)
        if error is None:
            task.done(value)
        else:
            task.failed(error)
