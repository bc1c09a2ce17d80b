"""Choosing a square of a picture with mouse or keys."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from soundedit.media.picture import Crop, square_of

HANDLE = 12.0
LEAST = 0.1
"""Smallest side of the square, as a share of the picture's shorter side."""
STEP = 0.02


class CropPicker(QWidget):
    """A picture with a square on it: drag moves it, corners and the wheel change its size.

    Keys: arrows move, plus and minus change the size.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._square = QRectF()
        self._grab: QPointF | None = None
        self._fixed: QPointF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 200)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Part of the picture to start from"))
        self.setAccessibleDescription(self.tr("Arrows move the square, plus and minus resize it"))

    def sizeHint(self) -> QSize:
        return QSize(420, 320)

    def set_image(self, image: QImage, crop: Crop | None = None) -> None:
        """Show a picture and a square on it; None is the largest one in the middle."""
        self._image = image
        left, top, side = square_of(image.width(), image.height(), crop)
        self._square = QRectF(left, top, side, side)
        self.update()

    def crop(self) -> Crop:
        """The square, as left, top and side in shares of width, height and width."""
        width, height = max(self._image.width(), 1), max(self._image.height(), 1)
        square = self._square
        return (square.left() / width, square.top() / height, square.width() / width)

    def _area(self) -> QRectF:
        """Where the picture is painted."""
        fitted = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left = (self.width() - fitted.width()) / 2
        top = (self.height() - fitted.height()) / 2
        return QRectF(left, top, fitted.width(), fitted.height())

    def _scale(self) -> float:
        return self._area().width() / max(self._image.width(), 1)

    def _shown(self) -> QRectF:
        """The square in pixels of the widget."""
        area, scale, square = self._area(), self._scale(), self._square
        return QRectF(
            area.left() + square.left() * scale,
            area.top() + square.top() * scale,
            square.width() * scale,
            square.width() * scale,
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image.isNull():
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area, square = self._area(), self._shown()
        painter.drawImage(area, self._image)
        painter.setClipRect(area)
        shade = QColor(0, 0, 0, 140)
        for part in (
            QRectF(area.left(), area.top(), area.width(), square.top() - area.top()),
            QRectF(area.left(), square.bottom(), area.width(), area.bottom() - square.bottom()),
            QRectF(area.left(), square.top(), square.left() - area.left(), square.height()),
            QRectF(square.right(), square.top(), area.right() - square.right(), square.height()),
        ):
            painter.fillRect(part, shade)
        accent = self.palette().color(self.palette().ColorRole.Highlight)
        painter.setPen(QPen(accent if self.hasFocus() else QColor(255, 255, 255), 2))
        painter.drawRect(square.adjusted(1, 1, -1, -1))
        painter.setBrush(QColor(255, 255, 255))
        painter.setPen(QPen(QColor(0, 0, 0, 160), 1))
        for corner in self._corners(square):
            painter.drawRect(QRectF(corner.x() - 4, corner.y() - 4, 8, 8))
        painter.end()

    @staticmethod
    def _corners(square: QRectF) -> tuple[QPointF, QPointF, QPointF, QPointF]:
        return square.topLeft(), square.topRight(), square.bottomRight(), square.bottomLeft()

    def _to_image(self, at: QPointF) -> QPointF:
        area, scale = self._area(), self._scale()
        return QPointF((at.x() - area.left()) / scale, (at.y() - area.top()) / scale)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._image.isNull():
            return
        corners = self._corners(self._square)
        for index, corner in enumerate(self._corners(self._shown())):
            way = corner - event.position()
            if max(abs(way.x()), abs(way.y())) <= HANDLE:
                self._fixed = QPointF(corners[(index + 2) % 4])
                return
        self._grab = self._to_image(event.position()) - self._square.topLeft()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._to_image(event.position())
        if self._fixed is not None:
            way = at - self._fixed
            side = self._limited(max(abs(way.x()), abs(way.y())))
            left = self._fixed.x() - (side if way.x() < 0 else 0)
            top = self._fixed.y() - (side if way.y() < 0 else 0)
            self._set(left, top, side)
        elif self._grab is not None:
            corner = at - self._grab
            self._set(corner.x(), corner.y(), self._square.width())
        else:
            near = any(
                max(abs((c - event.position()).x()), abs((c - event.position()).y())) <= HANDLE
                for c in self._corners(self._shown())
            )
            shape = Qt.CursorShape.CrossCursor if near else Qt.CursorShape.SizeAllCursor
            self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grab = self._fixed = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._resize(1.05 ** -(event.angleDelta().y() / 120))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEP * self._most()
        ways = {
            int(Qt.Key.Key_Left): (-step, 0.0),
            int(Qt.Key.Key_Right): (step, 0.0),
            int(Qt.Key.Key_Up): (0.0, -step),
            int(Qt.Key.Key_Down): (0.0, step),
        }
        if event.key() in ways:
            x, y = ways[event.key()]
            self._set(self._square.left() + x, self._square.top() + y, self._square.width())
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self._resize(1.05)
        elif event.key() == Qt.Key.Key_Minus:
            self._resize(1 / 1.05)
        else:
            super().keyPressEvent(event)

    def _most(self) -> float:
        return float(max(min(self._image.width(), self._image.height()), 1))

    def _limited(self, side: float) -> float:
        return min(max(side, LEAST * self._most()), self._most())

    def _resize(self, factor: float) -> None:
        """Change the size about the middle."""
        side = self._limited(self._square.width() * factor)
        middle = self._square.center()
        self._set(middle.x() - side / 2, middle.y() - side / 2, side)

    def _set(self, left: float, top: float, side: float) -> None:
        if self._image.isNull():
            return
        left = min(max(left, 0.0), self._image.width() - side)
        top = min(max(top, 0.0), self._image.height() - side)
        square = QRectF(left, top, side, side)
        if square != self._square:
            self._square = square
            self.update()
            self.changed.emit()
