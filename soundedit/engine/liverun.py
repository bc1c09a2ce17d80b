"""Live on a sound card: opens an input, hears it in a thread of its own, records performances."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundedit.engine.latents import SUFFIX, LatentsStream
from soundedit.engine.live import HeardFrame, LiveSession
from soundedit.engine.moves import Moves
from soundedit.errors import DeviceError, SoundeditError
from soundedit.media.portaudio import AudioBackend, AudioDevice
from soundedit.media.record import Recorder

if TYPE_CHECKING:
    from soundedit.engine.engine import Engine

POLL_SECONDS = 0.004
FLUSH_FRAMES = 24
BEHIND_SECONDS = 0.5
"""Sound that waits longer than this to be heard is left out, unless it is being recorded."""
_LAST_FRAMES_SECONDS = 1.0
Moved = Callable[[int, Mapping[str, float]], None]
"""Takes a frame of a performance and the strengths of its edits."""


@dataclass(frozen=True)
class LiveTake:
    """A recorded performance: its sound, its latents, and each edit's strength over time.

    `seconds` is the sound's length; `moves` has, for each edit, (seconds, strength) in order, to be
    joined by straight lines. `problem` says what was cut short, if anything.
    """

    sound: Path
    latents: Path
    seconds: float
    frames: int
    fps: Fraction
    moves: Mapping[str, tuple[tuple[float, float], ...]]
    problem: str | None = None


class LiveRun:
    """One input, heard and turned into latents until `stop`. The caller draws with `session`.

    Args:
        engine: its thread must be the one that makes this and calls `session.step`.
        backend: the sound card; None for the machine's.
        device: input to hear; None for the default.
        fps, seed, scene, calm: as `Engine.live`.
    """

    def __init__(
        self,
        engine: "Engine",
        *,
        backend: AudioBackend | None = None,
        device: AudioDevice | None = None,
        fps: Fraction = Fraction(24),
        seed: int = 0,
        scene: NDArray[np.float32] | None = None,
        calm: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """DeviceError if no input can be opened, SoundeditError for a frame rate out of range."""
        self.recorder = Recorder(backend=backend, clock=clock)
        self.device = self.recorder.start(None, device, quick=True, tapped=True)
        self._fps = fps
        self._pack = f"{engine.manifest.name} {engine.manifest.version}"
        self._space = engine.manifest.latents
        self._shape = (engine.num_ws, engine.w_dim)
        try:
            self.session: LiveSession = engine.live(
                self.recorder.sample_rate, fps=fps, seed=seed, scene=scene, calm=calm
            )
        except SoundeditError:
            self.recorder.stop()
            raise
        self.session.on_frame = self._frame
        self._error: BaseException | None = None
        self._gate = threading.Lock()
        self._latents: LatentsStream | None = None
        self._moves = Moves(float(fps))
        self._moved: Moved | None = None
        self._first_index = 0
        self._left_out = 0
        self._sound: Path | None = None
        self._take_problem: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._hear, name="live-hearing", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str | None:
        """One sentence when nothing is heard any more, else None."""
        if self._error is not None:
            return f"Live stopped ({self._error}); start it again."
        return self.recorder.problem

    @property
    def recording(self) -> bool:
        """True while a performance is being recorded."""
        return self._sound is not None

    @property
    def seconds(self) -> float:
        """Length so far of the performance that is being recorded."""
        return self.recorder.seconds if self.recording else 0.0

    def stop(self) -> LiveTake | None:
        """Stop hearing; returns the performance that was being recorded, if any."""
        take = self.end_take() if self.recording else None
        self._stopping.set()
        self._thread.join()
        self.recorder.stop()
        return take

    def begin_take(self, sound: Path, moved: Moved | None = None) -> None:
        """Record from now on into `sound`, a FLAC file, and latents beside it.

        `moved` is told each frame of the take and its strengths, in the hearing thread; a
        SoundeditError of it ends the latents as a full disk does.

        DeviceError while recording already, MediaError or ExportError if it cannot be written.
        """
        if self.recording:
            raise DeviceError("A performance is already being recorded; stop it first.")
        latents = LatentsStream(
            sound.with_suffix(SUFFIX), self._shape, self._pack, self._fps, self._space
        )
        with self._gate:
            newest = self.session.newest
            index = 0 if newest is None else newest.index + 1
            # The take begins exactly with that frame, so that its latents stay on the grid.
            first = self._left_out + round(index / float(self._fps) * self.recorder.sample_rate)
            try:
                self.recorder.begin(sound, first=first)
            except SoundeditError:
                latents.finish(0)
                latents.path.unlink()
                raise
            self._latents, self._first_index, self._sound = latents, index, sound
            self._moves, self._take_problem = Moves(float(self._fps)), None
            self._moved = moved

    def end_take(self) -> LiveTake:
        """Finish the performance; hearing goes on.

        DeviceError when none is being recorded, MediaError if the sound could not be finished.
        """
        sound, latents = self._sound, self._latents
        if sound is None or latents is None:
            raise DeviceError("No performance is being recorded; start one first.")
        rate = self.recorder.sample_rate
        try:
            self.recorder.end()
        finally:
            seconds = self.recorder.written / rate
            frames = max(math.ceil(seconds * float(self._fps) - 1e-6), 1)
            # The last block may still be on its way through the hearing thread.
            for _ in range(round(_LAST_FRAMES_SECONDS / POLL_SECONDS)):
                if latents.count >= frames or self._take_problem or not self._thread.is_alive():
                    break
                time.sleep(POLL_SECONDS)
            with self._gate:
                self._sound = self._latents = None
            latents.finish(frames)
        moves = self._moves.lines(frames)
        return LiveTake(sound, latents.path, seconds, frames, self._fps, moves, self._take_problem)

    def _hear(self) -> None:
        while not self._stopping.wait(POLL_SECONDS):
            frames, at = self.recorder.tap()
            if len(frames) == 0:
                continue
            try:
                with self._gate:
                    spare = len(frames) - round(BEHIND_SECONDS * self.recorder.sample_rate)
                    if spare > 0 and not self.recording:
                        self._left_out += spare
                        frames = frames[spare:]
                    self.session.push(frames, at)
            except Exception as error:  # whoever watches `problem` must learn of any failure
                self._error = error
                return

    def _frame(self, frame: HeardFrame) -> None:
        latents = self._latents
        if latents is None or self._take_problem is not None or frame.index < self._first_index:
            return
        try:
            latents.append(frame.w)
            if latents.count % FLUSH_FRAMES == 0:
                latents.flush()
            if self._moved is not None:
                self._moved(latents.count - 1, frame.strengths)
        except SoundeditError as error:
            self._take_problem = str(error)
            return
        self._moves.add(latents.count - 1, frame.strengths)
