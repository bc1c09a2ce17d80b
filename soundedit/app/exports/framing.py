"""A small picture of how the video's frames will be filled."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from soundedit.app.images import to_image
from soundedit.media.fit import fitting
from soundedit.media.presets import Fit

AREA = QSize(200, 112)
"""What a frame of any shape is shown in; 16:9 fills it."""


class FramingView(QWidget):
    """A picture of the video in a frame of the wanted shape, planned as the export plans it."""

    def __init__(self, picture: NDArray[np.uint8] | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture = picture
        self._frame, self._taken = QRect(), QImage()
        self._place = QRect()
        self.setFixedSize(AREA)
        self.setVisible(picture is not None)
        self.setAccessibleName(self.tr("How the frame is filled"))

    def show_frame(self, size: tuple[int, int] | None, fit: Fit) -> None:
        """Show a frame of `size` (width, height), or none."""
        if self._picture is None:
            return
        self._frame = QRect()
        if size is not None:
            height, width = self._picture.shape[:2]
            plan = fitting((width, height), size, fit)
            self._taken = to_image(plan.take(self._picture))
            shown = QSize(*size).scaled(AREA, Qt.AspectRatioMode.KeepAspectRatio)
            self._frame = _centred(shown, self.rect())
            scale = shown.width() / size[0]
            whole = QSize(*(round(side * scale) for side in plan.scaled))
            self._place = _centred(whole, self._frame)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._frame.isEmpty():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipRect(self._frame)
        painter.fillRect(self._frame, Qt.GlobalColor.black)
        painter.drawImage(self._place, self._taken)
        painter.end()


def _centred(size: QSize, area: QRect) -> QRect:
    left = area.left() + (area.width() - size.width()) // 2
    top = area.top() + (area.height() - size.height()) // 2
    return QRect(QPoint(left, top), size)
