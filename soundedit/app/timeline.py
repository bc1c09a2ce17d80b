"""The timeline: ruler, markers, sound, what is heard and frames over one time axis."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractScrollArea, QGridLayout, QLabel, QScrollBar, QWidget

from soundedit.app.heardlane import HeardLane
from soundedit.app.lane import Lane
from soundedit.app.markerlane import MarkerLane
from soundedit.app.ruler import RulerLane
from soundedit.app.thumbnails import ThumbnailLane
from soundedit.app.timeaxis import TimeAxis
from soundedit.app.waveform import WaveformLane

SCROLL_UNITS = 10_000
NAME_PIXELS = 84
WAVEFORM_ROW = 2


class Timeline(QWidget):
    """Lanes with their names at the left and a scroll bar below."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.ruler = RulerLane(axis, self)
        self.markers = MarkerLane(axis, self)
        self.waveform = WaveformLane(axis, self)
        self.heard = HeardLane(axis, self)
        self.thumbnails = ThumbnailLane(axis, self)
        self._scroll = QScrollBar(Qt.Orientation.Horizontal, self)
        self._scroll.setAccessibleName(self.tr("Part of the sound in view"))
        self._scroll.valueChanged.connect(self._scrolled)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(6, 0, 6, 2)
        self._grid.setHorizontalSpacing(6)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self.setAccessibleName(self.tr("Timeline"))
        for name, lane in (
            ("", self.ruler),
            (self.tr("markers"), self.markers),
            (self.tr("sound"), self.waveform),
            (self.tr("heard"), self.heard),
            (self.tr("frames"), self.thumbnails),
        ):
            self.add_lane(name, lane)
        self._grid.addWidget(self._scroll, 100, 1)
        self.ruler.installEventFilter(self)
        axis.changed.connect(self._axis_changed)
        self._axis_changed()

    def add_lane(self, name: str, lane: Lane) -> None:
        """Put a lane below the others."""
        row = self._grid.rowCount() if self._grid.count() else 0
        label = QLabel(name, self)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label.setForegroundRole(self.foregroundRole())
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(lane, row, 1)

    def add_below(self, area: QAbstractScrollArea) -> None:
        """Put rows that scroll by themselves below the lanes; their bar stands at the right."""
        self._grid.addWidget(area, 50, 0, 1, 2)
        # Of more height the rows take most, until all of them are in view.
        self._grid.setRowStretch(WAVEFORM_ROW, 1)
        self._grid.setRowStretch(50, 4)
        self._grid.setColumnMinimumWidth(0, NAME_PIXELS)
        inner, bar = area.verticalScrollBar(), QScrollBar(Qt.Orientation.Vertical, self)
        bar.setAccessibleName(self.tr("Lanes in view"))
        bar.hide()
        self._grid.addWidget(bar, 50, 2)

        def set_range(low: int, high: int) -> None:
            bar.setRange(low, high)
            bar.setPageStep(inner.pageStep())
            bar.setSingleStep(inner.singleStep())
            bar.setVisible(high > low)

        inner.rangeChanged.connect(set_range)
        inner.valueChanged.connect(bar.setValue)
        bar.valueChanged.connect(inner.setValue)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # All lanes share a column, so the ruler's width is theirs.
        if watched is self.ruler and event.type() == QEvent.Type.Resize:
            self.axis.set_width(self.ruler.width())
        return super().eventFilter(watched, event)

    def _axis_changed(self) -> None:
        axis = self.axis
        hidden = max(axis.duration - axis.span, 0.0)
        self._scroll.blockSignals(True)
        if axis.duration > 0 and hidden > 1e-9:
            page = max(round(axis.span / axis.duration * SCROLL_UNITS), 1)
            self._scroll.setRange(0, SCROLL_UNITS - page)
            self._scroll.setPageStep(page)
            self._scroll.setSingleStep(max(page // 10, 1))
            self._scroll.setValue(round(axis.start / axis.duration * SCROLL_UNITS))
            self._scroll.setEnabled(True)
        else:
            self._scroll.setRange(0, 0)
            self._scroll.setEnabled(False)
        self._scroll.blockSignals(False)

    def _scrolled(self, value: int) -> None:
        start = value / SCROLL_UNITS * self.axis.duration
        self.axis.pan(start - self.axis.start)
