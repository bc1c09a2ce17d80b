"""The panels around the viewer, each in a dock that can be moved, shown and hidden."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QMainWindow,
    QMenu,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

LEAST_HEIGHT = 90
"""Pixels of a panel that scrolls; with less than it needs, the window would grow on its own."""


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
        upper = self._add("sounds", window.tr("Sounds"), _Scrolled(sounds), left)
        lower = self._add("picture", window.tr("Picture"), _Scrolled(picture), left)
        first = self._add("edits", window.tr("Edits"), edits, right)
        behind = [self._add("heard", window.tr("Heard"), heard, right)]
        self._add("timeline", window.tr("Timeline"), _column(window, timeline), bottom)
        self._exports = self._add("exports", window.tr("Exports"), exports, right)
        behind += [self._exports, self._add("history", window.tr("History"), history, right)]
        for dock in behind:
            window.tabifyDockWidget(first, dock)
        self._exports.hide()
        self._upper, self._lower, self._first = upper, lower, first
        self._at_first = window.saveState()
        self._arrange()

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for the command that puts the panels back."""
        return {"reset_layout": self.reset}

    def reset(self) -> None:
        """Put the panels where they are at first."""
        self._window.restoreState(self._at_first)
        self._arrange()

    def _arrange(self) -> None:
        self._first.raise_()
        across, down = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
        self._window.resizeDocks([self._upper, self._first], [230, 280], across)
        self._window.resizeDocks([self._upper, self._lower], [250, 260], down)

    def behind(self, widget: QWidget) -> bool:
        """Whether a widget is in a panel that lies behind another."""
        return any(
            dock.isAncestorOf(widget) and dock.isVisible() and dock.visibleRegion().isEmpty()
            for dock in self.all
        )

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


class _Scrolled(QScrollArea):
    """A panel that leaves room for the timeline in a low window, where it is scrolled."""

    def __init__(self, panel: QWidget) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._panel = panel
        self.setWidget(panel)

    def minimumSizeHint(self) -> QSize:
        wanted = self._panel.minimumSizeHint()
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(wanted.width() + bar, min(wanted.height(), LEAST_HEIGHT))

    def sizeHint(self) -> QSize:
        return self._panel.sizeHint()


def _column(parent: QWidget, widgets: tuple[QWidget, ...]) -> QWidget:
    whole = QWidget(parent)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for widget in widgets:
        column.addWidget(widget)
    return whole
