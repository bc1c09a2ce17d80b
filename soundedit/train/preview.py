"""A look at clips of the data engine, or cut from videos: one of each class."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw

from soundedit.errors import TrainingError
from soundedit.media.sound import Sound, write_sound
from soundedit.media.video import VideoWriter
from soundedit.train.prompts import CLASSES
from soundedit.train.videos import video_clips
from soundedit.train.weather.clips import Clip, ClipMaker


@dataclass(frozen=True)
class PreviewSettings:
    """Settings of `data preview`: a look at one clip of every class."""

    photos: str = ""
    sounds: str = ""
    out: str = "runs/preview"
    resolution: int = 256
    fps: int = 24
    seconds: float = 4.0
    split: str = "train"
    seed: int = 1
    videos: str = ""


def preview(settings: PreviewSettings) -> Path:
    """Write `clips.png`, a contact sheet, and `clips.mp4` with sound; returns the folder.

    One clip of each class that the split, or the folder of videos, has. TrainingError without
    photos and sounds, or videos.
    """
    if not settings.videos and not (settings.photos and settings.sounds):
        raise TrainingError(
            "Say what to make clips from: --photos FOLDER --sounds FOLDER, or --videos FOLDER."
        )
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    clips = _clips_of_videos(settings) if settings.videos else _rendered_clips(settings)
    contact_sheet(clips).save(out / "clips.png")
    write_clips(out / "clips.mp4", clips, Fraction(settings.fps))
    return out


def _clips_of_videos(settings: PreviewSettings) -> list[Clip]:
    """The first clip of each class."""
    first: dict[str, Clip] = {}
    folder = Path(settings.videos)
    for _, clips in video_clips(folder, settings.resolution, settings.fps, settings.seconds):
        for clip in clips[:1]:
            first.setdefault(clip.kind, clip)
    if not first:
        raise TrainingError(f"No video in {folder} could be cut into clips; see the log.")
    return list(first.values())


def _rendered_clips(settings: PreviewSettings) -> list[Clip]:
    """One clip of each class that the split has."""
    maker = ClipMaker(
        Path(settings.photos),
        Path(settings.sounds),
        settings.resolution,
        float(settings.fps),
        settings.seconds,
    )
    clips = [
        maker.make(settings.seed, kind, settings.split)
        for kind in CLASSES
        if maker.sounds_of(kind, settings.split)
    ]
    if not clips:
        raise TrainingError(f"There is no known sound in the {settings.split} split.")
    return clips


def contact_sheet(clips: Sequence[Clip], columns: int = 8, side: int = 128) -> Image.Image:
    """A row a clip: frames spread over it, the frame of its strongest onset first; its envelope."""
    strip, margin = 18, 4
    height = side + strip + margin
    sheet = Image.new("RGB", ((columns + 1) * side, len(clips) * height), (24, 24, 24))
    draw = ImageDraw.Draw(sheet)
    for n, clip in enumerate(clips):
        top, count = n * height, len(clip.frames)
        shown = [int(clip.track.onset.argmax()), *np.linspace(0, count - 1, columns).astype(int)]
        for place, k in enumerate(shown):
            frame = Image.fromarray(clip.frames[k]).resize((side, side), Image.Resampling.BICUBIC)
            sheet.paste(frame, (place * side, top))
        draw.text(
            (4, top + 3), clip.kind, fill=(255, 255, 255), stroke_width=1, stroke_fill=(0, 0, 0)
        )
        wide = columns * side / count
        base = top + side + strip
        for k in range(count):
            left = side + k * wide
            tall = strip * float(clip.track.envelope[k])
            onset = clip.track.onset[k] > 0
            colour = (255, 170, 60) if onset else (90, 160, 220)
            draw.rectangle((left, base - tall, left + wide - 1, base), fill=colour)
    return sheet


def write_clips(path: Path, clips: Sequence[Clip], fps: Fraction) -> None:
    """Clips one after the other as one MP4 with sound; ExportError if it cannot be written."""
    size = clips[0].frames.shape[1]
    with TemporaryDirectory() as folder:
        sound = Path(folder) / "clips.wav"
        samples = np.concatenate([clip.samples for clip in clips])[None]
        write_sound(sound, Sound(samples, clips[0].sample_rate))
        with VideoWriter(path, width=size, height=size, fps=fps, sound=sound) as video:
            for clip in clips:
                for frame in clip.frames:
                    video.write(frame)
