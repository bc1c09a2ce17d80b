"""Tell the person what went wrong: one dialog at a time, never a traceback."""

import logging
from collections import deque

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from soundedit.app.logs import log_file
from soundedit.errors import Cancelled, SoundeditError

log = logging.getLogger("soundedit.app")

WAITING_LIMIT = 5


class ErrorReporter(QObject):
    """Shows errors one after another; `report` may be called from any thread."""

    _reported = Signal(object)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._waiting: deque[BaseException] = deque()
        self._box: QMessageBox | None = None
        self._reported.connect(self._add, Qt.ConnectionType.QueuedConnection)

    @property
    def dialog(self) -> QMessageBox | None:
        """The dialog on screen, if there is one."""
        return self._box

    def report(self, error: BaseException) -> None:
        """Show a `SoundeditError` as its sentence; log anything else and say where the log is."""
        if isinstance(error, Cancelled):
            return
        if not isinstance(error, SoundeditError):
            log.error("unexpected error", exc_info=error)
        self._reported.emit(error)

    def close(self) -> None:
        """Take the dialog away and forget those that wait."""
        self._waiting.clear()
        if self._box is not None:
            self._box.close()

    def _add(self, error: BaseException) -> None:
        same = [str(waiting) for waiting in self._waiting]
        if str(error) not in same and len(self._waiting) < WAITING_LIMIT:
            self._waiting.append(error)
        self._show_next()

    def _show_next(self) -> None:
        if self._box is not None or not self._waiting:
            return
        error = self._waiting.popleft()
        box = QMessageBox(self._window)
        box.setWindowTitle(self.tr("soundedit"))
        box.setStandardButtons(QMessageBox.StandardButton.Ok)
        if isinstance(error, SoundeditError):
            box.setIcon(QMessageBox.Icon.Warning)
            box.setText(str(error))
        else:
            box.setIcon(QMessageBox.Icon.Critical)
            box.setText(self.tr("Something unexpected went wrong; your work is still here."))
            box.setInformativeText(
                self.tr("The details are in the log file: {0}").format(log_file())
            )
            box.setDetailedText(f"{type(error).__name__}: {error}")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.finished.connect(self._closed)
        self._box = box
        box.open()

    def _closed(self) -> None:
        self._box = None
        self._show_next()
