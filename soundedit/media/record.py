"""Recording from a microphone to FLAC, written as it comes.

PortAudio's callback only copies into ring buffers. A thread of the recorder's own hands the frames
to ffmpeg's FLAC encoder, a process of its own, and flushes the file to the disk every second: after
a crash the file holds all but the last moments.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import DeviceError, MediaError
from soundedit.media.ffmpeg import shown
from soundedit.media.flac import FlacWriter
from soundedit.media.monitor import Monitor
from soundedit.media.portaudio import (
    LOST_SECONDS,
    START_SECONDS,
    AudioBackend,
    AudioDevice,
    AudioStream,
    portaudio,
)
from soundedit.media.ring import RingBuffer

RING_SECONDS = 10.0
LEVEL_SECONDS = 0.1
FLUSH_SECONDS = 1.0
SERVICE_SECONDS = 0.05
KEPT_SECONDS = 2.0
"""What was heard before a file begins is kept for so long at least, for its pre-roll."""
MAX_PREROLL = 30.0


class Recorder:
    """Hears one input at a time and writes it to files; call it from any one thread.

    Args:
        backend: the sound card; None for the machine's.
        clock: monotonic seconds, for watching the device and flushing.
        threaded: False leaves calling `service` to the caller, for deterministic tests.
        preroll: see the property.

    Attributes:
        problem: one sentence when recording ended by itself (device gone, disk full), else None;
            what was recorded until then is in the file.
        written: frames of input in the file that is, or was last, written.
    """

    def __init__(
        self,
        *,
        backend: AudioBackend | None = None,
        clock: Callable[[], float] = time.monotonic,
        threaded: bool = True,
        preroll: float = 0.0,
    ) -> None:
        self.problem: str | None = None
        self.written = 0
        self._backend = backend if backend is not None else portaudio()
        self._clock = clock
        self._threaded = threaded
        self.preroll = preroll
        self._stream: AudioStream | None = None
        self._ring: RingBuffer | None = None
        self._tap: RingBuffer | None = None
        self._monitor: Monitor | None = None
        self._writer: FlacWriter | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        # Between the recorder's thread and `begin`, `end` and `stop`; never held in a callback.
        self._gate = threading.RLock()
        self._kept: deque[NDArray[np.float32]] = deque()
        self._lost_blocks = 0
        self._arrived = (0, 0.0)
        self._calls = 0
        self._calls_seen = 0
        self._called_at = 0.0
        self._flushed_at = 0.0
        self._first = 0
        self._frames = 0

    def start(
        self,
        path: str | Path | None,
        device: AudioDevice | None = None,
        *,
        quick: bool = False,
        tapped: bool = False,
    ) -> AudioDevice:
        """Begin to hear, and to record where there is a path; opens the device, which can take a
        moment.

        Args:
            path: FLAC file to write, in at most two channels and 24 bit; None only meters.
            device: input to use; None for the default, then every other until one works.
            quick: ask the device for small blocks, for live.
            tapped: give every block to `tap` too.

        Returns:
            The device that is heard.

        Raises:
            DeviceError: no input can be opened, or this recorder is already recording.
            MediaError: the file exists or cannot be written.
        """
        if self._stream is not None:
            raise DeviceError("A recording is already running; stop it first.")
        target = None if path is None else Path(path)
        if target is not None and target.exists():
            raise MediaError(f"{shown(target)} already exists; record under another name.")
        self.problem, self._lost_blocks, self._calls, self._frames = None, 0, 0, 0
        self._ring = self._tap = None
        self._kept.clear()
        self._first, self._arrived, self.written = 0, (0, self._clock()), 0
        stream = self._backend.open_input(device, self._take, quick=quick)
        try:
            if target is not None:
                self._writer = FlacWriter(target, stream.sample_rate, stream.channels)
            room = round(RING_SECONDS * stream.sample_rate)
            if tapped:
                self._tap = RingBuffer(room, stream.channels)
            self._ring = RingBuffer(room, stream.channels)
            stream.start()
        except (DeviceError, MediaError):
            stream.close()
            if self._writer is not None:
                self._writer.discard()
                self._writer = None
            raise
        self._stream = stream
        self._calls_seen = 0
        self._called_at = self._flushed_at = self._clock()
        self._stopping.clear()
        if self._threaded:
            self._thread = threading.Thread(target=self._serve, name="recording", daemon=True)
            self._thread.start()
        return stream.device

    def begin(
        self, path: str | Path, *, preroll: float | None = None, first: int | None = None
    ) -> int:
        """Begin a file while hearing.

        Args:
            path: FLAC file to write.
            preroll: seconds from before now that are written too, as far as they are kept; None
                is the recorder's.
            first: frame of the input, counted from `start`, to begin with instead: the first one
                that is kept if it is older than that, and it may be one still to come.

        Returns:
            The frame of the input that the file begins with.

        Raises:
            DeviceError: nothing is being heard, or a file is already being written.
            MediaError: the file exists or cannot be written.
        """
        stream = self._stream
        if stream is None:
            raise DeviceError("Nothing is being heard; open an input first.")
        if self._writer is not None:
            raise DeviceError("A recording is already running; stop it first.")
        writer = FlacWriter(Path(path), stream.sample_rate, stream.channels)
        with self._gate:
            self._drain()
            kept = np.concatenate([np.zeros((0, stream.channels), np.float32), *self._kept])
            if first is None:
                seconds = self._preroll if preroll is None else preroll
                first = self._frames - round(max(seconds, 0.0) * stream.sample_rate)
            first = max(first, self._frames - len(kept))
            self._writer, self.written, self._first = writer, 0, first
            self._write(kept, self._frames - len(kept))
        return first

    def end(self) -> Path:
        """Finish the file and go on hearing.

        Raises:
            DeviceError: no file is being written.
            MediaError: the file could not be finished; the sentence says what is kept.
        """
        with self._gate:
            self._drain()
            writer, self._writer = self._writer, None
            self._first = self._frames
        if writer is None:
            raise DeviceError("Nothing is being recorded; start a recording first.")
        return self._finish(writer)

    def stop(self) -> Path | None:
        """Stop hearing and finish the file.

        Returns:
            The file, or None when only metering.

        Raises:
            DeviceError: nothing was recording, or the input gave no sound at all (no file is kept).
            MediaError: the file could not be finished; the sentence says what is kept.
        """
        if self._stream is None:
            raise DeviceError("Nothing is being recorded; start a recording first.")
        self.set_monitor(False)
        stream, self._stream = self._stream, None
        stream.close()
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._drain()
        writer, self._writer = self._writer, None
        if writer is None:
            return None
        if self.written == 0 and self.problem is None:
            writer.discard()
            raise DeviceError(
                f'The input "{stream.device.name}" gave no sound; '
                "check that it is switched on and allowed to be used, or choose another input."
            )
        return self._finish(writer)

    def _finish(self, writer: FlacWriter) -> Path:
        if not writer.finish() and self.problem is None:
            self.problem = writer.reason()
        if writer.failed:
            raise MediaError(self.problem or writer.reason())
        return writer.path

    def set_monitor(self, on: bool, device: AudioDevice | None = None) -> None:
        """Let the input be heard on an output, from now on; DeviceError if there is none.

        Off at first, since loudspeakers feed back into a microphone.
        """
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            monitor.close()
        stream = self._stream
        if on and stream is not None:
            self._monitor = Monitor(self._backend, stream.sample_rate, stream.channels, device)

    @property
    def preroll(self) -> float:
        """Seconds before `begin` that are written too, at most `MAX_PREROLL`; it may be set while
        hearing, and what was not kept until then is not there.
        """
        return self._preroll

    @preroll.setter
    def preroll(self, seconds: float) -> None:
        self._preroll = min(max(seconds, 0.0), MAX_PREROLL)

    @property
    def monitoring(self) -> bool:
        """True while the input is heard on an output."""
        return self._monitor is not None

    @property
    def recording(self) -> bool:
        """True from `start` to `stop`, even when the device has gone."""
        return self._stream is not None

    @property
    def writing(self) -> bool:
        """True while a file is being written."""
        return self._writer is not None

    @property
    def sample_rate(self) -> int:
        """Of the open input, in hertz; 0 when stopped."""
        return 0 if self._stream is None else self._stream.sample_rate

    @property
    def latency(self) -> float:
        """Seconds from a sound at the input until its block comes, as the device tells."""
        return 0.0 if self._stream is None else self._stream.latency

    @property
    def seconds(self) -> float:
        """How much has been recorded; when only metering, how much was heard."""
        ring, rate = self._ring, self.sample_rate
        return max(ring.written - self._first, 0) / rate if ring is not None and rate else 0.0

    @property
    def overflows(self) -> int:
        """Blocks of input that were lost since the start: shown to the person when not 0."""
        return self._lost_blocks

    def level(self) -> tuple[float, float]:
        """RMS and peak of the last tenth of a second over all channels, each 0 to 1."""
        recent = self.latest(LEVEL_SECONDS)
        if recent.size == 0:
            return 0.0, 0.0
        finite = np.nan_to_num(recent, posinf=1.0, neginf=-1.0)
        rms = float(np.sqrt(np.mean(np.square(finite, dtype=np.float64))))
        return min(1.0, rms), min(1.0, float(np.abs(finite).max()))

    def latest(self, seconds: float) -> NDArray[np.float32]:
        """The newest `seconds` (at most 5) of input, (C, n); fewer when less was heard."""
        ring, rate = self._ring, self.sample_rate
        if ring is None or not rate:
            return np.zeros((1, 0), np.float32)
        return ring.latest(round(min(seconds, RING_SECONDS / 2) * rate)).T

    def tap(self) -> tuple[NDArray[np.float32], float]:
        """Frames (n, C) since the last call, and when the newest block came, by the clock.

        For one thread besides, which may come as often as it likes; empty unless `tapped`.
        """
        tap, (_, at) = self._tap, self._arrived
        return (np.zeros((0, 1), np.float32) if tap is None else tap.take()), at

    def _take(self, data: NDArray[np.float32], overflowed: bool) -> None:
        # PortAudio's callback: copy and count, nothing else.
        ring, tap, monitor = self._ring, self._tap, self._monitor
        if ring is not None and (ring.write(data) < len(data) or overflowed):
            self._lost_blocks += 1
        if monitor is not None:
            monitor.feed(data)
        self._calls += 1
        self._arrived = (self._calls, self._clock())
        if tap is not None:
            tap.write(data)

    def _serve(self) -> None:
        while not self._stopping.wait(SERVICE_SECONDS):
            self.service()

    def service(self) -> None:
        """One round of the recorder's own thread: write, flush, watch the device."""
        self._drain()
        now = self._clock()
        writer = self._writer
        if writer is not None and now - self._flushed_at >= FLUSH_SECONDS:
            self._flushed_at = now
            writer.flush()
        stream = self._stream
        if stream is None or self.problem is not None:
            return
        if self._calls != self._calls_seen:  # a device that went away just stops calling
            self._calls_seen, self._called_at = self._calls, now
        patience = LOST_SECONDS if self._calls else START_SECONDS
        if not stream.active or now - self._called_at > patience:
            ended = "" if writer is None else ", so recording ended; what came before is kept"
            self.problem = (
                f'The input "{stream.device.name}" stopped answering{ended}; '
                "reconnect it and rescan the devices."
            )

    def _drain(self) -> None:
        with self._gate:
            ring = self._ring
            if ring is None:
                return
            frames = ring.take()
            if len(frames) == 0:
                return
            at, self._frames = self._frames, self._frames + len(frames)
            self._keep(frames)
            self._write(frames, at)

    def _write(self, frames: NDArray[np.float32], at: int) -> None:
        """Write what of `frames`, which begin with frame `at` of the input, is in the file."""
        writer = self._writer
        frames = frames[max(self._first - at, 0) :]
        if writer is None or len(frames) == 0:
            return
        self.written += len(frames)
        if not writer.write(frames) and self.problem is None:
            self.problem = writer.reason()

    def _keep(self, frames: NDArray[np.float32]) -> None:
        self._kept.append(frames)
        rate = self.sample_rate
        spare = sum(map(len, self._kept)) - round((self._preroll + KEPT_SECONDS) * rate)
        while self._kept and len(self._kept[0]) <= spare:
            spare -= len(self._kept.popleft())
