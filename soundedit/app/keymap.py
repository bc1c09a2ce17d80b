"""Which keys belong to which command: the table's own, with the person's changes."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QKeySequence

from soundedit.app.settings import KEYS, Settings
from soundedit.app.shortcuts import COMMANDS, Command


def portable(key: str) -> str:
    """A key in the form in which it is kept; empty for what is no key."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def shown_keys(keys: Iterable[str]) -> str:
    """Keys as this system writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    return "  /  ".join(QKeySequence(key).toString(native) for key in keys)


class Keymap(QObject):
    """Keys of every command; changes are remembered, and no key has two commands."""

    changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._own = {command.id: tuple(map(portable, command.keys)) for command in COMMANDS}
        self._keys = dict(self._own)
        for line in settings.get(KEYS):
            id_, *keys = line.split("\t")
            if id_ in self._keys:
                self._take_over(id_, [key for key in map(portable, keys) if key])

    def keys(self, id_: str) -> tuple[str, ...]:
        """The keys of a command, the one that menus show first."""
        return self._keys[id_]

    def is_changed(self, id_: str) -> bool:
        """Whether a command has other keys than its own."""
        return self._keys[id_] != self._own[id_]

    def owner(self, key: str) -> Command | None:
        """The command a key belongs to."""
        wanted = portable(key)
        return next((one for one in COMMANDS if wanted in self._keys[one.id]), None)

    def set_keys(self, id_: str, keys: Iterable[str]) -> None:
        """Give a command these keys; other commands lose them."""
        self._take_over(id_, [key for key in map(portable, keys) if key])
        self._remember()

    def reset(self, id_: str) -> None:
        """Give a command its own keys back."""
        self.set_keys(id_, self._own[id_])

    def reset_all(self) -> None:
        """Give all commands their own keys back."""
        self._keys = dict(self._own)
        self._remember()

    def _take_over(self, id_: str, keys: list[str]) -> None:
        for other, theirs in self._keys.items():
            self._keys[other] = tuple(key for key in theirs if key not in keys)
        self._keys[id_] = tuple(dict.fromkeys(keys))

    def _remember(self) -> None:
        lines = [
            "\t".join((id_, *keys)) for id_, keys in self._keys.items() if self.is_changed(id_)
        ]
        self._settings.set(KEYS, lines)
        self.changed.emit()
