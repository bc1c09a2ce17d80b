"""The panels around the viewer, each in a dock that can be moved, shown and hidden."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QVBoxLayout, QWidget


class Docks:
    """Puts the panels of a window where they are at first; `menu` shows and hides them.

    The window's saved layout may move them afterwards.
    """

    def __init__(
        self,
        window: QMainWindow,
        menu: QMenu,
        *,
        sounds: QWidget,
        picture: QWidget,
        edits: QWidget,
        heard: QWidget,
        timeline: tuple[QWidget, ...],
        exports: QWidget,
        history: QWidget,
    ) -> None:
        self._window, self._menu = window, menu
        self.all: list[QDockWidget] = []
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        bottom = Qt.DockWidgetArea.BottomDockWidgetArea
        window.setCorner(Qt.Corner.BottomLeftCorner, bottom)
        window.setCorner(Qt.Corner.BottomRightCorner, bottom)
        menu.addSeparator()
        upper = self._add("sounds", window.tr("Sounds"), sounds, left)
        lower = self._add("picture", window.tr("Picture"), picture, left)
        first = self._add("edits", window.tr("Edits"), edits, right)
        behind = [self._add("heard", window.tr("Heard"), heard, right)]
        self._add("timeline", window.tr("Timeline"), _column(window, timeline), bottom)
        self._exports = self._add("exports", window.tr("Exports"), exports, right)
        behind += [self._exports, self._add("history", window.tr("History"), history, right)]
        for dock in behind:
            window.tabifyDockWidget(first, dock)
        self._exports.hide()
        first.raise_()
        window.resizeDocks([upper, first], [230, 280], Qt.Orientation.Horizontal)
        window.resizeDocks([upper, lower], [280, 230], Qt.Orientation.Vertical)

    def show_exports(self) -> None:
        """Bring the exports to the front."""
        self._exports.show()
        self._exports.raise_()

    def _add(self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self._window)
        # The name is what the saved layout knows it by.
        dock.setObjectName(name)
        dock.setWidget(widget)
        dock.setAccessibleName(title)
        self._window.addDockWidget(area, dock)
        self._menu.addAction(dock.toggleViewAction())
        self.all.append(dock)
        return dock


def _column(parent: QWidget, widgets: tuple[QWidget, ...]) -> QWidget:
    whole = QWidget(parent)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    return whole
