"""Boxes in which numbers and times are typed, with a point or a comma whatever the language."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QDoubleSpinBox, QWidget

from soundedit.app.clock import typed_time

_BEGUN = re.compile(r"[0-9:.,\s]*")


class NumberBox(QDoubleSpinBox):
    """A number with decimals; people type the sign that they are used to."""

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Qt would take the other sign for one between thousands, and leave it out."""
        point = self.locale().decimalPoint()
        return super().validate(text.replace("," if point == "." else ".", point), at)

    def valueFromText(self, text: str) -> float:
        point = self.locale().decimalPoint()
        return super().valueFromText(text.replace("," if point == "." else ".", point))


class Spin(NumberBox):
    """A number; Return gives the keys back to the timeline, the wheel needs the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lineEdit().returnPressed.connect(self.clearFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class _Times(NumberBox):
    """Seconds; minutes and hours can be typed before them, as 1:23.5."""

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        typed = self._typed(text)
        if ":" not in typed:
            return super().validate(text, at)
        if typed_time(typed, 0.0) is not None:
            return QValidator.State.Acceptable, text, at
        begun = _BEGUN.fullmatch(typed)
        return (QValidator.State.Intermediate if begun else QValidator.State.Invalid), text, at

    def valueFromText(self, text: str) -> float:
        typed = self._typed(text)
        seconds = typed_time(typed, 0.0) if ":" in typed else None
        if seconds is None:
            return super().valueFromText(text)
        return min(max(seconds, self.minimum()), self.maximum())

    def _typed(self, text: str) -> str:
        return text.strip().removesuffix(self.suffix().strip()).strip()


class TimeBox(_Times):
    """A time that is told as it is typed."""


class TimeSpin(_Times, Spin):
    """A time; Return gives the keys back to the timeline, the wheel needs the focus."""
