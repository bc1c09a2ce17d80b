"""Pictures whose class is known, and the classifiers that learn from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import MediaError, TrainingError
from soundedit.media.picture import read_square
from soundedit.progress import Progress
from soundedit.train.classifier import SceneClassifier
from soundedit.train.photos import photo_files
from soundedit.train.stills import read_stills
from soundedit.train.weather import CLASSES, render_still, scene_hints

SHOWN = tuple(name for name in CLASSES if name != "other")
"""Classes that a picture can show."""


@dataclass(frozen=True)
class Scenes:
    """Weathered stills: `pictures` uint8 [n, S, S, 3] and the class of each, in turn by class."""

    pictures: NDArray[np.uint8]
    kinds: NDArray[np.str_]

    @property
    def held_out(self) -> NDArray[np.bool_]:
        """Every third still of a class: judged on, never learned from."""
        held = np.zeros(len(self.kinds), bool)
        for kind in set(self.kinds.tolist()):
            held[np.flatnonzero(self.kinds == kind)[::3]] = True
        return held


def render_scenes(photos: Path, size: int, each: int, say: Progress | None = None) -> Scenes:
    """`each` stills of every class, on photos half of which suit it; TrainingError without photos.

    `size` is at least 64 pixels.
    """
    files = photo_files(photos)
    rng = np.random.default_rng(7)
    pictures, kinds = [], []
    for kind in SHOWN:
        fitting = [row for row in files if row[1] in scene_hints(kind)]
        for n in range(each):
            photo = _read_one(fitting if fitting and n % 2 == 0 else files, size, rng)
            strength, seed = float(rng.uniform(0.5, 1.0)), int(rng.integers(1 << 31))
            pictures.append(render_still(photo, kind, strength, seed, size))
            kinds.append(kind)
            if say is not None:
                say(len(kinds) / (each * len(SHOWN)), f"{len(kinds)} stills rendered")
    return Scenes(np.stack(pictures), np.array(kinds))


def read_scenes(file: Path, each: int) -> Scenes:
    """Up to `each` stills of every class of a `stills.npz`; TrainingError without one."""
    return Scenes(*read_stills(file, each, SHOWN))


def read_photos(
    folder: Path, size: int, count: int, say: Progress | None = None
) -> list[NDArray[np.uint8]]:
    """Up to `count` photos [S, S, 3] in a random but fixed order; unreadable ones are left out."""
    files = photo_files(folder)
    found: list[NDArray[np.uint8]] = []
    for n in np.random.default_rng(3).permutation(len(files)):
        if len(found) == count:
            break
        try:
            found.append(read_square(files[n][0], size))
        except MediaError:
            continue
        if say is not None:
            say(len(found) / min(count, len(files)), f"{len(found)} photos read")
    if len(found) < 4:
        raise TrainingError(f"Fewer than four photos in {folder} can be read; give more.")
    return found


def _read_one(
    files: Sequence[tuple[Path, str]], size: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    for _ in range(20):
        try:
            return read_square(files[int(rng.integers(len(files)))][0], size)
        except MediaError:
            continue
    raise TrainingError("Twenty photos in a row could not be read; check the folder.")


@dataclass(frozen=True)
class Classifiers:
    """What names the class of frames, and the share of held-out stills that it names rightly.

    `photographs` learned from stills alone, `drawn` from stills and from what the generator makes
    of the same stills, so that it knows the generator's hand; None where a pack has no encoder.
    """

    photographs: SceneClassifier
    right: float
    drawn: SceneClassifier | None = None
    right_drawn: float | None = None

    @classmethod
    def taught(
        cls,
        scenes: Scenes,
        features: NDArray[np.float32],
        drawn: NDArray[np.float32] | None,
    ) -> "Classifiers":
        """Taught by the stills that are not held out: features [n, d] of them all, and redrawn."""
        held, kinds = scenes.held_out, scenes.kinds
        plain = SceneClassifier(features[~held], kinds[~held].tolist())
        right = plain.right(features[held], kinds[held])
        if drawn is None:
            return cls(plain, right)
        both = np.concatenate([features[~held], drawn[~held]])
        wise = SceneClassifier(both, [*kinds[~held].tolist(), *kinds[~held].tolist()])
        return cls(plain, right, wise, wise.right(drawn[held], kinds[held]))
