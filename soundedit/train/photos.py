"""Photo sets: folders of pictures as one memory-mapped array of squares."""

import csv
import hashlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.errors import MediaError, TrainingError
from soundedit.media.picture import picture_size, read_square
from soundedit.train.shards import unpacked

log = logging.getLogger(__name__)
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


def photo_files(folder: Path) -> list[tuple[Path, str]]:
    """Pictures below `folder` with their scene hint ('' where unknown), in a stable order.

    An `index.csv` with columns `file` and `class_hint` is followed where it exists; else the hint
    is the name of the folder that holds the picture. Tar shards (see `shards`) give theirs too;
    `folder` may also be one, or a pattern of them. TrainingError if there is none.
    """
    index = folder / "index.csv"
    if index.exists():
        with index.open(newline="", encoding="utf-8") as rows:
            found = [
                (folder / row["file"], row.get("class_hint", "")) for row in csv.DictReader(rows)
            ]
    else:
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
        found = [(p, "" if p.parent == folder else p.parent.name) for p in files]
    found += [
        (file, facts.get("class_hint") or facts["class"])
        for file, facts in unpacked(folder, SUFFIXES)
    ]
    if not found:
        raise TrainingError(
            f"There are no pictures in {folder}; give a folder of photos, or tar shards."
        )
    return found


class PhotoSet:
    """Squares of one size in an array on disk, made once for each folder and size."""

    def __init__(self, folder: Path, size: int, cache: Path, *, least: int = 0) -> None:
        """Build or reuse the array below `cache`; unreadable pictures are reported and skipped.

        Those whose shorter side has fewer pixels than `least` are left out.
        """
        files = photo_files(folder)
        text = f"{folder.resolve()}|{size}|{len(files)}" + (f"|{least}" if least else "")
        key = hashlib.sha256(text.encode()).hexdigest()[:16]
        cache.mkdir(parents=True, exist_ok=True)
        array, hints = cache / f"photos-{key}.npy", cache / f"photos-{key}.txt"
        if not hints.exists():
            good: list[str] = []
            part = array.with_suffix(".part.npy")
            squares = np.lib.format.open_memmap(
                part, mode="w+", dtype=np.uint8, shape=(len(files), size, size, 3)
            )
            for file, hint in files:
                try:
                    if least and min(picture_size(file)) < least:
                        continue
                    squares[len(good)] = read_square(file, size)
                except MediaError as error:
                    log.warning("skipped: %s", error)
                    continue
                good.append(hint)
            squares.flush()
            part.replace(array)
            hints.write_text("".join(f"{hint}\n" for hint in good), encoding="utf-8")
        self.hints = hints.read_text(encoding="utf-8").split("\n")[:-1]
        self.squares: NDArray[np.uint8] = np.load(array, mmap_mode="r")[: len(self.hints)]
        if not self.hints:
            wanted = f" of {least} pixels or more" if least else ""
            raise TrainingError(f"No picture{wanted} in {folder} could be read; see the log.")

    def __len__(self) -> int:
        return len(self.hints)


def picture_batches(
    sources: Sequence[NDArray[np.uint8]],
    shares: Sequence[float],
    batch: int,
    rng: np.random.Generator,
) -> Iterator[Tensor]:
    """Endless batches [batch, 3, H, W] in [-1, 1], drawn by `shares`, half of them mirrored."""
    weights = np.asarray(shares, dtype=np.float64)
    weights /= weights.sum()
    while True:
        which = rng.choice(len(sources), size=batch, p=weights)
        picked = [sources[k][rng.integers(len(sources[k]))] for k in which]
        pictures = np.stack([p[:, ::-1] if rng.random() < 0.5 else p for p in picked])
        yield torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
