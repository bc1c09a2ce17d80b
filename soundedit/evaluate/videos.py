"""Videos of valid sounds by soundedit, by baselines and by the data engine, measured alike."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundedit.engine.engine import Engine
from soundedit.evaluate.baselines import Baselines
from soundedit.evaluate.frechet import frechet_distance
from soundedit.evaluate.lite2 import Arrays, Features, Judge
from soundedit.evaluate.quality import FPS, LAGS, SMALL, correlation_by_lag, flash_delay, mean_curve
from soundedit.evaluate.scenes import SHOWN, Classifiers
from soundedit.media.sound import Sound
from soundedit.progress import Progress
from soundedit.train.classifier import SceneClassifier
from soundedit.train.prompts import CLASSES
from soundedit.train.soundtrack import SoundTrack
from soundedit.train.weather.clips import EVENTS, SAMPLE_RATE, ClipMaker

SECONDS = 4.0
KEYS_A_SECOND = 2
"""Frames a second that are looked at closely."""

DIRECTIONS = 16
"""Directions in feature space that motion is compared in."""


@dataclass(frozen=True)
class Video:
    """What is kept of a video: `keys` uint8 [k, S, S, 3] and every frame small and grey, in 0..1.

    `kind`, `samples` float32 (N,) at SAMPLE_RATE and `track` are of the sound it goes with.
    """

    kind: str
    samples: NDArray[np.float32]
    track: SoundTrack
    keys: NDArray[np.uint8]
    grey: NDArray[np.float32]


@dataclass(frozen=True)
class VideoFigures:
    """One method's row; None where it cannot be measured.

    `class_share`: clips of classes that can be shown whose frames a classifier that knows the
    generator's hand calls by their sound; `class_share_photographs`: one that knows stills alone.
    `similarity`, `shuffled`: cosine of frames with their own sound and with others'.
    `frechet`: `motion_distance` to the data engine's videos.
    """

    method: str
    class_share: float | None
    class_share_photographs: float | None
    similarity: float
    shuffled: float
    frechet: float | None
    correlation: float | None
    lag: int | None
    flash_delay: float | None

    def facts(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def rendered_videos(
    photos: Path, sounds: Path, size: int, each: int, judge: Judge, say: Progress | None = None
) -> list[Video]:
    """`each` clips of every class that the data engine makes of valid sounds, kept in the cache."""
    maker = ClipMaker(photos, sounds, size, fps=FPS, seconds=SECONDS)
    kinds = [kind for kind in CLASSES if maker.sounds_of(kind, "valid")]
    videos = []
    for n in range(each):
        for kind in kinds:
            seed = 90_001 + n * len(CLASSES) + CLASSES.index(kind)

            def make(kind: str = kind, seed: int = seed) -> Arrays:
                clip = maker.make(seed, kind, "valid")
                return {
                    "samples": clip.samples,
                    "envelope": clip.track.envelope,
                    "onset": clip.track.onset,
                    "keys": clip.frames[_keys(len(clip.frames))],
                    "grey": _grey(clip.frames),
                }

            key = f"clip|{photos.resolve()}|{sounds.resolve()}|{size}|{kind}|{seed}"
            found = judge.kept(key, make)
            track = SoundTrack(found["envelope"], found["onset"], float(FPS))
            videos.append(Video(kind, found["samples"], track, found["keys"], found["grey"]))
            if say is not None:
                say(len(videos) / (each * len(kinds)), f"{len(videos)} clips rendered")
    return videos


def make_videos(
    engine: Engine,
    baselines: Baselines,
    method: str,
    sounds: Sequence[Video],
    say: Progress | None = None,
) -> list[Video]:
    """The same sounds as videos of one of the baselines' methods, from seeds 0, 1, 2 ..."""
    walk, videos = baselines.methods[method], []
    for seed, video in enumerate(sounds):
        w = walk(Sound(video.samples[None], SAMPLE_RATE), video.track, seed)
        keys = np.stack(list(engine.synthesise(w[_keys(len(w))])))
        small = np.stack(list(engine.synthesise(w, size=SMALL, batch=32)))
        videos.append(Video(video.kind, video.samples, video.track, keys, _grey(small)))
        if say is not None:
            say((seed + 1) / len(sounds), f"{seed + 1} of {len(sounds)} videos: {method}")
    return videos


