"""All commands with their names and keys: one table that menus and the F1 list show."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

CONTEXT = "Commands"


@dataclass(frozen=True)
class Command:
    """Something the person can do: an id, a menu, a name and its keys (the first is shown)."""

    id: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The name in the person's language, with the menu's mnemonic."""
        return QCoreApplication.translate(CONTEXT, self.text)

    @property
    def plain(self) -> str:
        """The name without mnemonic or dots."""
        return self.label.replace("&", "").rstrip(".")


def T(context: str, text: str) -> str:
    """Mark a text for translation."""
    return str(QT_TRANSLATE_NOOP(context, text))


COMMANDS = (
    Command("open", "file", T("Commands", "&Open a sound..."), ("Ctrl+O",)),
    Command("record", "file", T("Commands", "&Record"), ("R",)),
    Command("export", "file", T("Commands", "&Export the video..."), ("Ctrl+E",)),
    Command("devices", "file", T("Commands", "&Look for sound devices again")),
    Command("quit", "file", T("Commands", "&Quit"), ("Ctrl+Q",)),
    Command("generate", "picture", T("Commands", "&Generate the video"), ("Ctrl+G",)),
    Command("new_seed", "picture", T("Commands", "&New seed"), ("Ctrl+R",)),
    Command("cancel", "picture", T("Commands", "&Cancel the job"), ("Ctrl+.",)),
    Command("play", "play", T("Commands", "&Play or pause"), ("Space",)),
    Command("start", "play", T("Commands", "Go to the &start"), ("Home",)),
    Command("end", "play", T("Commands", "Go to the &end"), ("End",)),
    Command("next_frame", "play", T("Commands", "&Next frame"), ("Right",)),
    Command("previous_frame", "play", T("Commands", "Pre&vious frame"), ("Left",)),
    Command("next_second", "play", T("Commands", "One second &forward"), ("Shift+Right",)),
    Command("previous_second", "play", T("Commands", "One second &back"), ("Shift+Left",)),
    Command("zoom_in", "view", T("Commands", "Zoom &in"), ("=", "+")),
    Command("zoom_out", "view", T("Commands", "Zoom &out"), ("-",)),
    Command("zoom_fit", "view", T("Commands", "Show the &whole sound"), ("\\",)),
    Command("full_screen", "view", T("Commands", "&Full screen"), ("F11",)),
    Command("shortcuts", "help", T("Commands", "&Keyboard shortcuts"), ("F1",)),
    Command("log", "help", T("Commands", "Open the &log folder")),
    Command("about", "help", T("Commands", "&About soundedit")),
)

GESTURES = (
    ("Ctrl+wheel", T("Commands", "Zoom the timeline about the pointer")),
    ("Shift+wheel", T("Commands", "Move along the timeline")),
    ("Click or drag", T("Commands", "Move the playhead")),
    ("Enter", T("Commands", "Press the button that has the focus")),
    ("Tab", T("Commands", "Go to the next control")),
    ("Esc", T("Commands", "Leave full screen")),
)


class ShortcutDialog(QDialog):
    """The list of keys."""

    def __init__(self, commands: Sequence[Command], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = [
            (
                "  /  ".join(
                    QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
                    for key in command.keys
                ),
                command.plain,
            )
            for command in commands
            if command.keys
        ]
        rows += [(gesture, QCoreApplication.translate(CONTEXT, text)) for gesture, text in GESTURES]
        self._filter = QLineEdit(self)
        self._filter.setPlaceholderText(self.tr("Search"))
        self._filter.setAccessibleName(self.tr("Search the shortcuts"))
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._search)
        self.table = QTableWidget(len(rows), 2, self)
        self.table.setHorizontalHeaderLabels([self.tr("Key"), self.tr("What it does")])
        self.table.setAccessibleName(self.tr("Keyboard shortcuts"))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                self.table.setItem(row, column, QTableWidgetItem(text))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._filter)
        layout.addWidget(self.table)
        layout.addWidget(buttons)
        self.resize(460, 720)

    def _search(self, text: str) -> None:
        for row in range(self.table.rowCount()):
            cells = [self.table.item(row, column) for column in (0, 1)]
            found = any(cell and text.lower() in cell.text().lower() for cell in cells)
            self.table.setRowHidden(row, not found)
