"""The Picture panel: seed, frame rate and the inverted picture."""

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
from soundedit.app.viewer import Viewer

MAX_SEED = 2**31 - 1
FRAME_RATES = {
    "12": Fraction(12),
    "24": Fraction(24),
    "25": Fraction(25),
    "30": Fraction(30),
    "50": Fraction(50),
    "60": Fraction(60),
}
DEFAULT_RATE = "24"


class PicturePanel(QWidget):
    """What the picture begins with."""

    seed_changed = Signal(int)
    rate_changed = Signal(str)

    def __init__(
        self, new_seed: QAction, start_picture: QAction, parent: QWidget | None = None
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
        self.rate.addItems(list(FRAME_RATES))
        self.rate.setAccessibleName(self.tr("Frames per second"))
        self.rate.currentTextChanged.connect(self.rate_changed)
        self.still = Viewer(self)
        self.still.setAccessibleName(self.tr("Inverted picture"))
        self.still.setAcceptDrops(False)
        self.still.setMinimumSize(96, 96)
        self.still.set_hint(self.tr("The picture of the sound"))
        self.start = Button(self)
        self.start.setText(self.tr("Photo or video..."))
        self.start.setToolTip(start_picture.toolTip())
        self.start.clicked.connect(start_picture.trigger)
        self.start.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout()
        row.addWidget(self.seed, 1)
        row.addWidget(action_button(new_seed, self))
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow(self.tr("Seed"), row)
        form.addRow(self.tr("Start"), self.start)
        form.addRow(self.tr("Frames/s"), self.rate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addLayout(form)
        layout.addWidget(self.still, 1)

    def set_values(self, seed: int, rate: str) -> None:
        """Show these without telling that they changed."""
        for widget in (self.seed, self.rate):
            widget.blockSignals(True)
        self.seed.setValue(seed)
        self.rate.setCurrentText(rate if rate in FRAME_RATES else DEFAULT_RATE)
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

    def show_still(self, picture: NDArray[np.uint8] | None) -> None:
        """Show the inverted picture, uint8 (H, W, 3)."""
        self.still.show_picture(picture)
