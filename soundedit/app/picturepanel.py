"""The Picture panel: seed, start, reactivity, frame rate and the inverted picture."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.buttons import Button, action_button
from soundedit.app.clock import rate_text
from soundedit.app.icons import icon
from soundedit.app.reacting import Reacting
from soundedit.app.reactivitybox import ReactivityBox
from soundedit.app.viewer import Viewer

MAX_SEED = 2**31 - 1
FRAME_RATES = ("12", "24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60")
"""As projects keep them."""
DEFAULT_RATE = "24"


class PicturePanel(QWidget):
    """What the picture begins with."""

    seed_changed = Signal(int)
    rate_changed = Signal(str)
    seed_wanted = Signal(int)
    """Start from the seed instead of from a photo or video."""

    def __init__(
        self,
        new_seed: QAction,
        start_picture: QAction,
        reacting: Reacting,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.seed = QSpinBox(self)
        self.seed.setRange(0, MAX_SEED)
        self.seed.setKeyboardTracking(False)
        self.seed.setAccelerated(True)
        self.seed.setAccessibleName(self.tr("Seed"))
        self.seed.setToolTip(self.tr("Another seed gives another picture for the same sound"))
        self.seed.valueChanged.connect(self.seed_changed)
        # Return gives the keys back to the timeline.
        self.seed.lineEdit().returnPressed.connect(self.seed.clearFocus)
        self.rate = QComboBox(self)
        for rate in FRAME_RATES:
            self.rate.addItem(rate_text(Fraction(rate)), rate)
        self.rate.setAccessibleName(self.tr("Frames per second"))
        self.rate.currentIndexChanged.connect(
            lambda: self.rate_changed.emit(self.rate.currentData())
        )
        self.still = Viewer(self)
        self.still.setAccessibleName(self.tr("Inverted picture"))
        self.still.setAcceptDrops(False)
        self.still.setMinimumSize(64, 64)
        self.still.set_hint(self.tr("The picture of the sound"))
        self._still: NDArray[np.uint8] | None = None
        self._start_picture: NDArray[np.uint8] | None = None
        self.start = Button(self)
        self.start.setText(self.tr("Photo or video..."))
        self.start.setToolTip(start_picture.toolTip())
        self.start.clicked.connect(start_picture.trigger)
        self.start.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.from_seed = Button(self)
        self.from_seed.setIcon(icon("remove"))
        self.from_seed.setToolTip(self.tr("Start from the seed instead"))
        self.from_seed.setAccessibleName(self.from_seed.toolTip())
        self.from_seed.clicked.connect(lambda: self.seed_wanted.emit(self.seed.value()))
        self.from_seed.hide()
        self.reactivity = ReactivityBox(reacting, self)
        # What opens takes the room of the picture, which a small screen has no more of.
        self.reactivity.opened.connect(self.still.setHidden)
        starts = QHBoxLayout()
        starts.addWidget(self.start, 1)
        starts.addWidget(self.from_seed)
        row = QHBoxLayout()
        row.addWidget(self.seed, 1)
        row.addWidget(action_button(new_seed, self))
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow(self.tr("Seed"), row)
        form.addRow(self.tr("Start"), starts)
        form.addRow(self.tr("Reactivity"), self.reactivity)
        label = form.labelForField(self.reactivity)
        label.setToolTip(self.tr("How far the sound moves the picture away from its start"))
        form.addRow(self.tr("Frames/s"), self.rate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(form)
        layout.addWidget(self.still, 1)
        layout.addStretch(0)

    def set_values(self, seed: int, rate: str) -> None:
        """Show these without telling that they changed; a seed beyond the box as its largest."""
        for widget in (self.seed, self.rate):
            widget.blockSignals(True)
        self.seed.setValue(min(seed, self.seed.maximum()))
        if self.rate.findData(rate) < 0:
            # The command line makes projects of any rate.
            self.rate.addItem(rate_text(Fraction(rate)), rate)
        self.rate.setCurrentIndex(self.rate.findData(rate))
        for widget in (self.seed, self.rate):
            widget.blockSignals(False)

    def show_start(self, name: str) -> None:
        """Say which photo or video the pictures start from; empty where it is the seed."""
        text = name or self.tr("Photo or video...")
        metrics = self.start.fontMetrics()
        self.start.setText(metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, 150))
        self.start.setAccessibleName(
            self.tr("Starts from {0}; choose another").format(name) if name else text
        )
        self.from_seed.setVisible(bool(name))

    def show_still(self, picture: NDArray[np.uint8] | None) -> None:
        """Show the inverted picture, uint8 (H, W, 3)."""
        self._still = picture
        self._show_picture()

    def show_start_picture(self, picture: NDArray[np.uint8] | None) -> None:
        """Show the photo, or the video's first frame, in place of the inverted picture."""
        self._start_picture = picture
        self._show_picture()

    def _show_picture(self) -> None:
        started = self._start_picture is not None
        self.still.show_picture(self._start_picture if started else self._still)
        self.still.setAccessibleName(
            self.tr("What the pictures start from") if started else self.tr("Inverted picture")
        )
