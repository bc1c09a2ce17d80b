"""Where a new edit is typed: a field with the pack's words, and what the take sounds like."""

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from soundedit.app.buttons import Button

SUGGESTED = 4


class WordsField(QLineEdit):
    """A line for a word or phrase; Enter takes it, Esc leaves it."""

    chosen = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText(self.tr("Add a word or phrase, as storm"))
        self.setToolTip(
            self.tr("An English word or phrase that the picture is pushed towards (Ctrl+K)")
        )
        self.setAccessibleName(self.tr("New edit"))
        self.setClearButtonEnabled(True)
        self._known: list[str] = []
        self._words = QStringListModel(self)
        self.textEdited.connect(self._sort)
        completer = QCompleter(self._words, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.activated.connect(self._take)
        self.setCompleter(completer)
        self.returnPressed.connect(lambda: self._take(self.text()))

    def set_words(self, words: Sequence[str]) -> None:
        """Suggest these while typing."""
        self._known = list(words)
        self._words.setStringList(self._known)

    def _sort(self, text: str) -> None:
        """What begins as it is typed first, then where a word does."""
        typed = text.strip().lower()

        def place(words: str) -> int:
            low = words.lower()
            return 0 if low.startswith(typed) else 1 if f" {typed}" in low else 2

        self._words.setStringList(sorted(self._known, key=place))

    def _take(self, text: str) -> None:
        words = " ".join(text.split())
        if words:
            self.chosen.emit(words)
        # The completer puts the chosen words into the field after it told them.
        QTimer.singleShot(0, self, self.clear)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
            return
        super().keyPressEvent(event)


class NewEdit(QWidget):
    """The field, a button for a sound, and suggestions while there is no edit."""

    words_chosen = Signal(str)
    sound_wanted = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = WordsField(self)
        self.field.chosen.connect(self.words_chosen)
        self.field.left.connect(self.left)
        self.more = Button(self)
        self.more.setText(self.tr("Add"))
        self.more.setPopupMode(Button.ToolButtonPopupMode.InstantPopup)
        self.more.setToolTip(self.tr("A sound, a picture, a seed or a saved direction"))
        self.more.setAccessibleName(self.tr("Add another kind of edit"))
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.more)
        self._title = QLabel(self.tr("The take sounds like:"), self)
        self._chips = QWidget(self)
        self._chips_row = QHBoxLayout(self._chips)
        self._chips_row.setContentsMargins(0, 0, 0, 0)
        self._chips_row.setSpacing(4)
        self._chips_row.addStretch(1)
        self.suggestions: list[Button] = []
        self._suggested: list[str] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._title)
        layout.addWidget(self._chips)
        self.suggest(())

    def suggest(self, words: Sequence[str]) -> None:
        """Offer these words as buttons; none hides the row."""
        words = list(words)[:SUGGESTED]
        if words != self._suggested:
            self._suggested = words
            for button in self.suggestions:
                self._chips_row.removeWidget(button)
                button.hide()
                button.deleteLater()
            self.suggestions = []
            for word in words:
                button = Button(self._chips)
                button.setText(word)
                button.setAccessibleName(self.tr("Add {0}").format(word))
                button.clicked.connect(
                    lambda checked=False, word=word: self.words_chosen.emit(word)
                )
                self._chips_row.insertWidget(self._chips_row.count() - 1, button)
                self.suggestions.append(button)
        self._title.setVisible(bool(words))
        self._chips.setVisible(bool(words))
        layout = self.layout()
        if layout is not None:
            # The room is free at once for what is shown next.
            layout.activate()
