"""The ruler: time labels and the playhead's handle."""

import math

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPolygonF
from PySide6.QtWidgets import QWidget

from soundedit.app.lane import Lane, blend
from soundedit.app.timeaxis import TimeAxis

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
LABEL_PIXELS = 80


def clock(seconds: float, decimals: int = 0) -> str:
    """A time as m:ss, with decimals on request: 3.21 -> "0:03.21"."""
    units = 10**decimals
    # Rounded down to what is shown, so that the clock never runs ahead.
    total = math.floor(max(seconds, 0.0) * units + 1e-6)
    minutes, rest = divmod(total, 60 * units)
    whole, part = divmod(rest, units)
    text = f"{minutes}:{whole:02d}"
    return f"{text}.{part:0{decimals}d}" if decimals else text


class RulerLane(Lane):
    """Time along the top; the handle of the playhead hangs here."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", 26, parent)
        self.setAccessibleName(self.tr("Ruler"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        axis = self.axis
        painter.fillRect(0, 0, width, height, self.colour(QPalette.ColorRole.Window))
        if axis.duration <= 0:
            return
        wanted = axis.span * LABEL_PIXELS / max(width, 1)
        step = next((step for step in STEPS if step >= wanted), STEPS[-1])
        decimals = 2 if step < 0.1 else 1 if step < 1 else 0
        faint = blend(self.colour(QPalette.ColorRole.Window), self.colour(), 0.45)
        first = math.floor(axis.start / step)
        last = math.ceil(min(axis.end, axis.duration) / step)
        for number in range(first, last + 1):
            x = round(axis.to_x(number * step))
            painter.setPen(faint)
            painter.drawLine(x, height - 8, x, height)
            for part in range(1, 5):
                small = round(axis.to_x((number + part / 5) * step))
                painter.drawLine(small, height - 4, small, height)
            painter.setPen(self.colour(QPalette.ColorRole.WindowText))
            painter.drawText(x + 4, height - 9, clock(number * step, decimals))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.axis.duration <= 0:
            return
        x, h = self.axis.to_x(self.axis.playhead), float(self.height())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour())
        corners = ((-6, h - 14), (6, h - 14), (6, h - 7), (0, h), (-6, h - 7))
        painter.drawPolygon(QPolygonF([QPointF(x + dx, y) for dx, y in corners]))
        painter.end()
