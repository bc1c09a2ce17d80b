"""The reactivity while live runs: it acts at once, and becomes the project's when it rests."""

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer

from soundedit.app.live.panel import REACTIVITY, LivePanel
from soundedit.app.live.requests import LiveLink
from soundedit.app.reacting import Reacting

REST_MILLISECONDS = 300


class LiveReactivity(QObject):
    """Goes between the live panel's slider, the live run and the project.

    The project takes what was moved as one step, so that its pictures are not drawn again all the
    while, and moves by hand or by a controller are one undo.
    """

    def __init__(self, link: LiveLink, reacting: Reacting, parent: QObject) -> None:
        super().__init__(parent)
        self._link, self._reacting = link, reacting
        self._rest = QTimer(self, singleShot=True, interval=REST_MILLISECONDS)
        self._rest.timeout.connect(self.keep)

    def follow(self, panel: LivePanel | None) -> None:
        """Show and use the project's, unless it is being moved here."""
        if self._rest.isActive():
            return
        self._link.reactivity = self._reacting.reactivity
        if panel is not None:
            slider = panel.rows[REACTIVITY].slider
            slider.set_value(self._reacting.reactivity.strength)
            slider.set_default(self._reacting.usual.strength)

    def move(self, strength: float) -> None:
        """The person or a controller moved it."""
        self._link.reactivity = replace(self._link.reactivity, strength=strength)
        self._rest.start()

    def keep(self) -> None:
        """Make what was moved the project's now."""
        self._rest.stop()
        if self._link.reactivity.strength != self._reacting.reactivity.strength:
            session = self._reacting.session
            session.close_merge()
            self._reacting.set_strength(self._link.reactivity.strength)
            session.close_merge()
