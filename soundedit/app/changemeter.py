"""The meter of how far the edits moved the picture."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from soundedit.app.lane import blend
from soundedit.app.requests import Measured

FULL_DISTANCE = 2.0
"""Distance, in the latents' own spread, at which a bar is full."""
FULL_SIMILARITY = 0.8
"""Cosine at which the bar of the similarity is full."""
HELD_BACK = QColor(214, 140, 40)


class Bar(QWidget):
    """A thin bar from 0 to 1, with a line at another value."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = 0.0
        self._mark: float | None = None
        self._warn = False
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(80, 8)

    def set_value(
        self, value: float, mark: float | None = None, *, warn: bool = False, text: str = ""
    ) -> None:
        """Show a value, and a line where it was before."""
        self._value, self._mark, self._warn = min(max(value, 0.0), 1.0), mark, warn
        self.setAccessibleDescription(text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = self.palette()
        base, text = palette.color(QPalette.ColorRole.Base), palette.color(QPalette.ColorRole.Text)
        accent = HELD_BACK if self._warn else palette.color(QPalette.ColorRole.Highlight)
        painter = QPainter(self)
        area = QRectF(0, 1, self.width(), self.height() - 2)
        painter.fillRect(area, blend(base, text, 0.12))
        painter.fillRect(QRectF(0, 1, area.width() * self._value, area.height()), accent)
        if self._mark is not None:
            x = area.width() * min(max(self._mark, 0.0), 1.0)
            painter.fillRect(QRectF(min(x, area.width() - 2), 0, 2, self.height()), text)
        painter.end()


class ChangeMeter(QWidget):
    """Likeness to what the edits ask for, distance by band, and how much was held back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(1)
        grid.setColumnStretch(1, 1)
        self.rows: dict[str, tuple[Bar, QLabel]] = {}
        for row, (key, title, tip) in enumerate(
            (
                (
                    "similarity",
                    self.tr("Likeness"),
                    self.tr("How like the frame is to what the edits ask for; the line is before"),
                ),
                ("coarse", self.tr("Coarse"), self.tr("How far the edits moved the layout")),
                ("mid", self.tr("Mid"), self.tr("How far the edits moved the shapes")),
                ("fine", self.tr("Fine"), self.tr("How far the edits moved colours and texture")),
            )
        ):
            label = QLabel(title, self)
            bar = Bar(title, self)
            value = QLabel(self)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            value.setMinimumWidth(self.fontMetrics().horizontalAdvance("+0.00 "))
            for widget in (label, bar, value):
                widget.setToolTip(tip)
            grid.addWidget(label, row, 0)
            grid.addWidget(bar, row, 1)
            grid.addWidget(value, row, 2)
            self.rows[key] = (bar, value)
        self.damping = QLabel(self)
        self.damping.setWordWrap(True)
        grid.addWidget(self.damping, 4, 0, 1, 3)
        self.clear()

    def clear(self) -> None:
        """Nothing is known yet."""
        for bar, value in self.rows.values():
            bar.set_value(0.0)
            value.clear()
        self.damping.hide()

    def show_measure(self, found: Measured) -> None:
        """Show how far the frame under the playhead moved."""
        bar, value = self.rows["similarity"]
        if found.similarity is None or found.before is None:
            bar.set_value(0.0)
            value.clear()
        else:
            gain = found.similarity - found.before
            text = self.tr("{0}, before {1}").format(
                f"{found.similarity:.2f}", f"{found.before:.2f}"
            )
            share = found.similarity / FULL_SIMILARITY
            bar.set_value(share, found.before / FULL_SIMILARITY, text=text)
            value.setText(f"{gain:+.2f}")
            value.setToolTip(text)
        warn = found.damping > 0.005
        for band, distance in found.distance.items():
            bar, value = self.rows[band]
            bar.set_value(distance / FULL_DISTANCE, warn=warn, text=f"{distance:.2f}")
            value.setText(f"{distance:.2f}")
        self.damping.setVisible(warn)
        self.damping.setText(
            self.tr("{0} of the change is held back").format(f"{found.damping:.0%}")
        )
        self.damping.setToolTip(
            self.tr("Beyond this the pictures would leave what the generator has learned")
        )
