"""The panel of exports: the queue as a list, and what can be done with each."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QItemSelectionModel, QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QListView,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.buttons import Button
from soundedit.app.dialogs import Dialogs
from soundedit.app.exports.delegate import JobDelegate
from soundedit.app.exports.details import DetailsDialog
from soundedit.app.exports.job import ExportJob, JobState
from soundedit.app.exports.listmodel import QueueModel
from soundedit.app.exports.queue import ExportQueue
from soundedit.app.icons import icon


def open_in_system(path: Path) -> None:
    """Open a file or folder with the program the system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class _List(QListView):
    """A list whose own keys win over those of the window while it has the focus."""

    def event(self, event: QEvent) -> bool:
        override = event.type() == QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and self._action(event) is not None:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._action(event)
        if action is None:
            super().keyPressEvent(event)
        else:
            action.trigger()

    def _action(self, event: QKeyEvent) -> QAction | None:
        keys = QKeySequence(event.keyCombination())
        return next((one for one in self.actions() if one.shortcut() == keys), None)


class QueuePanel(QWidget):
    """The exports and buttons for the one that is selected; all of it by keyboard too."""

    def __init__(
        self,
        queue: ExportQueue,
        dialogs: Dialogs,
        opener: Callable[[Path], None] = open_in_system,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._queue = queue
        self._dialogs = dialogs
        self.opener = opener
        self.model = QueueModel(queue, self)
        self.hint = QLabel(self.tr("Export the video (Ctrl+E) and it is made here."), self)
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.list = _List(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(JobDelegate(self.list))
        self.list.setAccessibleName(self.tr("Exports"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self.list.doubleClicked.connect(lambda: self._open_file())
        self.commands = self._build()
        row = QHBoxLayout()
        row.setSpacing(0)
        for id_ in ("hold", "cancel", "retry", "up", "down", "folder", "details", "remove"):
            row.addWidget(self._button(self.commands[id_]))
        row.addStretch(1)
        row.addWidget(self._button(self.commands["clear"]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(row)
        layout.addWidget(self.hint)
        layout.addWidget(self.list, 1)
        self.model.rowsInserted.connect(self._inserted)
        self.list.selectionModel().currentChanged.connect(self._refresh)
        queue.changed.connect(self._refresh)
        self._refresh()

    @property
    def current(self) -> ExportJob | None:
        """The job that is selected."""
        return self.model.job(self.list.currentIndex())

    def select(self, id_: str) -> None:
        """Make a job the current one."""
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.list.selectionModel().setCurrentIndex(self.model.row_of(id_), flags)

    def _build(self) -> dict[str, QAction]:
        table: tuple[tuple[str, str, str, str, Callable[[], object]], ...] = (
            ("hold", self.tr("Pause"), "pause", "", self._hold),
            ("cancel", self.tr("Cancel"), "stop", "", self._cancel),
            ("retry", self.tr("Try again"), "retry", "", self._retry),
            ("up", self.tr("Earlier"), "up", "Alt+Up", lambda: self._move(-1)),
            ("down", self.tr("Later"), "down", "Alt+Down", lambda: self._move(1)),
            ("open", self.tr("Open the file"), "play", "", self._open_file),
            ("folder", self.tr("Open the folder"), "open", "", self._open_folder),
            ("details", self.tr("Details..."), "details", "", self._details),
            ("remove", self.tr("Remove from the list"), "remove", "Del", self._remove),
            ("clear", self.tr("Remove all that are over"), "clear", "", self._queue.clear),
        )
        commands = {}
        for id_, text, picture, key, call in table:
            action = QAction(icon(picture), text, self)
            if key:
                action.setShortcut(QKeySequence(key))
                # Elsewhere in the window these keys have other meanings.
                action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
                self.list.addAction(action)
                native = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
                action.setToolTip(f"{text} ({native})")
            action.triggered.connect(lambda checked=False, call=call: call())
            commands[id_] = action
        return commands

    def _button(self, action: QAction) -> Button:
        button = Button(self)
        button.setDefaultAction(action)
        button.setAutoRaise(True)
        button.setAccessibleName(action.text())
        action.changed.connect(lambda: button.setAccessibleName(action.text()))
        return button

    def _inserted(self) -> None:
        self.list.setCurrentIndex(self.model.index(self.model.rowCount() - 1))

    def _refresh(self) -> None:
        job, jobs = self.current, self._queue.jobs
        state = job.state if job is not None else None
        row = self.list.currentIndex().row()
        paused = state is JobState.PAUSED
        self.commands["hold"].setText(self.tr("Go on") if paused else self.tr("Pause"))
        self.commands["hold"].setToolTip(self.commands["hold"].text())
        self.commands["hold"].setIcon(icon("play" if paused else "pause"))
        over = job is not None and not job.open
        for id_, enabled in (
            ("hold", job is not None and job.open),
            ("cancel", job is not None and job.open),
            ("retry", state in (JobState.FAILED, JobState.CANCELLED)),
            ("up", job is not None and row > 0),
            ("down", job is not None and row < len(jobs) - 1),
            ("open", state is JobState.DONE),
            ("folder", job is not None),
            ("details", job is not None),
            ("remove", over),
            ("clear", any(not one.open for one in jobs)),
        ):
            self.commands[id_].setEnabled(enabled)
        self.hint.setVisible(not jobs)
        self.list.setVisible(bool(jobs))

    def _hold(self) -> None:
        job = self.current
        if job is not None and job.state is JobState.PAUSED:
            self._queue.resume(job.id)
        elif job is not None:
            self._queue.pause(job.id)

    def _cancel(self) -> None:
        if self.current is not None:
            self._queue.cancel(self.current.id)

    def _retry(self) -> None:
        job = self.current
        if job is None:
            return
        ask = job.path.exists() and not job.overwrite
        if not ask or self._dialogs.may_replace(self, job.path):
            self._queue.retry(job.id, overwrite=ask)

    def _move(self, rows: int) -> None:
        if self.current is not None:
            self._queue.move(self.current.id, self.list.currentIndex().row() + rows)

    def _open_file(self) -> None:
        job = self.current
        if job is not None and job.state is JobState.DONE and job.path.exists():
            self.opener(job.path)

    def _open_folder(self) -> None:
        if self.current is not None:
            self.opener(self.current.path.parent)

    def _details(self) -> None:
        if self.current is not None:
            DetailsDialog(self.current, self.model.status(self.current), self).open()

    def _remove(self) -> None:
        if self.current is not None:
            self._queue.remove(self.current.id)

    def _menu(self, place: QPoint) -> None:
        if self.list.indexAt(place).isValid():
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.addActions(list(self.commands.values()))
            menu.popup(self.list.viewport().mapToGlobal(place))
