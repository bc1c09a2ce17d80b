"""The transport bar: play, go, time, compare, snap, repeat, speed, preview, generate, export."""

from itertools import pairwise

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

from soundedit.app.buttons import Button, action_button
from soundedit.app.requests import PreviewSize
from soundedit.app.timefield import TimeField

SPEEDS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)

LEAST_CHOICE = 48
"""Pixels of a list to choose from in the narrowest window."""


class Transport(QWidget):
    """A row of buttons above the timeline; the actions do the work."""

    speed_chosen = Signal(float)
    preview_chosen = Signal(int)
    """A value of `PreviewSize`."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.time = TimeField(self)
        self.frame = QLabel(self)
        self.sound_off = QLabel(self)
        self.sound_off.setText(self.tr("no sound device"))
        self.sound_off.setForegroundRole(self.foregroundRole())
        self.sound_off.hide()
        self.play = self._icon_button(actions["play"])
        self.speed = QComboBox(self)
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("Speed of playback; the pitch goes with it"))
        for speed in SPEEDS:
            self.speed.addItem(_times(speed), speed)
        self.show_choice(1.0)
        self.speed.activated.connect(
            lambda index: self.speed_chosen.emit(self.speed.itemData(index))
        )
        self.preview = QComboBox(self)
        self.preview.setAccessibleName(self.tr("Preview size"))
        self.preview.setToolTip(
            self.tr(
                "How large pictures are made while playing and scrubbing; where the playhead rests"
                " the whole picture follows, and exports are always whole"
            )
        )
        for size, name in (
            (PreviewSize.AUTOMATIC, self.tr("Auto")),
            (PreviewSize.FULL, self.tr("Full")),
            (PreviewSize.HALF, self.tr("Half")),
            (PreviewSize.QUARTER, self.tr("Quarter")),
        ):
            self.preview.addItem(name, int(size))
        self.preview.activated.connect(
            lambda index: self.preview_chosen.emit(self.preview.itemData(index))
        )
        self.shuttle = QLabel(self)
        self.shuttle.setAccessibleName(self.tr("Speed now"))
        for choice in (self.speed, self.preview):
            # A narrow window cuts these rather than becoming wider.
            choice.setMinimumWidth(LEAST_CHOICE)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        for id_ in ("start", "play", "end"):
            layout.addWidget(self.play if id_ == "play" else self._icon_button(actions[id_]))
        layout.addSpacing(8)
        layout.addWidget(self.time)
        layout.addSpacing(8)
        layout.addWidget(self.frame)
        layout.addWidget(self.shuttle)
        layout.addWidget(self.sound_off)
        layout.addStretch(1)
        for id_ in ("compare", "snap", "loop"):
            layout.addWidget(self._icon_button(actions[id_]))
        layout.addWidget(self.speed)
        layout.addWidget(self.preview)
        layout.addSpacing(4)
        self.named = [action_button(actions[id_], self) for id_ in ("live", "generate", "export")]
        for button in self.named:
            layout.addWidget(button)
        # Tab goes from left to right, whatever was made first.
        items = [layout.itemAt(index) for index in range(layout.count())]
        row = [item.widget() for item in items if item is not None]
        for before, after in pairwise(widget for widget in row if widget is not None):
            self.setTabOrder(before, after)
        self._worded = True
        self._widths = {False: 0, True: 0}

    def minimumSizeHint(self) -> QSize:
        """Of the row with icons alone, as it is where there is no room for the buttons' words."""
        least = super().minimumSizeHint()
        return QSize(
            least.width() - self._widths[self._worded] + self._widths[False], least.height()
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._measure()
        super().showEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()
        super().changeEvent(event)

    def _measure(self) -> None:
        """Find how wide the buttons are with words and without."""
        for worded in (False, True):
            self._show_words(worded)
            self._widths[worded] = sum(button.sizeHint().width() for button in self.named)
        self._fit()

    def _fit(self) -> None:
        words = self._widths[True] - self._widths[False]
        self._show_words(self.width() >= self.minimumSizeHint().width() + words)

    def _show_words(self, worded: bool) -> None:
        self._worded = worded
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        for button in self.named:
            button.setToolButtonStyle(style if worded else Qt.ToolButtonStyle.ToolButtonIconOnly)

    def set_time(self, seconds: float, frame: int | None, frames: int) -> None:
        """Show where the playhead is."""
        self.time.show_time(seconds)
        text = "" if frame is None else self.tr("frame {0} of {1}").format(frame + 1, frames)
        self.frame.setText(text)

    def show_choice(self, speed: float) -> None:
        """Show the chosen speed."""
        self.speed.setCurrentIndex(self.speed.findData(speed))

    def show_preview(self, size: PreviewSize) -> None:
        """Show the chosen preview size."""
        self.preview.setCurrentIndex(self.preview.findData(int(size)))

    def show_speed(self, speed: float) -> None:
        """Show the speed it plays with now, where that is not the chosen one."""
        self.shuttle.setText("" if speed == self.speed.currentData() else _times(speed))

    def set_why_silent(self, reason: str | None) -> None:
        """Say why nothing will be heard."""
        self.sound_off.setVisible(reason is not None)
        self.sound_off.setToolTip(reason or "")
        self.sound_off.setAccessibleDescription(reason or "")
        self.play.setToolTip(reason or self.play.defaultAction().toolTip())

    def _icon_button(self, action: QAction) -> Button:
        button = action_button(action, self)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        return button


def _times(speed: float) -> str:
    return f"{speed:g}x"
