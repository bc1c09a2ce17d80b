"""From the open project to the queue of exports, and from the queue to the window."""

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.exports.dialog import ExportDialog
from soundedit.app.exports.job import ExportJob, JobState
from soundedit.app.exports.listmodel import what_is_left
from soundedit.app.exports.notify import Notifier
from soundedit.app.exports.panel import QueuePanel
from soundedit.app.exports.places import ExportPlaces
from soundedit.app.exports.plan import Plan, Subject, free_name, problem
from soundedit.app.exports.presetbook import PresetBook
from soundedit.app.exports.queue import ExportQueue
from soundedit.app.folders import Place, first_folder
from soundedit.app.jobs import Offer
from soundedit.app.requests import new_id as new_number
from soundedit.app.settings import EXPORT_FOLDER, EXPORT_SETTINGS, Settings
from soundedit.document.ids import new_id
from soundedit.document.model import Take
from soundedit.errors import ExportError
from soundedit.media.presets import (
    PRESETS,
    ExportSettings,
    default_name,
    settings_facts,
    settings_from,
)

_Range = tuple[Take | None, float | None, float | None]
"""A take, and the in and out point that it had."""


class Exporter(QObject):
    """Asks what to export, adds it to the queue, and says how the queue stands.

    Args:
        window: what dialogs belong to.
        places: where the queue and the person's own presets are kept.
    """

    said = Signal(str)
    """A sentence for the status bar."""
    offered = Signal(str, object)
    """The same with an Offer."""
    added = Signal()
    """A job was added by the person."""

    def __init__(
        self,
        window: QWidget,
        controller: Controller,
        settings: Settings,
        dialogs: Dialogs,
        places: ExportPlaces,
    ) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        self._settings, self._dialogs, self._presets = settings, dialogs, places.presets
        self.queue = ExportQueue(places.queue, places.frames, controller.submit, self)
        self.panel = QueuePanel(self.queue, dialogs, parent=window)
        self._notifier = Notifier(window)
        self._shown: tuple[str, int] | None = None
        self._last: tuple[_Range, Plan] | None = None
        self.queue.changed.connect(self._show_job)
        self.queue.advanced.connect(self._show_job)
        self.queue.ended.connect(self._ended)
        controller.engine_changed.connect(self._engine_changed)
        controller.export_answered.connect(self.queue.on_answer)

    def subject(self) -> Subject | None:
        """What there is to export now; None where that is nothing."""
        controller = self._controller
        project, movie, sound = controller.session.project, controller.movie, controller.sound
        engine = controller.engine
        seconds = sound.seconds if sound is not None else movie.seconds if movie else 0.0
        if engine is None or not controller.can_generate or seconds <= 0:
            return None
        title = controller.session.title or (sound.path.stem if sound is not None else "soundedit")
        return Subject(
            title,
            seconds,
            Fraction(project.fps),
            project.range.start,
            project.range.end,
            engine.resolution,
            controller.feed.frame_seconds,
            sound is not None,
        )

    def ask(self) -> ExportDialog | None:
        """Open the dialog with the settings of the last time, the first time those for the web."""
        subject = self.subject()
        if subject is None:
            return None
        picture = self._controller.feed.picture()
        dialog = ExportDialog(
            subject,
            self._last_settings(),
            self._folder(),
            PresetBook(self._presets),
            lambda: self.queue.jobs,
            self._dialogs,
            self._window,
            self._controller.still if picture is None else picture,
        )
        dialog.planned.connect(lambda plan: self.add(plan, subject))
        dialog.open()
        return dialog

    def again(self) -> None:
        """Export with the settings of the last time, under a name that nothing has."""
        subject = self.subject()
        if subject is not None:
            settings = self._last_settings()
            path = self._folder() / default_name(subject.title, settings)
            if self._last is not None and self._last[0] == self._range():
                plan = self._last[1]
                subject = replace(subject, start=plan.start, end=plan.end)
            self._export(free_name(path, self.queue.jobs), settings, subject)

    def export_to(self, path: Path, settings: ExportSettings | None = None) -> None:
        """Export to a file that is not there yet, by default as the pictures are made."""
        subject = self.subject()
        if subject is not None:
            self._export(path, settings, subject)

    def _export(self, path: Path, settings: ExportSettings | None, subject: Subject) -> None:
        end = subject.seconds if subject.end is None else min(subject.end, subject.seconds)
        plan = Plan(settings or ExportSettings(), path, subject.start or 0.0, end)
        wrong = problem(plan, subject, self.queue.jobs)
        if wrong:
            self.queue.failed.emit(ExportError(wrong))
        else:
            self.add(plan, subject)

    def add(self, plan: Plan, subject: Subject) -> None:
        """Put an export of the project as it is now into the queue."""
        engine = self._controller.engine
        self._settings.set(EXPORT_FOLDER, str(plan.path.parent))
        self._settings.set(EXPORT_SETTINGS, json.dumps(settings_facts(plan.settings)))
        self._last = self._range(), plan
        snapshot = self._controller.session.snapshot()
        job = ExportJob(
            id=new_id(),
            title=subject.title,
            path=plan.path,
            settings=plan.settings,
            start=plan.start,
            end=plan.end,
            fps=plan.fps(subject),
            frames=plan.frames(subject),
            pack=engine.pack_id if engine is not None else "",
            overwrite=plan.overwrite,
        )
        self.queue.add(job, snapshot.project, snapshot.files)
        self.added.emit()

    def at_quitting(self) -> str:
        """What becomes of exports that are not over, for who is about to quit; or empty."""
        count = self.queue.waiting + (self.queue.running is not None)
        if count > 1:
            return self.tr("{0} exports go on at the next start.").format(count)
        return self.tr("The export goes on at the next start.") if count else ""

    def close(self) -> None:
        """Stop the queue, keeping what is open for the next start."""
        self._notifier.close()
        self.queue.close()

    def _range(self) -> _Range:
        """What a range that was typed in the dialog is a range of."""
        project = self._controller.session.project
        return project.take, project.range.start, project.range.end

    def _folder(self) -> Path:
        """Where the last export went, if that is still there."""
        return first_folder(Place.MoviesLocation, self._settings.get(EXPORT_FOLDER))

    def _last_settings(self) -> ExportSettings:
        try:
            return settings_from(json.loads(self._settings.get(EXPORT_SETTINGS)))
        except (ExportError, ValueError, TypeError):
            return PRESETS["web"]

    def _engine_changed(self) -> None:
        engine = self._controller.engine
        self.queue.set_pack(engine.pack_id if engine is not None else None)

    def _show_job(self) -> None:
        """The running job as one of the window's jobs, in the status bar."""
        jobs, job = self._controller.jobs, self.queue.running
        if self._shown is not None and (job is None or job.id != self._shown[0]):
            jobs.end(self._shown[1])
            self._shown = None
        if job is None:
            return
        waiting = self.queue.waiting
        text = self.tr("Exporting {0}").format(job.path.name)
        if waiting:
            text += self.tr(", {0} waiting").format(waiting)
        if self._shown is None:
            self._shown = (job.id, new_number())
            jobs.begin(self._shown[1], text, self._canceller(job.id))
        fraction = -1.0 if self.queue.step else job.done / max(job.frames, 1)
        jobs.advance(self._shown[1], fraction, text)

    def _canceller(self, id_: str) -> Callable[[], None]:
        def cancel() -> None:
            job = self.queue.find(id_)
            self.queue.cancel(id_)
            if job is not None:
                self.said.emit(self.tr("Export cancelled; {0}").format(what_is_left(job)))

        return cancel

    def _ended(self, job: ExportJob) -> None:
        if job.state is JobState.DONE:
            text = self.tr("Exported {0}").format(job.path)
            title = self.tr("Export done")
            look = Offer(self.tr("Open the file"), lambda: self.panel.opener(job.path))
            self.offered.emit(text, look)
        else:
            text = self.tr("Export of {0} failed: {1}").format(job.path.name, job.error)
            title = self.tr("Export failed")
            self.said.emit(text)
        self._notifier.tell(title, text)
