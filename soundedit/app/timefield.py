"""Where the playhead is, as a field in which another time can be typed."""

from fractions import Fraction

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontDatabase, QKeyEvent, QMouseEvent, QPalette
from PySide6.QtWidgets import QLineEdit, QWidget

from soundedit.app.clock import clock, typed_time

DECIMALS = 2
MARGIN = 3
"""Pixels that the cursor needs at both sides."""


class TimeField(QLineEdit):
    """Shows a time, and while it has the focus what is being typed instead."""

    typed = Signal(float)
    """Seconds to go to."""
    refused = Signal(str)
    """What was typed, which is no time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._seconds = 0.0
        self._fps: Fraction | None = None
        self._typing = False
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self.setFont(font)
        self.setFrame(False)
        self._show_ground()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAccessibleName(self.tr("Time"))
        self.setToolTip(
            self.tr(
                "Click and type a time to go there: 83.5, 1:23.5 or 0:01:23:12; +2 and -2 seconds "
                "or +5f and -5f frames from here; #130 is a frame"
            )
        )
        self.setTextMargins(-MARGIN, 0, -MARGIN, 0)
        self.show_time(0.0)

    def show_time(self, seconds: float) -> None:
        """Show where the playhead is, unless something is being typed."""
        self._seconds = seconds
        if not self.hasFocus():
            text = clock(seconds, DECIMALS)
            self.setText(text)
            self.setCursorPosition(0)
            self.setFixedWidth(self.fontMetrics().horizontalAdvance(text) + 2 * MARGIN)

    def set_rate(self, fps: Fraction) -> None:
        """Frames that are typed are of so many a second."""
        self._fps = fps

    def begin(self) -> None:
        """Let a time be typed."""
        self._typing = True
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        entered = not self._typing
        self._typing = True
        super().mousePressEvent(event)
        if entered:
            # The first press is for all of it.
            self.selectAll()

    def _show_ground(self) -> None:
        """A field's ground while something can be typed, and none otherwise."""
        # No style sheet: Qt would keep the colours of the theme that it was made in.
        palette = QPalette()
        if not self.hasFocus():
            palette.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
        self.setPalette(palette)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._show_ground()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._show_ground()
        self._typing = False
        self.deselect()
        self.show_time(self._seconds)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            seconds = typed_time(self.text(), self._seconds, self._fps)
            if seconds is None:
                self.refused.emit(self.text())
                self.selectAll()
                return
            self.clearFocus()
            self.typed.emit(max(seconds, 0.0))
        elif event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)
