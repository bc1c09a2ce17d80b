"""What a lane shows of an edit: its strength over time, with keyframes, span and fades."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from soundedit.app.grips import edges
from soundedit.app.lane import Lane, blend, draw_scale, is_suspended, see_through
from soundedit.app.timeaxis import TimeAxis
from soundedit.document.commands import STRENGTHS
from soundedit.document.curve import curve_at, strength_at
from soundedit.document.model import Easing, Edit, Keyframe
from soundedit.document.spans import is_whole

HEIGHT = 40
POINT = 4.0
"""Half the size of a keyframe in pixels."""
MARGIN = 5.0
BAR = 4
"""Height in pixels of the bar at the foot by which a span is moved."""
STICKY = 3.0
"""Pixels within which a value that the pointer gives is nothing or all; Alt suspends it."""


class CurveLane(Lane):
    """Draws the strength of `edit`."""

    def __init__(self, axis: TimeAxis, edit: Edit, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", HEIGHT, parent)
        self.edit = edit
        self.acts = True
        self._range = (0.0, 1.0)

    def set_acts(self, acts: bool) -> None:
        """Show whether the edit acts; it is grey where another one alone is soloed."""
        if acts != self.acts:
            self.acts = acts
            self.redraw()

    def value_y(self, value: float) -> float:
        """Pixel of a value, from the top."""
        low, high = self._range
        share = (min(max(value, low), high) - low) / (high - low)
        return self.height() - 1 - MARGIN - share * (self.height() - 1 - 2 * MARGIN)

    def y_value(self, y: float) -> float:
        """Value at a pixel; beyond the lane's edges it goes on, to the ends of what is allowed."""
        low, high = self._range
        share = (self.height() - 1 - MARGIN - y) / (self.height() - 1 - 2 * MARGIN)
        return min(max(low + share * (high - low), STRENGTHS[0]), STRENGTHS[1])

    def _pointed_value(self, event: QMouseEvent) -> float:
        """Value at the pointer; 0 and 1 hold it a little, as they can hardly be hit else."""
        y = event.position().y()
        if not is_suspended(event):
            for value in (0.0, 1.0):
                if abs(self.value_y(value) - y) <= STICKY:
                    return value
        return round(self.y_value(y), 2)

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        if self.axis.duration <= 0:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edit = self.edit
        base, text = self.colour(QPalette.ColorRole.Base), self.colour()
        acts = self.acts and not edit.mute
        accent = self.colour(QPalette.ColorRole.Highlight) if acts else text
        zero = self.value_y(0.0)
        painter.setPen(QPen(blend(base, text, 0.15), 1))
        painter.drawLine(QPointF(0, zero), QPointF(width, zero))
        draw_scale(painter, QRectF(self.rect()), self._range, blend(base, text, 0.6))
        x = np.arange(0, width + 2, 2, dtype=np.float64)
        times = np.array([self.axis.to_time(float(one)) for one in (0, width)])
        seconds = times[0] + x / max(width, 1) * (times[1] - times[0])
        acting = strength_at(replace(edit, mute=False, follow=False), seconds, self.axis.duration)
        area = [QPointF(x[0], zero)]
        area += [QPointF(px, self.value_y(float(v))) for px, v in zip(x, acting, strict=True)]
        area.append(QPointF(x[-1], zero))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(see_through(accent, 0.28 if acts else 0.12))
        painter.drawPolygon(QPolygonF(area))
        curve = curve_at(edit.keyframes, seconds)
        style = Qt.PenStyle.SolidLine if edit.keyframes else Qt.PenStyle.DashLine
        painter.setPen(QPen(blend(base, accent, 0.9), 1.3, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        line = [QPointF(px, self.value_y(float(v))) for px, v in zip(x, curve, strict=True)]
        painter.drawPolyline(QPolygonF(line))
        self._draw_span(painter, height, blend(base, text, 0.55))
        painter.setPen(QPen(base, 1))
        for keyframe in edit.keyframes:
            painter.setBrush(blend(base, accent, 1.0))
            draw_point(painter, self._point(keyframe), keyframe.easing)

    def _draw_span(self, painter: QPainter, height: int, colour: QColor) -> None:
        """Edges as lines, fades as handles on top."""
        start, end = edges(self.edit.span, self.axis.duration)
        painter.setPen(QPen(colour, 1))
        if not is_whole(self.edit):
            left, right = (self.axis.to_x(edge) for edge in (start, end))
            painter.fillRect(QRectF(left, height - BAR, right - left, BAR), colour)
        for edge in (start, end):
            x = self.axis.to_x(edge)
            painter.drawLine(QPointF(x, 0), QPointF(x, height))
        span = self.edit.span
        painter.setBrush(colour)
        for x, way in (
            (self.axis.to_x(start + span.fade_in), 1),
            (self.axis.to_x(end - span.fade_out), -1),
        ):
            corner = [QPointF(x, 0), QPointF(x + 6 * way, 0), QPointF(x, 6)]
            painter.drawPolygon(QPolygonF(corner))

    def _point(self, keyframe: Keyframe) -> QPointF:
        return QPointF(self.axis.to_x(keyframe.seconds), self.value_y(keyframe.value))


def draw_point(painter: QPainter, at: QPointF, easing: Easing) -> None:
    """A dot for linear, a larger ring's dot for smooth, a square for hold."""
    if easing is Easing.HOLD:
        side = POINT * 1.7
        painter.drawRect(QRectF(at.x() - side / 2, at.y() - side / 2, side, side))
    elif easing is Easing.SMOOTH:
        painter.drawEllipse(at, POINT + 1, POINT + 1)
    else:
        side = POINT + 1
        ways = ((0, -side), (side, 0), (0, side), (-side, 0))
        painter.drawPolygon(QPolygonF([at + QPointF(*way) for way in ways]))


def value_range(edit: Edit) -> tuple[float, float]:
    """The values a lane shows: 0 to 1, and more where keyframes or strength go beyond."""
    values = [keyframe.value for keyframe in edit.keyframes] or [1.0]
    values += [edit.strength * value for value in values]
    low, high = min(values), max(values)
    return (-2.0 if low < -1 else -1.0 if low < 0 else 0.0, 2.0 if high > 1 else 1.0)
