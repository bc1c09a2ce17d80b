"""Starting from a photo or a video: the part of it is chosen, and the picture found is compared."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from soundedit.app.croppicker import CropPicker
from soundedit.app.viewer import Viewer
from soundedit.media.picture import Crop

SETTLE_MILLISECONDS = 250
"""The square rests for so long before its picture is found."""


class StartDialog(QDialog):
    """Left the photo with the square, right what the generator makes of it, and how close it is."""

    crop_settled = Signal()
    refine_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, path: Path, image: QImage, *, video: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Start from {0}").format(path.name))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.crop = CropPicker(self)
        self.crop.set_image(image)
        self.crop.changed.connect(self._crop_changed)
        self.found = Viewer(self)
        self.found.setAcceptDrops(False)
        self.found.setAccessibleName(self.tr("What the generator makes of it"))
        self.found.set_hint(self.tr("Looking..."))
        self.figure = QLabel(self)
        self.figure.setWordWrap(True)
        self.progress = QProgressBar(self)
        self.progress.setRange(0, 0)
        self.progress.setMaximumHeight(8)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress"))
        buttons = QDialogButtonBox(self)
        self.use = buttons.addButton(self.tr("&Start from this"), buttons.ButtonRole.AcceptRole)
        self.refine = QPushButton(self.tr("&Refine"), self)
        self.refine.setToolTip(self.tr("Bring the picture closer to the photo; takes some seconds"))
        self.refine_frames = QCheckBox(self.tr("Bring all its &frames closer afterwards"), self)
        self.refine_frames.setToolTip(
            self.tr("A job of seconds to minutes; you can go on editing meanwhile")
        )
        self.refine_frames.setVisible(video)
        if not video:
            buttons.addButton(self.refine, buttons.ButtonRole.ActionRole)
        self.refine.setVisible(not video)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.refine.clicked.connect(self._refine_clicked)
        self._refining = False
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MILLISECONDS)
        self._settle.timeout.connect(self.crop_settled)
        layout = QGridLayout(self)
        layout.addWidget(QLabel(self.tr("Choose the part to start from"), self), 0, 0)
        layout.addWidget(QLabel(self.tr("What the generator makes of it"), self), 0, 1)
        layout.addWidget(self.crop, 1, 0)
        layout.addWidget(self.found, 1, 1)
        layout.addWidget(self.figure, 2, 0, 1, 2)
        layout.addWidget(self.refine_frames, 3, 0, 1, 2)
        layout.addWidget(self.progress, 4, 0, 1, 2)
        layout.addWidget(buttons, 5, 0, 1, 2)
        for column in (0, 1):
            layout.setColumnStretch(column, 1)
        layout.setRowStretch(1, 1)
        self.resize(860, 520)
        self.set_working(True)

    def wanted_crop(self) -> Crop:
        """The chosen square."""
        return self.crop.crop()

    def set_working(self, working: bool, *, refining: bool = False) -> None:
        """Show whether something is being found."""
        self._refining = refining and working
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(policy)
        self.progress.setVisible(working)
        self.use.setEnabled(not working)
        self.refine.setEnabled(not working or refining)
        self.refine.setText(self.tr("S&top") if self._refining else self.tr("&Refine"))

    def show_picture(self, picture: NDArray[np.uint8]) -> None:
        """Show what was found so far, uint8 (H, W, 3)."""
        self.found.show_picture(picture)

    def show_distance(self, distance: float) -> None:
        """Say how close it is."""
        self.figure.setText(
            self.tr("Distance {0}: 0 is the same picture, 1 an unlike one.").format(
                f"{distance:.2f}"
            )
        )

    def show_problem(self, text: str) -> None:
        """Say why nothing can be made of it."""
        self.set_working(False)
        self.use.setEnabled(False)
        self.refine.setEnabled(False)
        self.found.set_hint("")
        self.figure.setText(text)

    def _refine_clicked(self) -> None:
        if self._refining:
            self.stop_wanted.emit()
        else:
            self.refine_wanted.emit()

    def _crop_changed(self) -> None:
        self.set_working(True)
        self._settle.start()

    def closeEvent(self, event: QCloseEvent) -> None:
        self._settle.stop()
        super().closeEvent(event)

    def done(self, result: int) -> None:
        self._settle.stop()
        super().done(result)
