"""The kinds of file that pictures and sound leave in, and how ffmpeg makes each of them."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from soundedit.media.ffmpeg import ffmpeg_exe


class Quality(StrEnum):
    """How much of the picture a lossy format keeps."""

    SMALL = "small"
    GOOD = "good"
    BEST = "best"


class Kind(StrEnum):
    """What comes out."""

    VIDEO = "video"
    """One file that may hold sound."""
    LOOP = "loop"
    """One picture file that moves; such formats hold no sound."""
    SEQUENCE = "sequence"
    """A folder with one picture a frame and the sound as WAV."""
    LATENTS = "latents"
    """The trajectory itself, for other tools."""


@dataclass(frozen=True)
class SoundCodec:
    """How the sound is encoded: ffmpeg's arguments, and samples in one of its frames."""

    title: str
    args: tuple[str, ...]
    frame: int


@dataclass(frozen=True)
class Format:
    """One kind of file.

    `pixels` is ffmpeg's pixel format; pixels other than RGB are BT.709 of limited range, but for
    JPEG, whose standard says BT.601 of full range. `even` sides are multiples of 2. `codec` holds
    the encoder's arguments for each quality, `colours` the size of the palette that all frames
    share, where there is one, and `weight` the bits that a pixel takes about, from measured
    landscapes. `fastest` is the highest frame rate that the format can express.
    """

    name: str
    title: str
    suffix: str
    kind: Kind
    pixels: str = "rgb24"
    even: bool = False
    codec: Mapping[Quality, tuple[str, ...]] = field(default_factory=dict)
    colours: Mapping[Quality, int] = field(default_factory=dict)
    muxer: tuple[str, ...] = ()
    sound: SoundCodec | None = None
    weight: float = 24.0
    fastest: int = 120
    encoder: str = ""

    @property
    def graded(self) -> bool:
        """Whether its quality can be chosen."""
        return len(set(self.codec.values())) > 1 or len(set(self.colours.values())) > 1


_AAC = SoundCodec("AAC", ("-c:a", "aac", "-b:a", "192k"), 1024)
_OPUS = SoundCodec("Opus", ("-c:a", "libopus", "-b:a", "160k"), 960)
_PCM = SoundCodec("PCM", ("-c:a", "pcm_s24le"), 1)


def _by_quality(
    fixed: tuple[str, ...], small: str, good: str, best: str
) -> Mapping[Quality, tuple[str, ...]]:
    words = zip((Quality.SMALL, Quality.GOOD, Quality.BEST), (small, good, best), strict=True)
    return MappingProxyType({quality: (*fixed, *more.split()) for quality, more in words})


def _palette(small: int, most: int) -> Mapping[Quality, int]:
    return MappingProxyType({Quality.SMALL: small, Quality.GOOD: most, Quality.BEST: most})


