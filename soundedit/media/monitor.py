"""Hear an input on an output while it is recorded."""

import threading

import numpy as np
from numpy.typing import NDArray

from soundedit.media.portaudio import AudioBackend, AudioDevice
from soundedit.media.resampling import StreamResampler
from soundedit.media.ring import RingBuffer

WAITING_SECONDS = 0.06
"""What may wait to be heard; more is dropped, since the clocks of two devices drift apart."""
_POLL_SECONDS = 0.005
_RING_SECONDS = 1.0


class Monitor:
    """Passes blocks of an input to an output; both callbacks only copy."""

    def __init__(
        self,
        backend: AudioBackend,
        sample_rate: int,
        channels: int,
        device: AudioDevice | None = None,
    ) -> None:
        """Open the output (None: the first that works); DeviceError if none can be opened.

        `sample_rate` and `channels` are the input's.
        """
        self._stream = backend.open_output(device, self._fill)
        rate = self._stream.sample_rate
        self._heard = RingBuffer(round(_RING_SECONDS * sample_rate), channels)
        self._ready = RingBuffer(round(_RING_SECONDS * rate), self._stream.channels)
        self._waiting = round(WAITING_SECONDS * rate)
        self._resamplers = [StreamResampler(sample_rate, rate) for _ in range(channels)]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="monitoring", daemon=True)
        self._thread.start()
        self._stream.start()

    def feed(self, frames: NDArray[np.float32]) -> None:
        """Take a block (n, C) of the input, in its callback."""
        self._heard.write(frames)

    def close(self) -> None:
        """Be silent and free the output."""
        self._stopping.set()
        self._stream.close()
        self._thread.join()

    def _fill(self, out: NDArray[np.float32], heard_at: float) -> None:
        ready = self._ready
        ready.read += max(ready.available - len(out) - self._waiting, 0)
        ready.read_into(out)

    def _run(self) -> None:
        while not self._stopping.wait(_POLL_SECONDS):
            self.service()

    def service(self) -> None:
        """One round of the monitor's own thread: give the output what came in."""
        frames = np.clip(np.nan_to_num(self._heard.take()), -1.0, 1.0)
        if len(frames) == 0:
            return
        sides = [one.push(side) for one, side in zip(self._resamplers, frames.T, strict=True)]
        there, wanted = len(sides), self._ready.channels
        mixed = (
            [np.mean(sides, axis=0)] if wanted == 1 else [sides[i % there] for i in range(wanted)]
        )
        self._ready.write(np.stack(mixed, axis=1).astype(np.float32))
