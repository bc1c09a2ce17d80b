"""The menus and their actions, built from the table of commands."""

from collections.abc import Callable, Mapping

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from soundedit.app.icons import icon
from soundedit.app.keymap import Keymap, shown_keys
from soundedit.app.shortcuts import COMMANDS

ICONS = {
    "open": "open",
    "record": "record",
    "live": "live",
    "export": "export",
    "devices": "retry",
    "generate": "generate",
    "new_seed": "dice",
    "play": "play",
    "start": "to_start",
    "end": "to_end",
    "snap": "magnet",
    "loop": "loop",
    "compare": "compare",
}
SEPARATED = {
    *("save", "record", "new_edit", "blend_sound", "cut_edit", "edit_up"),
    *("export", "settings", "quit", "cancel", "loop", "start", "next_frame"),
    *("next_marker", "in_point", "snap", "spectrogram", "picture_in", "reset_layout", "log"),
}


def build_actions(window: QMainWindow, keymap: Keymap) -> dict[str, QAction]:
    """One action per command, owned by the window; keys work with hidden menus too.

    The actions' keys follow the keymap.
    """
    actions = {}
    for command in COMMANDS:
        action = QAction(command.label, window)
        action.setCheckable(command.checkable)
        if command.id in ICONS:
            action.setIcon(icon(ICONS[command.id]))
        window.addAction(action)
        actions[command.id] = action
    actions["quit"].setMenuRole(QAction.MenuRole.QuitRole)
    actions["about"].setMenuRole(QAction.MenuRole.AboutRole)
    actions["settings"].setMenuRole(QAction.MenuRole.PreferencesRole)

    def set_keys() -> None:
        for command in COMMANDS:
            keys = keymap.keys(command.id)
            action = actions[command.id]
            action.setShortcuts([QKeySequence(key) for key in keys])
            shown = shown_keys(keys[:1])
            action.setToolTip(f"{command.plain} ({shown})" if shown else command.plain)

    keymap.changed.connect(set_keys)
    set_keys()
    return actions


def connect_actions(
    actions: Mapping[str, QAction], handlers: Mapping[str, Callable[[], object]]
) -> None:
    """Let each action call its handler."""
    for id_, action in actions.items():
        # `triggered` carries "checked", which no handler wants.
        action.triggered.connect(lambda checked=False, call=handlers[id_]: call())


def build_menus(window: QMainWindow, actions: Mapping[str, QAction]) -> dict[str, QMenu]:
    """The menu bar; the menus are returned by their names in the table."""
    titles = {
        "file": window.tr("&File"),
        "edit": window.tr("&Edit"),
        "picture": window.tr("&Picture"),
        "play": window.tr("Pl&ay"),
        "mark": window.tr("&Timeline"),
        "view": window.tr("&View"),
        "help": window.tr("&Help"),
    }
    menus = {name: window.menuBar().addMenu(title) for name, title in titles.items()}
    for command in COMMANDS:
        menu = menus[command.menu]
        if command.id in SEPARATED:
            menu.addSeparator()
        menu.addAction(actions[command.id])
    return menus
