"""The ruler: the range, time labels below it, and the playhead's handle at the foot."""

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QPolygonF
from PySide6.QtWidgets import QWidget

from soundedit.app.clock import clock
from soundedit.app.lane import Lane, Stop, blend, is_suspended, see_through
from soundedit.app.timeaxis import TimeAxis

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
LABEL_PIXELS = 80
RANGE_PIXELS = 10
"""Height of the strip at the top in which the range lies."""
GRIP_PIXELS = 6
HANDLE_PIXELS = 14
"""Height of the strip at the foot that the ticks and the playhead's handle share."""
LABEL_APART = 4.0
_BESIDE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextDontClip


class RulerLane(Lane):
    """Time along the top. A click seeks and a drag scrubs; in the strip above, a drag sets the
    range, at its ends moves them, and inside moves it whole."""

    range_dragged = Signal(float, float)
    """In and out point in seconds, in any order, while the range is dragged."""
    range_let_go = Signal()

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", RANGE_PIXELS + HANDLE_PIXELS, parent)
        self._fit_height()
        self._hover: float | None = None
        self._fixed_end: float | None = None
        self._held: tuple[float, float, float] | None = None
        self._dragged = False
        self.setAccessibleName(self.tr("Ruler"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _fit_height(self) -> None:
        """Between the two strips there is room for the labels in any font."""
        self.setFixedHeight(RANGE_PIXELS + self.fontMetrics().height() + HANDLE_PIXELS)

    def playhead_top(self) -> int:
        return self.height() - HANDLE_PIXELS

    def beats_top(self) -> int:
        # Not through the labels of the times.
        return self.height() - HANDLE_PIXELS

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._fit_height()
        super().changeEvent(event)

    def stops(self) -> Sequence[Stop]:
        marks = self.axis.marks
        stops = [(0.0, self.tr("Start")), (self.axis.duration, self.tr("End"))]
        if marks.span is not None:
            stops += [(marks.span[0], self.tr("In point")), (marks.span[1], self.tr("Out point"))]
        stops += [(marker.seconds, marker.name) for marker in marks.markers]
        return sorted((time, f"{name} {clock(time, 2)}") for time, name in stops)

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        axis = self.axis
        window = self.colour(QPalette.ColorRole.Window)
        painter.fillRect(0, 0, width, height, window)
        painter.fillRect(0, 0, width, RANGE_PIXELS, blend(window, self.colour(), 0.06))
        if axis.duration <= 0:
            return
        wanted = axis.span * LABEL_PIXELS / max(width, 1)
        step = next((step for step in STEPS if step >= wanted), STEPS[-1])
        decimals = 2 if step < 0.1 else 1 if step < 1 else 0
        faint = blend(window, self.colour(), 0.45)
        room = height - RANGE_PIXELS - HANDLE_PIXELS
        step_pixels = axis.to_x(step) - axis.to_x(0.0)
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
            label = QRectF(x + LABEL_APART, RANGE_PIXELS, step_pixels, room)
            painter.drawText(label, _BESIDE, clock(number * step, decimals))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.axis.duration <= 0:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_range(painter)
        self._paint_hover(painter)
        x, h = self.axis.to_x(self.axis.playhead), float(self.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour())
        top, waist = h - HANDLE_PIXELS + 1, h - HANDLE_PIXELS / 2
        corners = ((-6, top), (6, top), (6, waist), (0, h), (-6, waist))
        painter.drawPolygon(QPolygonF([QPointF(x + dx, y) for dx, y in corners]))
        painter.end()

    def _paint_range(self, painter: QPainter) -> None:
        span = self.axis.marks.span
        if span is None:
            return
        left, right = (self.axis.to_x(edge) for edge in span)
        accent = self.colour(QPalette.ColorRole.Highlight)
        painter.fillRect(QRectF(left, 0, right - left, RANGE_PIXELS), see_through(accent, 0.75))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour())
        for edge, way in ((left, 1), (right, -1)):
            bracket = ((0, 0), (way * 6, 0), (way * 6, 3), (way * 2, 3), (way * 2, 10), (0, 10))
            painter.drawPolygon(QPolygonF([QPointF(edge + dx, y) for dx, y in bracket]))

    def _paint_hover(self, painter: QPainter) -> None:
        if self._hover is None:
            return
        x = self.axis.to_x(self._hover)
        text = clock(self._hover, 2)
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(text) + 8
        left = x + 4 if x + 4 + width <= self.width() else x - 4 - width
        area = QRectF(left, RANGE_PIXELS, width, metrics.height())
        painter.fillRect(area, self.colour(QPalette.ColorRole.ToolTipBase))
        painter.setPen(self.colour(QPalette.ColorRole.ToolTipText))
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)
        painter.drawLine(round(x), self.playhead_top(), round(x), self.height())

    def _grip_at(self, event: QMouseEvent) -> str:
        """What of the range is under the pointer: "in", "out", "range", "strip", or nothing."""
        at = event.position()
        if at.y() >= RANGE_PIXELS or self.axis.duration <= 0:
            return ""
        span = self.axis.marks.span
        if span is None:
            return "strip"
        left, right = (self.axis.to_x(edge) for edge in span)
        distance, name = min((abs(at.x() - left), "in"), (abs(at.x() - right), "out"))
        if distance <= GRIP_PIXELS:
            return name
        return "range" if left < at.x() < right else "strip"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        grip = self._grip_at(event)
        if event.button() != Qt.MouseButton.LeftButton or not grip:
            super().mousePressEvent(event)
            return
        self._dragged = False
        span = self.axis.marks.span
        at = self.axis.to_time(event.position().x())
        if grip == "strip":
            self._fixed_end = self.axis.marks.snap(at, suspended=is_suspended(event), span=False)
        elif span is not None and grip == "range":
            self._held = (at, *span)
        elif span is not None:
            self._fixed_end = span[1] if grip == "in" else span[0]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not event.buttons() & Qt.MouseButton.LeftButton:
            self._point(event)
            return
        self._set_hover(None)
        self._dragged = True
        if self._fixed_end is not None:
            time = self.dragged_time(event.position().x())
            time = self.axis.marks.snap(time, suspended=is_suspended(event), span=False)
            self.range_dragged.emit(self._fixed_end, time)
        elif self._held is not None:
            self._drag_whole(event, *self._held)
        else:
            super().mouseMoveEvent(event)

    def _drag_whole(self, event: QMouseEvent, held: float, start: float, end: float) -> None:
        moved = self.dragged_time(event.position().x()) - held
        room = self.axis.duration - end
        wanted = start + min(max(moved, -start), room)
        snapped = self.axis.marks.snap(wanted, suspended=is_suspended(event), span=False)
        shift = min(max(snapped - start, -start), room)
        self.range_dragged.emit(start + shift, end + shift)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._fixed_end is not None or self._held is not None:
            self._fixed_end = self._held = None
            if self._dragged:
                self.axis.marks.let_go()
                self.range_let_go.emit()
                return
            # A click is no drag, wherever it is.
            self.axis.seek(self._pointed_time(event))
        super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hover(None)
        super().leaveEvent(event)

    def _point(self, event: QMouseEvent) -> None:
        grip = self._grip_at(event)
        shapes = {
            "in": Qt.CursorShape.SizeHorCursor,
            "out": Qt.CursorShape.SizeHorCursor,
            "range": Qt.CursorShape.OpenHandCursor,
        }
        self.setCursor(shapes.get(grip, Qt.CursorShape.PointingHandCursor))
        self._set_hover(self.axis.to_time(event.position().x()) if self.axis.duration else None)

    def _set_hover(self, seconds: float | None) -> None:
        if seconds is not None and not 0 <= seconds <= self.axis.duration:
            seconds = None
        if seconds != self._hover:
            self._hover = seconds
            self.update()