def look(judge: Judge, videos: Sequence[Video], say: Progress | None = None) -> list[Features]:
    """Features [k, 1280] of the key frames of each video."""
    found = judge.look((frame for video in videos for frame in video.keys), say)
    return np.split(found, np.cumsum([len(video.keys) for video in videos])[:-1])


def measure_videos(
    engine: Engine,
    method: str,
    videos: Sequence[Video],
    features: Sequence[Features],
    reference: Sequence[Features] | None,
    classifiers: Classifiers,
) -> VideoFigures:
    """One row of figures; `reference` are the data engine's features (None for its own row)."""
    shown = [n for n, video in enumerate(videos) if video.kind in SHOWN]

    def share(classifier: SceneClassifier) -> float | None:
        right = [classifier.calls(features[n]) == videos[n].kind for n in shown]
        return float(np.mean(right)) if right else None

    own, others = similarities(engine, videos)
    curves, delays = [], []
    for video in videos:
        count = min(len(video.grey), len(video.track))
        change = np.abs(np.diff(video.grey[:count], axis=0)).mean((1, 2))
        curves.append(correlation_by_lag(video.track.envelope[1:count], change))
        moved = change.max(initial=0) > 1e-6
        if video.kind in EVENTS and moved:
            delay = flash_delay(video.grey[:count].mean((1, 2)), video.track.onset[:count])
            delays += [] if delay is None else [delay]
    curve = mean_curve(curves)
    best = None if curve is None else int(curve.argmax())
    return VideoFigures(
        method=method,
        class_share=share(classifiers.drawn or classifiers.photographs),
        class_share_photographs=share(classifiers.photographs),
        similarity=own,
        shuffled=others,
        frechet=None if reference is None else motion_distance(features, reference),
        correlation=None if curve is None or best is None else float(curve[best]),
        lag=None if best is None else LAGS[best],
        flash_delay=float(np.median(delays)) if delays else None,
    )


def similarities(engine: Engine, videos: Sequence[Video]) -> tuple[float, float]:
    """Mean cosine of frames with their own sound, and with the sounds of every other class."""
    heard = np.stack([engine.embed_sound(Sound(v.samples[None], SAMPLE_RATE)) for v in videos])
    seen = np.stack([engine.embed_image(video.keys).mean(0) for video in videos])
    cosines = seen @ heard.T
    kinds = np.array([video.kind for video in videos])
    different = kinds[:, None] != kinds[None]
    others = float(cosines[different].mean()) if different.any() else float("nan")
    return float(np.diag(cosines).mean()), others


def motion_distance(
    a: Sequence[Features], b: Sequence[Features], reference: Sequence[Features] | None = None
) -> float | None:
    """Frechet distance of differences of consecutive key frames' features; None for too few.

    In the directions in which those of the reference (`b` where None) vary most: with fewer
    samples than features a picture that never moves would come out nearest to everything.
    """
    one, two = _steps(a), _steps(b)
    if min(len(one), len(two)) < 2:
        return None
    whole = two if reference is None else _steps(reference)
    axes = np.linalg.svd(whole - whole.mean(0), full_matrices=False)[2][:DIRECTIONS].T
    return frechet_distance(one @ axes, two @ axes)


def _steps(features: Sequence[Features]) -> Features:
    """Differences [n, 1280] of consecutive rows within each video."""
    return np.concatenate([np.diff(part, axis=0) for part in features])


def _keys(frames: int) -> NDArray[np.intp]:
    step = FPS // KEYS_A_SECOND
    return np.arange(step // 2, frames, step) if frames > step // 2 else np.arange(frames)


def _grey(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Frames [T, S, S, 3] -> means over blocks [T, SMALL, SMALL] in 0..1."""
    grey = frames.mean(3, dtype=np.float32) / 255
    side = grey.shape[1] // SMALL
    blocks = grey.reshape(len(grey), SMALL, side, SMALL, side).mean((2, 4))
    return blocks.astype(np.float32)
