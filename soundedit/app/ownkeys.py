"""Keys that a focused widget takes for itself before a command's shortcut gets them."""

from collections.abc import Callable

from PySide6.QtCore import QEvent
from PySide6.QtGui import QKeyEvent


def claims(event: QEvent, own: Callable[[QKeyEvent], object | None]) -> bool:
    """True, and the event accepted, where it asks about a key of which `own` makes something.

    For a widget's `event`; the key comes to its `keyPressEvent` after.
    """
    if (
        isinstance(event, QKeyEvent)
        and event.type() == QEvent.Type.ShortcutOverride
        and own(event) is not None
    ):
        event.accept()
        return True
    return False
