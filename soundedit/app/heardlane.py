"""The lane of what is heard: labels over time, stronger where the score is higher."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPalette
from PySide6.QtWidgets import QToolTip, QWidget

from soundedit.app.lane import Lane, Stop, blend
from soundedit.app.requests import HeardLike
from soundedit.app.ruler import clock
from soundedit.app.timeaxis import TimeAxis

MOST_SCORES = 6


def strongest(heard: Sequence[HeardLike]) -> list[HeardLike]:
    """The best label of every span, neighbours with the same label joined, in time order."""
    best: dict[tuple[float, float], HeardLike] = {}
    for item in heard:
        kept = best.get((item.start, item.end))
        if kept is None or item.score > kept.score:
            best[item.start, item.end] = item
    return [best[span] for span in sorted(best)]


class HeardLane(Lane):
    """Spans with their labels; the tool tip has the scores of all that was heard there."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", 26, parent)
        self._heard: list[HeardLike] = []
        self._all: Sequence[HeardLike] = ()
        self._colours: Mapping[str, QColor] = {}
        self.setAccessibleName(self.tr("What is heard"))

    def set_heard(self, heard: Sequence[HeardLike], colours: Mapping[str, QColor]) -> None:
        """Show these labels in these colours."""
        self._colours = colours
        self._heard = strongest(heard)
        self._all = tuple(heard)
        names = ", ".join(dict.fromkeys(item.label for item in self._heard))
        self.setAccessibleDescription(names)
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
        hits = [item for item in self._all if item.start <= seconds < item.end]
        if not hits:
            return ""
        hits.sort(key=lambda item: -item.score)
        lines = [f"{clock(hits[0].start, 1)}-{clock(hits[0].end, 1)}"]
        lines += [f"{item.label} {item.score:.2f}" for item in hits[:MOST_SCORES]]
        return "\n".join(lines)

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        base, text = self.colour(QPalette.ColorRole.Base), self.colour()
        metrics = painter.fontMetrics()
        # Neighbours of one label read as one block: the name is written once.
        runs: list[tuple[str, float, float]] = []
        for item in self._heard:
            left = max(self.axis.to_x(item.start), 0.0)
            right = min(self.axis.to_x(item.end), float(width))
            if right <= left:
                continue
            share = 0.2 + 0.45 * min(max(item.score, 0.0), 1.0)
            painter.fillRect(
                QRectF(left, 2, right - left, height - 5),
                blend(base, self._colours[item.label], share),
            )
            if runs and runs[-1][0] == item.label and left - runs[-1][2] < 1.5:
                runs[-1] = (item.label, runs[-1][1], right)
            else:
                runs.append((item.label, left, right))
        painter.setPen(text)
        for label, left, right in runs:
            painter.fillRect(QRectF(left, 2, 1, height - 5), base)
            room = int(right - left) - 8
            if room > metrics.averageCharWidth() * 2:
                line = metrics.elidedText(label, Qt.TextElideMode.ElideRight, room)
                area = QRectF(left + 5, 0, right - left - 5, height - 1)
                painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, line)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.scores_at(self.axis.to_time(event.x()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)
