"""The Edits panel: the stack of cards, where new ones are typed or dropped, and the meters."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QScrollArea, QVBoxLayout, QWidget

from soundedit.app.changemeter import ChangeMeter
from soundedit.app.editcard import CARD_MIME, EditCard
from soundedit.app.editstack import EditStack
from soundedit.app.newedit import NewEdit

CARD_ACTIONS = (
    "cut_edit",
    "copy_edit",
    "paste_edit",
    "duplicate_edit",
    "edit_up",
    "edit_down",
    "span_to_range",
    "span_to_all",
    "blend_sound",
    "refine_edit",
    "unrefine_edit",
    "keep_direction",
    "remove_edit",
)


class EditsPanel(QWidget):
    """Shows the project's edits; what is done to them goes through the stack."""

    files_dropped = Signal(list)
    """Files (list of Path) that are to become edits."""

    def __init__(
        self, stack: EditStack, actions: Mapping[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._stack = stack
        self._actions = actions
        self._cards: dict[str, EditCard] = {}
        self._problems: dict[str, str] = {}
        self._suggestions: list[str] = []
        self._shown: list[tuple[str, int]] | None = None
        self._dragging = False
        self.new = NewEdit(self)
        self.new.words_chosen.connect(stack.add_words)
        self.new.left.connect(self.setFocus)
        menu = QMenu(self.new.more)
        for id_ in ("add_sound_edit", "add_picture_edit", "add_seed_edit", "add_direction_edit"):
            menu.addAction(actions[id_])
        self.new.more.setMenu(menu)
        self._empty = QLabel(
            self.tr("Words and sounds move the picture. Type one above, or drop a sound here."),
            self,
        )
        self._empty.setWordWrap(True)
        self._empty.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._list = QWidget(self)
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addStretch(1)
        self.area = QScrollArea(self)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(self._list)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.meter = ChangeMeter(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 6)
        layout.addWidget(self.new)
        layout.addWidget(self._empty)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.meter)
        self.setAccessibleName(self.tr("Edits"))
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAcceptDrops(True)
        stack.session.changed.connect(self._follow)
        stack.selected_changed.connect(self._show_selected)
        self._follow()

    def card(self, edit_id: str) -> EditCard:
        """The card of an edit."""
        return self._cards[edit_id]

    def begin_typing(self) -> None:
        """Put the cursor where a new edit is typed."""
        self.new.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.new.field.selectAll()

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Say on each card, by the edit's id, why it does nothing."""
        self._problems = dict(problems)
        for edit_id, card in self._cards.items():
            card.show_problem(self._problems.get(edit_id, ""))
        if self._stack.selected in self._problems:
            QTimer.singleShot(0, self, self._reveal_selected)

    def suggest(self, words: Sequence[str]) -> None:
        """What the take sounds like; shown while there is no edit."""
        self._suggestions = list(words)
        self.new.suggest(self._suggestions if not self._stack.edits else ())

    def _follow(self) -> None:
        edits = self._stack.edits
        ids = [edit.id for edit in edits]
        for gone in [edit_id for edit_id in self._cards if edit_id not in set(ids)]:
            card = self._cards.pop(gone)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        for index, edit in enumerate(edits):
            if edit.id not in self._cards:
                self._add_card(EditCard(self._stack, edit, self._list))
            card = self._cards[edit.id]
            if card.edit is not edit:
                card.show_edit(edit)
            if self._column.indexOf(card) != index:
                self._column.removeWidget(card)
                self._column.insertWidget(index, card)
        # While a value is dragged none of this changes.
        shown = [(edit.id, len(edit.parts)) for edit in edits]
        if shown != self._shown:
            self._shown = shown
            self._set_tab_order()
            # What goes is hidden before what comes is shown: together they could need more height
            # than there is, and the window would grow.
            self.meter.setVisible(False)
            self.new.suggest(self._suggestions if not edits else ())
            self._empty.setVisible(not edits)
            self.meter.setVisible(bool(edits))
            self._show_selected()

    def _set_tab_order(self) -> None:
        before: QWidget = self.new.more
        for edit_id, _ in self._shown or ():
            for widget in self._cards[edit_id].tab_chain:
                QWidget.setTabOrder(before, widget)
                before = widget

    def _add_card(self, card: EditCard) -> None:
        self._cards[card.edit.id] = card
        card.menu_requested.connect(self._show_menu)
        card.blend.sound_wanted.connect(self._blend_sound)
        card.show_problem(self._problems.get(card.edit.id, ""))
        card.show()

    def _blend_sound(self, edit_id: str) -> None:
        self._stack.select(edit_id)
        self._actions["blend_sound"].trigger()

    def _show_menu(self, edit_id: str, at: QPoint) -> None:
        self._stack.select(edit_id)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for id_ in CARD_ACTIONS:
            menu.addAction(self._actions[id_])
        menu.popup(at)

    def _show_selected(self) -> None:
        for edit_id, card in self._cards.items():
            card.set_selected(edit_id == self._stack.selected)
        # A new card has no place before the column is laid out.
        QTimer.singleShot(0, self, self._reveal_selected)

    def _reveal_selected(self) -> None:
        card = self._cards.get(self._stack.selected or "")
        if card is not None:
            self.area.ensureWidgetVisible(card, 0, 8)

    def _place(self, at: QPoint) -> int:
        """Which place in the stack a point of the panel stands for."""
        y = self._list.mapFrom(self, at).y()
        cards = [self._cards[edit.id] for edit in self._stack.edits]
        return sum(card.geometry().center().y() < y for card in cards)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasFormat(CARD_MIME) or any(url.isLocalFile() for url in mime.urls()):
            self._set_dragging(True)
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._set_dragging(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._set_dragging(False)
        mime = event.mimeData()
        event.acceptProposedAction()
        if mime.hasFormat(CARD_MIME):
            edit_id = bytes(mime.data(CARD_MIME).data()).decode()
            ids = [edit.id for edit in self._stack.edits]
            if edit_id in ids:
                place = self._place(event.position().toPoint())
                self._stack.move_to(edit_id, place - (ids.index(edit_id) < place))
            return
        files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        if files:
            self.files_dropped.emit(files)

    def _set_dragging(self, dragging: bool) -> None:
        self._dragging = dragging
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._dragging:
            painter = QPainter(self)
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 3))
            painter.drawRect(self.rect().adjusted(2, 2, -3, -3))
            painter.end()
