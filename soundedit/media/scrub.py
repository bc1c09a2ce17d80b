"""Bursts of sound while the playhead is dragged, so that a place can be found by ear."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import DeviceError, SoundeditError
from soundedit.media.output import OutputChoice
from soundedit.media.playback_source import pieces
from soundedit.media.portaudio import AudioBackend, AudioDevice, AudioStream, portaudio
from soundedit.media.ring import RingBuffer
from soundedit.media.sound import Sound

BURST_SECONDS = 0.08
REST_SECONDS = 0.6
"""After so long without a burst the device is let go."""
BLOCK_SECONDS = 4.0
KEPT_BLOCKS = 12
ROUND_SECONDS = 0.02


class Scrubber:
    """Lets a sound be heard in short bursts; safe to call from any one thread, no call blocks.

    Where nothing can be heard it does nothing: what matters is then the picture.

    Args:
        backend: the sound card; None for the machine's.
        clock: monotonic seconds, for letting the device go.
        threaded: False leaves calling `service` to the caller, for deterministic tests.
    """

    def __init__(
        self,
        *,
        backend: AudioBackend | None = None,
        clock: Callable[[], float] = time.monotonic,
        threaded: bool = True,
    ) -> None:
        self._choice = OutputChoice(backend if backend is not None else portaudio())
        self._clock = clock
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._sound: Path | Sound | None = None
        self._seconds = 0.0
        self._target: float | None = None
        self._release = False
        self._moved_at = 0.0
        self._stream: AudioStream | None = None
        self._ring: RingBuffer | None = None
        self._blocks: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._blocks_of: tuple[object, int, int] | None = None
        self._mute = False
        self._closing = False
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._serve, name="scrub", daemon=True)
            self._thread.start()

    def open(self, sound: Path | Sound, seconds: float, device: AudioDevice | None = None) -> None:
        """Take a new sound of known length, to be heard from `device`, None being the default."""
        with self._lock:
            self._sound, self._seconds, self._target = sound, seconds, None
            self._choice.device = device
            self._mute = False

    def move(self, seconds: float) -> None:
        """Let the sound at `seconds` be heard; a newer call overtakes one not yet heard."""
        with self._lock:
            self._target = min(max(seconds, 0.0), self._seconds)
            self._moved_at = self._clock()
            self._release = False
        self._wake.set()

    def release(self) -> None:
        """Let the device go now, because something else is to play."""
        with self._lock:
            self._target = None
            self._release = True
        self._wake.set()

    def close(self) -> None:
        """Be silent, free the device and end the thread."""
        self._closing = True
        self.release()
        if self._thread is not None:
            self._thread.join()
        self.service()

    def _serve(self) -> None:
        while not self._closing:
            self._wake.wait(ROUND_SECONDS if self._stream is not None else None)
            self._wake.clear()
            self.service()

    def service(self) -> None:
        """One round of the thread: make the next burst, or let the device go."""
        with self._lock:
            target, sound, mute = self._target, self._sound, self._mute
            idle = self._clock() - self._moved_at > REST_SECONDS
            release, self._release = self._release, False
        if release or (target is None and idle) or sound is None:
            self._close_stream()
            return
        if target is None or mute or not self._ready_for_more():
            return
        try:
            stream = self._open_stream()
            burst = self._burst(sound, target, stream)
        except SoundeditError:
            # No device, or the file is gone: playback says so when it is asked to play.
            self._close_stream()
            with self._lock:
                self._mute = True
            return
        with self._lock:
            if self._target == target:
                self._target = None
        assert self._ring is not None
        self._ring.write(burst)

    def _ready_for_more(self) -> bool:
        ring, stream = self._ring, self._stream
        if ring is None or stream is None:
            return True
        if not stream.active:
            self._close_stream()
            return True
        return ring.available < BURST_SECONDS / 4 * stream.sample_rate

    def _open_stream(self) -> AudioStream:
        if self._stream is None:
            stream = self._choice.open(self._fill)
            self._ring = RingBuffer(stream.sample_rate, stream.channels)
            self._stream = stream
            try:
                stream.start()
            except DeviceError:
                self._close_stream()
                raise
        return self._stream

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        self._ring = None
        if stream is not None:
            stream.close()

    def _fill(self, out: NDArray[np.float32], heard_at: float) -> None:
        # PortAudio's callback: copy, nothing else.
        ring = self._ring
        if ring is None:
            out.fill(0.0)
        else:
            ring.read_into(out)

    def _burst(self, sound: Path | Sound, at: float, stream: AudioStream) -> NDArray[np.float32]:
        """The sound around a time, (n, C), faded in and out so that it does not click."""
        rate = stream.sample_rate
        count = round(BURST_SECONDS * rate)
        first = max(round(at * rate) - count // 2, 0)
        size = round(BLOCK_SECONDS * rate)
        parts = []
        for number in range(first // size, (first + count - 1) // size + 1):
            block = self._block(sound, number, stream)
            begin = max(first - number * size, 0)
            parts.append(block[begin : max(first + count - number * size, 0)])
        burst = np.concatenate(parts)[:count]
        fade = np.hanning(len(burst) + 2)[1:-1] if len(burst) else np.zeros(0)
        return (burst * fade[:, None]).astype(np.float32)

    def _block(self, sound: Path | Sound, number: int, stream: AudioStream) -> NDArray[np.float32]:
        """Block `number` of the sound as (n, C); empty beyond its end."""
        of = (sound, stream.sample_rate, stream.channels)
        if self._blocks_of != of:
            self._blocks.clear()
            self._blocks_of = of
        if number not in self._blocks:
            start = number * BLOCK_SECONDS
            end = min(start + BLOCK_SECONDS, self._seconds)
            made = [np.zeros((0, stream.channels), np.float32)]
            if end > start:
                made += [
                    piece.frames
                    for piece in pieces(
                        sound, start, 1.0, None, end, stream.sample_rate, stream.channels
                    )
                ]
            self._blocks[number] = np.concatenate(made)
            while len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]
