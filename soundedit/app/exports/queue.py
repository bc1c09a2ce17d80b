"""The export queue: which job runs, which wait, and what the person does with them."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from soundedit.app.exports.job import ExportJob, JobState, now
from soundedit.app.exports.pace import Pace
from soundedit.app.exports.render import Exported, ExportRequest
from soundedit.app.exports.store import QueueStore, claim
from soundedit.app.requests import Advanced, Answer, Ended, Request
from soundedit.document.model import Project
from soundedit.engine.leftovers import sweep
from soundedit.errors import ExportError, SoundeditError

FINISHED_LIMIT = 50
"""So many jobs that are over stay in the list."""


class ExportQueue(QObject):
    """All exports, in the order in which they are made, one at a time.

    Lives in the GUI thread. Files are written by a thread of its own, one after another, and the
    engine worker makes the exports. Every change is written down at once.

    Args:
        root: folder of the lists of all programs that run.
        frames: folder in which finished frames are kept.
        submit: gives a request to the engine worker.
    """

    changed = Signal()
    """Jobs came, went, changed their order or their state."""
    advanced = Signal(str)
    """The job of this id got further."""
    ended = Signal(object)
    """This job is done or has failed."""
    failed = Signal(object)
    """The list could not be kept."""
    _kept = Signal(str, object)
    _opened = Signal(object, object, object)

    def __init__(
        self,
        root: Path,
        frames: Path,
        submit: Callable[[Request], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._root, self._frames = root, frames
        self._submit = submit
        self._store: QueueStore | None = None
        self._saver = ThreadPoolExecutor(1, thread_name_prefix="export-list")
        self._jobs: list[ExportJob] = []
        self._keeping: set[str] = set()
        self._early: list[tuple[str, Project, Mapping[str, Path]]] = []
        self._was_opened = False
        self._request: ExportRequest | None = None
        self._begun = 0.0
        self._pack: str | None = None
        self._closed = False
        self.pace = Pace()
        self.step = ""
        """What the running job does, while that is not making frames."""
        self._kept.connect(self._on_kept, Qt.ConnectionType.QueuedConnection)
        self._opened.connect(self._on_opened, Qt.ConnectionType.QueuedConnection)

    @property
    def jobs(self) -> Sequence[ExportJob]:
        """All jobs, in order."""
        return tuple(self._jobs)

    @property
    def running(self) -> ExportJob | None:
        """The job that is being made."""
        return next((job for job in self._jobs if job.state is JobState.RUNNING), None)

    @property
    def idle(self) -> bool:
        """True while the engine worker is at no job, and none is about to begin."""
        return self._request is None and not self._keeping

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return sum(job.state is JobState.WAITING for job in self._jobs)

    def find(self, id_: str) -> ExportJob | None:
        """The job of an id."""
        return next((job for job in self._jobs if job.id == id_), None)

    def writes(self, path: Path) -> bool:
        """True where a job that is not over will write this file."""
        return any(job.open and job.path == path for job in self._jobs)

    def needs_other_pack(self, job: ExportJob) -> bool:
        """True for a job that waits for another pack than the one that is loaded."""
        return self._pack is not None and bool(job.pack) and job.pack != self._pack

    @property
    def ready(self) -> bool:
        """True once the list of the last time was read."""
        return self._store is not None

    def open(self) -> None:
        """Read the list of the last time; what was running goes on when the engine is ready."""
        self._saver.submit(self._open)

    def set_pack(self, pack: str | None) -> None:
        """The engine is ready with this pack, or there is none, and its job waits again."""
        job = self.running
        if pack is None and job is not None and self._request is not None:
            self._request.cancel.cancel()
            self._set(self._stopped(job))
        self._pack = pack
        self._note()

    def add(self, job: ExportJob, project: Project, files: Mapping[str, Path]) -> None:
        """Put a job at the end; the project as it is now is what will be exported."""
        if self._store is None and self._was_opened:
            self._refuse()
            return
        self._jobs.append(job)
        self._keeping.add(job.id)
        if self._store is None:
            # The list of the last time is still being read.
            self._early.append((job.id, project, dict(files)))
        else:
            self._saver.submit(self._keep, self._store, job.id, project, dict(files))
        self._note()

    def move(self, id_: str, place: int) -> None:
        """Put a job at another place of the list."""
        job = self.find(id_)
        if job is not None:
            self._jobs.remove(job)
            self._jobs.insert(min(max(place, 0), len(self._jobs)), job)
            self._note()

    def pause(self, id_: str) -> None:
        """Hold a job until `resume`; the frames it has are kept, and the next one begins."""
        job = self.find(id_)
        if job is not None and job.state in (JobState.WAITING, JobState.RUNNING):
            self._leave(job, JobState.PAUSED)

    def resume(self, id_: str) -> None:
        """Let a paused job go on when its turn comes."""
        job = self.find(id_)
        if job is not None and job.state is JobState.PAUSED:
            self._set(replace(job, state=JobState.WAITING, crashes=0))
            self._note()

    def cancel(self, id_: str) -> None:
        """End a job without a file."""
        job = self.find(id_)
        if job is not None and job.open:
            self._leave(replace(job, ended=now()), JobState.CANCELLED)

    def retry(self, id_: str, *, overwrite: bool = False) -> None:
        """Let a job that failed or was cancelled wait for its turn again."""
        job = self.find(id_)
        if job is not None and job.state in (JobState.FAILED, JobState.CANCELLED):
            again = replace(
                job,
                state=JobState.WAITING,
                overwrite=job.overwrite or overwrite,
                crashes=0,
                spent=0.0,
                error="",
                log="",
                ended="",
            )
            self._set(again)
            self._note()

    def remove(self, id_: str) -> None:
        """Take a job that is over off the list; its file stays."""
        job = self.find(id_)
        if job is not None and not job.open:
            self._jobs.remove(job)
            self._note()

    def clear(self) -> None:
        """Take all jobs that are over off the list."""
        self._jobs = [job for job in self._jobs if job.open]
        self._note()

    def on_answer(self, answer: Answer) -> None:
        """The engine worker got further with a job, or is through with it."""
        request = self._request
        if request is None or answer.id != request.id or self._closed:
            return
        job = self.find(request.job.id)
        if isinstance(answer, Advanced):
            if job is not None and job.state is JobState.RUNNING:
                self._advance(job, answer)
            return
        self._request = None
        if job is not None:
            self._over(self._with_time(job), answer)
        self._note()

    def close(self) -> None:
        """Stop; what is open goes on with the next start of the program."""
        if self._closed:
            return
        self._closed = True
        if self._request is not None:
            self._request.cancel.cancel()
        if self._store is not None:
            jobs = [self._stopped(job) for job in self._jobs]
            self._saver.submit(self._store.save, jobs)
        self._saver.shutdown(wait=True)
        if self._store is not None:
            self._store.close()

    def _stopped(self, job: ExportJob) -> ExportJob:
        if job.state is not JobState.RUNNING:
            return job
        return replace(self._with_time(job), state=JobState.WAITING, crashes=0)

    def _with_time(self, job: ExportJob) -> ExportJob:
        return replace(job, spent=job.spent + time.monotonic() - self._begun)

    def _over(self, job: ExportJob, answer: Answer) -> None:
        """The worker is through with a job, whatever the person wanted meanwhile."""
        match answer:
            case Exported():
                done = replace(
                    job,
                    state=JobState.DONE,
                    done=answer.frames,
                    frames=answer.frames,
                    size=answer.size,
                    reused=answer.reused,
                    error=" ".join(answer.notes),
                    ended=now(),
                )
                self._set(done)
                self.ended.emit(done)
            case Ended(error=None):
                # Stopped by other means than the queue's, the worker's end for one.
                state = JobState.PAUSED if job.state is JobState.RUNNING else job.state
                self._set(replace(job, state=state))
            case Ended():
                log = answer.error.details if isinstance(answer.error, ExportError) else ""
                known = isinstance(answer.error, SoundeditError)
                text = str(answer.error) if known else self.tr("Something unexpected went wrong.")
                lost = replace(job, state=JobState.FAILED, error=text, log=log, ended=now())
                self._set(lost)
                if not known:
                    self.failed.emit(answer.error)
                self.ended.emit(lost)

    def _leave(self, job: ExportJob, state: JobState) -> None:
        request = self._request
        if request is not None and request.job.id == job.id:
            request.cancel.cancel()
        self._set(replace(job, state=state))
        self._note()

    def _set(self, job: ExportJob) -> None:
        self._jobs = [job if one.id == job.id else one for one in self._jobs]

    def _advance(self, job: ExportJob, answer: Advanced) -> None:
        self.step = answer.text if answer.fraction < 0 else ""
        if answer.fraction >= 0:
            done = round(answer.fraction * job.frames)
            self.pace.note(time.monotonic(), done)
            self._set(replace(job, done=done))
        self.advanced.emit(job.id)

    def _note(self) -> None:
        """Begin the next job, and write down what changed."""
        if self._closed:
            return
        self._start_next()
        over = [job for job in self._jobs if not job.open]
        for job in sorted(over, key=lambda job: job.ended)[: max(len(over) - FINISHED_LIMIT, 0)]:
            self._jobs.remove(job)
        if self._store is not None:
            self._saver.submit(self._save, self._store, list(self._jobs), self._request is None)
        self.changed.emit()

    def _start_next(self) -> None:
        if self._request is not None or self._pack is None or self._store is None or self._closed:
            return
        for job in self._jobs:
            ready = job.state is JobState.WAITING and job.id not in self._keeping
            if ready and not self.needs_other_pack(job):
                break
        else:
            return
        store = self._store
        self._set(replace(job, state=JobState.RUNNING))
        self._begun, self.pace, self.step = time.monotonic(), Pace(), ""
        self._request = ExportRequest(job, lambda: store.snapshot(job.id), self._frames)
        self._submit(self._request)

    def _open(self) -> None:
        """On the saver's thread: read the list, and take over those of programs now gone."""
        store: QueueStore | None = None
        jobs: list[ExportJob] = []
        error: Exception | None = None
        sweep()
        try:
            store, left = claim(self._root)
            for one in (store, *left):
                try:
                    jobs += store.load() if one is store else store.adopt(one)
                except ExportError as damaged:
                    error = damaged
            jobs = [job.resumed() for job in jobs]
            store.save(jobs)
            for other in left:
                other.close(remove=True)
        except (SoundeditError, OSError) as wrong:
            error = wrong
        self._opened.emit(store, jobs, error)

    def _on_opened(
        self, store: QueueStore | None, jobs: Sequence[ExportJob], error: Exception | None
    ) -> None:
        self._store, self._was_opened = store, True
        if self._closed:
            if store is not None:
                store.close()
            return
        self._jobs = [*jobs, *self._jobs]
        if error is not None:
            self.failed.emit(error)
        early, self._early = self._early, []
        for id_, project, files in early:
            if store is not None:
                self._saver.submit(self._keep, store, id_, project, files)
        if early and store is None:
            ids = {id_ for id_, *_ in early}
            self._keeping -= ids
            self._jobs = [job for job in self._jobs if job.id not in ids]
            self._refuse()
        self._note()

    def _refuse(self) -> None:
        self.failed.emit(ExportError("There is no place for exports; restart soundedit."))

    def _keep(
        self, store: QueueStore, id_: str, project: Project, files: Mapping[str, Path]
    ) -> None:
        """On the saver's thread: keep a snapshot."""
        error: Exception | None = None
        try:
            store.keep(id_, project, files)
        except (SoundeditError, OSError) as wrong:
            error = wrong
        self._kept.emit(id_, error)

    def _save(self, store: QueueStore, jobs: Sequence[ExportJob], tidy: bool) -> None:
        """On the saver's thread: write the list."""
        try:
            store.save(jobs)
            if tidy:
                store.tidy(jobs)
        except (SoundeditError, OSError) as error:
            self._kept.emit("", error)

    def _on_kept(self, id_: str, error: Exception | None) -> None:
        if self._closed:
            return
        self._keeping.discard(id_)
        job = self.find(id_)
        if job is None:
            if error is not None:
                self.failed.emit(error)
            return
        if error is not None:
            lost = replace(job, state=JobState.FAILED, error=str(error), ended=now())
            self._set(lost)
            self.ended.emit(lost)
        self._note()
