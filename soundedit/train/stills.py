"""Weathered stills: photos with every kind of weather rendered on, made and read again."""

import logging
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import TrainingError
from soundedit.media.whole import publish_part, start_part
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
    part = start_part(file, [".npz"])
    np.savez(part, pictures=np.stack(pictures), kinds=np.array(names), strengths=strengths)
    publish_part(part, file)
    return file


def read_stills(
    file: Path, each: int | None = None, kinds: Collection[str] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """Pictures uint8 [N, S, S, 3] of a `stills.npz` and the kind of each [N].

    At most `each` of a kind, and of `kinds` alone where they are given. TrainingError where the
    file is missing or damaged.
    """
    try:
        with file.open("rb") as source, np.load(source) as data:
            names: NDArray[np.str_] = data["kinds"]
            rows = np.sort(
                np.concatenate(
                    [
                        np.flatnonzero(names == kind)[:each]
                        for kind in dict.fromkeys(names.tolist())
                        if kinds is None or kind in kinds
                    ]
                )
            )
            return data["pictures"][rows], names[rows]
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise TrainingError(
            f"The stills {file} cannot be read; make them with: soundedit data build."
        ) from error


def stills_of_size(file: Path, size: int) -> tuple[NDArray[np.uint8], NDArray[np.str_]]:
    """All pictures of a `stills.npz` and their kinds; TrainingError unless of `size` pixels."""
    pictures, names = read_stills(file)
    _check_size(file, pictures, size)
    return pictures, names


def still_pictures(file: Path, size: int) -> NDArray[np.uint8]:
    """The pictures alone, of a `stills.npz` or of a .npy array uint8 [N, size, size, 3].

    TrainingError where the file is missing, damaged, or of pictures of another size.
    """
    if file.suffix != ".npy":
        return stills_of_size(file, size)[0]
    try:
        pictures: NDArray[np.uint8] = np.lib.format.open_memmap(file, mode="r")
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"The pictures {file} cannot be read; give an array of 8-bit pictures, or the "
            "stills.npz of: soundedit data build."
        ) from error
    _check_size(file, pictures, size)
    return pictures


def _check_size(file: Path, pictures: NDArray[np.uint8], size: int) -> None:
    if pictures.dtype != np.uint8 or pictures.shape[1:] != (size, size, 3):
        raise TrainingError(
            f"{file} holds {pictures.dtype} of shape {list(pictures.shape)} where 8-bit pictures "
            f"[N, {size}, {size}, 3] are wanted; make such with: soundedit data build "
            f"--resolution {size}."
        )
