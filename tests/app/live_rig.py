"""A main window with the tiny pack and a simulated sound card that live hears."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from soundedit.app.devices import FoundDevices
from soundedit.app.dialogs import Dialogs, Leave
from soundedit.app.exports.places import places_in
from soundedit.app.settings import Settings
from soundedit.app.window import MainWindow
from soundedit.document.model import Edit, Part, PartKind
from soundedit.engine.engine import Engine
from soundedit.media.simulated import SimulatedBackend, SimulatedClock


class Card(SimulatedBackend):
    """Moves by itself in real time while started."""

    def __init__(self) -> None:
        super().__init__(SimulatedClock(), sample_rate=48_000, source=_hiss)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            self.advance(0.02)

    def end(self) -> None:
        self._stop.set()
        self._thread.join()


def _hiss(start: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(start)
    return (rng.uniform(-0.2, 0.2, count)).astype(np.float32)[:, None]


DUSK = Edit("dusk", "dusk", (Part(PartKind.SEED, "7"),), strength=0.5)
"""An edit that needs no words."""


class Discarding(Dialogs):
    """Lets unsaved work go."""

    def leave(self, parent: object, name: str, note: str = "") -> Leave:
        return Leave.DISCARD


class LiveRig:
    """`window` is shown and its engine loads; close it at the end."""

    def __init__(self, pack: Path, settings: Settings, folder: Path, qtbot: QtBot) -> None:
        self.card, self.qtbot, self.folder = Card(), qtbot, folder
        self.window = MainWindow(
            settings,
            loader=lambda progress: Engine.load(pack, "cpu", progress),
            find=lambda again: FoundDevices(tuple(self.card.input_devices()), None, None),
            recordings=folder / "recordings",
            exports=places_in(folder / "exports"),
            state=folder / "state",
            dialogs=Discarding(),
            live_backend=lambda: self.card,
        )
        self.live, self.session = self.window.live, self.window.session

    def wait(self, ready: Callable[[], object]) -> None:
        """Run the event loop until `ready()`."""
        self.qtbot.waitUntil(lambda: bool(ready()), timeout=30_000)

    def begin(self, sound: Path | None = None) -> None:
        """Go live and wait for the first picture."""
        self.window.show()
        self.window.begin(live=True, live_sound=sound)
        self.wait(lambda: self.live._shown is not None)

    @property
    def panel(self):  # type: ignore[no-untyped-def]
        assert self.live.window is not None
        return self.live.window.panel

    def close(self) -> None:
        self.window.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        self.card.end()
