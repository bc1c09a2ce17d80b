"""Commands that let another scene begin at the playhead, or at each marker."""

import random
from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, Signal

from soundedit.app.commands import NEW_SEEDS
from soundedit.app.editstack import EditStack
from soundedit.app.timeaxis import TimeAxis
from soundedit.document.scenes import add_scenes, scene_edit


class Scenes(QObject):
    """Adds them to the stack, each of a new seed; those of one command are one step of undo."""

    told = Signal(str)

    def __init__(self, stack: EditStack, axis: TimeAxis, parent: QObject) -> None:
        super().__init__(parent)
        self._stack, self._axis = stack, axis

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command's id."""
        return {"scene_here": self._begin_here, "scenes_at_markers": self._begin_at_markers}

    def _begin_here(self) -> None:
        self._add(self.tr("another scene from here on"), [self._axis.playhead])

    def _begin_at_markers(self) -> None:
        times = sorted({marker.seconds for marker in self._stack.session.project.markers})
        if times:
            self._add(self.tr("another scene at each marker"), times)
        else:
            self.told.emit(self.tr("Set markers first (M); a scene begins at each of them."))

    def _add(self, step: str, times: Iterable[float]) -> None:
        session, made = self._stack.session, []
        for seconds in times:
            seed = random.randrange(NEW_SEEDS)
            made.append(scene_edit(seed, seconds, self.tr("scene {0}").format(seed)))
        if session.do(step, add_scenes(session.project, made)):
            self._stack.select(made[-1].id)
