"""The queue as Qt's views see it: one row a job, in words too, that can be dragged elsewhere."""

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QCoreApplication,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from soundedit.app.clock import clock, rate_text
from soundedit.app.exports.job import ExportJob, JobState
from soundedit.app.exports.queue import ExportQueue

JOB_ROLE = Qt.ItemDataRole.UserRole
STATUS_ROLE = Qt.ItemDataRole.UserRole + 1
KIND_ROLE = Qt.ItemDataRole.UserRole + 2
MIME = "application/x-soundedit-export"

AnyIndex = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


def bytes_text(count: float) -> str:
    """A file size as people read it: 1234567 -> "1.2 MB"."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit in ("bytes", "kB") else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def what_is_left(job: ExportJob) -> str:
    """What there is after an export was cancelled."""
    if job.overwrite:
        return QCoreApplication.translate("QueueModel", "the earlier file stays")
    return QCoreApplication.translate("QueueModel", "no file was left")


class QueueModel(QAbstractListModel):
    """Rows in the queue's order."""

    def __init__(self, queue: ExportQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._ids: list[str] = [job.id for job in queue.jobs]
        queue.changed.connect(self._refresh)
        queue.advanced.connect(self._advanced)

    def rowCount(self, parent: AnyIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def job(self, index: AnyIndex) -> ExportJob | None:
        """The job of a row."""
        if not index.isValid() or index.row() >= len(self._ids):
            return None
        return self._queue.find(self._ids[index.row()])

    def row_of(self, id_: str) -> QModelIndex:
        """The row of a job; invalid where it is not in the list."""
        return self.index(self._ids.index(id_)) if id_ in self._ids else QModelIndex()

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        job = self.job(index)
        if job is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return job.path.name
            case Qt.ItemDataRole.ToolTipRole:
                return str(job.path)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{job.path.name}, {self.kind(job)}, {self.status(job)}"
        return {JOB_ROLE: job, STATUS_ROLE: self.status(job), KIND_ROLE: self.kind(job)}.get(role)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.ItemIsDropEnabled
        flag = Qt.ItemFlag
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled

    def kind(self, job: ExportJob) -> str:
        """What is made: "landscape, MP4, 1920 x 1080, 24 fps"."""
        settings = job.settings
        size = ""
        if settings.width or settings.height:
            size = "{} \u00d7 {}".format(*settings.size(0))
        rate = self.tr("{0} fps").format(rate_text(job.fps))
        return ", ".join(filter(None, (job.title, settings.kind.title.split(" (")[0], size, rate)))

    def status(self, job: ExportJob) -> str:
        """How it stands, in a few words."""
        match job.state:
            case JobState.RUNNING:
                return self._running(job)
            case JobState.WAITING if self._queue.needs_other_pack(job):
                return self.tr("Waits for the pack {0}").format(job.pack)
            case JobState.WAITING | JobState.PAUSED:
                waits = job.state is JobState.WAITING
                text = self.tr("Waiting") if waits else self.tr("Paused")
                return f"{text}, {job.done / job.frames:.0%}" if job.done else text
            case JobState.DONE:
                took = self.tr("Done in {0}, {1}")
                return took.format(clock(job.spent), bytes_text(job.size))
            case JobState.CANCELLED:
                return self.tr("Cancelled; {0}").format(what_is_left(job))
            case _:
                return job.error

    def _running(self, job: ExportJob) -> str:
        if self._queue.step:
            return self._queue.step
        parts = [f"{job.done / max(job.frames, 1):.0%}"]
        speed = self._queue.pace.speed
        left = self._queue.pace.seconds_left(job.frames)
        if speed is not None and left is not None:
            parts.append(self.tr("{0} frames/s").format(f"{speed:.1f}"))
            parts.append(self.tr("{0} left").format(clock(left + 0.999)))
        return ", ".join(parts)

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        job = self.job(indexes[0]) if indexes else None
        if job is not None:
            mime.setData(MIME, QByteArray(job.id.encode()))
        return mime

    def dropMimeData(
        self,
        mime: QMimeData,
        action: Qt.DropAction,
        row: int,
        column: int,
        parent: AnyIndex,
    ) -> bool:
        id_ = bytes(mime.data(MIME).data()).decode()
        if id_ not in self._ids:
            return False
        place = row if row >= 0 else parent.row() if parent.isValid() else len(self._ids)
        # The row itself leaves a gap that the rows after it fill.
        self._queue.move(id_, place - (place > self._ids.index(id_)))
        # False, or the view would remove the row that was moved.
        return False

    def _refresh(self) -> None:
        ids = [job.id for job in self._queue.jobs]
        if ids == self._ids:
            if ids:
                self.dataChanged.emit(self.index(0), self.index(len(ids) - 1))
            return
        if sorted(ids) == sorted(self._ids):
            self.layoutAboutToBeChanged.emit()
            old = self.persistentIndexList()
            new = [self.index(ids.index(self._ids[one.row()])) for one in old]
            self._ids = ids
            self.changePersistentIndexList(old, new)
            self.layoutChanged.emit()
            return
        for row in reversed([n for n, id_ in enumerate(self._ids) if id_ not in ids]):
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._ids[row]
            self.endRemoveRows()
        if self._ids == ids[: len(self._ids)] and len(ids) > len(self._ids):
            self.beginInsertRows(QModelIndex(), len(self._ids), len(ids) - 1)
            self._ids = ids
            self.endInsertRows()
        elif self._ids != ids:
            self.beginResetModel()
            self._ids = ids
            self.endResetModel()

    def _advanced(self, id_: str) -> None:
        index = self.row_of(id_)
        self.dataChanged.emit(index, index)
