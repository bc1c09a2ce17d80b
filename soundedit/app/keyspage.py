"""The settings' page of keys: each command's keys, changed by pressing them."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QGridLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.keymap import Keymap, shown_keys
from soundedit.app.shortcuts import COMMANDS, FIXED_KEYS


class KeyField(QKeySequenceEdit):
    """Takes one key with its modifiers; Tab leaves it, so that it traps nobody."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMaximumSequenceLength(1)
        self.setFinishingKeyCombinations([])
        self.setClearButtonEnabled(True)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            plain = Qt.KeyboardModifier.NoModifier
            if event.key() == Qt.Key.Key_Tab and event.modifiers() == plain:
                return self.focusNextPrevChild(True)
            if event.key() == Qt.Key.Key_Backtab:
                return self.focusNextPrevChild(False)
        return super().event(event)

    def key(self) -> str:
        """The key in portable form; empty where none was pressed."""
        return self.keySequence().toString(QKeySequence.SequenceFormat.PortableText)


class KeysPage(QWidget):
    """A table of commands, and below it a field for the key of the chosen one."""

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keymap = keymap
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search the commands"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.table = QTableWidget(len(COMMANDS), 2, self)
        self.table.setHorizontalHeaderLabels([self.tr("What it does"), self.tr("Keys")])
        self.table.setAccessibleName(self.tr("Commands and their keys"))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.field = KeyField(self)
        self.field.setAccessibleName(self.tr("New key"))
        self.field.keySequenceChanged.connect(self._refresh)
        self.told = QLabel(self)
        self.told.setWordWrap(True)
        self.told.setAccessibleName(self.tr("What the new key does now"))
        self.replace = QPushButton(self.tr("&Replace"), self)
        self.add = QPushButton(self.tr("&Add"), self)
        self.remove = QPushButton(self.tr("R&emove its keys"), self)
        self.reset = QPushButton(self.tr("Re&set"), self)
        self.reset_all = QPushButton(self.tr("Reset all &commands"), self)
        for button, call in (
            (self.replace, self._replace),
            (self.add, self._add),
            (self.remove, self._remove),
            (self.reset, self._reset),
            (self.reset_all, keymap.reset_all),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(call)
        self._lay_out()
        self.table.currentCellChanged.connect(lambda *_: self._chosen())
        keymap.changed.connect(self._fill)
        self._fill()
        self.table.setCurrentCell(0, 0)

    def _lay_out(self) -> None:
        bottom = QGridLayout()
        label = QLabel(self.tr("&New key"), self)
        label.setBuddy(self.field)
        bottom.addWidget(label, 0, 0)
        bottom.addWidget(self.field, 0, 1, 1, 2)
        bottom.addWidget(self.replace, 0, 3)
        bottom.addWidget(self.add, 0, 4)
        bottom.addWidget(self.told, 1, 1, 1, 4)
        bottom.addWidget(self.remove, 2, 1)
        bottom.addWidget(self.reset, 2, 2)
        bottom.addWidget(self.reset_all, 2, 3, 1, 2)
        bottom.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        layout.addLayout(bottom)

    def choose(self, id_: str) -> None:
        """Select a command."""
        row = next(row for row, command in enumerate(COMMANDS) if command.id == id_)
        self.table.setCurrentCell(row, 0)

    def _current(self) -> str:
        return COMMANDS[max(self.table.currentRow(), 0)].id

    def _fill(self) -> None:
        for row, command in enumerate(COMMANDS):
            keys = self._keymap.keys(command.id)
            for column, text in enumerate((command.plain, shown_keys(keys))):
                item = QTableWidgetItem(text)
                font = item.font()
                font.setBold(self._keymap.is_changed(command.id))
                item.setFont(font)
                self.table.setItem(row, column, item)
        self._refresh()

    def _search(self, text: str) -> None:
        for row in range(self.table.rowCount()):
            cells = [self.table.item(row, column) for column in (0, 1)]
            found = any(cell and text.lower() in cell.text().lower() for cell in cells)
            self.table.setRowHidden(row, not found)

    def _chosen(self) -> None:
        self.field.clear()
        self._refresh()

    def _refresh(self) -> None:
        """Say whose the pressed key is, and offer what can be done."""
        id_, key = self._current(), self.field.key()
        owner = self._keymap.owner(key) if key else None
        taken = owner is not None and owner.id != id_
        if key in FIXED_KEYS:
            shown = self.field.keySequence().toString(QKeySequence.SequenceFormat.NativeText)
            self.told.setText(
                self.tr("{0} is needed by controls and lanes; press another key.").format(shown)
            )
        elif owner is None:
            self.told.setText(self.tr("Nothing else has this key.") if key else "")
        elif taken:
            self.told.setText(self.tr('"{0}" has this key and would lose it.').format(owner.plain))
        else:
            self.told.setText(self.tr("It has this key already."))
        new = bool(key) and key not in FIXED_KEYS and (owner is None or taken)
        self.replace.setEnabled(new)
        self.add.setEnabled(new)
        self.remove.setEnabled(bool(self._keymap.keys(id_)))
        self.reset.setEnabled(self._keymap.is_changed(id_))
        self.reset_all.setEnabled(any(self._keymap.is_changed(one.id) for one in COMMANDS))

    def _replace(self) -> None:
        self._keymap.set_keys(self._current(), [self.field.key()])
        self.field.clear()

    def _add(self) -> None:
        id_ = self._current()
        self._keymap.set_keys(id_, [*self._keymap.keys(id_), self.field.key()])
        self.field.clear()

    def _remove(self) -> None:
        self._keymap.set_keys(self._current(), [])

    def _reset(self) -> None:
        self._keymap.reset(self._current())
