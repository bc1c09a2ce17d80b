"""The card of one edit: name, strength, bands, span, blend, mute and solo."""

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QFocusEvent, QKeyEvent, QMouseEvent, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.bandsliders import BandSliders
from soundedit.app.blendlist import BlendList
from soundedit.app.buttons import Button, LetterToggle
from soundedit.app.editstack import EditStack
from soundedit.app.eliding import NameField
from soundedit.app.numberbox import Spin, TimeSpin
from soundedit.app.sliders import NumberSlider
from soundedit.document.model import Edit, PartKind

CARD_MIME = "application/x-soundedit-edit"
SHORTEST = 0.1
"""Seconds that a span that is typed lasts at least."""


class EditCard(QFrame):
    """Shows one edit and lets the person change it; the stack does the changing."""

    menu_requested = Signal(str, QPoint)

    def __init__(self, stack: EditStack, edit: Edit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stack = stack
        self.edit = edit
        self._press: QPoint | None = None
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(
            lambda at: self.menu_requested.emit(self.edit.id, self.mapToGlobal(at))
        )
        self.name = NameField(self)
        self.name.setFrame(False)
        self.name.setAccessibleName(self.tr("Name of the edit"))
        # No style sheet: Qt would keep the colours of the theme that it was made in.
        bold = self.name.font()
        bold.setBold(True)
        self.name.setFont(bold)
        clear = QPalette()
        clear.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        self.name.setPalette(clear)
        self.name.editingFinished.connect(self._renamed)
        self.name.returnPressed.connect(self.name.clearFocus)
        self.mute = self._toggle("M", self.tr("Mute"), self._set_mute)
        self.solo = self._toggle("S", self.tr("Solo"), self._set_solo)
        self.more = Button(self)
        self.more.setAutoRaise(True)
        self.more.setCheckable(True)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setToolTip(self.tr("Bands, span and blend"))
        self.more.setAccessibleName(self.tr("Bands, span and blend"))
        self.more.toggled.connect(self._open)
        self.strength = NumberSlider(self.tr("Strength"), -2.0, 2.0, 1.0, self)
        self.strength.slider.setToolTip(
            self.tr(
                "Strength, by which the curve on the timeline is multiplied; a double click sets 1"
            )
        )
        self.strength.changed.connect(self._set_strength)
        self.strength.dropped.connect(stack.session.close_merge)
        top = QHBoxLayout()
        top.setSpacing(2)
        top.addWidget(self.more)
        top.addWidget(self.name, 1)
        top.addWidget(self.mute)
        top.addWidget(self.solo)
        self.problem = QLabel(self)
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.details = self._make_details()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 6)
        layout.setSpacing(4)
        layout.addLayout(top)
        layout.addWidget(self.strength)
        layout.addWidget(self.problem)
        layout.addWidget(self.details)
        self.details.hide()
        # A sentence that takes more lines in a narrow panel needs the height for them.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        for child in self.findChildren(QWidget):
            child.installEventFilter(self)
        self.show_edit(edit)

    def show_edit(self, edit: Edit) -> None:
        """Show an edit as it is now."""
        self.edit = edit
        if not self.name.hasFocus():
            self.name.setText(edit.name)
            self.name.setCursorPosition(0)
        self.name.setToolTip(edit.name)
        self.setAccessibleName(self.tr("Edit {0}").format(edit.name))
        self.strength.set_value(edit.strength)
        for button, on in ((self.mute, edit.mute), (self.solo, edit.solo)):
            button.blockSignals(True)
            button.setChecked(on)
            button.blockSignals(False)
        self.bands.show_bands(edit.bands)
        self._show_span(edit)
        self.follow.blockSignals(True)
        self.follow.setChecked(edit.follow)
        self.follow.blockSignals(False)
        self.follow.setVisible(any(part.kind is PartKind.SOUND for part in edit.parts))
        self.blend.show_edit(edit)

    @property
    def tab_chain(self) -> list[QWidget]:
        """The controls in the order that Tab goes through them."""
        numbers = [self.strength, *self.bands.sliders.values()]
        sliders = [widget for one in numbers for widget in (one.slider, one.number)]
        return [
            self,
            self.more,
            self.name,
            self.mute,
            self.solo,
            *sliders,
            self.start,
            self.end,
            self.fade_in,
            self.fade_out,
            self.follow,
            *self.blend.weights,
            self.blend.word,
            self.blend.sound,
        ]

    def show_problem(self, text: str) -> None:
        """Say why the edit does nothing; empty where it acts."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def set_selected(self, selected: bool) -> None:
        """Show that the edit is the selected one."""
        shadow = QFrame.Shadow.Plain if selected else QFrame.Shadow.Sunken
        self.setFrameShape(QFrame.Shape.Box if selected else QFrame.Shape.StyledPanel)
        self.setFrameShadow(shadow)
        self.setAutoFillBackground(selected)
        self.setBackgroundRole(
            self.palette().ColorRole.AlternateBase if selected else self.palette().ColorRole.Window
        )

    def _toggle(self, text: str, name: str, done: object) -> Button:
        button = LetterToggle(text, self)
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.toggled.connect(done)
        return button

    def _make_details(self) -> QWidget:
        box = QWidget(self)
        self.bands = BandSliders(box)
        self.bands.changed.connect(self._set_band)
        self.bands.dropped.connect(self.stack.session.close_merge)
        self.start, self.end = self._time(self.tr("Start")), self._time(self.tr("End"))
        self.end.setSpecialValueText(self.tr("end"))
        self.end.setMinimum(-0.01)
        self.fade_in, self.fade_out = (
            self._time(self.tr("Fade in")),
            self._time(self.tr("Fade out")),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(2)
        pairs = ((self.tr("From"), self.start, self.tr("to"), self.end),
                 (self.tr("Fade in"), self.fade_in, self.tr("out"), self.fade_out))  # fmt: skip
        for row, (first, one, second, two) in enumerate(pairs):
            for column, widget in enumerate((QLabel(first, box), one, QLabel(second, box), two)):
                grid.addWidget(widget, row, column)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        self.follow = QCheckBox(self.tr("Follow the loudness of its sound"), box)
        self.follow.toggled.connect(self._set_follow)
        self.blend = BlendList(self.stack, box)
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.bands)
        layout.addLayout(grid)
        layout.addWidget(self.follow)
        layout.addWidget(self.blend)
        return box

    def _time(self, name: str) -> Spin:
        spin = TimeSpin(self)
        spin.setRange(0.0, 86400.0)
        spin.setDecimals(2)
        spin.setSingleStep(0.1)
        spin.setSuffix(self.tr(" s"))
        spin.setAccessibleName(name)
        spin.setMinimumWidth(60)
        spin.valueChanged.connect(self._span_typed)
        return spin

    def _show_span(self, edit: Edit) -> None:
        span = edit.span
        values = (span.start, -0.01 if span.end is None else span.end, span.fade_in, span.fade_out)
        for spin, value in zip(
            (self.start, self.end, self.fade_in, self.fade_out), values, strict=True
        ):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)

    def _span_typed(self) -> None:
        given = self.edit.span
        start = _typed(self.start, given.start)
        end = None if self.end.value() < 0 else _typed(self.end, given.end)
        longest = math.inf
        if end is not None:
            # The edge that was not typed gives way.
            if end < start + SHORTEST and end != self.edit.span.end:
                start = max(end - SHORTEST, 0.0)
            end = max(end, start + SHORTEST)
            longest = end - start
        span = replace(
            given,
            start=start,
            end=end,
            fade_in=min(_typed(self.fade_in, given.fade_in), longest),
            fade_out=min(_typed(self.fade_out, given.fade_out), longest),
        )
        self.stack.set_span(self.edit.id, span)
        # What was typed may have been limited to what the edit has already.
        self._show_span(self.edit)
        self.stack.session.close_merge_soon()

    def _set_strength(self, value: float) -> None:
        self.stack.set_strength(self.edit.id, value)
        if not self.strength.dragging:
            self.stack.session.close_merge_soon()

    def _set_band(self, band: str, value: float) -> None:
        self.stack.set_band(self.edit.id, band, value)
        if not self.bands.dragging:
            self.stack.session.close_merge_soon()

    def _set_mute(self, on: bool) -> None:
        self.stack.set_mute(self.edit.id, on)

    def _set_solo(self, on: bool) -> None:
        self.stack.set_solo(self.edit.id, on)

    def _set_follow(self, on: bool) -> None:
        self.stack.set_follow(self.edit.id, on)

    def _renamed(self) -> None:
        name = " ".join(self.name.text().split())
        if name and name != self.edit.name:
            self.stack.rename(self.edit.id, name)
        else:
            self.name.setText(self.edit.name)

    def _open(self, opened: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.details.setVisible(opened)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn:
            self.stack.select(self.edit.id)
        return super().eventFilter(watched, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.stack.select(self.edit.id)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # What a number or a slider in it leaves over is not for the card.
        if not self.hasFocus():
            super().keyPressEvent(event)
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.more.toggle()
            return
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.stack.remove(self.edit.id)
            return
        if event.key() == Qt.Key.Key_F2:
            self.name.setFocus()
            self.name.selectAll()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        self._press = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._press is None:
            return
        way = event.position().toPoint() - self._press
        if way.manhattanLength() >= QApplication.startDragDistance():
            self._press = None
            drag = QDrag(self)
            mime = QMimeData()
            mime.setData(CARD_MIME, self.edit.id.encode())
            drag.setMimeData(mime)
            drag.setPixmap(self.grab())
            drag.exec(Qt.DropAction.MoveAction)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._press = None


def _typed(spin: Spin, given: float | None) -> float:
    """What a box says; what it was given where it shows just that, rounded."""
    value = spin.value()
    return given if given is not None and round(given, spin.decimals()) == value else value
