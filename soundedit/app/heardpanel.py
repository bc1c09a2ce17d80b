"""The panel of what is heard: labels with scores over time."""

import bisect
from collections.abc import Mapping, Sequence
from operator import attrgetter

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.clock import clock
from soundedit.app.heardlane import strongest
from soundedit.app.lane import blend
from soundedit.app.requests import HeardLike

BARS = 6

Index = QModelIndex | QPersistentModelIndex
NO_INDEX = QModelIndex()


def shares(heard: Sequence[HeardLike]) -> list[tuple[str, float]]:
    """Mean score of each label over the time it was scored, weighted by length, best first."""
    spans = list(map(attrgetter("start", "end"), heard))
    seconds = sum(end - start for start, end in set(spans))
    if seconds <= 0:
        return []
    numbers: dict[str, int] = {}
    which = [numbers.setdefault(item.label, len(numbers)) for item in heard]
    scores = np.array(list(map(attrgetter("score"), heard)))
    lengths = np.array([end - start for start, end in spans])
    amounts = np.bincount(which, scores * lengths).tolist()
    total = dict(zip(numbers, amounts, strict=True))
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


class SpansModel(QAbstractTableModel):
    """Time, label and score of spans, a row each; an hour has thousands, so none has a widget."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._spans: Sequence[HeardLike] = ()

    def set_spans(self, spans: Sequence[HeardLike]) -> None:
        """Show these."""
        self.beginResetModel()
        self._spans = spans
        self.endResetModel()

    def rowCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._spans)

    def columnCount(self, parent: Index = NO_INDEX) -> int:
        return 0 if parent.isValid() else 3

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        item, column = self._spans[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return (clock(item.start, 1), item.label, f"{item.score:.2f}")[column]
        if role == Qt.ItemDataRole.TextAlignmentRole and column != 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        return (self.tr("Time"), self.tr("Sounds like"), self.tr("Score"))[section]


class HeardPanel(QWidget):
    """What the whole sound sounds like, and a table over time whose rows seek."""

    sought = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spans: list[HeardLike] = []
        self._starts: list[float] = []
        self._title = QLabel(self)
        self._title.setWordWrap(True)
        self.bars = Bars(self)
        self.bars.setAccessibleName(self.tr("What the sound sounds like"))
        self._model = SpansModel(self)
        self.table = QTableView(self)
        self.table.setModel(self._model)
        self.table.setAccessibleName(self.tr("What is heard over time"))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.setShowGrid(False)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setResizeContentsPrecision(20)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.table.activated.connect(lambda index: self._activated(index.row()))
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
        self._starts = [item.start for item in self._spans]
        self._model.set_spans(self._spans)

    def show_time(self, seconds: float) -> None:
        """Select the row of this time."""
        row = bisect.bisect_right(self._starts, seconds) - 1
        inside = row >= 0 and seconds < self._spans[row].end
        if inside and row != self.table.currentIndex().row():
            self.table.setCurrentIndex(self._model.index(row, 1))

    def _activated(self, row: int) -> None:
        self.sought.emit(self._spans[row].start)
