"""Whether there is room for a file before hours are spent on it."""

import shutil
from fractions import Fraction
from pathlib import Path

from soundedit.errors import ExportError, shown
from soundedit.media.formats import Kind, Quality
from soundedit.media.presets import ExportSettings

_QUALITY = {Quality.SMALL: 0.7, Quality.GOOD: 1.0, Quality.BEST: 1.5}
# An enlarged picture holds no more detail; what lossy codecs spend on it all the same.
_ENLARGED = 0.1
_SOUND_BYTES = 26_000
_PCM_BYTES = 288_000
_SPARE = 4 << 20


def estimated_size(settings: ExportSettings, side: int, frames: int, fps: Fraction) -> int:
    """About how many bytes the file will have.

    `side` is the generator's, in pixels. Landscapes of the packs that ship were measured.
    """
    return round(_picture_bytes(settings, side, frames) + _sound_bytes(settings, frames, fps))


def estimated_bytes(settings: ExportSettings, side: int, frames: int, fps: Fraction) -> int:
    """About what the file will take, with what lies beside it while it is made; as the size."""
    picture = _picture_bytes(settings, side, frames)
    sound = _sound_bytes(settings, frames, fps)
    if settings.kind.colours:
        # The frames wait without loss for their palette.
        picture += 1.5 * _pixels(settings, side) * frames
    if sound and settings.kind.kind is Kind.VIDEO:
        picture *= 2
    return round(picture + sound) + _SPARE


def _pixels(settings: ExportSettings, side: int) -> int:
    """Pixels of a frame, those that were enlarged counted for what they take."""
    form = settings.kind
    width, height = settings.size(side)
    pixels = width * height
    lossy = form.kind in (Kind.VIDEO, Kind.LOOP) and form.name != "mov" and not form.colours
    if lossy:
        enlarged = max(pixels - side * side, 0)
        pixels = round(min(pixels, side * side) + _ENLARGED * enlarged)
    return pixels


def _picture_bytes(settings: ExportSettings, side: int, frames: int) -> float:
    kept = settings.kind.weight * _QUALITY[settings.quality]
    return kept * _pixels(settings, side) / 8 * frames


def _sound_bytes(settings: ExportSettings, frames: int, fps: Fraction) -> float:
    codec = settings.kind.sound
    if not settings.has_sound or codec is None:
        return 0.0
    return float(frames / fps) * (_PCM_BYTES if codec.frame == 1 else _SOUND_BYTES)


def check_space(path: Path, needed: int) -> None:
    """Raise `ExportError` if the disk of `path` has less than `needed` bytes free."""
    folder = path.absolute().parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError:
        return
    if free < needed:
        raise ExportError(
            f"{shown(path)} needs about {_amount(needed)} and {_amount(free)} are free; "
            "free some space or choose another disk."
        )


def _amount(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"
