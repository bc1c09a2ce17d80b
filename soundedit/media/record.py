"""Recording from a microphone to FLAC, written as it comes.

PortAudio's callback only copies into a ring buffer. A thread of the recorder's own hands the frames
to ffmpeg's FLAC encoder, a process of its own, and flushes the file to the disk every second: after
a crash the file holds all but the last moments.
"""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import DeviceError, MediaError
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown
from soundedit.media.portaudio import AudioBackend, AudioDevice, AudioStream, portaudio
from soundedit.media.ring import RingBuffer

RING_SECONDS = 10.0
LEVEL_SECONDS = 0.1
FLUSH_SECONDS = 1.0
LOST_AFTER_SECONDS = 1.5
SERVICE_SECONDS = 0.05


class Recorder:
    """Records one input at a time; call it from any one thread.

    Args:
        backend: the sound card; None for the machine's.
        clock: monotonic seconds, for watching the device and flushing.
        threaded: False leaves calling `service` to the caller, for deterministic tests.

    Attributes:
        problem: one sentence when recording ended by itself (device gone, disk full), else None;
            what was recorded until then is in the file.
    """

    def __init__(
        self,
        *,
        backend: AudioBackend | None = None,
        clock: Callable[[], float] = time.monotonic,
        threaded: bool = True,
    ) -> None:
        self.problem: str | None = None
        self._backend = backend if backend is not None else portaudio()
        self._clock = clock
        self._threaded = threaded
        self._stream: AudioStream | None = None
        self._ring: RingBuffer | None = None
        self._writer: _FlacWriter | None = None
        self._path: Path | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._lost_blocks = 0
        self._calls = 0
        self._calls_seen = 0
        self._called_at = 0.0
        self._flushed_at = 0.0
        self._frames = 0

    def start(self, path: str | Path | None, device: AudioDevice | None = None) -> AudioDevice:
        """Begin to record; opens the device, which can take a moment.

        Args:
            path: FLAC file to write, in at most two channels and 24 bit; None only meters.
            device: input to use; None for the default, then every other until one works.

        Returns:
            The device that records.

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
        self._ring = None
        stream = self._backend.open_input(device, self._take)
        try:
            if target is not None:
                self._writer = _FlacWriter(target, stream.sample_rate, stream.channels)
            self._ring = RingBuffer(round(RING_SECONDS * stream.sample_rate), stream.channels)
            stream.start()
        except (DeviceError, MediaError):
            stream.close()
            if self._writer is not None:
                self._writer.discard()
                self._writer = None
            raise
        self._stream, self._path = stream, target
        self._calls_seen = 0
        self._called_at = self._flushed_at = self._clock()
        self._stopping.clear()
        if self._threaded:
            self._thread = threading.Thread(target=self._serve, name="recording", daemon=True)
            self._thread.start()
        return stream.device

    def stop(self) -> Path | None:
        """End the recording and finish the file.

        Returns:
            The file, or None when only metering.

        Raises:
            DeviceError: nothing was recording, or the input gave no sound at all (no file is kept).
            MediaError: the file could not be finished; the sentence says what is kept.
        """
        if self._stream is None:
            raise DeviceError("Nothing is being recorded; start a recording first.")
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
        if self._frames == 0 and self.problem is None:
            writer.discard()
            raise DeviceError(
                f'The input "{stream.device.name}" gave no sound; '
                "check that it is switched on and allowed to be used, or choose another input."
            )
        if not writer.finish() and self.problem is None:
            self.problem = writer.reason()
        if writer.failed:
            raise MediaError(self.problem or writer.reason())
        return self._path

    @property
    def recording(self) -> bool:
        """True from `start` to `stop`, even when the device has gone."""
        return self._stream is not None

    @property
    def sample_rate(self) -> int:
        """Of the open input, in hertz; 0 when stopped."""
        return 0 if self._stream is None else self._stream.sample_rate

    @property
    def seconds(self) -> float:
        """How much has been recorded."""
        ring, rate = self._ring, self.sample_rate
        return ring.written / rate if ring is not None and rate else 0.0

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

    def _take(self, data: NDArray[np.float32], overflowed: bool) -> None:
        # PortAudio's callback: copy and count, nothing else.
        ring = self._ring
        if ring is not None and (ring.write(data) < len(data) or overflowed):
            self._lost_blocks += 1
        self._calls += 1

    def _serve(self) -> None:
        while not self._stopping.wait(SERVICE_SECONDS):
            self.service()

    def service(self) -> None:
        """One round of the recorder's own thread: write, flush, watch the device."""
        self._drain()
        now = self._clock()
        if self._writer is not None and now - self._flushed_at >= FLUSH_SECONDS:
            self._flushed_at = now
            self._writer.flush()
        stream = self._stream
        if stream is None or self.problem is not None:
            return
        if self._calls != self._calls_seen:  # a device that went away just stops calling
            self._calls_seen, self._called_at = self._calls, now
        if not stream.active or now - self._called_at > LOST_AFTER_SECONDS:
            self.problem = (
                f'The input "{stream.device.name}" stopped answering, so recording ended; '
                "what came before is kept, reconnect it and rescan the devices."
            )

    def _drain(self) -> None:
        ring = self._ring
        if ring is None:
            return
        frames = ring.take()
        if len(frames) == 0:
            return
        self._frames += len(frames)
        if self._writer is not None and not self._writer.write(frames) and self.problem is None:
            self.problem = self._writer.reason()


class _FlacWriter:
    """ffmpeg's FLAC encoder behind a pipe; errors are kept, never raised while writing."""

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        self.path = path
        self.failed = False
        try:
            path.touch(exist_ok=False)
        except OSError as error:
            raise MediaError(
                f"{shown(path)} cannot be written ({error.strerror}); choose another folder."
            ) from error
        # Each packet goes to the file at once, so that a crash loses little.
        args = [
            *("-loglevel", "error", "-f", "f32le", "-ar", str(sample_rate)),
            *("-ac", str(channels), "-i", "pipe:0"),
            *("-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"),
            *("-flush_packets", "1", "-f", "flac", "-y", file_argument(path)),
        ]
        try:
            self._ffmpeg = FFmpeg(args, feed=True)
        except MediaError:
            path.unlink(missing_ok=True)
            raise

    def write(self, frames: NDArray[np.float32]) -> bool:
        """Encode `frames` (n, C); False once the encoder is gone."""
        if self.failed:
            return False
        clean = np.clip(np.nan_to_num(frames, posinf=1.0, neginf=-1.0), -1.0, 1.0)
        try:
            self._ffmpeg.stdin.write(clean.astype("<f4", copy=False).tobytes())
            self._ffmpeg.stdin.flush()
        except OSError:
            self.failed = True
        return not self.failed

    def flush(self) -> None:
        """Have the system write to the disk what the encoder has given it."""
        try:
            with self.path.open("rb+") as file:
                os.fsync(file.fileno())
        except OSError:
            return  # the next write or the encoder's exit code tells of a real failure

    def finish(self) -> bool:
        """Complete the file; False when the encoder failed."""
        self.failed = self._ffmpeg.wait() != 0 or self.failed
        self._ffmpeg.close()
        self.flush()
        return not self.failed

    def discard(self) -> None:
        """End the encoder and leave no file."""
        self.finish()
        self.path.unlink(missing_ok=True)

    def reason(self) -> str:
        """One sentence for an encoder that failed."""
        return (
            f"{shown(self.path)} could not be written to its end ({self._ffmpeg.last_words}); "
            "what was recorded before is kept, free some space and record again."
        )
