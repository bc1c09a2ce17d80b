"""The level meter of the microphone."""

import math

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QSizePolicy, QWidget

from soundedit.app.lane import blend

FLOOR_DB = -60.0
PEAK_FALL = 0.02
CLIP = 0.999


def meter_position(level: float) -> float:
    """Where a level 0..1 stands on a meter from -60 dB (0.0) to full scale (1.0)."""
    if level <= 0:
        return 0.0
    return min(max(1 - 20 * math.log10(level) / FLOOR_DB, 0.0), 1.0)


class LevelMeter(QWidget):
    """A bar of the RMS level, a line that holds the peak, red once the input clipped."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rms = 0.0
        self._peak = 0.0
        self._clipped = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Level of the microphone"))

    def sizeHint(self) -> QSize:
        return QSize(120, 10)

    @property
    def clipped(self) -> bool:
        """True when the input reached full scale since the last reset."""
        return self._clipped

    def set_level(self, rms: float, peak: float) -> None:
        """Show a level; both 0..1 of full scale."""
        self._rms = meter_position(rms)
        self._peak = max(meter_position(peak), self._peak - PEAK_FALL)
        self._clipped = self._clipped or peak >= CLIP
        self.setAccessibleDescription(self.tr("{0} percent").format(round(self._rms * 100)))
        self.update()

    def reset(self) -> None:
        """Nothing comes in."""
        self._rms = self._peak = 0.0
        self._clipped = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        base, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
        painter = QPainter(self)
        area = QRectF(0, 1, self.width(), self.height() - 2)
        painter.fillRect(area, blend(base, text, 0.12))
        colour = QColor(214, 58, 58) if self._clipped else QColor(70, 165, 95)
        painter.fillRect(QRectF(0, 1, area.width() * self._rms, area.height()), colour)
        if self._peak > 0:
            x = area.width() * self._peak - 2
            painter.fillRect(QRectF(max(x, 0.0), 1, 2, area.height()), text)
        painter.end()
