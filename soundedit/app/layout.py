"""Where things stand in the window: docks, full screen, the menu of colours."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from soundedit.app.preferences import Preferences
from soundedit.app.settings import COLOUR_SCHEME
from soundedit.app.theme import scheme_names, set_colour_scheme
from soundedit.app.viewer import Viewer


def add_docks(
    window: QMainWindow,
    sounds: QWidget,
    picture: QWidget,
    edits: QWidget,
    heard: QWidget,
    timeline: QWidget,
    menu: QMenu,
) -> list[QDockWidget]:
    """Put the panels around the viewer; the menu shows and hides them."""
    left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
    bottom = Qt.DockWidgetArea.BottomDockWidgetArea
    window.setCorner(Qt.Corner.BottomLeftCorner, bottom)
    window.setCorner(Qt.Corner.BottomRightCorner, bottom)
    docks = []
    menu.addSeparator()
    for name, title, widget, area in (
        ("sounds", window.tr("Sounds"), sounds, left),
        ("picture", window.tr("Picture"), picture, left),
        ("edits", window.tr("Edits"), edits, right),
        ("heard", window.tr("Heard"), heard, right),
        ("timeline", window.tr("Timeline"), timeline, bottom),
    ):
        docks.append(add_dock(window, name, title, widget, area, menu))
    window.tabifyDockWidget(docks[2], docks[3])
    docks[2].raise_()
    window.resizeDocks([docks[0], docks[2]], [230, 280], Qt.Orientation.Horizontal)
    window.resizeDocks(docks[:2], [280, 230], Qt.Orientation.Vertical)
    return docks


def add_dock(
    window: QMainWindow,
    name: str,
    title: str,
    widget: QWidget,
    area: Qt.DockWidgetArea,
    menu: QMenu,
) -> QDockWidget:
    """Put a panel into an area; the menu shows and hides it."""
    dock = QDockWidget(title, window)
    # The name is what the saved layout knows it by.
    dock.setObjectName(name)
    dock.setWidget(widget)
    dock.setAccessibleName(title)
    window.addDockWidget(area, dock)
    menu.addAction(dock.toggleViewAction())
    return dock


def add_colour_menu(menu: QMenu, preferences: Preferences) -> None:
    """Dark, light or as the system has it."""
    settings = preferences.settings
    colours = menu.addMenu(menu.tr("&Colours"))
    group = QActionGroup(preferences)
    actions: dict[str, QAction] = {}

    def choose(name: str) -> None:
        set_colour_scheme(name)
        preferences.set(COLOUR_SCHEME, name)

    def show() -> None:
        if settings.get(COLOUR_SCHEME) in actions:
            actions[settings.get(COLOUR_SCHEME)].setChecked(True)

    for name, text in scheme_names().items():
        action = actions[name] = colours.addAction(text)
        action.setCheckable(True)
        action.setChecked(settings.get(COLOUR_SCHEME) == name)
        action.triggered.connect(lambda checked=False, chosen=name: choose(chosen))
        group.addAction(action)
    preferences.changed.connect(show)


class FullScreen:
    """Only the picture, on the whole screen."""

    def __init__(self, window: QMainWindow, viewer: Viewer, docks: list[QDockWidget]) -> None:
        self._window = window
        self._viewer = viewer
        self._docks = docks
        self._shown: list[QDockWidget] = []
        self._was_maximised = False
        self.active = False

    def toggle(self) -> None:
        """Enter or leave."""
        if self.active:
            self.leave()
        else:
            self._enter()

    def _enter(self) -> None:
        self.active = True
        self._was_maximised = self._window.isMaximized()
        self._shown = [dock for dock in self._docks if not dock.isHidden()]
        for dock in self._shown:
            dock.hide()
        self._window.menuBar().hide()
        self._window.statusBar().hide()
        self._viewer.set_dark(True)
        self._window.showFullScreen()

    def leave(self) -> None:
        """Bring the panels back."""
        if not self.active:
            return
        self.active = False
        if self._was_maximised:
            self._window.showMaximized()
        else:
            self._window.showNormal()
        self._window.menuBar().show()
        self._window.statusBar().show()
        for dock in self._shown:
            dock.show()
        self._viewer.set_dark(False)
