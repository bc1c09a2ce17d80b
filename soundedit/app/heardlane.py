"""The lane of what is heard: labels over time, stronger where the score is higher."""

import bisect
from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPalette
from PySide6.QtWidgets import QToolTip, QWidget

from soundedit.app.clock import clock
from soundedit.app.images import to_image
from soundedit.app.lane import Lane, Stop
from soundedit.app.requests import HeardLike
from soundedit.app.timeaxis import TimeAxis

MOST_SCORES = 6


def strongest(heard: Sequence[HeardLike]) -> list[HeardLike]:
    """The best label of every span, in time order; the first of equals."""
    if not heard:
        return []
    starts, ends, scores = (
        np.array(list(map(attrgetter(name), heard))) for name in ("start", "end", "score")
    )
    order = np.lexsort((-scores, ends, starts))
    first = np.ones(len(order), bool)
    first[1:] = (np.diff(starts[order]) != 0) | (np.diff(ends[order]) != 0)
    return [heard[index] for index in order[first]]


def rgb(colour: QColor) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255."""
    return colour.red(), colour.green(), colour.blue()


class HeardLane(Lane):
    """Spans with their labels; the tool tip has the scores of all that was heard there."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", 26, parent)
        self.setAccessibleName(self.tr("What is heard"))
        self.set_heard((), {})

    def set_heard(self, heard: Sequence[HeardLike], colours: Mapping[str, QColor]) -> None:
        """Show these labels in these colours."""
        self._colours = colours
        self._heard = strongest(heard)
        self._all = sorted(heard, key=attrgetter("start"))
        self._all_starts = list(map(attrgetter("start"), self._all))
        self._longest = max((item.end - item.start for item in self._heard), default=0.0)
        labels = list(dict.fromkeys(item.label for item in self._heard))
        numbers = {label: number for number, label in enumerate(labels)}
        self._labels = labels
        self._starts = np.array([item.start for item in self._heard])
        self._ends = np.array([item.end for item in self._heard])
        self._scores = np.array([item.score for item in self._heard])
        self._numbers = np.array([numbers[item.label] for item in self._heard], np.intp)
        self.setAccessibleDescription(", ".join(labels))
        self.redraw()

    def stops(self) -> Sequence[Stop]:
        runs: list[Stop] = []
        label = None
        for item in self._heard:
            if item.label != label:
                label = item.label
                runs.append((item.start, f"{label} {item.score:.2f}, {clock(item.start, 1)}"))
        return runs

    def scores_at(self, seconds: float) -> str:
        """What was heard at a time, best first, a line each; empty where nothing was."""
        first = bisect.bisect_left(self._all_starts, seconds - self._longest)
        last = bisect.bisect_right(self._all_starts, seconds)
        hits = [item for item in self._all[first:last] if seconds < item.end]
        if not hits:
            return ""
        hits.sort(key=lambda item: -item.score)
        lines = [f"{clock(hits[0].start, 1)}-{clock(hits[0].end, 1)}"]
        lines += [f"{item.label} {item.score:.2f}" for item in hits[:MOST_SCORES]]
        return "\n".join(lines)

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        base = self.colour(QPalette.ColorRole.Base)
        at = self._spans_at(width * self.devicePixelRatioF())
        painter.drawImage(QRectF(0, 2, width, height - 5), self._strip(at, base))
        labels: NDArray[np.intp] = at
        if self._heard:
            labels = np.where(at >= 0, self._numbers[at], -1)
        edges = np.flatnonzero(np.diff(labels, prepend=-2, append=-2))
        metrics, ratio = painter.fontMetrics(), width / max(len(at), 1)
        least = metrics.averageCharWidth() * 2 + 8
        painter.setPen(self.colour())
        # Neighbours of one label read as one block: the name is written once.
        for first, last in pairwise(edges):
            left, room = first * ratio, (last - first) * ratio
            if labels[first] < 0 or room < 3:
                continue
            painter.fillRect(QRectF(left, 2, 1, height - 5), base)
            if room > least:
                name = self._labels[labels[first]]
                line = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room) - 8)
                area = QRectF(left + 5, 0, room - 5, height - 1)
                painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, line)

    def _spans_at(self, columns: float) -> NDArray[np.intp]:
        """Index of the span at the middle of each of so many columns, -1 where there is none."""
        count = max(round(columns), 1)
        if not self._heard:
            return np.full(count, -1, np.intp)
        times = self.axis.start + (np.arange(count) + 0.5) / count * self.axis.span
        at = np.searchsorted(self._starts, times, side="right") - 1
        inside = (at >= 0) & (times < self._ends[np.maximum(at, 0)])
        return np.where(inside, at, -1)

    def _strip(self, at: NDArray[np.intp], base: QColor) -> QImage:
        """One row of colours, stronger where the score is higher."""
        row = np.tile(np.array(rgb(base), np.float32), (1, len(at), 1))
        if self._heard:
            colours = np.array([rgb(self._colours[label]) for label in self._labels])
            share = 0.2 + 0.45 * np.clip(self._scores[at], 0, 1)[:, None]
            mixed = row[0] * (1 - share) + colours[self._numbers[at]] * share
            row[0] = np.where(at[:, None] >= 0, mixed, row[0])
        return to_image(np.rint(row).astype(np.uint8))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.scores_at(self.axis.to_time(event.x()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
