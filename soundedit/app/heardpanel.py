"""The panel of what is heard: labels with scores over time."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.heardlane import strongest
from soundedit.app.lane import blend
from soundedit.app.requests import HeardLike
from soundedit.app.ruler import clock

BARS = 6


def shares(heard: Sequence[HeardLike]) -> list[tuple[str, float]]:
    """Mean score of each label over the time it was scored, weighted by length, best first."""
    total: dict[str, float] = {}
    seconds = sum({(item.start, item.end): item.end - item.start for item in heard}.values())
    for item in heard:
        total[item.label] = total.get(item.label, 0.0) + item.score * (item.end - item.start)
    if seconds <= 0:
        return []
    means = [(label, amount / seconds) for label, amount in total.items()]
    return sorted(means, key=lambda mean: -mean[1])


class Bars(QWidget):
    """Labels with a bar and a number each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[tuple[str, float]] = []
        self._colours: Mapping[str, QColor] = {}
        self.setFixedHeight(0)

    def set_values(
        self, values: Sequence[tuple[str, float]], colours: Mapping[str, QColor]
    ) -> None:
        """Show the first few (label, 0..1)."""
        self._colours = colours
        self._values = list(values[:BARS])
        spoken = ", ".join(f"{label} {value:.2f}" for label, value in self._values)
        self.setAccessibleDescription(spoken)
        self.setFixedHeight(len(self._values) * 22)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        base, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
        painter = QPainter(self)
        for row, (label, value) in enumerate(self._values):
            area = QRectF(0, row * 22 + 1, self.width(), 19)
            painter.fillRect(area, base)
            filled = QRectF(area)
            filled.setWidth(area.width() * min(max(value, 0.0), 1.0))
            painter.fillRect(filled, blend(base, self._colours[label], 0.65))
            painter.setPen(text)
            inner = area.adjusted(6, 0, -6, 0)
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, label)
            painter.drawText(
                inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, f"{value:.2f}"
            )
        painter.end()


class HeardPanel(QWidget):
    """What the whole sound sounds like, and a table over time whose rows seek."""

    sought = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spans: list[HeardLike] = []
        self._title = QLabel(self)
        self._title.setWordWrap(True)
        self.bars = Bars(self)
        self.bars.setAccessibleName(self.tr("What the sound sounds like"))
        self.table = QTableWidget(0, 3, self)
        self.table.setHorizontalHeaderLabels(
            [self.tr("Time"), self.tr("Sounds like"), self.tr("Score")]
        )
        self.table.setAccessibleName(self.tr("What is heard over time"))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.table.cellActivated.connect(self._activated)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self._title)
        layout.addWidget(self.bars)
        layout.addWidget(self.table, 1)
        self.set_heard((), {}, self.tr("Open a sound to see what it sounds like."))

    def set_heard(
        self, heard: Sequence[HeardLike], colours: Mapping[str, QColor], text: str = ""
    ) -> None:
        """Show these labels in these colours; without any, `text`."""
        self._title.setText(self.tr("The sound as a whole") if heard else text)
        self.bars.set_values(shares(heard), colours)
        self._spans = strongest(heard)
        self.table.setRowCount(len(self._spans))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for row, item in enumerate(self._spans):
            cells = (clock(item.start, 1), item.label, f"{item.score:.2f}")
            for column, text_ in enumerate(cells):
                cell = QTableWidgetItem(text_)
                if column != 1:
                    cell.setTextAlignment(right)
                self.table.setItem(row, column, cell)

    def show_time(self, seconds: float) -> None:
        """Select the row of this time."""
        row = next(
            (n for n, item in enumerate(self._spans) if item.start <= seconds < item.end), None
        )
        if row is not None and row != self.table.currentRow():
            self.table.setCurrentCell(row, 1)

    def _activated(self, row: int) -> None:
        self.sought.emit(self._spans[row].start)
