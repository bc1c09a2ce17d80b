"""Which sounds come with the app, and which files it offers to open."""

from pathlib import Path

from soundedit.resources import resource_path

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif", ".m4a", ".opus")
VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi")
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
NETWORK_SUFFIXES = (".pkl", ".pt", ".pth", ".safetensors", ".bin")
FIRST_SAMPLE = "waves"


def sample_sounds() -> list[Path]:
    """The sounds that come with the app, by name."""
    folder = resource_path("sounds")
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SOUND_SUFFIXES)


def first_sample() -> Path | None:
    """The sound the first start shows: the waves where they are."""
    sounds = sample_sounds()
    first = [path for path in sounds if FIRST_SAMPLE in path.stem.lower()]
    return next(iter([*first, *sounds]), None)
