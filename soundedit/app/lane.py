"""The base of the timeline's lanes: cached painting, playhead, marks, scrubbing, zoom and pan."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from soundedit.app.gestures import pinch, wheel
from soundedit.app.speech import announce
from soundedit.app.timeaxis import TimeAxis
from soundedit.document.beats import beats_between
from soundedit.document.model import Beats

SAME_TIME = 1e-4
"""Seconds; stops this close to the playhead are where it is."""
EDGE_PAN = 0.3
"""Share of the way beyond the edge by which a drag moves the view."""

BEATS_APART = 12
"""Pixels that lines of beats are at least apart."""
BAR_SHARE, BEAT_SHARE = 0.3, 0.12
"""How much the lines of bars and of beats cover."""

SCALE = 9
"""Height in pixels of the figures at a lane's edges."""
_Edge = Qt.AlignmentFlag

Stop = tuple[float, str]
"""A time in seconds and what to say there."""


def blend(first: QColor, second: QColor, share: float) -> QColor:
    """`share` of the second colour over the first."""
    keep = 1.0 - share
    return QColor.fromRgbF(
        first.redF() * keep + second.redF() * share,
        first.greenF() * keep + second.greenF() * share,
        first.blueF() * keep + second.blueF() * share,
    )


def see_through(colour: QColor, share: float) -> QColor:
    """A colour that covers by `share`."""
    changed = QColor(colour)
    changed.setAlphaF(share)
    return changed


def draw_scale(painter: QPainter, area: QRectF, ends: tuple[float, float], colour: QColor) -> None:
    """The values at the foot and the top of a lane, at the left of what is shown."""
    font = QFont(painter.font())
    font.setPixelSize(SCALE)
    painter.setFont(font)
    painter.setPen(colour)
    inner = area.adjusted(SCALE, 1, 0, -2)
    for value, edge in zip(ends, (_Edge.AlignBottom, _Edge.AlignTop), strict=True):
        painter.drawText(inner, _Edge.AlignLeft | edge, f"{value:g}")


