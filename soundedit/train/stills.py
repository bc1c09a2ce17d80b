"""Weathered stills: photos with every kind of weather rendered on, for generator and embedding."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soundedit.errors import TrainingError
from soundedit.train.photos import PhotoSet
from soundedit.train.weather import CLASSES, STILL_KINDS, render_still, scene_hints

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StillsSettings:
    """Settings of `data build`: how many weathered pictures of each kind, and of what size."""

    photos: str = ""
    out: str = "runs/stills"
    resolution: int = 128
    each: int = 300
    weakest: float = 0.35
    seed: int = 1


def build_stills(settings: StillsSettings) -> Path:
    """Render `each` pictures of every kind; writes `stills.npz` (pictures, kinds, strengths).

    Pictures are uint8 [N, S, S, 3]; half start from photos whose hint suits the kind and half from
    any, so that a kind does not stand for one scene. TrainingError without photos.
    """
    if not settings.photos:
        raise TrainingError("Say which photos to render on: --photos FOLDER.")
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    photos = PhotoSet(Path(settings.photos), settings.resolution, out.parent / "cache")
    rng = np.random.default_rng(settings.seed)
    kinds = [k for k in dict.fromkeys([*CLASSES, *STILL_KINDS]) if k != "other"]
    pictures, names, strengths = [], [], []
    for kind in kinds:
        hints = set(scene_hints(kind))
        fitting = [i for i, hint in enumerate(photos.hints) if hint in hints]
        for n in range(settings.each):
            pool = fitting if fitting and n % 2 == 0 else range(len(photos))
            strength = float(rng.uniform(settings.weakest, 1.0))
            photo = np.array(photos.squares[int(rng.choice(pool))])
            seed = int(rng.integers(1 << 31))
            pictures.append(render_still(photo, kind, strength, seed, settings.resolution))
            names.append(kind)
            strengths.append(strength)
        log.info("rendered %s", kind)
    file = out / "stills.npz"
    np.savez(file, pictures=np.stack(pictures), kinds=np.array(names), strengths=strengths)
    return file
