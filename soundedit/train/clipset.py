"""Rendered clips on disk: what sound inversion and the frame generator are trained to follow."""

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from soundedit.errors import TrainingError
from soundedit.nets.mel import LogMel
from soundedit.train.prompts import CLASSES
from soundedit.train.sounds import MelSettings
from soundedit.train.videos import video_clips
from soundedit.train.weather.clips import Clip, ClipMaker

log = logging.getLogger(__name__)
FPS = 25


@dataclass(frozen=True)
class ClipSettings:
    """Settings of `data build`: how many clips, of what size and length."""

    photos: str = ""
    sounds: str = ""
    out: str = "runs/clips"
    resolution: int = 128
    seconds: float = 4.0
    clips: int = 520
    seed: int = 1


@dataclass(frozen=True)
class TrainingClip:
    """One clip as training sees it.

    `frames` uint8 [T, S, S, 3] at 25 frames a second, `picture` uint8 [S, S, 3] the photo before
    the weather, `mel` float16 [columns, M] of its sound from the first frame on.
    """

    kind: str
    picture: NDArray[np.uint8]
    frames: NDArray[np.uint8]
    mel: NDArray[np.float16]


def build_clips(settings: ClipSettings) -> Path:
    """Render clips in turn over the classes into `out`, one file each; existing ones are kept."""
    if not settings.photos or not settings.sounds:
        raise TrainingError("Say what to render: --photos FOLDER --sounds FOLDER.")
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    maker = ClipMaker(
        Path(settings.photos),
        Path(settings.sounds),
        settings.resolution,
        fps=FPS,
        seconds=settings.seconds,
        fitting=0.6,
    )
    ear = MelSettings().build()
    kinds = [k for k in CLASSES if maker.sounds_of(k, "train")]
    if not kinds:
        raise TrainingError("No sound of a known class was found; name folders by class.")
    for n in range(settings.clips):
        file = out / f"{n:05d}.npz"
        if file.exists():
            continue
        write_clip(file, maker.make(settings.seed * 1_000_003 + n, kinds[n % len(kinds)]), ear)
        if n % 25 == 0:
            log.info("clip %d of %d", n, settings.clips)
    return out


def cut_videos(videos: Path, out: Path, resolution: int, seconds: float) -> Path:
    """Cut videos with sound (see `videos`) into clips in `out`; those cut before are kept.

    TrainingError if there is no video, or none could be cut.
    """
    out.mkdir(parents=True, exist_ok=True)
    listing = out / "videos.txt"
    done = listing.read_text(encoding="utf-8").splitlines() if listing.exists() else []
    ear = MelSettings().build()
    for name, clips in video_clips(videos, resolution, FPS, seconds, frozenset(done)):
        key = hashlib.sha256(name.encode()).hexdigest()[:12]
        for k, clip in enumerate(clips):
            write_clip(out / f"video-{key}-{k:04d}.npz", clip, ear)
        with listing.open("a", encoding="utf-8") as sink:
            sink.write(f"{name}\n")
        log.info("%s: %d clips of %s", name, len(clips), clips[0].kind if clips else "nothing")
    if not any(out.glob("*.npz")):
        raise TrainingError(f"No video in {videos} could be cut into clips; see the log.")
    return out


def write_clip(file: Path, clip: Clip, ear: LogMel) -> None:
    """Write a clip whole or not at all."""
    with torch.inference_mode():
        mel = ear(torch.from_numpy(clip.samples)[None])[0].T.numpy().astype(np.float16)
    part = file.with_suffix(".part")
    with part.open("wb") as sink:
        np.savez(sink, kind=clip.kind, picture=clip.picture, frames=clip.frames, mel=mel)
        sink.flush()
        os.fsync(sink.fileno())
    part.replace(file)


def clip_files(folder: Path) -> list[Path]:
    """Rendered clips of a folder; TrainingError if there is none."""
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise TrainingError(
            f"There are no clips in {folder}; make them with: soundedit data build."
        )
    return files


def read_clip(file: Path) -> TrainingClip:
    """Read one clip; TrainingError if it is damaged."""
    try:
        with np.load(file) as data:
            return TrainingClip(str(data["kind"]), data["picture"], data["frames"], data["mel"])
    except (OSError, ValueError, KeyError) as error:
        raise TrainingError(f"The clip {file} is damaged; delete it to render it anew.") from error
