"""The list of keys that F1 shows."""

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
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

from soundedit.app.keymap import Keymap, shown_keys
from soundedit.app.shortcuts import CONTEXT, GESTURES, Command


class ShortcutDialog(QDialog):
    """The list of keys."""

    def __init__(
        self, commands: Sequence[Command], keymap: Keymap, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = [
            (shown_keys(keymap.keys(command.id)), command.plain)
            for command in commands
            if keymap.keys(command.id)
        ]
        rows += [
            (
                QCoreApplication.translate(CONTEXT, gesture),
                QCoreApplication.translate(CONTEXT, text),
            )
            for gesture, text in GESTURES
        ]
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
