"""Sliders for the weights of the coarse, mid and fine style layers."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from soundedit.app.sliders import NumberSlider
from soundedit.document.model import Bands

BANDS = ("coarse", "mid", "fine")


def with_band(bands: Bands, band: str, weight: float) -> Bands:
    """Bands in which one of `BANDS` has another weight."""
    changes: dict[str, Any] = {band: weight}
    return replace(bands, **changes)


class BandSliders(QWidget):
    """One slider for each band, 0 to 2, with its name before it."""

    changed = Signal(str, float)
    """The person changed the weight of a band; comes often during a drag."""
    dropped = Signal()
    """A drag ended."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(6)
        form.setVerticalSpacing(2)
        names = {
            "coarse": (self.tr("Coarse"), self.tr("The layout of the scene")),
            "mid": (self.tr("Mid"), self.tr("Shapes")),
            "fine": (self.tr("Fine"), self.tr("Colours and texture")),
        }
        self.sliders: dict[str, NumberSlider] = {}
        for band in BANDS:
            title, tip = names[band]
            slider = NumberSlider(title, 0.0, 2.0, 1.0, self)
            slider.setToolTip(tip)
            slider.changed.connect(lambda value, band=band: self.changed.emit(band, value))
            slider.dropped.connect(self.dropped)
            form.addRow(title, slider)
            self.sliders[band] = slider

    def show_bands(self, bands: Bands) -> None:
        """Show weights without telling that they changed."""
        for band, slider in self.sliders.items():
            slider.set_value(getattr(bands, band))

    @property
    def dragging(self) -> bool:
        """True while the mouse holds one of the sliders."""
        return any(slider.dragging for slider in self.sliders.values())