_ALL = (
    Format(
        "mp4",
        "MP4 (H.264, AAC)",
        ".mp4",
        Kind.VIDEO,
        pixels="yuv420p",
        even=True,
        codec=_by_quality(
            ("-c:v", "libx264"),
            "-preset faster -crf 24",
            "-preset veryfast -crf 18",
            "-preset medium -crf 12",
        ),
        muxer=("-movflags", "+faststart", "-f", "mp4"),
        sound=_AAC,
        weight=1.0,
        encoder="libx264",
    ),
    Format(
        "webm",
        "WebM (VP9, Opus)",
        ".webm",
        Kind.VIDEO,
        pixels="yuv420p",
        even=True,
        codec=_by_quality(
            ("-c:v", "libvpx-vp9", "-b:v", "0", "-deadline", "good", "-row-mt", "1"),
            "-cpu-used 5 -crf 34",
            "-cpu-used 5 -crf 22",
            "-cpu-used 3 -crf 14",
        ),
        muxer=("-f", "webm"),
        sound=_OPUS,
        weight=0.8,
        encoder="libvpx-vp9",
    ),
    Format(
        "webm-av1",
        "WebM (AV1, Opus)",
        ".webm",
        Kind.VIDEO,
        pixels="yuv420p",
        even=True,
        codec=_by_quality(
            ("-c:v", "libsvtav1"),
            "-preset 10 -crf 42",
            "-preset 9 -crf 30",
            "-preset 7 -crf 18",
        ),
        muxer=("-f", "webm"),
        sound=_OPUS,
        weight=0.6,
        encoder="libsvtav1",
    ),
    Format(
        "mov",
        "MOV (ProRes 422 HQ, PCM)",
        ".mov",
        Kind.VIDEO,
        pixels="yuv422p10le",
        even=True,
        codec=_by_quality(("-c:v", "prores_ks", "-profile:v", "hq", "-vendor", "apl0"), "", "", ""),
        muxer=("-movflags", "+faststart+write_colr", "-f", "mov"),
        sound=_PCM,
        weight=12.0,
        encoder="prores_ks",
    ),
    Format(
        "gif",
        "GIF",
        ".gif",
        Kind.LOOP,
        codec=_by_quality((), "", "", ""),
        colours=_palette(128, 256),
        muxer=("-loop", "0", "-f", "gif"),
        weight=7.0,
        # Browsers slow down what is shown for less than two hundredths of a second.
        fastest=50,
        encoder="gif",
    ),
    Format(
        "webp",
        "Animated WebP (palette)",
        ".webp",
        Kind.LOOP,
        pixels="bgra",
        # Without loss, and so with the palette in the file; more effort saves a tenth at ten times
        # the time. One colour less: pixels that stay as they were are transparent.
        codec=_by_quality(
            (
                *("-c:v", "libwebp_anim", "-lossless", "1"),
                *("-compression_level", "3", "-quality", "50"),
            ),
            "",
            "",
            "",
        ),
        colours=_palette(127, 255),
        muxer=("-loop", "0", "-f", "webp"),
        weight=6.0,
        encoder="libwebp_anim",
    ),
    Format(
        "webp-lossy",
        "Animated WebP (lossy)",
        ".webp",
        Kind.LOOP,
        pixels="bgra",
        codec=_by_quality(
            ("-c:v", "libwebp_anim", "-compression_level", "3"),
            "-quality 60",
            "-quality 80",
            "-quality 95",
        ),
        muxer=("-loop", "0", "-f", "webp"),
        weight=1.5,
        encoder="libwebp_anim",
    ),
    Format(
        "png",
        "PNG pictures and WAV",
        "",
        Kind.SEQUENCE,
        codec=_by_quality(("-c:v", "png"), "", "", ""),
        sound=_PCM,
        weight=22.0,
        encoder="png",
    ),
    Format(
        "jpeg",
        "JPEG pictures and WAV",
        "",
        Kind.SEQUENCE,
        pixels="yuvj444p",
        codec=_by_quality(("-c:v", "mjpeg"), "-q:v 6", "-q:v 2", "-qmin 1 -q:v 1"),
        sound=_PCM,
        weight=9.0,
        encoder="mjpeg",
    ),
    Format("latents", "Trajectory (safetensors)", ".safetensors", Kind.LATENTS),
)

FORMATS: Mapping[str, Format] = MappingProxyType({form.name: form for form in _ALL})
"""By name, the usual one of a suffix first."""


def format_of(suffix: str) -> Format | None:
    """The usual format of files that end in `suffix`, such as ".mp4"; None if there is none."""
    found = [form for form in FORMATS.values() if form.suffix and form.suffix == suffix.lower()]
    return found[0] if found else None


def available(form: Format) -> bool:
    """Whether the ffmpeg at hand can make this format."""
    return not form.encoder or form.encoder in _encoders()


@cache
def _encoders() -> frozenset[str]:
    listed = subprocess.run(
        [ffmpeg_exe(), "-hide_banner", "-encoders"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return frozenset(re.findall(r"^ [VA]\S+ (\S+)", listed, re.MULTILINE))
