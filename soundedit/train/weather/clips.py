"""Clips of the audio-visual data engine: a real photo, a real sound, and the weather it brings."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import MediaError, TrainingError
from soundedit.media.picture import read_square
from soundedit.media.sound import read_sound
from soundedit.train.photos import photo_files
from soundedit.train.prompts import CLASSES
from soundedit.train.sounds import Recording, recordings
from soundedit.train.soundtrack import SoundTrack, sound_track
from soundedit.train.weather.captions import captions
from soundedit.train.weather.scenes import WeatherRenderer, scene_hints

log = logging.getLogger(__name__)
SAMPLE_RATE = 32_000
# Sounds of one moment, which a clip must not miss.
EVENTS = ("thunder", "explosion")


@dataclass(frozen=True)
class Clip:
    """A rendered clip and all that it was made of.

    picture: the photo before the weather, uint8 (S, S, 3). frames: uint8 (T, S, S, 3). samples:
    float32 (N,) at `sample_rate`, as long as the frames.
    """

    kind: str
    picture: NDArray[np.uint8]
    frames: NDArray[np.uint8]
    samples: NDArray[np.float32]
    sample_rate: int
    track: SoundTrack
    captions: list[str]
    photo: Path
    sound: Path
    start: float


class ClipMaker:
    """Makes clips from a folder of photos and a folder of sounds by class.

    size: side of the frames in pixels. fps: frames a second. seconds: length of every clip; a
    shorter sound is followed by silence. fitting: share of the clips whose photo suits the sound;
    the others start from any photo, so that no class stands for one kind of scene.
    TrainingError if a folder holds nothing.
    """

    def __init__(
        self,
        photos: Path,
        sounds: Path,
        size: int,
        fps: float = 24.0,
        seconds: float = 4.0,
        fitting: float = 0.8,
    ) -> None:
        self.photos = photo_files(photos)
        self.recordings = recordings(sounds)
        self.renderer = WeatherRenderer(size)
        self.size, self.fps, self.seconds, self.fitting = size, fps, seconds, fitting
        self._by_hint: dict[str, list[Path]] = {}
        for file, hint in self.photos:
            self._by_hint.setdefault(hint, []).append(file)

    def sounds_of(self, kind: str, split: str) -> list[Recording]:
        """Recordings of one class and split."""
        return [r for r in self.recordings if r.label == kind and r.split == split]

    def make(self, seed: int, kind: str | None = None, split: str = "train") -> Clip:
        """One clip; equal for equal seed, kind and split.

        kind: class of sound, drawn evenly where None. Unreadable photos and sounds are reported
        and others taken. TrainingError if the split has no readable sound of the kind.
        """
        rng = np.random.default_rng(seed)
        kinds = [k for k in CLASSES if kind in (None, k) and self.sounds_of(k, split)]
        if not kinds:
            raise TrainingError(f"There is no {kind or 'known'} sound in the {split} split.")
        chosen = kinds[int(rng.integers(len(kinds)))]
        sound, samples, start = self._read_sound(self.sounds_of(chosen, split), chosen, rng)
        photo, picture = self._read_photo(chosen, rng)
        track = sound_track(samples, SAMPLE_RATE, self.fps, self.seconds)
        frames = self.renderer.render_clip(picture, chosen, track, int(rng.integers(1 << 31)))
        said = captions(chosen, rng)
        return Clip(chosen, picture, frames, samples, SAMPLE_RATE, track, said, photo, sound, start)

    def choose_photo(self, kind: str, rng: np.random.Generator) -> Path:
        """A photo that suits the kind, or, one time in a few, any."""
        hints = [h for h in scene_hints(kind) if h in self._by_hint]
        if not hints or rng.random() > self.fitting:
            return self.photos[int(rng.integers(len(self.photos)))][0]
        # By preference, but a hint with few photos must not show them again and again.
        weights = np.array([len(self._by_hint[h]) ** 0.7 / (n + 1) for n, h in enumerate(hints)])
        pool = self._by_hint[hints[int(rng.choice(len(hints), p=weights / weights.sum()))]]
        return pool[int(rng.integers(len(pool)))]

    def _read_photo(self, kind: str, rng: np.random.Generator) -> tuple[Path, NDArray[np.uint8]]:
        for _ in range(20):
            file = self.choose_photo(kind, rng)
            try:
                picture = read_square(file, self.size)
            except MediaError as error:
                log.warning("skipped: %s", error)
                continue
            return file, picture[:, ::-1].copy() if rng.random() < 0.5 else picture
        raise TrainingError("Twenty photos in a row could not be read; look at the log.")

    def _read_sound(
        self, pool: Sequence[Recording], kind: str, rng: np.random.Generator
    ) -> tuple[Path, NDArray[np.float32], float]:
        """File, samples (N,) of the clip's length, and where in the file they start, in seconds."""
        for k in rng.permutation(len(pool)):
            file = pool[int(k)].file
            try:
                sound = read_sound(file, sample_rate=SAMPLE_RATE, mono=True)
            except MediaError as error:
                log.warning("skipped: %s", error)
                continue
            whole = sound.mono()
            room = max(0.0, len(whole) / SAMPLE_RATE - self.seconds)
            start = rng.uniform(0, room)
            if kind in EVENTS and room:
                start = float(
                    np.clip(loudest_moment(whole) - rng.uniform(0.1, 0.6) * self.seconds, 0, room)
                )
            first, count = int(start * SAMPLE_RATE), round(self.seconds * SAMPLE_RATE)
            cut = np.zeros(count, np.float32)
            kept = whole[first : first + count]
            cut[: len(kept)] = kept
            return file, cut, start
        raise TrainingError(f"No {kind} sound could be read; look at the log.")


def loudest_moment(samples: NDArray[np.float32]) -> float:
    """Second at which a sound (N,) at SAMPLE_RATE rises to its loudest tenth of a second."""
    step = SAMPLE_RATE // 10
    count = max(1, len(samples) // step)
    level = np.square(samples[: count * step]).reshape(count, -1).mean(axis=1)
    return int(level.argmax()) / 10
