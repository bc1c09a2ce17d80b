"""How a job of the queue is painted: name, what it is, a bar while it is open, how it stands."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from soundedit.app.exports.job import ExportJob, JobState
from soundedit.app.exports.listmodel import JOB_ROLE, KIND_ROLE, STATUS_ROLE
from soundedit.app.lane import blend

MARGIN = 6
GAP = 2
BAR = 5

GOOD = QColor(70, 165, 95)
BAD = QColor(214, 58, 58)


class JobDelegate(QStyledItemDelegate):
    """Paints one job in three lines and a bar."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        line = option.fontMetrics.height()
        job: ExportJob = index.data(JOB_ROLE)
        bar = BAR + 2 * GAP if job.open else 0
        return QSize(0, 3 * line + 2 * GAP + bar + 2 * MARGIN)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        job: ExportJob = index.data(JOB_ROLE)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        palette = option.palette
        back = palette.color(QPalette.ColorRole.Highlight if selected else QPalette.ColorRole.Base)
        text = palette.color(
            QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Text
        )
        painter.save()
        painter.fillRect(option.rect, back)
        faint = text if selected else blend(back, text, 0.7)
        area = option.rect.adjusted(MARGIN + 2, MARGIN, -MARGIN - 2, -MARGIN)
        font = option.font
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(text)
        line = painter.fontMetrics().height()
        self._line(painter, area, 0, index.data(), Qt.TextElideMode.ElideMiddle)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(faint)
        self._line(painter, area, line + GAP, index.data(KIND_ROLE))
        top = 2 * (line + GAP)
        if job.open:
            bar = QRect(area.left(), area.top() + top + GAP, area.width(), BAR)
            self._bar(painter, bar, job, blend(back, text, 0.2), palette, selected)
            top += BAR + 2 * GAP
        if job.state in (JobState.FAILED, JobState.DONE) and not selected:
            mark = BAD if job.state is JobState.FAILED else GOOD
            painter.setPen(blend(mark, text, 0.3))
        self._line(painter, area, top, index.data(STATUS_ROLE))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(blend(back, text, 0.5))
            painter.drawRect(option.rect.adjusted(1, 1, -2, -2))
        painter.setPen(blend(palette.color(QPalette.ColorRole.Base), text, 0.12))
        painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
        painter.restore()

    def _line(
        self,
        painter: QPainter,
        area: QRect,
        top: int,
        text: str,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        height = painter.fontMetrics().height()
        shown = painter.fontMetrics().elidedText(text, elide, area.width())
        place = QRect(area.left(), area.top() + top, area.width(), height)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)

    def _bar(
        self,
        painter: QPainter,
        bar: QRect,
        job: ExportJob,
        track: QColor,
        palette: QPalette,
        selected: bool,
    ) -> None:
        painter.fillRect(bar, track)
        done = QRect(bar)
        done.setWidth(round(bar.width() * min(job.done / max(job.frames, 1), 1.0)))
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.Highlight
        colour = palette.color(role)
        if job.state is not JobState.RUNNING:
            colour = blend(track, colour, 0.5)
        painter.fillRect(done, colour)
