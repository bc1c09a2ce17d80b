"""A sound card in software: PortAudio's interface, moved by hand, the same on every run."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import DeviceError
from soundedit.media.portaudio import AudioDevice, InputCallback, OutputCallback


class SimulatedClock:
    """Seconds that pass only when told to; call it to read it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class SimulatedStream:
    """A stream of a `SimulatedBackend`."""

    def __init__(self, backend: "SimulatedBackend", device: AudioDevice, latency: float) -> None:
        self._backend = backend
        self.device = device
        self.sample_rate = device.sample_rate
        self.channels = min(2, device.channels)
        self.latency = latency
        self.active = False
        self.closed = False

    @property
    def time(self) -> float:
        """Seconds of the machine's clock."""
        return self._backend.clock()

    def start(self) -> None:
        if self.closed:
            raise DeviceError("The sound device was closed; start again.")
        self.active = True

    def stop(self) -> None:
        self.active = False

    def close(self) -> None:
        self.active = False
        self.closed = True


class SimulatedBackend:
    """A sound card with a clock of its own, which `advance` moves.

    Args:
        clock: the machine's clock, moved by `advance` too.
        skew: speed of the card's clock against the machine's; a real card is off by up to 1e-4.
        latency: seconds from the callback until its first frame is heard.
        sample_rate: of every device, in hertz.
        source: makes what an input hears, (frames, channels), from the first frame and the count.
    """

    def __init__(
        self,
        clock: SimulatedClock,
        *,
        skew: float = 1.0,
        latency: float = 0.08,
        block: int = 1024,
        sample_rate: int = 48000,
        source: Callable[[int, int], NDArray[np.float32]] | None = None,
        outputs: Sequence[str] = ("Speakers",),
        inputs: Sequence[str] = ("Microphone",),
        output_channels: int = 2,
    ) -> None:
        self.clock = clock
        self.skew = skew
        self.latency = latency
        self.block = block
        self.sample_rate = sample_rate
        self.source = source
        self.outputs = list(outputs)
        self.inputs = list(inputs)
        self.output_channels = output_channels
        self.busy: set[str] = set()
        self.heard: list[tuple[float, NDArray[np.float32]]] = []
        self.streams: list[SimulatedStream] = []
        self._outputs: dict[int, OutputCallback] = {}
        self._inputs: dict[int, InputCallback] = {}
        self._due: dict[int, float] = {}
        self._recorded: dict[int, int] = {}
        self._overflow_next = False

    def output_devices(self) -> list[AudioDevice]:
        return self._list(self.outputs, self.output_channels)

    def input_devices(self) -> list[AudioDevice]:
        return self._list(self.inputs, 1)

    def _list(self, names: Sequence[str], channels: int) -> list[AudioDevice]:
        return [
            AudioDevice(name, "Simulated", i, channels, self.sample_rate, i == 0)
            for i, name in enumerate(names)
        ]

    def open_output(self, device: AudioDevice | None, callback: OutputCallback) -> SimulatedStream:
        stream = self._open(device, self.output_devices())
        self._outputs[id(stream)] = callback
        return stream

    def open_input(
        self, device: AudioDevice | None, callback: InputCallback, *, quick: bool = False
    ) -> SimulatedStream:
        stream = self._open(device, self.input_devices())
        self._inputs[id(stream)] = callback
        self._recorded[id(stream)] = 0
        return stream

    def _open(self, device: AudioDevice | None, there: list[AudioDevice]) -> SimulatedStream:
        wanted = there if device is None else [d for d in there if d.is_same(device)]
        free = [d for d in wanted if d.name not in self.busy]
        if not free:
            raise DeviceError("No simulated sound device is free; plug one in.")
        stream = SimulatedStream(self, free[0], self.latency)
        self.streams.append(stream)
        self._due[id(stream)] = self.clock()
        return stream

    def rescan(self) -> None:
        for stream in self.streams:
            stream.close()

    def unplug(self, name: str) -> None:
        """Take a device away: its callbacks just stop, as PortAudio's do."""
        self.outputs = [n for n in self.outputs if n != name]
        self.inputs = [n for n in self.inputs if n != name]

    def overflow(self) -> None:
        """Report lost input with the next block."""
        self._overflow_next = True

    def advance(self, seconds: float) -> None:
        """Let time pass; the callbacks that fall due are called."""
        end = self.clock.now + seconds
        while True:
            live = [s for s in self.streams if s.active and self._plugged(s)]
            for stream in live:  # a card that was stopped starts anew
                self._due[id(stream)] = max(self._due[id(stream)], self.clock.now)
            first = min(live, key=lambda s: self._due[id(s)], default=None)
            if first is None or self._due[id(first)] > end:
                break
            self.clock.now = max(self.clock.now, self._due[id(first)])
            self._call(first)
            self._due[id(first)] += self.block / (self.sample_rate * self.skew)
        self.clock.now = end

    def _plugged(self, stream: SimulatedStream) -> bool:
        return stream.device.name in self.outputs + self.inputs

    def _call(self, stream: SimulatedStream) -> None:
        if id(stream) in self._inputs:
            start = self._recorded[id(stream)]
            self._recorded[id(stream)] = start + self.block
            if self.source is None:
                data = np.zeros((self.block, stream.channels), np.float32)
            else:
                data = self.source(start, self.block)
            lost, self._overflow_next = self._overflow_next, False
            self._inputs[id(stream)](data, lost)
        else:
            out = np.empty((self.block, stream.channels), np.float32)
            heard_at = self.clock.now + self.latency
            self._outputs[id(stream)](out, heard_at)
            self.heard.append((heard_at, out))
