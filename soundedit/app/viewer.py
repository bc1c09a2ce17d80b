"""The viewer: the picture, as large as it fits, and the place where files are dropped."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from soundedit.app.contrast import TEXT, towards
from soundedit.app.images import to_image

WIPE_REACH = 8.0
"""Pixels within which the line between before and after is grabbed."""
WIPE_STEP = 0.05
LARGEST_ZOOM = 16.0
ZOOM_STEP = 1.25
"""One notch of the wheel, or one press of a key."""


class Viewer(QWidget):
    """Paints one picture with its aspect kept, sharp on high-DPI screens.

    The wheel with Ctrl enlarges it about the pointer; then a drag moves it.
    """

    files_dropped = Signal(list)
    painted = Signal()
    """Emitted after each paint."""
    double_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._hint = ""
        self._dragging = False
        self._dark = False
        self._before: QImage | None = None
        self._wipe = False
        self._split = 0.5
        self._wiping = False
        self._zoom = 1.0
        self._centre = QPointF(0.5, 0.5)
        self._dragged_from: QPointF | None = None
        self.setAcceptDrops(True)
        self.setMinimumSize(160, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Viewer"))

    @property
    def image(self) -> QImage | None:
        """The picture on show."""
        return self._image

    def sizeHint(self) -> QSize:
        return QSize(520, 420)

    def show_picture(self, picture: NDArray[np.uint8] | None) -> None:
        """Show an RGB picture, uint8 (H, W, 3), or none."""
        self._image = None if picture is None else to_image(picture)
        self.update()

    @property
    def split(self) -> float:
        """Where the wipe stands, as a share of the picture's width."""
        return self._split

    def show_before(self, picture: NDArray[np.uint8] | None) -> None:
        """What stands left of the wipe: an RGB picture, uint8 (H, W, 3), or none."""
        self._before = None if picture is None else to_image(picture)
        if self._wipe:
            self.update()

    def set_wipe(self, on: bool) -> None:
        """Show the picture before the edits left of a line that can be dragged."""
        self._wipe = on
        self.setMouseTracking(on)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if on else Qt.FocusPolicy.NoFocus)
        if not on:
            self.unsetCursor()
        self.update()

    def set_split(self, share: float) -> None:
        """Move the wipe to a share 0 to 1 of the picture's width."""
        self._split = min(max(share, 0.0), 1.0)
        self.update()

    def set_hint(self, text: str) -> None:
        """What stands here while there is no picture."""
        self._hint = text
        self.setAccessibleDescription(text)
        self.update()

    def set_dark(self, dark: bool) -> None:
        """Black around the picture, for full screen."""
        self._dark = dark
        self.update()

    @property
    def zoom(self) -> float:
        """How many times larger the picture is than where all of it fits, 1 to `LARGEST_ZOOM`."""
        return self._zoom

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Enlarge the picture, keeping what is at a point (the middle) where it is."""
        if self._image is None:
            return
        point = QPointF(self.rect().center()) if about is None else about
        area = self.picture_area()
        share = QPointF(
            (point.x() - area.left()) / area.width(), (point.y() - area.top()) / area.height()
        )
        self._zoom = min(max(self._zoom * factor, 1.0), LARGEST_ZOOM)
        fitted = self._fitted()
        width, height = fitted.width() * self._zoom, fitted.height() * self._zoom
        self._look_at(
            share.x() + (self.width() / 2 - point.x()) / width,
            share.y() + (self.height() / 2 - point.y()) / height,
        )

    def show_whole(self) -> None:
        """Show all of the picture again."""
        self._zoom = 1.0
        self._look_at(0.5, 0.5)

    def _look_at(self, x: float, y: float) -> None:
        """Bring these shares of the picture to the middle, as far as its edges allow."""
        fitted = self._fitted()

        def within(share: float, side: float, room: int) -> float:
            half = room / 2 / max(side * self._zoom, 1.0)
            return 0.5 if half >= 0.5 else min(max(share, half), 1 - half)

        self._centre = QPointF(
            within(x, fitted.width(), self.width()), within(y, fitted.height(), self.height())
        )
        self.update()

    def picture_area(self) -> QRectF:
        """Where the picture is painted, in logical pixels; beyond the edges where enlarged."""
        whole = self._fitted()
        if self._zoom == 1:
            return whole
        width, height = whole.width() * self._zoom, whole.height() * self._zoom
        left = self.width() / 2 - self._centre.x() * width
        top = self.height() / 2 - self._centre.y() * height
        return QRectF(left, top, width, height)

    def _fitted(self) -> QRectF:
        """Where all of the picture fits; whole device pixels at its edges."""
        if self._image is None:
            return QRectF()
        ratio = self.devicePixelRatioF()
        margin = 0 if self._dark else 12
        room = QSize(
            max(round((self.width() - 2 * margin) * ratio), 1),
            max(round((self.height() - 2 * margin) * ratio), 1),
        )
        fitted = self._image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        left = (round(self.width() * ratio) - fitted.width()) // 2
        top = (round(self.height() * ratio) - fitted.height()) // 2
        return QRectF(left / ratio, top / ratio, fitted.width() / ratio, fitted.height() / ratio)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        around = QColor("black") if self._dark else self._surround()
        painter.fillRect(self.rect(), around)
        if self._image is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self.picture_area(), self._image)
            if self._wipe and self._before is not None:
                self._paint_before(painter, self._before)
            if self._zoom > 1:
                self._paint_zoom(painter)
        elif self._hint:
            hint, text = (
                self.palette().color(role)
                for role in (QPalette.ColorRole.PlaceholderText, QPalette.ColorRole.Text)
            )
            painter.setPen(towards(hint, text, around, least=TEXT))
            font = self.font()
            font.setPointSizeF(font.pointSizeF() * 1.3)
            painter.setFont(font)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            aside, above = (min(30, side // 6) for side in (self.width(), self.height()))
            room = self.rect().adjusted(aside, above, -aside, -above)
            painter.drawText(room, flags, self._hint)
        if self._dragging:
            colour = self.palette().color(QPalette.ColorRole.Highlight)
            painter.setPen(QPen(colour, 4))
            painter.drawRect(self.rect().adjusted(4, 4, -5, -5))
        painter.end()
        self.painted.emit()

    def _paint_before(self, painter: QPainter, before: QImage) -> None:
        area = self.picture_area()
        x = area.left() + area.width() * self._split
        painter.save()
        painter.setClipRect(QRectF(area.left(), area.top(), x - area.left(), area.height()))
        painter.drawImage(area, before)
        painter.restore()
        painter.setPen(QPen(QColor(0, 0, 0, 140), 3))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setPen(QPen(QColor(255, 255, 255), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setBrush(QColor(0, 0, 0, 140))
        painter.drawEllipse(QPointF(x, area.center().y()), 9, 9)
        font = painter.font()
        font.setBold(True)
        painter.setFont(font)
        flags = Qt.AlignmentFlag.AlignTop
        left = QRectF(area.left(), area.top() + 8, x - area.left() - 10, 20)
        right = QRectF(x + 10, area.top() + 8, area.right() - x - 10, 20)
        for room, text, side in (
            (left, self.tr("before"), Qt.AlignmentFlag.AlignRight),
            (right, self.tr("after"), Qt.AlignmentFlag.AlignLeft),
        ):
            if painter.fontMetrics().horizontalAdvance(text) <= room.width():
                painter.setPen(QColor(0, 0, 0, 160))
                painter.drawText(room.translated(1, 1), flags | side, text)
                painter.setPen(QColor(255, 255, 255))
                painter.drawText(room, flags | side, text)

    def _paint_zoom(self, painter: QPainter) -> None:
        text = f"{self._zoom:.3g} \u00d7"
        room = QRectF(self.rect()).adjusted(0, 0, -10, -8)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
        for shift, colour in ((1, QColor(0, 0, 0, 160)), (0, QColor(255, 255, 255))):
            painter.setPen(colour)
            painter.drawText(room.translated(shift, shift), flags, text)

    def _at_wipe(self, x: float) -> bool:
        area = self.picture_area()
        return self._wipe and abs(area.left() + area.width() * self._split - x) <= WIPE_REACH

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._at_wipe(event.position().x()):
            self._wiping = True
            return
        if event.button() == Qt.MouseButton.LeftButton and self._zoom > 1:
            self._dragged_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        if self._wiping:
            area = self.picture_area()
            self.set_split((x - area.left()) / max(area.width(), 1.0))
        elif self._dragged_from is not None:
            area, way = self.picture_area(), event.position() - self._dragged_from
            self._dragged_from = event.position()
            self._look_at(
                self._centre.x() - way.x() / area.width(),
                self._centre.y() - way.y() / area.height(),
            )
        elif self._at_wipe(x):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._wiping = False
        if self._dragged_from is not None:
            self._dragged_from = None
            self.unsetCursor()
        super().mouseReleaseEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._look_at(self._centre.x(), self._centre.y())
        super().resizeEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and self._wipe
            and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right)
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._wipe and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            forth = event.key() == Qt.Key.Key_Right
            self.set_split(self._split + (WIPE_STEP if forth else -WIPE_STEP))
            return
        super().keyPressEvent(event)

    def _surround(self) -> QColor:
        return self.palette().color(QPalette.ColorRole.Window).darker(112)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.double_clicked.emit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            self._dragging = True
            self.update()
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._dragging = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self._dragging = False
        self.update()
        urls = event.mimeData().urls()
        if files := [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]:
            event.acceptProposedAction()
            self.files_dropped.emit(files)
