"""The Help menu: keys, log and about."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMessageBox, QWidget

from soundedit import __version__
from soundedit.app.icons import app_icon
from soundedit.app.keymap import Keymap
from soundedit.app.logs import log_folder
from soundedit.app.shortcutdialog import ShortcutDialog
from soundedit.app.shortcuts import COMMANDS


def show_shortcuts(parent: QWidget, keymap: Keymap) -> None:
    """List all keys."""
    ShortcutDialog(COMMANDS, keymap, parent).open()


def open_log_folder() -> None:
    """Show the log files in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(log_folder())))


def show_about(parent: QWidget) -> None:
    """Say what this is."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle(parent.tr("About soundedit"))
    box.setIconPixmap(app_icon().pixmap(64, 64))
    box.setText(parent.tr("soundedit {0}: turns sound into moving landscapes.").format(__version__))
    box.open()
