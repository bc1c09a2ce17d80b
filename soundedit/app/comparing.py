"""Before and after: the picture without edits beside the one with them."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from soundedit.app.cache import FrameCache, FrameKey
from soundedit.app.controller import Controller
from soundedit.app.framefeed import Picture
from soundedit.app.requests import FrameReady
from soundedit.app.viewer import Viewer

CACHE_BYTES = 32 * 2**20


class Comparing(QObject):
    """While the wipe is on, keeps the viewer's other side at the frame on show."""

    def __init__(self, controller: Controller, viewer: Viewer, action: QAction) -> None:
        super().__init__(viewer)
        self._controller, self._viewer, self._action = controller, viewer, action
        self._cache: FrameCache[Picture] = FrameCache(CACHE_BYTES)
        self._wanted: FrameKey | None = None
        controller.feed.shown.connect(self._shown)
        controller.frame_ready.connect(self._ready)
        controller.movie_changed.connect(self._refresh)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command's id."""
        return {"compare": self._toggle}

    def _toggle(self) -> None:
        self._viewer.set_wipe(self._action.isChecked())
        self._refresh()

    def _refresh(self) -> None:
        if self._controller.movie is None:
            self._viewer.show_before(None)
        elif self._action.isChecked():
            self._want(self._controller.feed.wanted)

    def _shown(self, index: int) -> None:
        if self._action.isChecked():
            self._want(index)

    def _want(self, index: int) -> None:
        plain = self._controller.plain
        if plain is None:
            return
        self._wanted = FrameKey(plain.frame_key(index), index, None)
        known = self._cache.get(self._wanted)
        if known is not None:
            self._viewer.show_before(known)
        else:
            self._controller.ask_plain(index)

    def _ready(self, answer: FrameReady) -> None:
        if answer.size is None and self._action.isChecked():
            plain = self._controller.plain
            if plain is not None and answer.movie == plain.key:
                key = FrameKey(plain.frame_key(answer.index), answer.index, None)
                self._cache.put(key, answer.image)
                if key == self._wanted:
                    self._viewer.show_before(answer.image)
