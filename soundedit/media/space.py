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


def estimated_bytes(settings: ExportSettings, side: int, frames: int, fps: Fraction) -> int:
    """About what the file will take, with what lies beside it while it is made.

    `side` is the generator's, in pixels. Landscapes of the packs that ship were measured.
    """
    form = settings.kind
    width, height = settings.size(side)
    pixels = width * height
    if form.kind in (Kind.VIDEO, Kind.LOOP) and form.name not in ("mov", "gif"):
        enlarged = max(pixels - side * side, 0)
        pixels = round(min(pixels, side * side) + _ENLARGED * enlarged)
    picture = form.weight * _QUALITY[settings.quality] * pixels / 8 * frames
    if form.name == "gif":
        # The frames wait without loss for their palette.
        picture += 1.5 * pixels * frames
    sound = 0.0
    if settings.has_sound and form.sound is not None:
        rate = _PCM_BYTES if form.sound.frame == 1 else _SOUND_BYTES
        sound = float(frames / fps) * rate
        if form.kind is Kind.VIDEO:
            picture *= 2
    return round(picture + sound) + _SPARE


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
