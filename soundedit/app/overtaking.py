"""Leaving a picture half-made because another one is waited for."""

from collections.abc import Callable

from soundedit.errors import Cancelled
from soundedit.progress import CancelToken


class Overtaken(Cancelled):
    """A picture was left half-made for another one."""


class OvertakenToken(CancelToken):
    """Another token, and whether something has overtaken it."""

    def __init__(self, cancel: CancelToken, overtaken: Callable[[], bool]) -> None:
        super().__init__()
        self._cancel, self._overtaken = cancel, overtaken

    def check(self) -> None:
        """Raise `Cancelled` as the other one does, or `Overtaken`."""
        self._cancel.check()
        if self._overtaken():
            raise Overtaken("Another picture is waited for, so this one was left.")
