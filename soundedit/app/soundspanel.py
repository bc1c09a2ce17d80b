"""The Sounds panel: open, record, recent sounds and samples."""

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.buttons import action_button
from soundedit.app.meter import LevelMeter
from soundedit.media.portaudio import AudioDevice

PREROLLS = (0, 1, 2, 5, 10, 30)
"""Seconds of pre-roll to choose from."""
LEAST_ROWS = 4
"""Rows of the list that are seen in the smallest window."""
PATH_ROLE = Qt.ItemDataRole.UserRole
RECURSIVE = Qt.MatchFlag.MatchRecursive


class SoundsPanel(QWidget):
    """Where sounds come from; only says what the person wants, does nothing itself."""

    open_requested = Signal(Path)
    microphone_chosen = Signal(object)
    preroll_changed = Signal(int)
    """Seconds; 0 is none."""
    monitor_changed = Signal(bool)

    def __init__(
        self,
        open_action: QAction,
        record_action: QAction,
        rescan_action: QAction,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.microphones = QComboBox(self)
        self.microphones.setAccessibleName(self.tr("Microphone"))
        self.microphones.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.microphones.setMinimumContentsLength(8)
        self.microphones.activated.connect(self._chosen)
        self.meter = LevelMeter(self)
        self.preroll = QComboBox(self)
        for seconds in PREROLLS:
            name = self.tr("{0} s").format(seconds) if seconds else self.tr("Off")
            self.preroll.addItem(name, seconds)
        self.preroll.setAccessibleName(self.tr("Pre-roll"))
        self.preroll.setToolTip(
            self.tr(
                "Keep the microphone open, so that a recording also holds what came just before"
            )
        )
        self.preroll.currentIndexChanged.connect(
            lambda index: self.preroll_changed.emit(self.preroll.itemData(index))
        )
        self._preroll_label = QLabel(self.tr("Pre-roll"), self)
        self._preroll_label.setBuddy(self.preroll)
        self.monitor = QCheckBox(self.tr("Hear the input"), self)
        self.monitor.setToolTip(
            self.tr("Play what the microphone hears; use headphones, loudspeakers feed back")
        )
        self.monitor.toggled.connect(self.monitor_changed)
        self.reason = QLabel(self)
        self.reason.setWordWrap(True)
        self.reason.hide()
        self.list = QTreeWidget(self)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setIndentation(10)
        self.list.setAccessibleName(self.tr("Sounds"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setMinimumHeight(LEAST_ROWS * self.list.fontMetrics().height() + 4)
        self.list.itemActivated.connect(self._activated)
        buttons = QHBoxLayout()
        buttons.addWidget(action_button(open_action, self))
        buttons.addWidget(action_button(record_action, self))
        self.rescan = action_button(rescan_action, self)
        self.rescan.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.rescan.hide()
        buttons.addWidget(self.rescan)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(buttons)
        layout.addWidget(self.microphones)
        layout.addWidget(self.meter)
        listening = QHBoxLayout()
        listening.addWidget(self._preroll_label)
        listening.addWidget(self.preroll)
        listening.addWidget(self.monitor, 1)
        layout.addLayout(listening)
        layout.addWidget(self.reason)
        layout.addWidget(self.list, 1)

    def set_microphones(self, devices: Sequence[AudioDevice], chosen: AudioDevice | None) -> None:
        """Offer these inputs; the system's default comes first."""
        self.microphones.clear()
        self.microphones.addItem(self.tr("Default microphone"), None)
        for device in devices:
            self.microphones.addItem(f"{device.name} ({device.host_api})", device)
            if chosen is not None and device.is_same(chosen):
                self.microphones.setCurrentIndex(self.microphones.count() - 1)

    def microphone(self) -> AudioDevice | None:
        """The chosen input; None is the system's default."""
        device = self.microphones.currentData()
        return device if isinstance(device, AudioDevice) else None

    def set_listening(self, preroll: int, monitor: bool) -> None:
        """Show how the microphone is heard, without asking for it."""
        for part in (self.preroll, self.monitor):
            part.blockSignals(True)
        self.preroll.setCurrentIndex(bisect_right(PREROLLS, preroll) - 1)
        self.monitor.setChecked(monitor)
        for part in (self.preroll, self.monitor):
            part.blockSignals(False)

    def set_why_no_recording(self, reason: str | None) -> None:
        """Say why recording is off, or that it is on."""
        self.reason.setText(reason or "")
        self.reason.setVisible(reason is not None)
        self.rescan.setVisible(reason is not None)
        self.microphones.setVisible(reason is None)
        for part in (self.meter, self._preroll_label, self.preroll, self.monitor):
            part.setVisible(reason is None)

    def set_sounds(self, recent: Sequence[Path], samples: Sequence[Path]) -> None:
        """Fill the list."""
        self.list.clear()
        for title, paths in ((self.tr("Recent"), recent), (self.tr("Samples"), samples)):
            if not paths:
                continue
            group = QTreeWidgetItem(self.list, [title])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            for path in paths:
                item = QTreeWidgetItem(group, [path.name])
                item.setData(0, PATH_ROLE, str(path))
                item.setToolTip(0, str(path))
            group.setExpanded(True)

    def show_current(self, path: Path | None) -> None:
        """Select the open sound."""
        self.list.clearSelection()
        for item in self.list.findItems("*", Qt.MatchFlag.MatchWildcard | RECURSIVE):
            if path is not None and item.data(0, PATH_ROLE) == str(path):
                self.list.setCurrentItem(item)
                return

    def _activated(self, item: QTreeWidgetItem) -> None:
        name = item.data(0, PATH_ROLE)
        if name:
            self.open_requested.emit(Path(name))

    def _chosen(self) -> None:
        self.microphone_chosen.emit(self.microphone())
