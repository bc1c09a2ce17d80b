"""What to export: settings, the presets that come with soundedit, and a person's own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import platformdirs

from soundedit.errors import ExportError
from soundedit.media.fades import Fades
from soundedit.media.ffmpeg import shown
from soundedit.media.formats import FORMATS, Format, Kind, Quality
from soundedit.media.whole import write_whole

SMALLEST_SIDE, LARGEST_SIDE = 16, 8192
SLOWEST, FASTEST = 1, 120
R128_LOUDNESS = -23.0
LOUDNESSES = (-70.0, -5.0)
"""LUFS that a sound can be brought to, lowest and highest."""
GLIDE, LONGEST_GLIDE = 1.0, 60.0
"""Seconds in which the end of a loop glides into its beginning, as a rule and at most."""
LONGEST_FADE = 60.0
"""Seconds that pictures and sound take to come or to go, at most."""


class Fit(StrEnum):
    """How a picture fills a frame of another shape."""

    LETTERBOX = "letterbox"
    """All of it, black beside it."""
    CROP = "crop"
    """Its middle, filling the frame."""
    MIRROR = "mirror"
    """All of it, mirrored on at its edges."""


@dataclass(frozen=True)
class ExportSettings:
    """What a movie is exported as.

    Attributes:
        format: a name in `formats.FORMATS`.
        width, height: pixels, 16 to 8192; one given alone makes a square, none gives the size of
            the generator.
        fit: how the picture fills another shape.
        fps: frames a second, 1 to 120, exact up to a denominator of 1001; None is the project's.
        quality: how much a lossy codec keeps.
        sound: whether the sound goes along; formats that hold none go without.
        normalise: bring the sound to `loudness` in LUFS (EBU R128), -70 to -5.
        metadata: whether title, pack, seed, edits and the content credential are written.
        glide: seconds, 0 to 60, in which the end of the pictures turns into their beginning, so
            that they repeat without a seam; 0 leaves the end as it is. The sound stays as it is.
        fade_in, fade_out: seconds, 0 to 60, in which pictures and sound come out of black and
            silence, and go into them.

    Raises `ExportError` for what no file could be.
    """

    format: str = "mp4"
    width: int | None = None
    height: int | None = None
    fit: Fit = Fit.CROP
    fps: Fraction | None = None
    quality: Quality = Quality.GOOD
    sound: bool = True
    normalise: bool = False
    loudness: float = R128_LOUDNESS
    metadata: bool = True
    glide: float = 0.0
    fade_in: float = 0.0
    fade_out: float = 0.0

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ExportError(
                f"There is no format {self.format!r}; choose one of {', '.join(FORMATS)}."
            )
        self._check_size()
        if self.fps is not None:
            rate = Fraction(self.fps).limit_denominator(1001)
            object.__setattr__(self, "fps", rate)
            self.check_rate(rate)
        least, most = LOUDNESSES
        if not least <= self.loudness <= most:
            raise ExportError(
                f"A loudness of {self.loudness:g} LUFS is none; choose {least:g} to {most:g}."
            )
        if not 0 <= self.glide <= LONGEST_GLIDE:
            raise ExportError(
                f"The end cannot take {self.glide:g} s to glide into the beginning; "
                f"choose 0 to {LONGEST_GLIDE:g}."
            )
        for fade in (self.fade_in, self.fade_out):
            if not 0 <= fade <= LONGEST_FADE:
                raise ExportError(f"A fade cannot take {fade:g} s; choose 0 to {LONGEST_FADE:g}.")

    @property
    def kind(self) -> Format:
        """The format itself."""
        return FORMATS[self.format]

    @property
    def has_sound(self) -> bool:
        """Whether sound is wanted and the format can hold it."""
        return self.sound and self.kind.sound is not None

    @property
    def fades(self) -> Fades:
        """How it comes and goes."""
        return Fades(self.fade_in, self.fade_out)

    def size(self, generator: int) -> tuple[int, int]:
        """Width and height in pixels, for a generator of square pictures."""
        width = self.width or self.height or generator
        return width, self.height or width

    def check_rate(self, fps: Fraction) -> None:
        """Raise `ExportError` if the format cannot hold this frame rate."""
        if not SLOWEST <= fps <= FASTEST:
            raise ExportError(
                f"A video cannot have {float(fps):g} frames a second; "
                f"choose {SLOWEST} to {FASTEST}."
            )
        if fps > self.kind.fastest:
            raise ExportError(
                f"{self.kind.title} cannot show {float(fps):g} frames a second; "
                f"choose {self.kind.fastest} or fewer."
            )

    def _check_size(self) -> None:
        for side in (self.width, self.height):
            if side is not None and not SMALLEST_SIDE <= side <= LARGEST_SIDE:
                raise ExportError(
                    f"A side of {side} pixels is out of range; "
                    f"choose {SMALLEST_SIDE} to {LARGEST_SIDE}."
                )
        width, height = self.size(SMALLEST_SIDE)
        if self.kind.even and (width % 2 or height % 2):
            even = " x ".join(str(side + side % 2) for side in (width, height))
            raise ExportError(
                f"{self.kind.title} cannot be {width} x {height} pixels, both must be even; "
                f"choose {even}."
            )


PRESETS: Mapping[str, ExportSettings] = MappingProxyType(
    {
        "web": ExportSettings(width=720, height=720, quality=Quality.SMALL),
        "1080p": ExportSettings(width=1920, height=1080),
        "square": ExportSettings(width=1080, height=1080),
        "story": ExportSettings(width=1080, height=1920),
        "master": ExportSettings(format="mov", quality=Quality.BEST),
        "gif": ExportSettings(format="gif", width=256, height=256, fps=Fraction(20)),
    }
)
"""The presets that come with soundedit, by name."""


def settings_facts(settings: ExportSettings) -> dict[str, Any]:
    """The settings as JSON holds them."""
    return {
        "format": settings.format,
        "width": settings.width,
        "height": settings.height,
        "fit": str(settings.fit),
        "fps": None if settings.fps is None else str(settings.fps),
        "quality": str(settings.quality),
        "sound": settings.sound,
        "normalise": settings.normalise,
        "loudness": settings.loudness,
        "metadata": settings.metadata,
        "glide": settings.glide,
        "fade_in": settings.fade_in,
        "fade_out": settings.fade_out,
    }


def settings_from(facts: Mapping[str, Any]) -> ExportSettings:
    """The settings that `settings_facts` wrote; what is missing is as by default, what is not
    known is left out. Raises `ExportError` for values that are no settings.
    """
    known: dict[str, Any] = {
        name: facts[name] for name in settings_facts(ExportSettings()) if name in facts
    }
    try:
        for name in ("width", "height"):
            if known.get(name) is not None:
                known[name] = int(known[name])
        for name in ("sound", "normalise", "metadata"):
            if name in known and not isinstance(known[name], bool):
                raise ValueError(name)
        for name, kind in (("fit", Fit), ("quality", Quality)):
            if name in known:
                known[name] = kind(known[name])
        for name in ("loudness", "glide", "fade_in", "fade_out"):
            if name in known:
                known[name] = float(known[name])
        if known.get("fps") is not None:
            known["fps"] = Fraction(known["fps"])
        return ExportSettings(**known)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ExportError(
            f"These export settings are not understood ({error}); make the preset again."
        ) from error


def presets_path() -> Path:
    """Where the person's own presets are kept."""
    return Path(platformdirs.user_config_dir("soundedit", appauthor=False)) / "presets.json"


