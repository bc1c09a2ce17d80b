"""`soundedit data build`: weathered stills and clips from photos and sounds, or from videos."""

from dataclasses import dataclass
from pathlib import Path

from soundedit.train.clipset import ClipSettings, build_clips, cut_videos
from soundedit.train.stills import StillsSettings, build_stills


@dataclass(frozen=True)
class BuildSettings:
    """Settings of `data build`; the shipped TOML file explains each."""

    photos: str = ""
    sounds: str = ""
    out: str = "runs/data"
    resolution: int = 128
    stills: int = 300
    clips: int = 520
    seconds: float = 4.0
    seed: int = 1
    videos: str = ""


def build(settings: BuildSettings) -> Path:
    """Render stills (`out/stills/stills.npz`) and clips (`out/clips`); finished ones are kept.

    Videos are cut into clips beside them, or alone where there are no photos.
    """
    s, out = settings, Path(settings.out)
    if s.videos:
        cut_videos(Path(s.videos), out / "clips", s.resolution, s.seconds)
        if not s.photos:
            return out
    if not (out / "stills" / "stills.npz").exists():
        build_stills(
            StillsSettings(s.photos, str(out / "stills"), s.resolution, s.stills, seed=s.seed)
        )
    build_clips(
        ClipSettings(
            s.photos, s.sounds, str(out / "clips"), s.resolution, s.seconds, s.clips, s.seed
        )
    )
    return out
