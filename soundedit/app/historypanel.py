"""The History panel: every step since the project was opened; a click goes back or forth."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractItemView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from soundedit.app.eliding import ElidingDelegate
from soundedit.app.session import ProjectSession


class HistoryPanel(QWidget):
    """A list of the steps, done ones above, undone ones faint below."""

    def __init__(self, session: ProjectSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._names: list[str] = []
        self._index = 0
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("History"))
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setItemDelegate(ElidingDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.currentRowChanged.connect(self._go)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.list)
        session.state_changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        history = self._session.history
        first = self.tr("As opened") if self._session.path is not None else self.tr("Beginning")
        names = [first, *(_sentence(name) for name in history.entries)]
        self.list.blockSignals(True)
        # What is the same stays: a drag changes the last line many times a second.
        same = 0
        while same < min(len(names), len(self._names)) and names[same] == self._names[same]:
            same += 1
        while self.list.count() > same:
            self.list.takeItem(self.list.count() - 1)
        for name in names[same:]:
            QListWidgetItem(name, self.list).setToolTip(name)
        faint = self.palette().color(QPalette.ColorRole.PlaceholderText)
        normal = self.palette().color(QPalette.ColorRole.Text)
        for row in range(min(same, self._index, history.index), self.list.count()):
            self.list.item(row).setForeground(normal if row <= history.index else faint)
        self._names, self._index = names, history.index
        self.list.setCurrentRow(history.index)
        self.list.blockSignals(False)
        self.list.scrollToItem(self.list.item(history.index))

    def _go(self, row: int) -> None:
        if row >= 0:
            self._session.go_to(row)


def _sentence(name: str) -> str:
    return name[:1].upper() + name[1:]