class Lane(QWidget):
    """One row of the timeline. Subclasses draw their content in `draw`, in device pixels' logic.

    The content is kept as a pixmap and drawn again only when it changed; a moving playhead
    repaints two thin strips. With the focus, Up and Down go through the lane's `stops`.
    """

    def __init__(self, axis: TimeAxis, name: str, height: int, parent: QWidget | None = None):
        super().__init__(parent)
        self.axis = axis
        self._content: QPixmap | None = None
        self._playhead_x = -1.0
        self._scrubbing = False
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        axis.changed.connect(self.redraw)
        axis.playhead_moved.connect(self._follow_playhead)
        axis.marks.changed.connect(self.update)
        axis.marks.guide_changed.connect(self.update)

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        """Draw the content; coordinates are the widget's."""
        raise NotImplementedError

    def stops(self) -> Sequence[Stop]:
        """Where Up and Down go, ascending in time."""
        return ()

    def playhead_top(self) -> int:
        """Where the playhead's line begins, in pixels from the top."""
        return 0

    def beats_top(self) -> int:
        """Where the lines of the beats begin, in pixels from the top."""
        return 0

    def redraw(self) -> None:
        """The content changed."""
        self._content = None
        self.update()

    def line_colour(self) -> QColor:
        """For separating lines: between the background and the text."""
        return blend(self.colour(QPalette.ColorRole.Base), self.colour(), 0.18)

    def colour(self, role: QPalette.ColorRole = QPalette.ColorRole.Text) -> QColor:
        """A colour of the palette."""
        return self.palette().color(role)

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        content = self._content
        if content is None or content.devicePixelRatio() != ratio:
            content = QPixmap(self.size() * ratio)
            content.setDevicePixelRatio(ratio)
            content.fill(self.colour(QPalette.ColorRole.Base))
            painter = QPainter(content)
            painter.setFont(self.font())
            self.draw(painter, self.width(), self.height())
            painter.setPen(self.line_colour())
            painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
            painter.end()
            self._content = content
        painter = QPainter(self)
        painter.drawPixmap(0, 0, content)
        if self.axis.duration > 0:
            self._paint_marks(painter)
            self._playhead_x = self.axis.to_x(self.axis.playhead)
            painter.setPen(QPen(self.colour(), 1))
            x = round(self._playhead_x)
            painter.drawLine(x, self.playhead_top(), x, self.height())
        if self.hasFocus():
            painter.setPen(QPen(self.colour(QPalette.ColorRole.Highlight), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_marks(self, painter: QPainter) -> None:
        """What lies outside the range is dimmed; beats, markers and the guide are lines."""
        marks, height = self.axis.marks, self.height()
        if marks.beats is not None:
            self._paint_beats(painter, marks.beats)
        if marks.span is not None:
            dim = see_through(self.colour(QPalette.ColorRole.Window), 0.55)
            left, right = (self.axis.to_x(edge) for edge in marks.span)
            painter.fillRect(QRectF(0, 0, max(left, 0), height), dim)
            painter.fillRect(QRectF(right, 0, max(self.width() - right, 0), height), dim)
        accent = self.colour(QPalette.ColorRole.Highlight)
        painter.setPen(QPen(see_through(accent, 0.8), 1))
        for marker in marks.markers:
            x = round(self.axis.to_x(marker.seconds))
            if 0 <= x < self.width():
                painter.drawLine(x, 0, x, height)
        if marks.guide is not None:
            x = round(self.axis.to_x(marks.guide))
            painter.setPen(QPen(self.colour(), 1, Qt.PenStyle.DotLine))
            painter.drawLine(x, 0, x, height)

    def _paint_beats(self, painter: QPainter, beats: Beats) -> None:
        least = BEATS_APART / self.axis.width * self.axis.span
        end = min(self.axis.end, self.axis.duration)
        for seconds, is_bar in beats_between(beats, self.axis.start, end, least):
            x = round(self.axis.to_x(seconds))
            painter.setPen(QPen(see_through(self.colour(), BAR_SHARE if is_bar else BEAT_SHARE), 1))
            painter.drawLine(x, self.beats_top(), x, self.height())

    def _follow_playhead(self) -> None:
        for x in (self._playhead_x, self.axis.to_x(self.axis.playhead)):
            self.update(QRect(round(x) - 8, 0, 16, self.height()))

    def go_to_stop(self, forward: bool) -> None:
        """Put the playhead at the next or the previous stop, and say what is there."""
        here = self.axis.playhead
        stops = self.stops()
        if forward:
            found = next((stop for stop in stops if stop[0] > here + SAME_TIME), None)
        else:
            found = next((stop for stop in reversed(stops) if stop[0] < here - SAME_TIME), None)
        if found is not None:
            self.axis.seek(found[0])
            announce(self, found[1])

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            return pinch(self.axis, event)
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
        ):
            # The lane's own keys win while it has the focus.
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.go_to_stop(event.key() == Qt.Key.Key_Down)
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.redraw()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.redraw()
        super().changeEvent(event)

    def dragged_time(self, x: float) -> float:
        """The time at the pointer; beyond the edges the view moves along, so it is inside it."""
        beyond = min(x, 0.0) + max(x - self.width() + 1, 0.0)
        if beyond:
            self.axis.pan(beyond * EDGE_PAN * self.axis.span / self.axis.width)
        return self.axis.to_time(min(max(x, 0.0), self.width() - 1.0))

    def _pointed_time(self, event: QMouseEvent) -> float:
        return self.axis.marks.snap(
            self.dragged_time(event.position().x()),
            suspended=is_suspended(event),
            playhead=False,
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.axis.duration > 0:
            self.axis.seek(self._pointed_time(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.axis.duration > 0:
            self._scrubbing = True
            self.axis.scrub(self._pointed_time(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.axis.marks.let_go()
            if self._scrubbing:
                self._scrubbing = False
                self.axis.end_scrub()

    def wheelEvent(self, event: QWheelEvent) -> None:
        wheel(self.axis, event)


def is_suspended(event: QMouseEvent) -> bool:
    """Whether Alt is held, which suspends snapping."""
    return bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
