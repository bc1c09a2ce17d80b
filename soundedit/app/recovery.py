"""What windows that were killed left behind, and the dialog that offers it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.filework import FileWork
from soundedit.app.performances import keep_performances
from soundedit.document.autosave import Recovery, discard, recoverable

PICTURE = QSize(72, 72)


@dataclass(frozen=True)
class RecoveryChoice:
    """The recovery to open, and those nobody wants."""

    open: Recovery | None = None
    discard: tuple[Recovery, ...] = field(default=())


class Recoveries(QObject):
    """Finds and removes what was left behind, off the GUI thread."""

    failed = Signal(object)

    def __init__(
        self, state: Path, recordings: Path, work: FileWork, parent: QObject | None = None
    ) -> None:
        """`recordings`: where performances that a crash cut short may lie."""
        super().__init__(parent)
        self._state, self._recordings, self._work = state, recordings, work

    def look(self, found: Callable[[list[Recovery]], None]) -> None:
        """Call `found` with what can be recovered, newest first."""

        def work(progress: object, cancel: object) -> list[Recovery]:
            keep_performances(self._recordings, self._state)
            return recoverable(self._state)

        self._work.do(work, found, self.failed.emit)

    def discard(self, unwanted: Sequence[Recovery]) -> None:
        """Remove these for good."""
        for one in unwanted:
            self._work.do(
                lambda progress, cancel, one=one: discard(one),  # type: ignore[misc]
                lambda value: None,
                self.failed.emit,
            )


class RecoveryDialog(QDialog):
    """A list of what can be recovered, each with its picture and time."""

    def __init__(self, found: Sequence[Recovery], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Recover unsaved work"))
        self._found = tuple(found)
        self.choice = RecoveryChoice()
        label = QLabel(
            self.tr(
                "soundedit was closed unexpectedly. This work was not saved; choose what to open."
            ),
            self,
        )
        label.setWordWrap(True)
        self.list = QListWidget(self)
        self.list.setIconSize(PICTURE)
        self.list.setAccessibleName(self.tr("Unsaved work"))
        for recovery in self._found:
            item = QListWidgetItem(self._described(recovery), self.list)
            picture = QPixmap(str(recovery.picture)) if recovery.picture else QPixmap()
            if picture.isNull():
                picture = QPixmap(PICTURE)
                picture.fill(Qt.GlobalColor.transparent)
            item.setIcon(QIcon(picture))
        self.list.setCurrentRow(0)
        self.list.itemActivated.connect(self._open)
        buttons = QDialogButtonBox(self)
        self.open_button = buttons.addButton(
            self.tr("&Recover"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.discard_button = buttons.addButton("", QDialogButtonBox.ButtonRole.DestructiveRole)
        self._sure = False
        self._ask_for_sure(sure=False)
        self.list.currentRowChanged.connect(lambda row: self._ask_for_sure(sure=False))
        later = buttons.addButton(self.tr("&Later"), QDialogButtonBox.ButtonRole.RejectRole)
        later.setToolTip(self.tr("The next start asks again about what is in the list"))
        self.open_button.clicked.connect(self._open)
        self.discard_button.clicked.connect(self._discard)
        later.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(label)
        layout.addWidget(self.list)
        layout.addWidget(buttons)
        self.resize(520, 320)

    def _open(self) -> None:
        self.choice = RecoveryChoice(self._current(), self.choice.discard)
        self.accept()

    def _ask_for_sure(self, *, sure: bool) -> None:
        """Whether the next press deletes; what was made is not lost by one press."""
        self._sure = sure
        self.discard_button.setText(self.tr("&Delete for good?") if sure else self.tr("&Delete"))

    def _discard(self) -> None:
        """Take the current one off the list; it is removed when the dialog ends."""
        recovery = self._current()
        if recovery is None:
            return
        if not self._sure:
            self._ask_for_sure(sure=True)
            return
        self._ask_for_sure(sure=False)
        self.choice = RecoveryChoice(None, (*self.choice.discard, recovery))
        row = self.list.currentRow()
        self.list.takeItem(row)
        self._found = self._found[:row] + self._found[row + 1 :]
        if not self._found:
            self.accept()

    def _current(self) -> Recovery | None:
        row = self.list.currentRow()
        return self._found[row] if 0 <= row < len(self._found) else None

    def _described(self, recovery: Recovery) -> str:
        name = recovery.path.name if recovery.path is not None else recovery.title
        when = QDateTime.fromSecsSinceEpoch(round(recovery.time))
        time = QLocale().toString(when, QLocale.FormatType.ShortFormat)
        return f"{name or self.tr('Untitled')}\n{time}"
