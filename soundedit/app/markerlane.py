"""The lane of markers: flags with names that can be moved, named and taken away."""

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from soundedit.app.clock import clock
from soundedit.app.lane import Lane, Stop, blend, is_suspended
from soundedit.app.ownkeys import claims
from soundedit.app.speech import announce
from soundedit.app.timeaxis import TimeAxis
from soundedit.document.model import Marker

HEIGHT = 20
MAX_FLAG_PIXELS = 160
POINT_PIXELS = 7
DRAG_PIXELS = 3
NAME_PIXELS = 140


class MarkerFlag(QWidget):
    """One marker. Enter or F2 names it, Delete takes it away, Alt+Left and Alt+Right move it."""

    def __init__(self, marker: Marker, lane: "MarkerLane") -> None:
        super().__init__(lane)
        self._lane = lane
        self._grabbed: float | None = None
        self._dragging = False
        self.marker = marker
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.show_marker(marker)

    def show_marker(self, marker: Marker) -> None:
        """Show this marker from now on."""
        self.marker = marker
        name = marker.name or self.tr("without a name")
        at = clock(marker.seconds, 2)
        self.setAccessibleName(self.tr("Marker {0} at {1}").format(name, at))
        self.setAccessibleDescription(
            self.tr("Enter names it, Delete takes it away, Alt+Left and Alt+Right move it")
        )
        self.setToolTip(f"{marker.name}  {at}" if marker.name else at)
        self.update()

    def wanted_width(self) -> int:
        """Room for the point and the name."""
        name = QFontMetrics(self.font()).horizontalAdvance(self.marker.name)
        return min(name + 2 * POINT_PIXELS + 4, MAX_FLAG_PIXELS)

    def paintEvent(self, event: QPaintEvent) -> None:
        accent = self.palette().color(QPalette.ColorRole.Highlight)
        base = self.palette().color(QPalette.ColorRole.Base)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = self.width() - 1.0, self.height() - 3.0
        shape = ((0, 1), (width - 5, 1), (width, height / 2), (width - 5, height), (0, height))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(base, accent, 1.0 if self.hasFocus() else 0.75))
        painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in shape]))
        painter.setPen(self.palette().color(QPalette.ColorRole.HighlightedText))
        area = QRectF(4, 0, width - 9, height + 1)
        text = painter.fontMetrics().elidedText(
            self.marker.name, Qt.TextElideMode.ElideRight, int(area.width())
        )
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Text), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in shape]))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._grabbed = event.position().x()
            self.raise_()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is None:
            return
        moved = event.position().x() - self._grabbed
        if not self._dragging and abs(moved) < DRAG_PIXELS:
            return
        self._dragging = True
        x = self.mapToParent(event.position().toPoint()).x() - self._grabbed
        time = self._lane.axis.marks.snap(
            self._lane.dragged_time(x), suspended=is_suspended(event), marker=self.marker.id
        )
        self._lane.moved.emit(self.marker.id, time)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._grabbed is None:
            return
        self._grabbed = None
        if self._dragging:
            self._dragging = False
            self._lane.axis.marks.let_go()
            self._lane.let_go.emit()
        else:
            self._lane.axis.seek(self.marker.seconds)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._lane.begin_naming(self.marker.id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rename = menu.addAction(self.tr("&Rename"))
        rename.triggered.connect(lambda: self._lane.begin_naming(self.marker.id))
        delete = menu.addAction(self.tr("&Delete"))
        delete.triggered.connect(lambda: self._lane.removed.emit(self.marker.id))
        menu.popup(event.globalPos())

    def event(self, event: QEvent) -> bool:
        return claims(event, self._command) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        command = self._command(event)
        if command is None:
            super().keyPressEvent(event)
        elif command == "name":
            self._lane.begin_naming(self.marker.id)
        elif command == "delete":
            self._lane.removed.emit(self.marker.id)
        elif command in ("next", "previous"):
            self._lane.focus_neighbour(self.marker.id, 1 if command == "next" else -1)
        else:
            frames = -1 if event.key() == Qt.Key.Key_Left else 1
            self._lane.stepped.emit(self.marker.id, frames, command == "seconds")

    def _command(self, event: QKeyEvent) -> str | None:
        key, modifiers = event.key(), event.modifiers()
        modifiers &= ~Qt.KeyboardModifier.KeypadModifier
        alt, shift = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
        if modifiers == Qt.KeyboardModifier.NoModifier:
            return {
                Qt.Key.Key_Return: "name",
                Qt.Key.Key_Enter: "name",
                Qt.Key.Key_F2: "name",
                Qt.Key.Key_Delete: "delete",
                Qt.Key.Key_Backspace: "delete",
                Qt.Key.Key_Up: "previous",
                Qt.Key.Key_Down: "next",
            }.get(Qt.Key(key))
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and modifiers in (alt, alt | shift):
            return "seconds" if modifiers & shift else "frames"
        return None

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.raise_()
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()
        super().focusOutEvent(event)


class MarkerLane(Lane):
    """A flag for each marker; what the person does to one is told by signals."""

    moved = Signal(str, float)
    """A marker's id and the time it is dragged to."""
    let_go = Signal()
    """The drag is over."""
    stepped = Signal(str, int, bool)
    """A marker is to go that many frames, or seconds where True."""
    renamed = Signal(str, str)
    removed = Signal(str)
    wanted = Signal(float)
    """A marker is wanted at this time."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", HEIGHT, parent)
        self.setAccessibleName(self.tr("Markers"))
        self.setToolTip(self.tr("Double-click or M sets a marker"))
        self._flags: dict[str, MarkerFlag] = {}
        self._naming: QLineEdit | None = None
        axis.marks.changed.connect(self._marks_changed)
        axis.changed.connect(self._place)

    @property
    def flags(self) -> list[MarkerFlag]:
        """The flags in the order of their times."""
        return [self._flags[marker.id] for marker in self.axis.marks.markers]

    @property
    def naming(self) -> QLineEdit | None:
        """The field in which a marker is being named."""
        return self._naming

    def stops(self) -> list[Stop]:
        return [
            (marker.seconds, self._flags[marker.id].accessibleName())
            for marker in self.axis.marks.markers
        ]

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        window = self.colour(QPalette.ColorRole.Window)
        painter.fillRect(0, 0, width, height, blend(window, self.colour(), 0.03))

    def begin_naming(self, marker_id: str) -> None:
        """Let the person type the name of a marker; Enter takes it, Escape does not."""
        flag = self._flags[marker_id]
        self.end_naming()
        field = QLineEdit(flag.marker.name, self)
        field.setAccessibleName(self.tr("Name of the marker"))
        field.setFrame(False)
        left = min(flag.x(), max(self.width() - NAME_PIXELS, 0))
        field.setGeometry(QRect(left, 0, NAME_PIXELS, self.height() - 1))
        field.selectAll()
        field.editingFinished.connect(lambda: self._named(marker_id))
        field.installEventFilter(self)
        self._naming = field
        field.show()
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def end_naming(self) -> None:
        """Take the field away; what was typed is dropped."""
        field, self._naming = self._naming, None
        if field is not None:
            field.removeEventFilter(self)
            field.blockSignals(True)
            field.hide()
            field.deleteLater()

    def focus_marker(self, marker_id: str) -> None:
        """Give a flag the focus."""
        self._flags[marker_id].setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_neighbour(self, marker_id: str, step: int) -> None:
        """Give the next or previous flag the focus and put the playhead there."""
        ids = [marker.id for marker in self.axis.marks.markers]
        at = ids.index(marker_id) + step
        if 0 <= at < len(ids):
            self.axis.seek(self.axis.marks.markers[at].seconds)
            self.focus_marker(ids[at])

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if (
            watched is self._naming
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self.end_naming()
            self.setFocus()
            return True
        return False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.axis.duration > 0:
            time = self.axis.to_time(event.position().x())
            suspended = is_suspended(event)
            self.wanted.emit(self.axis.marks.snap(time, suspended=suspended))
            self.axis.marks.let_go()

    def _named(self, marker_id: str) -> None:
        if self._naming is None:
            return
        name = self._naming.text().strip()
        had_focus = self._naming.hasFocus()
        self.end_naming()
        self.renamed.emit(marker_id, name)
        if had_focus and marker_id in self._flags:
            self.focus_marker(marker_id)

    def _marks_changed(self) -> None:
        markers = {marker.id: marker for marker in self.axis.marks.markers}
        for gone in self._flags.keys() - markers.keys():
            flag = self._flags.pop(gone)
            if flag.hasFocus():
                self.setFocus()
                announce(self, self.tr("Marker taken away"))
            flag.hide()
            flag.deleteLater()
        last: QWidget = self
        for id_, marker in markers.items():
            if id_ not in self._flags:
                self._flags[id_] = MarkerFlag(marker, self)
            elif self._flags[id_].marker != marker:
                self._flags[id_].show_marker(marker)
            QWidget.setTabOrder(last, self._flags[id_])
            last = self._flags[id_]
        self._place()

    def _place(self) -> None:
        """Put the flags at their times; a name ends where the next marker begins."""
        flags = self.flags
        for flag, following in zip(flags, [*flags[1:], None], strict=False):
            left = round(self.axis.to_x(flag.marker.seconds))
            width = flag.wanted_width()
            if following is not None:
                room = round(self.axis.to_x(following.marker.seconds)) - left
                width = max(min(width, room), 2 * POINT_PIXELS)
            in_view = -width < left <= self.axis.width
            # One at the very end stands before it.
            left = min(left, max(self.axis.width - 2 * POINT_PIXELS, 0)) if in_view else left
            flag.setGeometry(left, 0, width, self.height())
            flag.setVisible(in_view)
