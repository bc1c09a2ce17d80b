"""Quality of a pack on recordings kept out of training: does it hear, and does it move in time?"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.engine.engine import Engine
from soundedit.errors import MediaError
from soundedit.media.sound import read_sound
from soundedit.progress import Progress
from soundedit.train.sounds import Recording, recordings
from soundedit.train.soundtrack import sound_track

FPS = 24
LAGS = range(-3, 4)
SMALL = 32


@dataclass(frozen=True)
class Quality:
    """What was measured; `clips` recordings, those of `moved` also as video."""

    clips: int
    moved: int
    sound_class_accuracy: float
    sound_class_accuracy_balanced: float
    loudness_change_correlation: float
    loudness_change_lag_frames: int
    flash_delay_frames: float

    def figures(self) -> dict[str, float]:
        """The figures by name, rounded, as a manifest keeps them."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def correlation_by_lag(
    loudness: NDArray[np.float32], change: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Pearson correlation of two series [T] for each of `LAGS` (positive: change comes later).

    NaN where one of them does not vary.
    """
    rows = []
    for lag in LAGS:
        a = loudness[max(-lag, 0) : len(loudness) - max(lag, 0)]
        b = change[max(lag, 0) : len(change) - max(-lag, 0)]
        varied = a.std() > 1e-6 and b.std() > 1e-9
        rows.append(float(np.corrcoef(a, b)[0, 1]) if varied else float("nan"))
    return np.array(rows)


def flash_delay(brightness: NDArray[np.float32], onset: NDArray[np.float32]) -> float | None:
    """Frames from the strongest onset to the steepest rise of brightness within half a second.

    None without an onset that has half a second around it.
    """
    at = int(onset.argmax())
    half = FPS // 2
    if onset[at] <= 0 or at < 2 or at + half >= len(brightness):
        return None
    rise = np.diff(brightness)[at - 2 : at + half]
    return float(int(rise.argmax()) - 1)


def measure(
    engine: Engine,
    folder: Path,
    *,
    videos_a_class: int = 4,
    progress: Progress | None = None,
) -> Quality:
    """Measure `engine` on the valid split of a folder of sounds by class.

    Accuracy is by the pack's text prompts alone. Loudness is the envelope of each frame's sound,
    change the mean absolute difference of consecutive small frames; the lag is the one of the
    highest mean correlation. The flash delay is over thunder and explosions. TrainingError where
    the folder holds no sounds.
    """
    classes = engine.manifest.classes
    clips = [r for r in recordings(folder) if r.split == "valid" and r.label in classes]
    vectors = engine.class_embeddings()
    right: dict[str, list[bool]] = {}
    curves, delays = [], []
    seen: dict[str, int] = {}
    for n, clip in enumerate(clips):
        guess = classes[int((vectors @ engine.embed_sound(clip.file)).argmax())]
        right.setdefault(clip.label, []).append(guess == clip.label)
        seen[clip.label] = seen.get(clip.label, 0) + 1
        if seen[clip.label] <= videos_a_class:
            curve, delay = _move(engine, clip)
            curves.append(curve)
            if delay is not None:
                delays.append(delay)
        if progress is not None:
            progress((n + 1) / len(clips), f"{n + 1} of {len(clips)} recordings")
    every = [value for values in right.values() for value in values]
    mean = _mean_curve(curves)
    return Quality(
        clips=len(clips),
        moved=len(curves),
        sound_class_accuracy=float(np.mean(every)) if every else float("nan"),
        sound_class_accuracy_balanced=float(np.mean([np.mean(v) for v in right.values()])),
        loudness_change_correlation=float(mean.max()),
        loudness_change_lag_frames=LAGS[int(mean.argmax())],
        flash_delay_frames=float(np.median(delays)) if delays else float("nan"),
    )


def _mean_curve(curves: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    kept = [c for c in curves if np.isfinite(c).all()]
    return np.mean(kept, axis=0) if kept else np.zeros(len(LAGS))


def _move(engine: Engine, clip: Recording) -> tuple[NDArray[np.float64], float | None]:
    """Correlation by lag and flash delay of one recording's video."""
    try:
        sound = read_sound(clip.file, sample_rate=32_000, mono=True)
    except MediaError:
        return np.full(len(LAGS), np.nan), None
    frames = np.stack(list(engine.synthesise(engine.generate(sound, fps=FPS).w, size=SMALL)))
    track = sound_track(sound.mono(), 32_000, FPS)
    count = min(len(frames), len(track))
    grey = frames[:count].astype(np.float32).mean(3) / 255
    change = np.abs(np.diff(grey, axis=0)).mean((1, 2))
    curve = correlation_by_lag(track.envelope[1:count], change)
    delay = None
    if clip.label in ("thunder", "explosion"):
        delay = flash_delay(grey.mean((1, 2)), track.onset[:count])
    return curve, delay
