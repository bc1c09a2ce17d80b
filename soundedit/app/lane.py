"""The base of the timeline's lanes: cached painting, playhead, scrubbing, zoom and pan."""

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import (
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from soundedit.app.timeaxis import TimeAxis

WHEEL_STEP = 120
ZOOM_STEP = 1.25


def blend(first: QColor, second: QColor, share: float) -> QColor:
    """`share` of the second colour over the first."""
    keep = 1.0 - share
    return QColor.fromRgbF(
        first.redF() * keep + second.redF() * share,
        first.greenF() * keep + second.greenF() * share,
        first.blueF() * keep + second.blueF() * share,
    )


class Lane(QWidget):
    """One row of the timeline. Subclasses draw their content in `draw`, in device pixels' logic.

    The content is kept as a pixmap and drawn again only when it changed; a moving playhead
    repaints two thin strips.
    """

    def __init__(self, axis: TimeAxis, name: str, height: int, parent: QWidget | None = None):
        super().__init__(parent)
        self.axis = axis
        self._content: QPixmap | None = None
        self._playhead_x = -1.0
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self.setMouseTracking(True)
        axis.changed.connect(self.redraw)
        axis.playhead_moved.connect(self._follow_playhead)

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        """Draw the content; coordinates are the widget's."""
        raise NotImplementedError

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
            self._playhead_x = self.axis.to_x(self.axis.playhead)
            painter.setPen(QPen(self.colour(), 1))
            painter.drawLine(round(self._playhead_x), 0, round(self._playhead_x), self.height())
        painter.end()

    def _follow_playhead(self) -> None:
        for x in (self._playhead_x, self.axis.to_x(self.axis.playhead)):
            self.update(QRect(round(x) - 8, 0, 16, self.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.redraw()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self.redraw()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.axis.duration > 0:
            self.axis.seek(self.axis.to_time(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self.axis.duration > 0:
            self.axis.seek(self.axis.to_time(event.position().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            steps = delta.y() / WHEEL_STEP
            self.axis.zoom(ZOOM_STEP**steps, self.axis.to_time(event.position().x()))
        else:
            # Some systems turn the wheel's axis themselves while Shift is held.
            steps = (delta.x() or delta.y()) / WHEEL_STEP
            self.axis.pan(-steps * self.axis.span * 0.1)
        event.accept()