def load_presets(path: Path) -> dict[str, ExportSettings]:
    """The person's own presets, by name; none where there is no file yet.

    Raises `ExportError` if the file is damaged; it is left as it is.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): settings_from(facts) for name, facts in found["presets"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ExportError(
            f"The presets in {shown(path)} cannot be read ({error}); rename that file."
        ) from error


def save_presets(path: Path, presets: Mapping[str, ExportSettings]) -> None:
    """Write the person's own presets, whole or not at all; `ExportError` if that fails."""
    facts = {name: settings_facts(settings) for name, settings in presets.items()}
    text = json.dumps({"version": 1, "presets": facts}, indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"The folder {shown(path.parent)} cannot be made ({error.strerror}); "
            "allow writing there."
        ) from error
    write_whole(path, text.encode())


def preset(name: str, own: Mapping[str, ExportSettings] = MappingProxyType({})) -> ExportSettings:
    """The preset of that name, a person's own before one that ships; `ExportError` if none."""
    found = own.get(name) or PRESETS.get(name)
    if found is None:
        raise ExportError(
            f"There is no preset {name!r}; choose one of {', '.join([*own, *PRESETS])}."
        )
    return replace(found)


def default_name(stem: str, settings: ExportSettings) -> str:
    """A file name, or a folder's, for an export of what is called `stem`."""
    return stem + ("-frames" if settings.kind.kind is Kind.SEQUENCE else settings.kind.suffix)
