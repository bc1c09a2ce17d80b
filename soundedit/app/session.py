"""The open project in the app: its history, its files and where it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from PySide6.QtCore import QObject, QTimer, Signal

from soundedit.document.commands import add_media
from soundedit.document.history import History
from soundedit.document.ids import new_id
from soundedit.document.model import Media, MediaKind, Project

SETTLE_MILLISECONDS = 700
"""After so long without a change, the next one of the keyboard is a step of its own."""


@dataclass(frozen=True)
class Snapshot:
    """A project at one moment with the files of its media; nothing changes it any more."""

    project: Project
    files: Mapping[str, Path]
    path: Path | None


class ProjectSession(QObject):
    """Holds one project; every change of it goes through `do`, so that all can be undone.

    Lives in the GUI thread.
    """

    changed = Signal()
    """The project is another than before: something was done, undone, redone or opened."""
    replaced = Signal()
    """Another project was opened or begun; `changed` follows."""
    state_changed = Signal()
    """What can be undone, whether there is something to save, or the name changed."""
    refused = Signal()
    """A change was asked for, but the project can only be looked at."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files: dict[str, Path] = {}
        self._path: Path | None = None
        self._read_only = False
        self._history = History(Project())
        self._history.listeners.append(self._told)
        self._told_of = self._history.project
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MILLISECONDS)
        self._settle.timeout.connect(self.close_merge)

    @property
    def project(self) -> Project:
        """The project as it is now."""
        return self._history.project

    @property
    def history(self) -> History:
        """What was done, for showing; use the methods of the session for going through it."""
        return self._history

    @property
    def path(self) -> Path | None:
        """The project's file; None while it was never saved."""
        return self._path

    @property
    def read_only(self) -> bool:
        """True where another window has the project open."""
        return self._read_only

    @property
    def modified(self) -> bool:
        """True where there are changes that the project's file does not have."""
        return self._history.modified

    @property
    def title(self) -> str:
        """What the project is called on screen; empty where it has no name yet."""
        if self._path is not None:
            return self._path.stem
        return self.project.title

    @property
    def worth_asking(self) -> bool:
        """True where closing would lose work: a sound just looked at is none."""
        project = self.project
        played = project.take is not None and project.take.latents is not None
        made = (project.edits, project.markers, project.beats, project.notes, project.start.media)
        wanted = played or any(made) or self._path is not None
        return self.modified and not self._read_only and wanted

    def do(self, name: str, project: Project, merge: str | None = None) -> bool:
        """Make `project` the state, as the undoable step `name` ("set strength of rain to 0.6").

        Steps in a row with the same `merge` become one until `close_merge`. False where nothing
        changed or the project can only be looked at.
        """
        if project == self.project:
            return False
        if self._read_only:
            self.refused.emit()
            return False
        self._history.do(name, project, merge)
        return True

    def close_merge(self) -> None:
        """The drag is over: the next step is a new one."""
        self._settle.stop()
        self._history.close_merge()

    def close_merge_soon(self) -> None:
        """Close it when nothing comes for a moment, for keys that are held or typed."""
        self._settle.start()

    def undo(self) -> None:
        """Take the last step back, if there is one."""
        self._settle.stop()
        self._history.undo()

    def redo(self) -> None:
        """Do the step taken back again, if there is one."""
        self._settle.stop()
        self._history.redo()

    def go_to(self, index: int) -> None:
        """Go to an entry of the history."""
        self._settle.stop()
        self._history.go_to(index)

    def locate(self, media: str) -> Path | None:
        """The file of a media id; None where it is missing."""
        return self._files.get(media)

    def adopt(self, path: Path, kind: MediaKind) -> tuple[Project, str]:
        """The project with a file among its media, and the media's id; not yet done."""
        project = self.project
        for media in project.media:
            if media.kind is kind and self._files.get(media.id) == path:
                return project, media.id
        media = Media(new_id(), path.name, kind, path=str(path))
        self._files[media.id] = path
        return add_media(project, media), media.id

    def bring(self, files: Mapping[str, Path]) -> None:
        """Know the files of media that a change to come adds."""
        self._files.update(files)

    def snapshot(self) -> Snapshot:
        """What is open now, for jobs that go on while the project changes."""
        return Snapshot(self.project, MappingProxyType(dict(self._files)), self._path)

    def begin(
        self,
        project: Project,
        files: Mapping[str, Path],
        path: Path | None = None,
        *,
        read_only: bool = False,
        saved: bool = True,
    ) -> None:
        """Hold another project, without a history; `saved` False counts it as changed."""
        self._settle.stop()
        self._history.listeners.remove(self._told)
        self._history = History(project, saved)
        self._history.listeners.append(self._told)
        self._files = dict(files)
        self._path, self._read_only = path, read_only
        self.replaced.emit()
        self._told()

    def saved_at(self, path: Path, project: Project) -> None:
        """A project that was the state when the saving began lies in this file."""
        self._path, self._read_only = path, False
        self._history.mark_saved(project)

    def close(self) -> None:
        """Stop the timer."""
        self._settle.stop()

    def _told(self) -> None:
        if self._history.project is not self._told_of:
            self._told_of = self._history.project
            self.changed.emit()
        self.state_changed.emit()
