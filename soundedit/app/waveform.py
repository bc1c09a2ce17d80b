"""The lane of the sound: its waveform or its spectrogram, and ticks at its onsets."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from soundedit.app.clock import clock
from soundedit.app.lane import Lane, Stop, blend, see_through
from soundedit.app.spectrogramview import colour_table, spectrogram_image
from soundedit.app.timeaxis import TimeAxis
from soundedit.media.spectrogram import BANDS, Spectrogram, band_frequencies

WAVEFORM, SPECTROGRAM = "waveform", "spectrogram"
MARGIN = 3
MOST_GAIN = 1000.0
LEAST_TICK_PIXELS = 3.0
MOST_TICK_PIXELS = 9.0
TICKS_APART = 2.0
LABELLED_HERTZ = (100, 300, 1000, 3000, 10_000)

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
    """Draws a `Peaks` pyramid or a `Spectrogram`, and the onsets of the axis' marks."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", 84, parent)
        # The sound gets the room that is left when the timeline is made taller.
        self.setMinimumHeight(50)
        self.setMaximumHeight(400)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._peaks: PeaksLike | None = None
        self._spectrogram: Spectrogram | None = None
        self._text = ""
        self._view = WAVEFORM
        self._enlarged = False
        self.setAccessibleName(self.tr("Waveform"))

    def sizeHint(self) -> QSize:
        return QSize(400, 84)

    @property
    def view(self) -> str:
        """`WAVEFORM` or `SPECTROGRAM`."""
        return self._view

    def set_view(self, view: str) -> None:
        """Draw the sound as `WAVEFORM` or as `SPECTROGRAM`."""
        self._view = SPECTROGRAM if view == SPECTROGRAM else WAVEFORM
        spectral = self._view == SPECTROGRAM
        self.setAccessibleName(self.tr("Spectrogram") if spectral else self.tr("Waveform"))
        self.redraw()

    def set_enlarged(self, on: bool) -> None:
        """Draw the waveform as high as the lane, however quiet the sound is."""
        self._enlarged = on
        self.redraw()

    @property
    def gain(self) -> float:
        """How many times higher than it is the waveform is drawn."""
        if not self._enlarged or self._peaks is None:
            return 1.0
        low, high, _ = self._peaks.window(0.0, self.axis.duration, 1)
        loudest = max(float(np.max(high)), -float(np.min(low)))
        return min(max(1 / loudest, 1.0), MOST_GAIN) if loudest > 0 else 1.0

    def set_peaks(self, peaks: PeaksLike | None, text: str = "") -> None:
        """Draw these peaks; without any, `text` says why."""
        self._peaks = peaks
        self._text = text
        self.redraw()

    def set_spectrogram(self, spectrogram: Spectrogram | None) -> None:
        """Draw this spectrogram where that is the view."""
        self._spectrogram = spectrogram
        self.redraw()

    def spectrogram_grown(self, start: float, end: float) -> None:
        """The spectrogram changed from `start` to `end` seconds."""
        if self._view == SPECTROGRAM and start < self.axis.end and end > self.axis.start:
            self.redraw()

    def stops(self) -> Sequence[Stop]:
        onsets = self.axis.marks.onsets
        return [
            (float(time), self.tr("Onset {0}, {1}").format(number + 1, clock(time, 2)))
            for number, time in enumerate(onsets.times)
        ]

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        first = max(self.axis.to_x(0.0), 0.0)
        last = min(self.axis.to_x(self.axis.duration), float(width))
        columns = round((last - first) * self.devicePixelRatioF())
        if self._view == WAVEFORM and self._peaks is not None:
            painter.setPen(self.line_colour())
            painter.drawLine(0, height // 2, width, height // 2)
        if self._peaks is None or columns < 1:
            self._write(painter, self._text)
        elif self._view == WAVEFORM:
            self._draw_waveform(painter, first, last, columns)
        elif self._spectrogram is None:
            self._write(painter, self.tr("Making the spectrogram..."))
        else:
            self._draw_spectrogram(painter, self._spectrogram, first, last, columns)
        self._draw_onsets(painter, height)

    def _write(self, painter: QPainter, text: str) -> None:
        painter.setPen(blend(self.colour(QPalette.ColorRole.Base), self.colour(), 0.6))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)

    def _draw_waveform(self, painter: QPainter, first: float, last: float, columns: int) -> None:
        assert self._peaks is not None
        accent = self.colour(QPalette.ColorRole.Highlight)
        base = self.colour(QPalette.ColorRole.Base)
        ratio = self.devicePixelRatioF()
        values = self._peaks.window(self.axis.to_time(first), self.axis.to_time(last), columns)
        gain = np.float32(self.gain)
        low, high, rms = (value * gain for value in values)
        image = waveform_image(
            low,
            high,
            rms,
            round((self.height() - 2 * MARGIN) * ratio),
            blend(base, accent, 0.55),
            accent,
        )
        image.setDevicePixelRatio(ratio)
        painter.drawImage(round(first), MARGIN, image)
        if gain > 1:
            painter.setPen(self.colour())
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
            painter.drawText(self.rect().adjusted(0, 1, -4, 0), right, f"\u00d7 {gain:.3g}")

    def _draw_spectrogram(
        self, painter: QPainter, values: Spectrogram, first: float, last: float, columns: int
    ) -> None:
        base = self.colour(QPalette.ColorRole.Base)
        table = colour_table(base, self.colour(QPalette.ColorRole.Highlight), self.colour())
        drawn = values.window(self.axis.to_time(first), self.axis.to_time(last), columns)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRectF(first, 0, last - first, self.height() - 1)
        painter.drawImage(area, spectrogram_image(drawn, table))
        metrics = painter.fontMetrics()
        frequencies = band_frequencies()
        above = self.height() + 0.0
        for hertz in LABELLED_HERTZ:
            band = float(np.interp(hertz, frequencies, np.arange(BANDS)))
            y = (1 - (band + 0.5) / BANDS) * (self.height() - 1)
            if above - y < metrics.height() or y < metrics.height() / 2:
                continue
            above = y
            text = f"{hertz // 1000} kHz" if hertz >= 1000 else f"{hertz} Hz"
            label = QRectF(4, y - metrics.height() / 2, 60, metrics.height())
            label.setWidth(metrics.horizontalAdvance(text) + 4)
            painter.fillRect(label, see_through(base, 0.6))
            painter.setPen(self.colour())
            painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_onsets(self, painter: QPainter, height: int) -> None:
        """Ticks at the foot, taller where the onset is stronger."""
        onsets, axis = self.axis.marks.onsets, self.axis
        first, last = np.searchsorted(onsets.times, [axis.start, axis.end])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.colour())
        drawn = -TICKS_APART
        for time, strength in zip(
            onsets.times[first:last], onsets.strengths[first:last], strict=True
        ):
            x = axis.to_x(float(time))
            if x - drawn < TICKS_APART:
                continue
            drawn = x
            tall = LEAST_TICK_PIXELS + (MOST_TICK_PIXELS - LEAST_TICK_PIXELS) * float(strength)
            foot = height - 1.0
            painter.drawPolygon(
                QPolygonF([QPointF(x - 2, foot), QPointF(x + 2, foot), QPointF(x, foot - tall)])
            )
