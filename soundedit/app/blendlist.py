"""The parts of an edit with their weights: several words and sounds in one."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from soundedit.app.buttons import Button
from soundedit.app.editstack import EditStack
from soundedit.app.eliding import ElidedLabel
from soundedit.app.numberbox import Spin
from soundedit.document.model import Edit


class BlendList(QWidget):
    """One row for each part, and a field that adds a word to the blend."""

    sound_wanted = Signal(str)
    """The person wants to choose a sound for the blend of this edit."""

    def __init__(self, stack: EditStack, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = stack
        self._edit_id = ""
        self.weights: list[Spin] = []
        self._rows = QWidget(self)
        self._grid = QGridLayout(self._rows)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self.word = QLineEdit(self)
        self.word.setPlaceholderText(self.tr("Blend with a word"))
        self.word.setAccessibleName(self.tr("Blend with a word"))
        self.word.returnPressed.connect(self._add)
        self.sound = Button(self)
        self.sound.setText(self.tr("Sound..."))
        self.sound.setAccessibleName(self.tr("Blend with a sound"))
        self.sound.clicked.connect(lambda: self.sound_wanted.emit(self._edit_id))
        row = QHBoxLayout()
        row.addWidget(self.word, 1)
        row.addWidget(self.sound)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._rows)
        layout.addLayout(row)

    def show_edit(self, edit: Edit) -> None:
        """Show the parts of an edit."""
        names = [self._stack.part_name(part) for part in edit.parts]
        if (edit.id, names) != (self._edit_id, self._names()):
            self._edit_id = edit.id
            self._fill(names)
        for spin, part in zip(self.weights, edit.parts, strict=True):
            spin.blockSignals(True)
            spin.setValue(part.weight)
            spin.blockSignals(False)
        # The weight of a single part is what the strength says.
        self._rows.setVisible(len(edit.parts) > 1)

    def _names(self) -> list[str]:
        return [
            self._grid.itemAtPosition(row, 0).widget().toolTip()  # type: ignore[union-attr]
            for row in range(len(self.weights))
        ]

    def _fill(self, names: list[str]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.weights = []
        for row, name in enumerate(names):
            label = ElidedLabel(name, self._rows)
            spin = Spin(self._rows)
            spin.setRange(-2.0, 2.0)
            spin.setSingleStep(0.1)
            spin.setAccessibleName(self.tr("Weight of {0}").format(name))
            spin.valueChanged.connect(lambda value, row=row: self._weigh(row, value))
            remove = Button(self._rows)
            remove.setText("\N{MULTIPLICATION SIGN}")
            remove.setAutoRaise(True)
            remove.setToolTip(self.tr("Take {0} out of the blend").format(name))
            remove.setAccessibleName(remove.toolTip())
            remove.clicked.connect(
                lambda checked=False, row=row: self._stack.remove_part(self._edit_id, row)
            )
            for column, widget in enumerate((label, spin, remove)):
                self._grid.addWidget(widget, row, column)
            self.weights.append(spin)

    def _weigh(self, row: int, value: float) -> None:
        self._stack.set_weight(self._edit_id, row, value)
        self._stack.session.close_merge_soon()

    def _add(self) -> None:
        self._stack.blend_words(self._edit_id, self.word.text())
        self.word.clear()
