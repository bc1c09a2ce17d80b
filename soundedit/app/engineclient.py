"""The GUI thread's end of the engine worker: requests, their jobs, and the engine there is."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from soundedit.app.jobs import Jobs
from soundedit.app.requests import (
    Answer,
    EngineInfo,
    Kind,
    Loaded,
    LoadFailed,
    Loading,
    LoadingStopped,
    Request,
)
from soundedit.app.worker import EngineWorker, Loader


class EngineClient(QObject):
    """Keeps the latest request of each kind, so that answers to overtaken ones can be told."""

    engine_changed = Signal()
    work_changed = Signal()
    """Something that decides what can be done began or ended."""
    failed = Signal(object)

    def __init__(self, loader: Loader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.worker = EngineWorker(loader, self)
        self.jobs = Jobs(self)
        self.engine: EngineInfo | None = None
        self.engine_error: BaseException | None = None
        self._latest: dict[Kind, Request] = {}
        self._closed = False

    def start(self) -> None:
        """Start the worker, which loads the engine."""
        self.worker.start()

    def pack_name(self) -> str:
        """What the engine's pack is called in a project; empty without an engine."""
        return "" if self.engine is None else self.engine.name

    def is_running(self, kind: Kind) -> bool:
        """True while the latest request of a kind has no answer."""
        return kind in self._latest

    def submit(self, request: Request) -> None:
        """Give a request to the engine worker, if there is an engine."""
        if not self._closed and self.engine_error is None:
            self.worker.submit(request)

    def begin(self, request: Request, text: str, *, can_stop: bool = True) -> None:
        """Submit a request that replaces the latest of its kind, and show it as a job."""
        if self.engine_error is not None:
            self.failed.emit(self.engine_error)
            return
        older = self._latest.get(request.kind)
        if older is not None:
            self.jobs.end(older.id)
        self._latest[request.kind] = request
        stop: Callable[[], None] | None = request.cancel.cancel if can_stop else None
        self.jobs.begin(request.id, text, stop)
        self.submit(request)
        self.work_changed.emit()

    def stop(self, kind: Kind) -> None:
        """Give the latest request of a kind up."""
        request = self._latest.pop(kind, None)
        if request is not None:
            request.cancel.cancel()
            self.jobs.end(request.id)
            self.work_changed.emit()

    def finish(self, answer: Answer, kind: Kind) -> bool:
        """Close the books of a request; False where its answer is stale."""
        self.jobs.end(answer.id)
        request = self._latest.get(kind)
        if request is None or request.id != answer.id:
            return False
        del self._latest[kind]
        self.work_changed.emit()
        return True

    def on_loading(self, answer: Loading | LoadingStopped | Loaded | LoadFailed) -> None:
        """The worker got further with loading the engine."""
        match answer:
            case Loading():
                if answer.id not in self.jobs:
                    self.jobs.begin(answer.id, answer.text)
                self.jobs.advance(answer.id, answer.fraction, answer.text)
                return
            case Loaded():
                self.engine = answer.info
            case LoadFailed():
                self.engine_error = answer.error
                for kind in list(self._latest):
                    self.stop(kind)
        self.jobs.end(answer.id)
        self.engine_changed.emit()
        self.work_changed.emit()
