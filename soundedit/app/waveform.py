"""The waveform lane: smallest, largest and RMS value of every pixel column."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from soundedit.app.lane import Lane, blend
from soundedit.app.timeaxis import TimeAxis

Columns = NDArray[np.float32]


class PeaksLike(Protocol):
    """The part of `soundedit.media.peaks.Peaks` that is drawn."""

    def window(
        self, start_s: float, end_s: float, columns: int
    ) -> tuple[Columns, Columns, Columns]: ...


def waveform_image(
    low: Columns, high: Columns, rms: Columns, height: int, outer: QColor, inner: QColor
) -> QImage:
    """Picture of (columns,) values in -1..1, `height` pixels high, transparent background.

    Every column shows at least one pixel, so that silence is a line.
    """
    middle, scale = (height - 1) / 2, (height - 1) / 2
    rows = np.arange(height, dtype=np.float32)[:, None]

    def between(bottom: Columns, top: Columns) -> NDArray[np.bool_]:
        first = np.floor(middle - np.clip(top, -1, 1) * scale)
        last = np.ceil(middle - np.clip(bottom, -1, 1) * scale)
        return (rows >= first[None]) & (rows <= last[None])

    pixels = np.zeros((height, len(low)), np.uint32)
    pixels[between(low, high)] = outer.rgba()
    pixels[between(np.maximum(-rms, low), np.minimum(rms, high))] = inner.rgba()
    image = QImage(
        pixels.data, pixels.shape[1], height, pixels.strides[0], QImage.Format.Format_ARGB32
    )
    # The copy owns its pixels; the array goes away.
    return image.copy()


class WaveformLane(Lane):
    """Draws a `Peaks` pyramid."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", 84, parent)
        # The sound gets the room that is left when the timeline is made taller.
        self.setMinimumHeight(50)
        self.setMaximumHeight(400)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._peaks: PeaksLike | None = None
        self._text = ""
        self.setAccessibleName(self.tr("Waveform"))

    def sizeHint(self) -> QSize:
        return QSize(400, 84)

    def set_peaks(self, peaks: PeaksLike | None, text: str = "") -> None:
        """Draw these peaks; without any, `text` says why."""
        self._peaks = peaks
        self._text = text
        self.redraw()

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        accent = self.colour(QPalette.ColorRole.Highlight)
        base = self.colour(QPalette.ColorRole.Base)
        painter.setPen(self.line_colour())
        painter.drawLine(0, height // 2, width, height // 2)
        if self._peaks is None:
            painter.setPen(blend(base, self.colour(), 0.6))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
            return
        ratio = self.devicePixelRatioF()
        first = max(self.axis.to_x(0.0), 0.0)
        last = min(self.axis.to_x(self.axis.duration), float(width))
        columns = round((last - first) * ratio)
        if columns < 1:
            return
        values = self._peaks.window(self.axis.to_time(first), self.axis.to_time(last), columns)
        image = waveform_image(
            *values, round((height - 6) * ratio), blend(base, accent, 0.55), accent
        )
        image.setDevicePixelRatio(ratio)
        painter.drawImage(round(first), 3, image)
