"""The automation lanes below the timeline's other lanes, one for each edit."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from soundedit.app.automationlane import AutomationLane
from soundedit.app.curvelane import HEIGHT
from soundedit.app.curves import Curves
from soundedit.app.editstack import EditStack
from soundedit.app.eliding import ElidedLabel
from soundedit.app.timeline import Timeline
from soundedit.document.curve import active_edits

FEW, MANY, TALL = 2, 4, 900
"""Lanes in view at least, in a low window and in one so many pixels tall."""
GAP = 6


class EditLanes(QScrollArea):
    """Keeps a lane for each edit, in the order of the stack, under the timeline's columns."""

    def __init__(self, stack: EditStack, timeline: Timeline) -> None:
        super().__init__(timeline)
        self._stack, self._timeline = stack, timeline
        self._curves = Curves(stack, self)
        self._lanes: dict[str, AutomationLane] = {}
        self._labels: dict[str, ElidedLabel] = {}
        self._shown: list[tuple[str, str]] | None = None
        self._rows = QWidget(self)
        self.setWidget(self._rows)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for set_policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            set_policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Strength of the edits over time"))
        timeline.add_below(self)
        timeline.ruler.installEventFilter(self)
        stack.session.changed.connect(self._follow)
        stack.selected_changed.connect(self._show_selected)
        self._follow()

    def lane(self, edit_id: str) -> AutomationLane:
        """The lane of an edit."""
        return self._lanes[edit_id]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move):
            self._place()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._reveal_selected()

    def _follow(self) -> None:
        edits = self._stack.edits
        ids = {edit.id for edit in edits}
        acting = {edit.id for edit in active_edits(self._stack.session.project)}
        for gone in [edit_id for edit_id in self._lanes if edit_id not in ids]:
            for widget in (self._lanes.pop(gone), self._labels.pop(gone)):
                widget.hide()
                widget.deleteLater()
        for edit in edits:
            if edit.id not in self._lanes:
                self._add(AutomationLane(self._timeline.axis, self._curves, edit, self._rows))
            lane = self._lanes[edit.id]
            if lane.edit is not edit:
                lane.show_edit(edit)
            lane.set_acts(edit.id in acting)
        shown = [(edit.id, edit.name) for edit in edits]
        if shown != self._shown:
            self._shown = shown
            self._arrange()

    def _arrange(self) -> None:
        """The edits are others, or in another order."""
        before: QWidget = self._timeline.thumbnails
        for edit in self._stack.edits:
            self._labels[edit.id].show_name(edit.name)
            QWidget.setTabOrder(before, self._lanes[edit.id])
            before = self._lanes[edit.id]
        self._place()
        self.setVisible(bool(self._lanes))
        self._show_selected()

    def _add(self, lane: AutomationLane) -> None:
        label = ElidedLabel(parent=self._rows)
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._lanes[lane.edit.id], self._labels[lane.edit.id] = lane, label
        lane.show()
        label.show()

    def _place(self) -> None:
        """Under the ruler, so that times are above each other."""
        tall = self._timeline.window().height() >= TALL
        self.setMinimumHeight(min(len(self._lanes), MANY if tall else FEW) * HEIGHT)
        # A taller timeline shows more of them.
        self.setMaximumHeight(len(self._lanes) * HEIGHT)
        left, width = self._timeline.ruler.x() - self.x(), self._timeline.ruler.width()
        self._rows.resize(max(left + width, 1), len(self._lanes) * HEIGHT)
        # A new edit may make its card, and so this one's place, before it has a lane.
        known = [edit for edit in self._stack.edits if edit.id in self._lanes]
        for row, edit in enumerate(known):
            label, lane = self._labels[edit.id], self._lanes[edit.id]
            label.setGeometry(0, row * HEIGHT, max(left - GAP, 0), HEIGHT)
            lane.setGeometry(left, row * HEIGHT, width, HEIGHT)

    def _show_selected(self) -> None:
        for edit_id, label in self._labels.items():
            font = label.font()
            font.setBold(edit_id == self._stack.selected)
            label.setFont(font)
        self._reveal_selected()

    def _reveal_selected(self) -> None:
        lane = self._lanes.get(self._stack.selected or "")
        if lane is not None:
            self.ensureWidgetVisible(lane, 0, 0)
