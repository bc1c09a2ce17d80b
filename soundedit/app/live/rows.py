"""Controls of live that a controller can learn: sliders, and buttons pressed by pads."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget

from soundedit.app.buttons import Button
from soundedit.app.sliders import NumberSlider

LONGEST = 12
"""Letters of a controller's name that a button has room for."""


def short_name(controller: str) -> str:
    """What tells a controller from the others: "midi 1 control 7" -> "CC 7"."""
    source, _, rest = controller.partition(" ")
    text = rest.partition(" ")[2] if source == "midi" else rest
    text = text.replace("control", "CC")
    return text if len(text) <= LONGEST else "\u2026" + text[1 - LONGEST :]


class LearnButton(Button):
    """Says which controller moves something, and learns another, or lets it go."""

    learning = Signal(bool)
    """The person wants, or no longer wants, the next controller that moves to be it."""
    forgotten = Signal()
    """The person wants no controller to move it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setCheckable(True)
        self.toggled.connect(self.learning)
        self._forget = QAction(self.tr("Let the controller go"), self)
        self._forget.triggered.connect(self.forgotten)
        self.addAction(self._forget)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.show_controller("")
        self.hide()

    def show_controller(self, controller: str) -> None:
        """Show what moves it now; empty for nothing."""
        self._forget.setEnabled(bool(controller))
        if controller:
            self.setText(short_name(controller))
            text = self.tr("{0} is moved by {1}; click to learn another, right-click to let it go")
        else:
            self.setText(self.tr("Learn"))
            text = self.tr("Learn a controller for {0}: click, then move it")
        self.setToolTip(text.format(self._name, controller))
        self.setAccessibleName(text.format(self._name, controller))


class Row(QWidget):
    """A slider that a controller can learn; one that can go has a button for that."""

    removed = Signal()

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        default: float,
        parent: QWidget | None = None,
        *,
        removable: bool = False,
    ) -> None:
        super().__init__(parent)
        self.low, self.high = low, high
        self.slider = NumberSlider(name, low, high, default, self)
        self.slider.set_value(default)
        self.learn = LearnButton(name, self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self.learn)
        self.remove: Button | None = None
        if removable:
            self.remove = Button(self)
            self.remove.setText("\u00d7")
            self.remove.setAutoRaise(True)
            self.remove.setToolTip(self.tr("Remove {0}").format(name))
            self.remove.setAccessibleName(self.tr("Remove {0}").format(name))
            self.remove.clicked.connect(lambda: self.removed.emit())
            layout.addWidget(self.remove)

    def move(self, share: float) -> float:  # type: ignore[override]
        """Set the value that lies at a share 0 to 1 of the range; returns it."""
        value = self.low + share * (self.high - self.low)
        self.slider.set_value(value)
        return value


class Pad(QWidget):
    """A button that a controller's pad can learn to press."""

    def __init__(self, name: str, button: QAbstractButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = button
        self.learn = LearnButton(name, self)
        self._down = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(button)
        layout.addStretch(1)
        layout.addWidget(self.learn)

    def hear(self, down: bool, *, press: bool = True) -> None:
        """The controller is down or up: going down it presses the button, if wanted."""
        before, self._down = self._down, down
        if press and down and not before:
            self.button.click()
