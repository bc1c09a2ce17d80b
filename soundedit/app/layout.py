"""How the window looks: its saved layout, full screen, and the menu of colours."""

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QWidget

from soundedit.app.preferences import Preferences
from soundedit.app.settings import COLOUR_SCHEME, GEOMETRY, LAYOUT, Settings
from soundedit.app.theme import scheme_names, set_colour_scheme
from soundedit.app.viewer import Viewer


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


def restore_layout(window: QMainWindow, settings: Settings) -> None:
    """Size and docks as they were left, or as they are at first."""
    screen = window.screen().availableSize()
    # Beside the window itself its frame needs room.
    window.resize(QSize(1180, 800).boundedTo(screen - QSize(16, 48)))
    if not settings.get(GEOMETRY).isEmpty():
        window.restoreGeometry(settings.get(GEOMETRY))
        window.restoreState(settings.get(LAYOUT))


def save_layout(window: QMainWindow, settings: Settings) -> None:
    """Remember size and docks for the next start."""
    settings.set(GEOMETRY, window.saveGeometry())
    settings.set(LAYOUT, window.saveState())


class FullScreen:
    """Only the picture, on the whole screen."""

    def __init__(self, window: QMainWindow, viewer: Viewer, docks: list[QDockWidget]) -> None:
        self._window = window
        self._viewer = viewer
        self._docks = docks
        self._layout = QByteArray()
        self._focus: QWidget | None = None
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
        self._layout = self._window.saveState()
        self._focus = self._window.focusWidget()
        for dock in self._docks:
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
        self._window.restoreState(self._layout)
        self._viewer.set_dark(False)
        (self._focus or self._viewer).setFocus()
