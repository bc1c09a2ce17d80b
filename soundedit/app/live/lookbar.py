"""The row of looks in the live window."""

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QWidget

from soundedit.app.buttons import Button
from soundedit.document.looks import SLOTS


class LookBar(QWidget):
    """A button for each number; those that hold a look are raised and bold."""

    called = Signal(int)
    """Go over to the look of a number, or keep one there where there is none."""
    kept = Signal(int)
    """Keep what is set now under a number."""
    forgotten = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: dict[int, Button] = {}
        self._forget: dict[int, QAction] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        for slot in SLOTS:
            button = Button(self)
            button.setText(str(slot))
            button.clicked.connect(lambda checked=False, slot=slot: self.called.emit(slot))
            keep = QAction(self.tr("Keep what is set now as look {0}").format(slot), button)
            keep.triggered.connect(lambda checked=False, slot=slot: self.kept.emit(slot))
            forget = QAction(self.tr("Forget look {0}").format(slot), button)
            forget.triggered.connect(lambda checked=False, slot=slot: self.forgotten.emit(slot))
            button.addActions([keep, forget])
            button.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
            layout.addWidget(button)
            self.buttons[slot], self._forget[slot] = button, forget
        layout.addStretch(1)
        self.show_kept(())

    def show_kept(self, slots: Collection[int]) -> None:
        """Show which numbers hold a look."""
        for slot, button in self.buttons.items():
            there = slot in slots
            font = button.font()
            font.setBold(there)
            button.setFont(font)
            button.setAutoRaise(not there)
            self._forget[slot].setEnabled(there)
            if there:
                text = self.tr("Look {0}: go over to it ({0}); Ctrl+{0} keeps what is set instead")
            else:
                text = self.tr("No look {0} yet: keep what is set now ({0})")
            button.setToolTip(text.format(slot))
            button.setAccessibleName(text.format(slot))
