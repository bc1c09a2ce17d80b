"""Undo and redo: every state of a project since it was opened, each with a name."""

from collections.abc import Callable
from dataclasses import dataclass

from soundedit.document.model import Project


@dataclass(frozen=True)
class _Step:
    name: str
    project: Project


class History:
    """The states of a project; as they share what did not change, there is no limit to them.

    Args:
        project: the state that was opened or begun with.
        saved: False if it is in no file yet, as after a recovery.
    """

    def __init__(self, project: Project, saved: bool = True) -> None:
        self.listeners: list[Callable[[], None]] = []
        """Called without arguments after every change, also of `modified`."""
        self._steps = [_Step("", project)]
        self._index = 0
        self._saved = project if saved else None
        self._merge: str | None = None
        self._merging = False

    @property
    def project(self) -> Project:
        """The present state."""
        return self._steps[self._index].project

    @property
    def entries(self) -> list[str]:
        """Names of the changes, done and undone, oldest first."""
        return [step.name for step in self._steps[1:]]

    @property
    def index(self) -> int:
        """How many of `entries` are done."""
        return self._index

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self._index > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that was taken back."""
        return self._index < len(self._steps) - 1

    @property
    def undo_name(self) -> str:
        """Name of the change that `undo` takes back; empty where there is none."""
        return self._steps[self._index].name

    @property
    def redo_name(self) -> str:
        """Name of the change that `redo` does again; empty where there is none."""
        return self._steps[self._index + 1].name if self.can_redo else ""

    @property
    def modified(self) -> bool:
        """Whether the present state differs from the saved one."""
        return self._saved is None or self.project != self._saved

    def do(self, name: str, project: Project, merge: str | None = None) -> None:
        """Go to a new state; what was undone is forgotten.

        Args:
            name: what changed, as in "set strength of rain to 0.6".
            merge: key of a drag. Changes in a row with the same key are one step, which bears the
                last one's name and is gone where the drag ends in the state it began in.
        """
        if self._merging and merge is not None and merge == self._merge:
            self._index -= 1
            del self._steps[self._index + 1 :]
        self._merge, self._merging = merge, False
        if project != self.project:
            del self._steps[self._index + 1 :]
            self._steps.append(_Step(name, project))
            self._index += 1
            self._merging = merge is not None
        self._tell()

    def close_merge(self) -> None:
        """End a drag: the next change is a step of its own, whatever its key."""
        self._merge, self._merging = None, False

    def undo(self) -> None:
        """Take the last change back; nothing happens where there is none."""
        self.go_to(self._index - 1)

    def redo(self) -> None:
        """Do the next undone change again; nothing happens where there is none."""
        self.go_to(self._index + 1)

    def go_to(self, index: int) -> None:
        """Go to the state after the first `index` entries; past an end is that end."""
        self.close_merge()
        index = min(max(index, 0), len(self._steps) - 1)
        if index != self._index:
            self._index = index
            self._tell()

    def mark_saved(self, project: Project | None = None) -> None:
        """Remember which state is in the file; None is the present one."""
        self._saved = self.project if project is None else project
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self.listeners):
            listener()
