"""Controllers and outputs beside the live window: which are on, and what each of them moves."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal

from soundedit.app.live.camera import VirtualCamera
from soundedit.app.live.panel import EDIT_TARGET, LivePanel
from soundedit.app.live.remote import LOOK, Assignments, MidiInput, OscInput, is_note
from soundedit.app.settings import LIVE_CONTROLLERS, Settings
from soundedit.document.looks import SLOTS
from soundedit.document.model import Edit
from soundedit.errors import DeviceError

PRESSED = 0.5
"""Share of a controller's range from which on it presses a button; a note does at any velocity."""


class Remote(Protocol):
    """What is switched on and off."""

    def close(self) -> None: ...


class Controllers(QObject):
    """Those of one live window at a time; what they learned stays."""

    moved = Signal(str, float)
    """A slider's target and its value, as if the person had moved it."""
    look_called = Signal(int)
    """The number of a look: a program change of MIDI, from 1 on, or what OSC says to /look."""
    _heard = Signal(str, float)

    def __init__(
        self, settings: Settings, edits: Callable[[], Sequence[Edit]], parent: QObject
    ) -> None:
        """`edits`: those that act now, in their order."""
        super().__init__(parent)
        self._settings, self._edits = settings, edits
        self._panel: LivePanel | None = None
        self._remotes: dict[str, Remote] = {}
        self._assignments = Assignments(settings.get(LIVE_CONTROLLERS))
        # Controllers speak in threads of their own.
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def attach(self, panel: LivePanel) -> None:
        """Serve a new window's panel."""
        self._panel = panel
        self._assignments.learning = None
        panel.learn.connect(self._learn)
        panel.forgotten.connect(self._forget)
        panel.remote_switched.connect(self._switch)
        self.follow()

    def follow(self) -> None:
        """The edits are others: show what moves each."""
        if self._panel is not None:
            moving = self._assignments.moving()
            targets = self._targets()
            if self._assignments.learning not in targets:
                # What was to be moved has gone.
                self._assignments.learning = None
            self._panel.show_controllers({t: moving.get(place, "") for place, t in targets.items()})

    def close(self) -> None:
        """Switch all off; the window is gone."""
        self._panel = None
        self._assignments.learning = None
        for remote in self._remotes.values():
            remote.close()
        self._remotes = {}

    def send(self, picture: NDArray[np.uint8]) -> None:
        """Give a picture to the virtual camera, if it is on; one that fails goes off."""
        camera = self._remotes.get("camera")
        if isinstance(camera, VirtualCamera) and self._panel is not None:
            try:
                camera.send(picture)
            except DeviceError as error:
                self._switch("camera", False)
                self._panel.set_remote("camera", False)
                self._panel.say(str(error))

    def _hear(self, name: str, share: float) -> None:
        """A controller is at a share 0 to 1 of its range."""
        panel = self._panel
        if panel is None:
            return
        if name == LOOK:
            if share in SLOTS:
                self.look_called.emit(int(share))
            return
        place, learned = self._assignments.hear(name)
        if learned:
            self._keep()
            panel.end_learning()
        # Those of earlier versions were learned for an edit's id.
        target = self._targets().get(place or "", place)
        if target in panel.rows:
            self.moved.emit(target, panel.rows[target].move(share))
        elif target in panel.pads:
            # The press that is learned is none yet: it might begin a recording.
            panel.pads[target].hear(
                share > 0 if is_note(name) else share >= PRESSED, press=not learned
            )

    def _learn(self, target: str, on: bool) -> None:
        assert self._panel is not None
        place = self._place(target)
        if on:
            self._panel.end_learning(but=target)
            self._assignments.learning = place
        elif self._assignments.learning == place:
            self._assignments.learning = None

    def _forget(self, target: str) -> None:
        self._assignments.forget(self._place(target))
        self._keep()

    def _keep(self) -> None:
        self._settings.set(LIVE_CONTROLLERS, self._assignments.text())
        self.follow()

    def _targets(self) -> dict[str, str]:
        """The panel's targets by what a controller is learned for."""
        assert self._panel is not None
        places = self._places()
        return {places.get(one, one): one for one in (*self._panel.rows, *self._panel.pads)}

    def _place(self, target: str) -> str:
        """What a controller is learned for: of an edit its place, as other projects have others."""
        return self._places().get(target, target)

    def _places(self) -> dict[str, str]:
        edits = enumerate(self._edits(), start=1)
        return {EDIT_TARGET + edit.id: f"edit {place}" for place, edit in edits}

    def _switch(self, name: str, on: bool) -> None:
        assert self._panel is not None
        self._panel.say("")
        if not on:
            remote = self._remotes.pop(name, None)
            if remote is not None:
                remote.close()
            if not self._remotes.keys() - {"camera"}:
                self._panel.end_learning()
            return
        makers: dict[str, Callable[[], Remote]] = {
            "midi": lambda: MidiInput(self._heard.emit),
            "osc": lambda: OscInput(self._heard.emit),
            "camera": VirtualCamera,
        }
        try:
            self._remotes[name] = makers[name]()
        except DeviceError as error:
            self._panel.set_remote(name, False)
            self._panel.say(str(error))
