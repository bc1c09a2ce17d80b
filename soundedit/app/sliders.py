"""Sliders with a number beside them, for values that are dragged, typed and stepped."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QWidget

from soundedit.app.numberbox import Spin

STEPS = 100
"""Steps of a slider for one unit of the value."""


class Slider(QSlider):
    """A horizontal slider that jumps to where it is clicked and back on a double click.

    The wheel turns it only while it has the focus, so that scrolling the panel changes nothing.
    """

    reset = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class NumberSlider(QWidget):
    """A slider and a number that say the same.

    Args:
        name: what is set, for people who hear the screen.
        low, high, default: range, and the value that a double click gives.
    """

    changed = Signal(float)
    """The person changed the value; comes often during a drag."""
    dropped = Signal()
    """A drag ended."""

    def __init__(
        self, name: str, low: float, high: float, default: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._default = default
        self.slider = Slider(self)
        self.slider.setRange(round(low * STEPS), round(high * STEPS))
        self.slider.setSingleStep(5)
        self.slider.setPageStep(25)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(self.tr("{0}; a double click sets {1}").format(name, f"{default:g}"))
        self.slider.setMinimumWidth(60)
        self.number = Spin(self)
        self.number.setRange(low, high)
        self.number.setDecimals(2)
        self.number.setSingleStep(0.05)
        self.number.setAccessibleName(name)
        self.number.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.slider)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.number)
        self.slider.valueChanged.connect(lambda value: self._tell(value / STEPS))
        self.slider.sliderReleased.connect(self.dropped)
        self.slider.reset.connect(lambda: self._tell(self._default))
        self.number.valueChanged.connect(self._tell)

    @property
    def dragging(self) -> bool:
        """True while the mouse holds the slider."""
        return self.slider.isSliderDown()

    def set_default(self, default: float) -> None:
        """Let a double click give another value."""
        self._default = default

    def set_value(self, value: float) -> None:
        """Show a value without telling that it changed."""
        for widget in (self.slider, self.number):
            widget.blockSignals(True)
        self.slider.setValue(round(value * STEPS))
        self.number.setValue(value)
        for widget in (self.slider, self.number):
            widget.blockSignals(False)

    def _tell(self, value: float) -> None:
        self.set_value(value)
        self.changed.emit(value)
