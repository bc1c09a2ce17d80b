"""A sound file as if it were a microphone: heard in real time, again and again."""

import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import DeviceError
from soundedit.media.portaudio import (
    AudioBackend,
    AudioDevice,
    AudioStream,
    InputCallback,
    OutputCallback,
    portaudio,
)
from soundedit.media.sound import probe_sound, read_sound

BLOCK_FRAMES = 1024
QUICK_BLOCK_FRAMES = 512
SAMPLE_RATE = 48_000
HOST_API = "file"


class LoopbackStream:
    """Calls back with blocks of a sound, each when a microphone would."""

    latency = 0.0

    def __init__(
        self,
        device: AudioDevice,
        samples: NDArray[np.float32],
        callback: InputCallback,
        block: int,
        repeat: bool,
    ) -> None:
        self.device = device
        self.sample_rate = device.sample_rate
        self.channels = samples.shape[1]
        self._samples, self._callback, self._block = samples, callback, block
        self._repeat = repeat
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def active(self) -> bool:
        """True while the callback is being called."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def time(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def start(self) -> None:
        """Begin at the sound's beginning."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="loopback", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop at once."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def close(self) -> None:
        """As `stop`."""
        self.stop()

    def _run(self) -> None:
        begun, given = time.monotonic(), 0
        while True:
            # A block is there once its last sample has sounded.
            wait = begun + (given + self._block) / self.sample_rate - time.monotonic()
            if self._stopping.wait(max(wait, 0.0)):
                return
            self._callback(self._next(given), False)
            given += self._block

    def _next(self, given: int) -> NDArray[np.float32]:
        places = np.arange(given, given + self._block)
        if self._repeat:
            return self._samples[places % len(self._samples)]
        block = self._samples[np.minimum(places, len(self._samples) - 1)]
        block[places >= len(self._samples)] = 0.0
        return block


class LoopbackBackend:
    """A sound card whose only input is a file; outputs are those of another sound card.

    Args:
        sound: the file to hear; MediaError when it is opened and cannot be read.
        outputs: where monitoring is heard; None for the machine's.
        repeat: begin again at the end, else silence follows.
    """

    def __init__(
        self, sound: Path, *, outputs: AudioBackend | None = None, repeat: bool = True
    ) -> None:
        self.sound = sound
        self._info = probe_sound(sound)
        self._outputs = outputs
        self._repeat = repeat

    @property
    def device(self) -> AudioDevice:
        """The file as an input."""
        channels = min(self._info.channels, 2)
        return AudioDevice(self.sound.name, HOST_API, 0, channels, SAMPLE_RATE, True)

    def output_devices(self) -> list[AudioDevice]:
        """The machine's outputs."""
        return self._sound_card().output_devices()

    def input_devices(self) -> list[AudioDevice]:
        """The file alone."""
        return [self.device]

    def open_output(self, device: AudioDevice | None, callback: OutputCallback) -> AudioStream:
        """An output of the machine."""
        return self._sound_card().open_output(device, callback)

    def open_input(
        self, device: AudioDevice | None, callback: InputCallback, *, quick: bool = False
    ) -> LoopbackStream:
        """The file, read into memory as far as 10 minutes; DeviceError for another device."""
        if device is not None and not device.is_same(self.device):
            raise DeviceError(f"{device.name} is not the file {self.sound.name}; choose that.")
        end = min(self._info.seconds, 600.0)
        samples = read_sound(self.sound, sample_rate=SAMPLE_RATE, end=end).samples
        if samples.shape[0] > 2:
            samples = samples.mean(axis=0, keepdims=True)
        block = QUICK_BLOCK_FRAMES if quick else BLOCK_FRAMES
        frames = np.ascontiguousarray(samples.T)
        return LoopbackStream(self.device, frames, callback, block, self._repeat)

    def rescan(self) -> None:
        """There is nothing to look for."""

    def _sound_card(self) -> AudioBackend:
        return portaudio() if self._outputs is None else self._outputs
