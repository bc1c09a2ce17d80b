"""Playback with the sound card's clock as the master: pictures follow the sound, never the reverse.

Nothing here waits for a device or a decoder in the caller's thread: a thread of the player's own
opens the device, decodes ahead into a ring buffer, and watches. Without a device the same calls
work on a silent clock.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import DeviceError, SoundeditError
from soundedit.media.output import OutputChoice
from soundedit.media.playback_run import Run
from soundedit.media.playback_source import pieces
from soundedit.media.portaudio import (
    LOST_SECONDS,
    START_SECONDS,
    AudioBackend,
    AudioDevice,
    AudioStream,
    portaudio,
)
from soundedit.media.ring import RingBuffer
from soundedit.media.sound import Sound, probe_sound

AHEAD_SECONDS = 0.75
PREFILL_SECONDS = 0.15
MAX_LEAD_SECONDS = 0.5
SERVICE_SECONDS = 0.02
MIN_LOOP_SECONDS = 0.05
SPEEDS = (0.25, 4.0)


class Player:
    """Plays one sound; safe to call from any one thread, and no call blocks.

    Args:
        backend: the sound card; None for the machine's.
        device: output to use; None for the default, then any other that works.
        clock: monotonic seconds for the silent clock and for watching the device.
        threaded: False leaves calling `service` to the caller, for deterministic tests.

    Attributes:
        on_ended: called without arguments in the player's thread when the end (the beginning, when
            playing backwards) was heard; not when paused.
        on_moved: called with one sentence in the player's thread when the device went away and
            playback, which stood still meanwhile, goes on with another.
        silent_reason: one sentence why playback makes no sound, or None.
    """

    def __init__(
        self,
        *,
        backend: AudioBackend | None = None,
        device: AudioDevice | None = None,
        clock: Callable[[], float] = time.monotonic,
        threaded: bool = True,
    ) -> None:
        self.on_ended: Callable[[], None] | None = None
        self.on_moved: Callable[[str], None] | None = None
        self.silent_reason: str | None = None
        self._choice = OutputChoice(backend if backend is not None else portaudio(), device)
        self._left: AudioDevice | None = None
        self._clock = clock
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._sound: Path | Sound | None = None
        self._seconds = 0.0
        self._rest = 0.0
        self._speed = 1.0
        self._loop: tuple[float, float] | None = None
        self._run: Run | None = None
        self._served: Run | None = None
        self._stream: AudioStream | None = None
        self._calls = 0
        self._try_device = self._again = True
        self._drop_stream = False
        self._closing = False
        self._thread: threading.Thread | None = None
        if threaded:
            self._thread = threading.Thread(target=self._serve, name="playback", daemon=True)
            self._thread.start()

    def open(self, sound: Path | str | Sound, *, seconds: float | None = None) -> None:
        """Take a new sound, at rest at its beginning, with no loop.

        Args:
            sound: a file or a decoded sound.
            seconds: length of the file where it is known; else it is decoded once to learn it.

        Raises:
            MediaError: the file is not a sound that can be read.
        """
        source: Path | Sound
        if isinstance(sound, str | Path):
            source = Path(sound)
            if seconds is None:
                seconds = probe_sound(source).seconds
        else:
            source, seconds = sound, sound.seconds
        with self._lock:
            self._run = None
            self._sound, self._seconds = source, float(seconds)
            self._rest, self._loop = 0.0, None
        self._wake.set()

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return self._seconds

    @property
    def playing(self) -> bool:
        """True from `play` until `pause` or the end."""
        return self._run is not None

    @property
    def speed(self) -> float:
        """How fast, and with a minus backwards; pitch goes with it. 0.25 to 4 in magnitude."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        if not SPEEDS[0] <= abs(value) <= SPEEDS[1]:
            raise ValueError(f"speed {value} is outside 0.25 to 4 in magnitude")
        with self._lock:
            if value != self._speed:
                here = self.position()
                self._speed = float(value)
                self._move(here)

    @property
    def loop(self) -> tuple[float, float] | None:
        """The range in seconds that repeats once playback is in or before it, or None."""
        return self._loop

    @loop.setter
    def loop(self, value: tuple[float, float] | None) -> None:
        if value is not None:
            start, end = max(0.0, value[0]), min(self._seconds, value[1])
            if end - start < MIN_LOOP_SECONDS:
                raise ValueError(f"a loop of {end - start:.3f} s is shorter than 0.05 s")
            value = (start, end)
        with self._lock:
            if value != self._loop:
                here = self.position()
                self._loop = value
                self._move(here)

    @property
    def device(self) -> AudioDevice | None:
        """The chosen output, or None for the default."""
        return self._choice.device

    @device.setter
    def device(self, value: AudioDevice | None) -> None:
        with self._lock:
            self._choice.device = value
            self.devices_changed()

    def devices_changed(self) -> None:
        """Devices were looked for again: choose anew, for those that were lost may be back."""
        with self._lock:
            here = self.position()
            self._choice.forgive()
            self._drop_stream = self._try_device = True
            self._move(here)

    def play(self, from_s: float | None = None) -> None:
        """Play from `from_s`, or from here; from the beginning when at the end.

        A device that failed before is tried again.
        """
        with self._lock:
            if self._sound is None:
                return
            here = self.position() if from_s is None else self._clamp(from_s)
            at_end = here >= self._seconds if self._speed > 0 else here <= 0.0
            if at_end and self._loop is None:
                here = 0.0 if self._speed > 0 else self._seconds
            self._try_device = self._again = True
            self._run = self._new_run(here)
        self._wake.set()

    def pause(self) -> None:
        """Stop and stay here."""
        with self._lock:
            self._rest = self.position()
            self._run = None
        self._wake.set()

    def seek(self, seconds: float) -> None:
        """Go to `seconds`, playing or not; outside the sound means its beginning or end."""
        with self._lock:
            self._move(self._clamp(seconds))

    def position(self) -> float:
        """The time in the sound that is heard now, in seconds; for the playhead and the picture."""
        with self._lock:
            run = self._run
            if run is None:
                return self._rest
            if run.silent_from is not None:
                return run.silent_time(self._clock())[0]
            if run.stamp is None or self._stream is None:
                return run.start
            return run.sound_time(run.frame_heard(self._stream.time))

    def close(self) -> None:
        """Stop, free the device and end the thread."""
        with self._lock:
            self._rest = self.position()
            self._run = None
            self._closing = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self.service()

    def _clamp(self, seconds: float) -> float:
        return min(self._seconds, max(0.0, float(seconds)))

    def _move(self, here: float) -> None:
        if self._run is None:
            self._rest = here
        else:
            self._run = self._new_run(here)
        self._wake.set()

    def _new_run(self, here: float) -> Run:
        return Run(here, self._speed, self._loop, self._seconds)

    def _serve(self) -> None:
        while not self._closing:
            self._wake.wait(None if self._run is None else SERVICE_SECONDS)
            self._wake.clear()
            self.service()

    def service(self) -> None:
        """One round of the player's own thread: open, decode ahead, watch, notice the end."""
        with self._lock:
            run = self._run
            drop, self._drop_stream = self._drop_stream, False
        if self._served is not run:
            if self._served is not None:
                self._served.end_feed()
            self._served = run
        if drop or run is None:
            self._close_stream()
        if run is None:
            return
        if run.ring is None and run.silent_from is None:
            self._begin(run)
        if run.silent_from is None:
            try:
                self._feed(run, AHEAD_SECONDS)
            except SoundeditError as error:
                self._go_silent(run, str(error))
        if run.silent_from is None:
            self._watch(run)
        self._notice_end(run)

    def _begin(self, run: Run) -> None:
        if self._try_device and self._stream is None:
            again, self._try_device, self._again = self._again, False, False
            try:
                self._stream = self._choice.open(self._fill, again=again)
                self.silent_reason = None
            except DeviceError as error:
                self.silent_reason = str(error)
        stream = self._stream
        self._tell_moved(stream)
        if stream is None:
            run.silent_from = self._clock()
            return
        run.sample_rate = stream.sample_rate
        sound = self._sound
        assert sound is not None
        run.feed = pieces(
            sound,
            run.start,
            run.speed,
            run.loop,
            self._seconds,
            stream.sample_rate,
            stream.channels,
        )
        ring = RingBuffer(stream.sample_rate, stream.channels)
        run.pending = np.zeros((0, stream.channels), np.float32)
        try:
            self._feed(run, PREFILL_SECONDS, ring)
            run.called_at = self._clock()
            run.ring = ring  # from here on the callback reads it
            if not stream.active:
                stream.start()
        except SoundeditError as error:
            self._go_silent(run, str(error))

    def _feed(self, run: Run, ahead: float, ring: RingBuffer | None = None) -> None:
        ring = ring or run.ring
        assert ring is not None
        # A run that was left meanwhile needs no more.
        while (
            run is self._run
            and run.feed is not None
            and run.total is None
            and ring.available < ahead * run.sample_rate
        ):
            if len(run.pending) == 0:
                piece = next(run.feed, None)
                if piece is None:
                    run.total = run.queued
                    return
                if piece.origin is not None:
                    run.origins.append((piece.origin, piece.step))
                    run.frames.append(run.queued)
                run.pending = piece.frames
                run.queued += len(piece.frames)
            taken = ring.write(run.pending)
            run.pending = run.pending[taken:]
            if taken == 0:
                return

    def _fill(self, out: NDArray[np.float32], heard_at: float) -> None:
        # PortAudio's callback: copy, note the time, nothing else.
        run = self._run
        ring = None if run is None else run.ring
        if run is None or ring is None or ring.channels != out.shape[1]:
            out.fill(0.0)
        else:
            if run.first_heard is None:
                run.first_heard = heard_at
            lead = run.handed / run.sample_rate - (heard_at - run.first_heard)
            # A card that recovers from an underrun can swallow seconds that nobody hears.
            n = ring.read_into(out) if lead < MAX_LEAD_SECONDS else 0
            if n:
                run.stamp = (run.handed, n, heard_at)
                run.handed += n
            else:
                out.fill(0.0)
        self._calls += 1

    def _watch(self, run: Run) -> None:
        now, stream = self._clock(), self._stream
        if self._calls != run.calls_seen:  # a device that went away just stops calling
            run.calls_seen, run.called_at = self._calls, now
        closed = stream is None or not stream.active
        patience = START_SECONDS if run.first_heard is None else LOST_SECONDS
        if closed or now - run.called_at > patience:
            self._change_device(run)

    def _change_device(self, run: Run) -> None:
        """Stand still where the sound ended, and let the next round open another device."""
        with self._lock:
            stream, here = self._stream, self.position()
            if stream is not None:
                self._choice.lose(stream.device)
                self._left = stream.device
            self._try_device = True
            if self._run is run:
                self._run = self._new_run(here)
        self._close_stream()
        self._wake.set()

    def _tell_moved(self, stream: AudioStream | None) -> None:
        left, self._left = self._left, None
        if left is not None and stream is not None and self.on_moved is not None:
            self.on_moved(
                f'The sound device "{left.name}" stopped answering; '
                f'playback goes on with "{stream.device.name}".'
            )

    def _go_silent(self, run: Run, reason: str) -> None:
        with self._lock:
            self.silent_reason = reason
            if self._run is run:
                run.start = self.position()
                run.silent_from = self._clock()
        run.end_feed()
        self._close_stream()

    def _notice_end(self, run: Run) -> None:
        with self._lock:
            if self._run is not run:
                return
            if run.silent_from is not None:
                ended = run.silent_time(self._clock())[1]
            else:
                self.position()
                ended = run.total is not None and run.furthest >= run.total
            if not ended:
                return
            self._rest = self._seconds if run.speed > 0 else 0.0
            self._run = None
        self.service()
        if self.on_ended is not None:
            self.on_ended()

    def _close_stream(self) -> None:
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
