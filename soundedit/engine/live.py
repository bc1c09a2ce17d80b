"""Live: sound in as it is captured, pictures out, with no look-ahead and without Qt.

Two threads meet here. The one that hears calls `push` with each block: log-mel, embedding ten times
a second, onsets, one step of the frame generator for each frame's time. The one that owns the
engine calls `step`: edits and synthesis of the newest frame. What is between them is immutable and
handed over by one assignment.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from soundedit.document.model import Reactivity
from soundedit.engine.arriving import Arriving, Strengths
from soundedit.engine.autogain import AutoGain
from soundedit.engine.hearing import FrameHearing, FrameSound, Listener, MelStream
from soundedit.engine.labels import QUIET, TEMPERATURE
from soundedit.engine.pace import Pace
from soundedit.engine.reactivity import towards
from soundedit.engine.walk import Walk
from soundedit.media.resampling import StreamResampler

SENSITIVITY = (-24.0, 36.0)
"""Range of the gain of what is heard, in dB."""
SMOOTHING = (0.0, 3.0)
"""Range of the time constant of smoothing, in seconds."""
DEFAULT_SMOOTHING = 0.3
SCENE_SECONDS = 1.5
"""How long the way to another scene takes."""
_HEARD_SHARE = 1.5
_ONSET_CLOSED, _ONSET_OPEN = 0.06, 0.3
_THAW_SECONDS = 0.8
_REDRAW_FRAMES = 2
_REACTIVITY_SECONDS = 0.1
ONSET, LEVEL = 2, 0
"""Columns of the drive features."""

Latents = NDArray[np.float32]
Mix = Callable[[Latents, Strengths, Reactivity], Latents]
"""Applies edits: latents [L, D], the strength of each edit by its id, and how far the sound goes
-> latents [L, D]."""


def onset_openness(onset: float) -> float:
    """How far an onset opens the smoothing, 0 to 1; steady noise stays below 0.05."""
    return min(max((onset - _ONSET_CLOSED) / (_ONSET_OPEN - _ONSET_CLOSED), 0.0), 1.0)


@dataclass(frozen=True)
class HeardFrame:
    """One frame's time: frame `index` is due at index / fps of the sound that was pushed.

    `w` [L, D] before edits, exact in float16; `strengths` as they acted then; `onset` 0 to 1.5,
    `level` about -1 to 1; `captured` is the clock's time of the block that completed it.
    """

    index: int
    w: Latents
    strengths: Strengths
    onset: float
    level: float
    captured: float


@dataclass(frozen=True)
class LiveFrame:
    """A picture uint8 [H, W, 3] of a heard frame; `fresh` is False for one drawn again."""

    heard: HeardFrame
    picture: NDArray[np.uint8]
    size: int
    fresh: bool


class LiveSession:
    """Hears and shows. `sensitivity`, `automatic`, `smoothing`, `frozen` and strengths may be set
    at any time.

    Attributes:
        sensitivity: gain in dB of what is heard (not of what is recorded), see `SENSITIVITY`.
        automatic: whether the gain follows the room besides, see `AutoGain`; then nothing clips.
        smoothing: seconds over which the picture follows a sound that is steady; onsets pass at
            once. 0 gives, not calm, what `Engine.generate_blocks` gives without look-ahead.
        frozen: the picture stays; edits still act on it.
        on_frame: called in the hearing thread with each `HeardFrame`, in order, none left out.
    """

    def __init__(
        self,
        listener: Listener,
        walk: Walk,
        draw: Callable[[Latents, int], NDArray[np.uint8]],
        *,
        sample_rate: int,
        pace: Pace,
        classes: NDArray[np.float32] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Args:
        walk: at its beginning; its frame rate is the session's.
        draw: latents [L, D] and a size -> picture.
        sample_rate: of the blocks that will be pushed, in hertz.
        classes: unit embeddings [C, E] for `label`.
        clock: monotonic seconds.
        """
        self.sensitivity = 0.0
        self.automatic = False
        self.smoothing = DEFAULT_SMOOTHING
        self.frozen = False
        self.on_frame: Callable[[HeardFrame], None] | None = None
        self.fps = walk.fps
        self._walk, self._draw, self._pace, self._clock = walk, draw, pace, clock
        self._classes = classes
        self._mix: Mix | None = None
        self._strengths: Strengths = MappingProxyType({})
        self._arriving = Arriving(walk.fps)
        self._wanted_reactivity = self._reactivity = Reactivity()
        self._stepped: float | None = None
        self._changes = 0
        self._resampler = StreamResampler(sample_rate, listener.ear.sample_rate)
        self._mel = MelStream(listener.ear)
        self._hearing = FrameHearing(listener, walk.fps, 0, hurried=True)
        self._gain = 1.0
        self._auto = AutoGain(sample_rate)
        self._heard: torch.Tensor | None = None
        self._shown: Latents | None = None
        self._thaw = 0.0
        self._newest: HeardFrame | None = None
        self._arrived = threading.Event()
        self._scene: Latents | None = None
        self._wanted_scene: Latents | None = None
        self._drawn: HeardFrame | None = None
        self._drawn_changes = 0

    @property
    def size(self) -> int:
        """Side in pixels of the pictures that are made now."""
        return self._pace.size

    @property
    def automatic_gain(self) -> float:
        """What the automatic gain adds now, in dB."""
        return self._auto.gain

    @property
    def newest(self) -> HeardFrame | None:
        """The frame heard last."""
        return self._newest

    def set_edits(self, mix: Mix | None, strengths: Strengths, reactivity: Reactivity) -> None:
        """Take another set of edits with their strengths, and how far the sound goes.

        The picture glides to another reactivity within some tenths of a second; an edit that was
        not there before rises to its strength within `arriving.RISE_SECONDS`.
        """
        # In this order: whoever hears the first mix finds its strengths.
        self._strengths = MappingProxyType(dict(strengths))
        self._mix = mix
        self._wanted_reactivity = reactivity
        self._changes += 1

    def set_scene(self, scene: Latents) -> None:
        """Glide to another scene [L, D], within `SCENE_SECONDS` from the next frame heard."""
        self._wanted_scene = scene

    def set_strength(self, edit: str, strength: float) -> None:
        """Move one edit's strength."""
        self._strengths = MappingProxyType({**self._strengths, edit: float(strength)})
        self._changes += 1

    def label(self) -> tuple[int, float] | None:
        """Index of the class that the last second sounds like most and its score 0 to 1.

        None in silence and where the session was given no classes.
        """
        heard, embedding = self._newest, self._hearing.embedding
        if heard is None or embedding is None or self._classes is None or heard.level < QUIET:
            return None
        logits = self._classes @ embedding.numpy() / TEMPERATURE
        scores = np.exp(logits - logits.max())
        best = int(scores.argmax())
        return best, float(scores[best] / scores.sum())

    def push(self, frames: NDArray[np.float32], captured: float) -> int:
        """Hear a block (n, C) that was complete at `captured`; returns how many frames it gave."""
        mono = np.nan_to_num(frames.mean(axis=1), posinf=0.0, neginf=0.0).astype(np.float32)
        low, high = SENSITIVITY
        automatic = self.automatic
        followed = self._auto.follow(mono, on=automatic)
        gain = 10 ** ((min(max(self.sensitivity, low), high) + followed) / 20)
        if len(mono) and (gain != 1.0 or self._gain != 1.0):
            # A ramp over the block, so that moving the slider makes no onset.
            mono = mono * np.linspace(self._gain, gain, len(mono), dtype=np.float32)
            if automatic:
                share = self._auto.give_way(float(np.abs(mono).max()))
                mono, gain = mono * np.float32(share), gain * share
            self._gain = gain
        columns = self._mel.push(self._resampler.push(mono))
        sound = self._hearing.push(columns)
        for i in range(len(sound.drive)):
            self._hear(sound.part(i), captured)
        return len(sound.drive)

    def _hear(self, sound: FrameSound, captured: float) -> None:
        """Take what one frame hears."""
        drive, heard = sound.drive[0], sound.heard[0]
        onset = float(drive[ONSET])
        smoothing = min(max(self.smoothing, SMOOTHING[0]), SMOOTHING[1])
        opened = onset_openness(onset)
        share = self._share(_HEARD_SHARE * smoothing, opened)
        self._heard = heard if self._heard is None else torch.lerp(self._heard, heard, share)
        scene = self._wanted_scene
        if scene is not None and scene is not self._scene:
            self._scene = scene
            self._walk.glide(torch.from_numpy(scene), SCENE_SECONDS)
        index = self._walk.count
        target = self._walk.go(replace(sound, heard=self._heard[None]))[0].numpy()
        if self.frozen and self._shown is not None:
            self._thaw = _THAW_SECONDS
        else:
            # After a freeze the picture glides back to the sound.
            self._thaw = max(self._thaw - 1 / self.fps, 0.0)
            share = self._share(max(smoothing, self._thaw / 3), 0.0 if self._thaw else opened)
            shown = self._shown
            self._shown = target if shown is None else shown + np.float32(share) * (target - shown)
        assert self._shown is not None
        # What is kept of a performance is float16, so that is what is shown.
        w = self._shown.astype(np.float16).astype(np.float32)
        mixing = self._mix is not None
        strengths = self._strengths
        if mixing:
            strengths = self._arriving.follow(strengths)
        frame = HeardFrame(index, w, strengths, onset, float(drive[LEVEL]), captured)
        if self.on_frame is not None:
            self.on_frame(frame)
        self._newest = frame
        self._arrived.set()

    def _share(self, seconds: float, opened: float) -> float:
        """How much of the way to its target a value goes in one frame."""
        if seconds <= 0:
            return 1.0
        return max(1 - float(np.exp(-1 / (self.fps * seconds))), opened)

    def wait(self, seconds: float) -> bool:
        """Wait until there is a frame that `step` has not drawn, at most so long."""
        found = self._arrived.wait(seconds)
        self._arrived.clear()
        return found

    def step(self) -> LiveFrame | None:
        """Draw the newest frame; None where it was drawn already and nothing changed.

        Frames that came in between are left out: the newest one is due.
        """
        heard, changes = self._newest, self._changes
        if heard is None:
            return None
        begun = self._clock()
        fresh = heard is not self._drawn
        if not fresh:
            waiting = begun - heard.captured > _REDRAW_FRAMES / self.fps
            gliding = self._reactivity != self._wanted_reactivity
            if not waiting or (changes == self._drawn_changes and not gliding):
                return None
        strengths = heard.strengths if fresh else self._arriving.now(self._strengths)
        reactivity = self._glide(begun)
        w = heard.w if self._mix is None else self._mix(heard.w, strengths, reactivity)
        size = self._pace.size
        picture = self._draw(w, size)
        ended = self._clock()
        self._pace.took(ended - begun, ended)
        self._drawn, self._drawn_changes = heard, changes
        return LiveFrame(heard, picture, size, fresh)

    def _glide(self, now: float) -> Reactivity:
        """The reactivity of a picture made now, on the way to the one that is wanted."""
        since, self._stepped = self._stepped, now
        share = 1.0 if since is None else 1 - math.exp(-(now - since) / _REACTIVITY_SECONDS)
        self._reactivity = towards(self._reactivity, self._wanted_reactivity, share)
        return self._reactivity
