"""What the person does to an edit's strength curve and span, as named, undoable steps."""

from collections.abc import Collection, Iterable, Sequence

from PySide6.QtCore import QObject

from soundedit.app.editstack import EditStack
from soundedit.document import commands, keyframes
from soundedit.document.commands import find_edit
from soundedit.document.model import Easing, Edit, Keyframe, Project, Span


class Curves(QObject):
    """Changes curves of the stack's edits; `let_go` ends a drag."""

    def __init__(self, stack: EditStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self._session = stack.session

    def select(self, edit_id: str) -> None:
        """Select the edit whose curve has the focus."""
        self._stack.select(edit_id)

    def add(self, edit_id: str, keyframe: Keyframe) -> None:
        """Set a keyframe; one at the same time is replaced."""
        project = keyframes.set_keyframe(self._session.project, edit_id, keyframe)
        self._do(self.tr("set a keyframe of {0}"), edit_id, project)

    def move(self, edit_id: str, seconds: float, to: Keyframe) -> None:
        """Move the keyframe at `seconds`; calls in a row are one step until `let_go`."""
        project = keyframes.move_keyframe(self._session.project, edit_id, seconds, to)
        self._do(self.tr("move a keyframe of {0}"), edit_id, project, f"keyframe {edit_id}")

    def remove(self, edit_id: str, seconds: float) -> None:
        """Take the keyframe at `seconds` away."""
        project = keyframes.remove_keyframe(self._session.project, edit_id, seconds)
        self._do(self.tr("remove a keyframe of {0}"), edit_id, project)

    def move_all(self, edit_id: str, curve: Iterable[Keyframe]) -> None:
        """Set a curve some of whose keyframes moved; calls in a row are one step until `let_go`."""
        project = keyframes.set_keyframes(self._session.project, edit_id, curve)
        self._do(self.tr("move keyframes of {0}"), edit_id, project, f"keyframes {edit_id}")

    def ease_all(self, edit_id: str, times: Collection[float], easing: Easing) -> None:
        """Set how the strength goes on from the keyframes at `times`."""
        project = keyframes.set_easings(self._session.project, edit_id, times, easing)
        if len(times) == 1:
            text = self.tr("set the easing of a keyframe of {0}")
        else:
            text = self.tr("set the easing of keyframes of {0}")
        self._do(text, edit_id, project)

    def remove_all(self, edit_id: str, times: Collection[float]) -> None:
        """Take the keyframes at `times` away."""
        project = keyframes.remove_keyframes(self._session.project, edit_id, times)
        self._do(self.tr("remove keyframes of {0}"), edit_id, project)

    def paste(
        self, edit_id: str, copied: Sequence[Keyframe], seconds: float, longest: float
    ) -> None:
        """Put copied keyframes into the curve, from `seconds` on; none behind `longest`."""
        project = keyframes.paste_keyframes(
            self._session.project, edit_id, copied, seconds, longest
        )
        self._do(self.tr("paste keyframes of {0}"), edit_id, project)

    def clear(self, edit_id: str) -> None:
        """Take all keyframes away."""
        project = keyframes.set_keyframes(self._session.project, edit_id, ())
        self._do(self.tr("remove all keyframes of {0}"), edit_id, project)

    def set_span(self, edit_id: str, span: Span) -> None:
        """Set where the edit acts; calls in a row are one step until `let_go`."""
        self._stack.set_span(edit_id, span)

    def move_in_time(self, edit: Edit) -> None:
        """Put an edit elsewhere in the take; calls in a row are one step until `let_go`."""
        project = commands.replace_edit(self._session.project, edit)
        self._do(self.tr("move {0} in time"), edit.id, project, f"time {edit.id}")

    def let_go(self) -> None:
        """A drag ended."""
        self._session.close_merge()

    def let_go_soon(self) -> None:
        """Keys were pressed; a pause ends the step."""
        self._session.close_merge_soon()

    def _do(self, text: str, edit_id: str, project: Project, merge: str | None = None) -> None:
        name = text.format(find_edit(self._session.project, edit_id).name)
        self._session.do(name, project, merge)
