"""Clips cut from real videos with sound: one folder a class, or tar shards as WebDataset has them.

The layout of the landscape set of Lee et al. 2022: one clip shows one class, a folder a class.
"""

import logging
import tarfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import MediaError, TrainingError
from soundedit.media.picture import video_squares
from soundedit.media.sound import read_sound
from soundedit.train.prompts import CLASSES
from soundedit.train.shards import extract, samples
from soundedit.train.soundtrack import sound_track
from soundedit.train.weather.clips import SAMPLE_RATE, Clip

log = logging.getLogger(__name__)
SUFFIXES = {".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi"}
# Words of folder names, those of the landscape set among them, and the class they mean.
_WORDS = {
    "rain": "rain", "thunder": "thunder", "storm": "thunder", "wind": "wind", "wave": "waves",
    "sea": "waves", "splash": "waves", "waterfall": "waterfall", "river": "river",
    "squish": "river", "stream": "river", "fire": "fire", "explosion": "explosion",
    "underwater": "underwater", "bird": "birds", "cricket": "crickets", "step": "steps",
}  # fmt: skip


def class_of(name: str) -> str:
    """The class that a folder's name means, 'other' for none: 'fire_crackling' is 'fire'."""
    words = name.lower().replace("-", "_").replace(" ", "_").split("_")
    if name in CLASSES:
        return name
    for word in words:
        for start, kind in _WORDS.items():
            if word == kind or word.startswith(start):
                return kind
    return "other"


def video_clips(
    folder: Path, size: int, fps: int, seconds: float, skip: frozenset[str] = frozenset()
) -> Iterator[tuple[str, list[Clip]]]:
    """Name and clips of each video below `folder` or in its .tar shards, in a stable order.

    A video gives as many clips of `seconds` as it is long; its picture is its first frame. Those
    named in `skip` are left out. Unreadable and too short ones are reported and skipped.
    TrainingError if there is no video.
    """
    found = False
    for name, kind, file in _videos(folder, skip):
        found = True
        if file is None:
            continue
        try:
            clips = list(cut(file, kind, size, fps, seconds))
        except MediaError as error:
            log.warning("skipped %s: %s", name, error)
            continue
        if not clips:
            log.warning("skipped %s: it is shorter than %g seconds", name, seconds)
        yield name, clips
    if not found:
        raise TrainingError(
            f"There are no videos in {folder}; give folders of videos by class, or tar shards."
        )


def cut(file: Path, kind: str, size: int, fps: int, seconds: float) -> Iterator[Clip]:
    """Clips of exactly `seconds` from one video; MediaError if it has no picture or no sound."""
    count = round(seconds * fps)
    frames: list[NDArray[np.uint8]] = []
    made = 0
    for frame in video_squares(file, size, Fraction(fps)):
        frames.append(frame)
        if len(frames) < count:
            continue
        start = made * count / fps
        sound = read_sound(
            file, sample_rate=SAMPLE_RATE, mono=True, start=start, end=start + seconds
        )
        samples = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
        heard = sound.mono()[: len(samples)]
        samples[: len(heard)] = heard
        track = sound_track(samples, SAMPLE_RATE, fps, seconds)
        stack = np.stack(frames)
        yield Clip(kind, stack[0], stack, samples, SAMPLE_RATE, track, [], file, file, start)
        made, frames = made + 1, []


def _videos(folder: Path, skip: frozenset[str]) -> Iterator[tuple[str, str, Path | None]]:
    """Name, class and file of every video; no file for those in `skip`."""
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.suffix.lower() in SUFFIXES:
            kind = class_of(file.parent.name if file.parent != folder else file.stem)
            yield name, kind, None if name in skip else file
        elif file.suffix.lower() == ".tar":
            try:
                with tarfile.open(file) as shard:
                    yield from _members(name, shard, skip)
            except (tarfile.TarError, OSError) as error:
                log.warning("skipped %s: %s", name, error)


def _members(
    shard_name: str, shard: tarfile.TarFile, skip: frozenset[str]
) -> Iterator[tuple[str, str, Path | None]]:
    """Videos of a shard, by the classes that it says."""
    for member, facts in samples(shard, SUFFIXES):
        name = f"{shard_name}/{member.name}"
        if name in skip:
            yield name, "", None
            continue
        # Under a name of our own, since names in archives are not trusted.
        with TemporaryDirectory(prefix="soundedit-shard-") as folder:
            file = Path(folder) / f"video{PurePosixPath(member.name).suffix}"
            extract(shard, member, file)
            yield name, class_of(facts["class"]), file
