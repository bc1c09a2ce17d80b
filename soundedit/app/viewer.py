"""The viewer: the picture, as large as it fits, and the place where files are dropped."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from soundedit.app.images import to_image


class Viewer(QWidget):
    """Paints one picture with its aspect kept, sharp on high-DPI screens."""

    file_dropped = Signal(Path)
    painted = Signal()
    """Emitted after each paint."""
    double_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._hint = ""
        self._dragging = False
        self._dark = False
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

    def set_hint(self, text: str) -> None:
        """What stands here while there is no picture."""
        self._hint = text
        self.setAccessibleDescription(text)
        self.update()

    def set_dark(self, dark: bool) -> None:
        """Black around the picture, for full screen."""
        self._dark = dark
        self.update()

    def picture_area(self) -> QRectF:
        """Where the picture is painted, in logical pixels; whole device pixels at its edges."""
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
        elif self._hint:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            font = self.font()
            font.setPointSizeF(font.pointSizeF() * 1.3)
            painter.setFont(font)
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(30, 30, -30, -30), flags, self._hint)
        if self._dragging:
            colour = self.palette().color(QPalette.ColorRole.Highlight)
            painter.setPen(QPen(colour, 4))
            painter.drawRect(self.rect().adjusted(4, 4, -5, -5))
        painter.end()
        self.painted.emit()

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
        for url in event.mimeData().urls():
            if url.isLocalFile():
                event.acceptProposedAction()
                self.file_dropped.emit(Path(url.toLocalFile()))
                return
