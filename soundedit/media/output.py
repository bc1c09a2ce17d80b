"""Which sound output to open: the chosen one, and another when that one went away."""

from soundedit.errors import DeviceError
from soundedit.media.portaudio import AudioBackend, AudioDevice, AudioStream, OutputCallback


class OutputChoice:
    """Opens the chosen device, or the default; one that was lost is passed over.

    Args:
        backend: the sound card.
        device: the chosen output; None for the default, then any other that works.
    """

    def __init__(self, backend: AudioBackend, device: AudioDevice | None = None) -> None:
        self.device = device
        self._backend = backend
        self._lost: list[AudioDevice] = []

    def lose(self, device: AudioDevice) -> None:
        """This device stopped answering; PortAudio's list has it until the next rescan."""
        if not self._is_lost(device):
            self._lost.append(device)

    def forgive(self) -> None:
        """Try lost devices again from now on."""
        self._lost.clear()

    def open(self, callback: OutputCallback, *, again: bool = False) -> AudioStream:
        """Open the chosen device; where it or the default was lost, the first other that works.

        Args:
            callback: fills the sound.
            again: try the lost ones too where no other works.

        Raises:
            DeviceError: there is none.
        """
        if not self._lost or (self.device is not None and not self._is_lost(self.device)):
            return self._backend.open_output(self.device, callback)
        first: DeviceError | None = None
        for device in self._backend.output_devices():
            if self._is_lost(device):
                continue
            try:
                return self._backend.open_output(device, callback)
            except DeviceError as error:
                first = first or error
        if again:
            self.forgive()
            return self._backend.open_output(self.device, callback)
        raise first or DeviceError(
            f'The sound device "{self._lost[-1].name}" stopped answering, so playback goes on '
            "without sound; reconnect it and rescan the devices, or choose another."
        )

    def _is_lost(self, device: AudioDevice) -> bool:
        return any(device.is_same(lost) for lost in self._lost)
