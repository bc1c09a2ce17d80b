"""Look for sound devices off the GUI thread: the first look can take a second."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from soundedit.app.heavyimports import loading_libraries
from soundedit.errors import DeviceError
from soundedit.media.portaudio import (
    AudioDevice,
    input_devices,
    output_devices,
    rescan,
    why_no_sound_device,
)


@dataclass(frozen=True)
class FoundDevices:
    """The microphones and outputs there are, and why nothing can be heard or recorded."""

    microphones: tuple[AudioDevice, ...]
    why_silent: str | None
    why_no_recording: str | None
    outputs: tuple[AudioDevice, ...] = ()


def find_devices(again: bool) -> FoundDevices:
    """Ask PortAudio; `again` makes it look anew, which closes every open stream."""
    try:
        if again:
            rescan()
        microphones, outputs = tuple(input_devices()), tuple(output_devices())
    except DeviceError as error:
        return FoundDevices((), str(error), str(error))
    return FoundDevices(
        microphones, why_no_sound_device("output"), why_no_sound_device("input"), outputs
    )


class SoundDevices(QObject):
    """Answers with `found`; connect it with a queued connection."""

    found = Signal(object)

    def __init__(
        self,
        find: Callable[[bool], FoundDevices] = find_devices,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._find = find
        self._thread: threading.Thread | None = None
        self._closed = False

    def look(self, *, again: bool = False) -> None:
        """Begin to look, unless that is going on."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._thread = threading.Thread(target=self._run, args=(again,), name="sound-devices")
        self._thread.start()

    def stop(self) -> None:
        """Wait for the thread."""
        self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _run(self, again: bool) -> None:
        with loading_libraries:
            found = self._find(again)
        if not self._closed:
            self.found.emit(found)
