"""Controllers: which of their messages moves what, learned from the person; MIDI and OSC."""

import importlib
import json
import logging
import math
import threading
from collections.abc import Callable
from typing import Any

from soundedit.errors import DeviceError

log = logging.getLogger(__name__)

OSC_PORT = 9000
LOOK = "look"
Heard = Callable[[str, float], None]
"""Called in any thread with the name of a controller's part and its value 0 to 1, or with `LOOK`
and the number of one."""


class Assignments:
    """Which controller moves which target; one controller moves one target."""

    def __init__(self, text: str = "") -> None:
        """`text`: as `text()` gave it; nonsense counts as nothing learned."""
        try:
            told = json.loads(text) if text else {}
        except ValueError:
            told = {}
        known = told.items() if isinstance(told, dict) else ()
        self._targets = {str(name): str(target) for name, target in known}
        self.learning: str | None = None

    def text(self) -> str:
        """All of it as text, for the settings."""
        return json.dumps(self._targets)

    def moving(self) -> dict[str, str]:
        """The controller of each target that has one."""
        return {target: name for name, target in self._targets.items()}

    def forget(self, target: str) -> None:
        """Let no controller move a target."""
        self._targets = {name: t for name, t in self._targets.items() if t != target}

    def hear(self, name: str) -> tuple[str | None, bool]:
        """The target that a controller moves, and whether it was learned just now."""
        if self.learning is None:
            return self._targets.get(name), False
        target, self.learning = self.learning, None
        self.forget(target)
        self._targets[name] = target
        return target, True


def midi_message(message: Any) -> tuple[str, float] | None:
    """What `Heard` is called with for a mido message: a controller, a note, the pitch wheel, or a
    program change, which calls a look; None for any other.
    """
    channel = getattr(message, "channel", 0) + 1
    if message.type == "control_change":
        return f"midi {channel} control {message.control}", message.value / 127
    if message.type in ("note_on", "note_off"):
        velocity = message.velocity / 127 if message.type == "note_on" else 0.0
        return f"midi {channel} note {message.note}", velocity
    if message.type == "program_change":
        return LOOK, message.program + 1.0
    if message.type == "pitchwheel":
        return f"midi {channel} pitch", (message.pitch + 8192) / 16383
    return None


def is_note(name: str) -> bool:
    """Whether a controller's name is that of a key or a pad, which may be struck softly."""
    return name.startswith("midi ") and " note " in name


class MidiInput:
    """Every MIDI input there is."""

    def __init__(self, heard: Heard) -> None:
        """DeviceError where the packages are missing or no controller is connected."""
        try:
            mido = importlib.import_module("mido")
            importlib.import_module("rtmidi")
        except ImportError as error:
            raise DeviceError(
                "MIDI needs the packages mido and python-rtmidi; install them with "
                "`python -m pip install mido python-rtmidi`."
            ) from error

        def take(message: Any) -> None:
            found = midi_message(message)
            if found is not None:
                heard(*found)

        self._ports = []
        try:
            for name in dict.fromkeys(mido.get_input_names()):
                self._ports.append(mido.open_input(name, callback=take))
        except Exception as error:  # rtmidi raises its own kinds, one for each system
            self.close()
            log.info("MIDI: %s", error)
            raise DeviceError(
                "MIDI cannot be opened; close other programs that use it, and see that this system "
                "has MIDI."
            ) from error
        if not self._ports:
            raise DeviceError("No MIDI controller was found; connect one and switch MIDI on again.")

    def close(self) -> None:
        """Let the controllers go."""
        for port in self._ports:
            port.close()
        self._ports = []


class OscInput:
    """Listens for OSC messages with one number each."""

    def __init__(self, heard: Heard, port: int = OSC_PORT) -> None:
        """DeviceError where the package is missing or the port is taken; port 0 is any."""
        try:
            dispatcher = importlib.import_module("pythonosc.dispatcher")
            server = importlib.import_module("pythonosc.osc_server")
        except ImportError as error:
            raise DeviceError(
                "OSC needs the package python-osc; install it with "
                "`python -m pip install python-osc`."
            ) from error

        def take(address: str, *values: object) -> None:
            if values and isinstance(values[0], int | float) and math.isfinite(values[0]):
                if address == "/look":
                    heard(LOOK, float(values[0]))
                    return
                heard(f"osc {address}", min(max(float(values[0]), 0.0), 1.0))

        route = dispatcher.Dispatcher()
        route.set_default_handler(take)
        try:
            self._server = server.BlockingOSCUDPServer(("0.0.0.0", port), route)
        except OSError as error:
            raise DeviceError(
                f"OSC cannot listen on port {port} ({error.strerror}); "
                "close the program that uses it."
            ) from error
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="osc", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
