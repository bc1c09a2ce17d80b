"""File > Open recent: the projects that were open last."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from soundedit.app.session import ProjectSession
from soundedit.app.settings import RECENT_PROJECTS, Settings


class RecentProjects(QObject):
    """Remembers each project that is opened or saved, and offers those that are still there."""

    def __init__(
        self,
        menu: QMenu,
        after: QAction,
        session: ProjectSession,
        settings: Settings,
        open_project: Callable[[Path], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._settings, self._open = session, settings, open_project
        self._last: Path | None = None
        self.menu = QMenu(self.tr("Open recent"), menu)
        self.menu.setToolTipsVisible(True)
        actions = menu.actions()
        menu.insertMenu(actions[actions.index(after) + 1], self.menu)
        menu.aboutToShow.connect(self._fill)
        session.state_changed.connect(self._remember)

    def _remember(self) -> None:
        path = self._session.path
        if path is not None and path != self._last:
            self._last = path
            self._settings.add_recent(path, RECENT_PROJECTS)

    def _fill(self) -> None:
        self.menu.clear()
        for path in self._settings.recent(of=RECENT_PROJECTS):
            # A single "&" would make a mnemonic.
            action = self.menu.addAction(path.stem.replace("&", "&&"))
            action.setToolTip(str(path))
            action.triggered.connect(lambda checked=False, path=path: self._open(path))
        self.menu.setEnabled(not self.menu.isEmpty())
