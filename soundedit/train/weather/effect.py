"""What every weather effect is built from: the scene, and the sound that drives it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from soundedit.train.soundtrack import SoundTrack
from soundedit.train.weather.imaging import Floats
from soundedit.train.weather.masks import Scene

# Share of the loudness that is left one frame (of 24 a second) after the sound stops.
RELEASE = 0.5


@dataclass(frozen=True)
class Drive:
    """The motion of a clip, one value a frame, each (T,) float32.

    level: loudness 0..1, rising at once and falling within a few frames. travel: seconds of full
    loudness passed so far, the clock of everything that moves; it stands still in silence. onset:
    strength of an onset in its very frame. fps: frames a second.
    """

    level: Floats
    travel: Floats
    onset: Floats
    fps: float

    def __len__(self) -> int:
        return len(self.level)

    def hit(self, seconds: float) -> Floats:
        """Onsets that fall to a third within `seconds`, each at its peak in its own frame."""
        keep = np.exp(-1 / (self.fps * seconds))
        held = np.empty_like(self.onset)
        value = np.float32(0)
        for k, strength in enumerate(self.onset):
            value = max(strength, value * np.float32(keep))
            held[k] = value
        return held


def drive_of(track: SoundTrack) -> Drive:
    """The motion that a sound asks for."""
    level = np.empty(len(track), np.float32)
    keep = RELEASE ** (24 / track.fps)
    value = 0.0
    for k, loudness in enumerate(track.envelope):
        value = max(float(loudness), value * keep)
        level[k] = value
    level[level < 1e-4] = 0
    travel = np.cumsum(level, dtype=np.float64) / track.fps
    return Drive(level, travel.astype(np.float32), track.onset.astype(np.float32), track.fps)


def still_drive(strength: float, rng: np.random.Generator) -> Drive:
    """The last second of a sound of even loudness with one onset, whose last frame is the still.

    The onset is in that frame or just before it in one still of three, else up to 0.9 s ago.
    """
    frames, fps = 24, 24.0
    age = int(rng.integers(0, 3) if rng.random() < 0.35 else rng.integers(3, 22))
    onset = np.zeros(frames, np.float32)
    onset[frames - 1 - age] = strength
    travel = rng.uniform(0, 20) + np.arange(frames) * strength / fps
    level = np.full(frames, strength, np.float32)
    return Drive(level, travel.astype(np.float32), onset, fps)


class Effect(ABC):
    """A weather put onto one scene; frames may be asked for in any order."""

    def __init__(self, scene: Scene, drive: Drive, rng: np.random.Generator) -> None:
        self.scene = scene
        self.drive = drive
        self.size = scene.size
        self.prepare(rng)

    @abstractmethod
    def prepare(self, rng: np.random.Generator) -> None:
        """Draw all chance and make everything that does not change from frame to frame."""

    @abstractmethod
    def frame(self, k: int) -> Floats:
        """Frame `k` as float32 (S, S, 3), about 0..1."""
