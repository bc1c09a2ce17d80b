"""The controls of the reactivity: how far the sound moves the picture away from its start."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from soundedit.app.bandsliders import BandSliders
from soundedit.app.buttons import Button
from soundedit.app.icons import icon
from soundedit.app.reacting import Reacting
from soundedit.app.sliders import NumberSlider
from soundedit.document.commands import REACTIVITIES, START_REACTIVITY
from soundedit.document.model import StartKind


class ReactivityBox(QWidget):
    """A slider with its number, a reset, and the bands in a part that opens; follows the session.

    Nothing can be set while no sound is there that could move the picture.
    """

    opened = Signal(bool)
    """The bands were shown or hidden."""

    def __init__(self, reacting: Reacting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reacting = reacting
        session = reacting.session
        self.strength = NumberSlider(
            self.tr("How far the sound moves the picture"), *REACTIVITIES, 1.0, self
        )
        self.strength.changed.connect(self._set_strength)
        self.strength.dropped.connect(session.close_merge)
        self.reset = Button(self)
        self.reset.setIcon(icon("retry"))
        self.reset.setAutoRaise(True)
        self.reset.setAccessibleName(self.tr("Reset how far the sound moves the picture"))
        self.reset.clicked.connect(reacting.reset)
        self.more = Button(self)
        self.more.setAutoRaise(True)
        self.more.setCheckable(True)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setToolTip(self.tr("How much of it layout, shapes and colours take"))
        self.more.setAccessibleName(self.more.toolTip())
        self.more.toggled.connect(self._open)
        self.bands = BandSliders(self)
        self.bands.changed.connect(self._set_band)
        self.bands.dropped.connect(session.close_merge)
        self.bands.hide()
        row = QHBoxLayout()
        row.setSpacing(2)
        row.addWidget(self.strength, 1)
        row.addWidget(self.reset)
        row.addWidget(self.more)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(row)
        layout.addWidget(self.bands)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        session.changed.connect(self._show)
        session.state_changed.connect(self._refresh)
        self._show()
        self._refresh()

    def _show(self) -> None:
        reactivity, usual = self._reacting.reactivity, self._reacting.usual.strength
        self.strength.set_value(reactivity.strength)
        self.strength.set_default(usual)
        self.bands.show_bands(reactivity.bands)
        tip = self.tr(
            "How far the sound moves the picture away from its start: 0 shows the start itself, "
            "1 all that the sound does, 2 more. A photo or a video begins at {0}, so that it is "
            "seen beside the sound; a seed at {1}. A double click sets {2}."
        )
        photo, seed = START_REACTIVITY[StartKind.PHOTO], START_REACTIVITY[StartKind.SEED]
        for widget in (self.strength.slider, self.strength.number):
            widget.setToolTip(tip.format(f"{photo:g}", f"{seed:g}", f"{usual:g}"))
        self.reset.setToolTip(self.tr("Back to {0}, all bands full").format(f"{usual:g}"))

    def _refresh(self) -> None:
        session, reacting = self._reacting.session, self._reacting
        able = session.project.take is not None and not session.read_only
        self.setEnabled(able)
        self.reset.setEnabled(able and reacting.reactivity != reacting.usual)

    def _set_strength(self, value: float) -> None:
        self._reacting.set_strength(value)
        if not self.strength.dragging:
            self._reacting.session.close_merge_soon()

    def _set_band(self, band: str, value: float) -> None:
        self._reacting.set_band(band, value)
        if not self.bands.dragging:
            self._reacting.session.close_merge_soon()

    def _open(self, opened: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        # Whoever makes room does so before it is needed, and takes it back when it is free.
        if opened:
            self.opened.emit(True)
        self.bands.setVisible(opened)
        if not opened:
            self.opened.emit(False)
