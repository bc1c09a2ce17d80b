"""New, open, save and close of the window's project, its lock and its autosaves."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QWidget

from soundedit.app.dialogs import Dialogs, Leave
from soundedit.app.filework import FileWork
from soundedit.app.jobs import Jobs
from soundedit.app.recovery import Recoveries
from soundedit.app.session import ProjectSession, Snapshot
from soundedit.app.settings import PROJECT_FOLDER, Settings
from soundedit.document.autosave import Autosaver, Recovery, recover
from soundedit.document.commands import take_name
from soundedit.document.ids import new_id
from soundedit.document.lock import FileLock, lock_project, locked_sentence
from soundedit.document.model import Project
from soundedit.document.projectfile import SUFFIX, OpenedProject, open_project, save_project
from soundedit.errors import Cancelled, ProjectError

AUTOSAVE_MILLISECONDS = 60_000
IDLE_MILLISECONDS = 8_000
"""Without a change for so long, what changed is autosaved."""
PREVIEW_PIXELS = 320


class ProjectFiles(QObject):
    """Keeps the session's project in files; asks before work would be lost.

    Args:
        window: parent of the dialogs.
        state: folder of the autosaves.
        recordings: folder of recordings and live performances.
        picture: what the project looks like now, for previews; None where there is no picture.
        pack: name of the pack that makes the pictures; empty while it is not known.
    """

    failed = Signal(object)
    told = Signal(str)
    """A sentence for the status bar."""
    closing = Signal()
    """The window may close now: what it waited for is saved."""

    def __init__(
        self,
        window: QWidget,
        session: ProjectSession,
        jobs: Jobs,
        settings: Settings,
        dialogs: Dialogs,
        state: Path,
        recordings: Path,
        picture: Callable[[], QImage | None],
        pack: Callable[[], str],
        at_quitting: Callable[[], str],
    ) -> None:
        super().__init__(window)
        self._window, self.session = window, session
        self._settings, self._dialogs, self._state = settings, dialogs, state
        self._picture, self._pack = picture, pack
        self._at_quitting = at_quitting
        self.work = FileWork(jobs, self)
        self._recoveries = Recoveries(state, recordings, self.work, self)
        self._lock: FileLock | None = None
        self._saver: Autosaver | None = None
        self._saver_lock = Lock()
        self._unpacked: list[OpenedProject] = []
        self._autosaving = False
        self._told_autosave = False
        self._minute = QTimer(self, interval=AUTOSAVE_MILLISECONDS)
        self._minute.timeout.connect(self.autosave)
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MILLISECONDS)
        self._idle.timeout.connect(self.autosave)
        session.changed.connect(self._idle.start)
        self._recoveries.failed.connect(self.failed)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command's id."""
        return {
            "new_project": self.new,
            "save": self.save,
            "save_as": self.save_as,
            "collect": self.collect,
        }

    @property
    def busy(self) -> bool:
        """True while a file is read or written."""
        return self.work.busy

    def begin(self, *, ask: bool = True) -> None:
        """Start autosaving, and offer what a window that was killed left behind."""
        self._minute.start()
        if ask:
            self._recoveries.look(self._offer)

    def new(self) -> None:
        """Begin another project, with the same frame rate."""
        self._leave(self._new)

    def open(self, path: Path) -> None:
        """Open a project file; what is open stays until the file proves readable."""
        self._leave(lambda: self._open(path))

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save to the project's file; ask for one where there is none."""
        if self.session.path is None or self.session.read_only:
            self.save_as(then)
        else:
            self._save(self.session.path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Ask where, then save there."""
        folder = Path(self._settings.get(PROJECT_FOLDER) or Path.home())
        path = self.session.path or folder / f"{self._name()}{SUFFIX}"
        chosen = self._dialogs.project_to_write(self._window, path)
        if chosen is None:
            return
        if chosen.suffix.lower() != SUFFIX:
            chosen = chosen.with_name(chosen.name + SUFFIX)
        if self._lock is None or chosen != self.session.path or not self._lock.held:
            lock = lock_project(chosen)
            if not lock.held:
                self.failed.emit(ProjectError(locked_sentence(chosen, lock)))
                return
            self._save(chosen, then, lock)
        else:
            self._save(chosen, then)
        self._settings.set(PROJECT_FOLDER, str(chosen.parent))

    def collect(self) -> None:
        """Put every media into the project's file with the next save."""
        project = self.session.project
        media = tuple(replace(one, inside=True) for one in project.media)
        if self.session.do(self.tr("collect media"), replace(project, media=media)):
            self.told.emit(self.tr("All media are put into the project file when it is saved."))

    def may_close(self) -> bool:
        """Whether the window may close now; if not, `closing` tells when, or the person stays."""
        if not self.session.worth_asking:
            return True
        match self._dialogs.leave(self._window, self._name(), self._at_quitting()):
            case Leave.SAVE:
                self.save(then=self.closing.emit)
                return False
            case Leave.DISCARD:
                return True
            case _:
                return False

    def close(self, *, keep: bool = False) -> None:
        """Stop; `keep` leaves an autosave for the next start to offer."""
        self._minute.stop()
        self._idle.stop()
        if keep:
            # One that is being written may lack what came since.
            self._autosaving = False
            self.autosave()
        self.work.close()
        if self._saver is not None and not keep:
            self._saver.close()
        for opened in self._unpacked:
            opened.close()
        self._release()

    def autosave(self) -> None:
        """Write what changed to the state folder, off the GUI thread."""
        self._idle.stop()
        if self._lock is not None:
            self._lock.renew()
        if self._autosaving or not self.session.worth_asking:
            return
        snapshot, picture = self.session.snapshot(), self._preview()
        self._autosaving = True

        def write(progress: object, cancel: object) -> None:
            saver = self._autosaver()
            saver.write(snapshot.project, snapshot.files, path=snapshot.path, picture=picture)

        self.work.do(write, lambda value: self._autosaved(None), self._autosaved)

    def _autosaved(self, error: Exception | None) -> None:
        self._autosaving = False
        # Told once: it would come every minute, and the work is still here in memory.
        if error is not None and not self._told_autosave:
            self._told_autosave = True
            self.failed.emit(error)
        elif error is None:
            self._told_autosave = False

    def media_folder(self) -> Path:
        """A new folder for files that are made for the project, kept while it is open."""
        folder = self._autosaver().media / new_id()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _autosaver(self) -> Autosaver:
        with self._saver_lock:
            if self._saver is None:
                self._saver = Autosaver(self._state)
            return self._saver

    def _leave(self, go_on: Callable[[], None]) -> None:
        """Go on to another project once the open one is saved or not wanted."""
        if not self.session.worth_asking:
            go_on()
            return
        match self._dialogs.leave(self._window, self._name()):
            case Leave.SAVE:
                self.save(then=go_on)
            case Leave.DISCARD:
                go_on()

    def _new(self) -> None:
        rate = self.session.project.fps
        self._release()
        self._forget()
        self.session.begin(Project(fps=rate), {})

    def _open(self, path: Path) -> None:
        def read(progress: Any, cancel: Any) -> OpenedProject:
            try:
                folder = self.media_folder()
            except (OSError, ProjectError):
                # Without a folder for autosaves the project can be opened all the same.
                return open_project(path, progress=progress, cancel=cancel)
            return open_project(path, folder, progress=progress, cancel=cancel)

        self._settings.set(PROJECT_FOLDER, str(path.parent))
        text = self.tr("Opening {0}").format(path.name)
        agreed = self.session.project

        def done(opened: OpenedProject) -> None:
            self._unpacked.append(opened)
            if self.session.project is agreed:
                self._opened(path, opened)
            else:
                # What was done meanwhile was not in the question.
                self._leave(lambda: self._opened(path, opened))

        self.work.do(read, done, self._refused, text)

    def _opened(self, path: Path, opened: OpenedProject) -> None:
        self._release()
        lock = lock_project(path)
        why = opened.read_only or locked_sentence(path, lock)
        self._lock = lock
        self._forget()
        self.session.begin(opened.project, opened.files, path, read_only=bool(why))
        problems = [*opened.damage, *opened.missing, *self._pack_problem(opened.project)]
        if why:
            self.told.emit(why)
        if problems:
            self.failed.emit(ProjectError("\n".join(problems)))

    def _pack_problem(self, project: Project) -> list[str]:
        here = self._pack()
        if not project.pack or not here or project.pack == here:
            return []
        return [
            self.tr(
                'The project was made with the pack "{0}", which is not the one loaded; the '
                'pictures are made with "{1}" and look different.'
            ).format(project.pack, here)
        ]

    def _save(
        self, path: Path, then: Callable[[], None] | None, lock: FileLock | None = None
    ) -> None:
        snapshot, picture = self.session.snapshot(), self._preview()
        project = snapshot.project
        written = replace(project, pack=project.pack or self._pack())

        def write(progress: Any, cancel: Any) -> list[str]:
            return save_project(
                path, written, snapshot.files, picture=picture, progress=progress, cancel=cancel
            )

        history = self.session.history

        def done(lacking: list[str]) -> None:
            if self.session.history is not history:
                # Another project was begun meanwhile: the file is whole, and not of that one.
                if lock is not None:
                    lock.release()
                self._tell_saved(path, lacking)
                return
            if lock is not None:
                self._release()
                self._lock = lock
            self._saved(path, snapshot, lacking, then)

        def failed(error: Exception) -> None:
            if lock is not None:
                lock.release()
            self._refused(error)

        self.work.do(write, done, failed, self.tr("Saving {0}").format(path.name))

    def _saved(
        self,
        path: Path,
        snapshot: Snapshot,
        lacking: list[str],
        then: Callable[[], None] | None,
    ) -> None:
        self.session.saved_at(path, snapshot.project)
        self._forget()
        self._tell_saved(path, lacking)
        if then is not None and not self.session.modified:
            then()

    def _tell_saved(self, path: Path, lacking: list[str]) -> None:
        self.told.emit(self.tr("Saved {0}").format(path.name))
        if lacking:
            self.failed.emit(ProjectError("\n".join(lacking)))

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, Cancelled):
            self.failed.emit(error)

    def _forget(self) -> None:
        """Nothing of what is open needs recovering any more."""
        saver = self._saver
        if saver is not None:
            self.work.do(lambda progress, cancel: saver.clear(), lambda value: None, self._refused)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _offer(self, found: list[Recovery]) -> None:
        """Ask which of the projects left behind to recover; the others wait for the next start."""
        if self.session.worth_asking or not found:
            return
        choice = self._dialogs.recovery(self._window, found)
        self._recoveries.discard(choice.discard)
        if choice.open is not None:
            recovery = choice.open

            def read(progress: object, cancel: object) -> tuple[Autosaver, OpenedProject]:
                return recover(recovery)

            self.work.do(read, lambda value: self._recovered(recovery, *value), self._refused)

    def _recovered(self, recovery: Recovery, saver: Autosaver, opened: OpenedProject) -> None:
        old, self._saver = self._saver, saver
        if old is not None:
            self.work.do(lambda progress, cancel: old.close(), lambda value: None, self._refused)
        self._release()
        path = recovery.path
        if path is not None:
            self._lock = lock_project(path)
            if not self._lock.held:
                path = None
        self.session.begin(opened.project, opened.files, path, saved=False)
        if opened.damage or opened.missing:
            self.failed.emit(ProjectError("\n".join([*opened.damage, *opened.missing])))

    def _name(self) -> str:
        """The project's name; before it has one, that of its sound."""
        return self.session.title or take_name(self.session.project) or self.tr("Untitled")

    def _preview(self) -> bytes | None:
        """A small PNG of the picture on show."""
        image = self._picture()
        if image is None:
            return None
        keep = Qt.AspectRatioMode.KeepAspectRatio
        small = image.scaled(
            PREVIEW_PIXELS, PREVIEW_PIXELS, keep, Qt.TransformationMode.SmoothTransformation
        )
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        written = QImageWriter(buffer, QByteArray(b"png")).write(small)
        return bytes(buffer.data().data()) if written else None
