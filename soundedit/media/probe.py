"""What a video file holds, counted packet by packet."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from soundedit.errors import MediaError
from soundedit.media.decode import check_sound_file
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown

_COMMON_RATES = [
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)),
    *(Fraction(15, 2), Fraction(25, 2)),
]


_NO_TIME = -(2**63)


@dataclass(frozen=True)
class VideoInfo:
    """What a video file holds; `frames` and the lengths, in seconds, are counted, not declared."""

    width: int
    height: int
    fps: Fraction
    frames: int
    seconds: float
    has_sound: bool
    sound_seconds: float


class _Track:
    """Packets of one stream, as ffmpeg's framecrc format lists them, summed up."""

    def __init__(self) -> None:
        self.tick = Fraction(1)
        self.width = self.height = self.packets = self.length = 0
        self.first: int | None = None
        self.last = self.end = 0

    def add(self, pts: int, length: int) -> None:
        if self.packets == 0:
            self.length = length
        self.packets += 1
        self.first = pts if self.first is None else min(pts, self.first)
        self.last = max(pts, self.last)
        self.end = max(pts + length, self.end)


def probe_video(path: str | Path) -> VideoInfo:
    """Size, exact frame rate, and counted frames of a video, without decoding its pictures.

    A variable frame rate gives its mean. Raises `MediaError` if the file is missing, damaged, or
    has no moving picture.
    """
    path = check_sound_file(path)
    tracks = {0: _Track(), 1: _Track()}
    args = [
        *("-loglevel", "info", "-protocol_whitelist", "file,pipe", "-i", file_argument(path)),
        *("-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-f", "framecrc", "pipe:1"),
    ]
    with FFmpeg(args, read=True) as ffmpeg:
        for raw in ffmpeg.stdout:
            _note(raw.decode("ascii", "replace"), tracks)
        ffmpeg.wait()
        picture, sound = tracks[0], tracks[1]
        if not picture.packets:
            opened = "Input #0" in ffmpeg.log
            wrong = "has no moving picture" if opened else "is damaged or not a video file"
            raise MediaError(f"{shown(path)} {wrong}; open an MP4, MOV, MKV or WebM file.")
    first = picture.first or 0
    return VideoInfo(
        picture.width,
        picture.height,
        _frame_rate(picture),
        picture.packets,
        float((picture.end - first) * picture.tick),
        sound.packets > 0,
        # Encoders put priming before time 0; players leave it out.
        float((sound.end - max(sound.first or 0, 0)) * sound.tick),
    )


def _note(line: str, tracks: dict[int, _Track]) -> None:
    if line.startswith(("#tb ", "#dimensions ")):
        key, _, value = line[1:].partition(":")
        name, stream = key.split()
        track = tracks[int(stream)]
        if name == "tb":
            track.tick = Fraction(value.strip())
        else:
            track.width, track.height = (int(side) for side in value.strip().split("x"))
    elif not line.startswith("#"):
        number, dts, pts, length = (int(cell) for cell in line.split(",")[:4])
        # AVI and program streams tell no time at which some pictures are shown.
        tracks[number].add(dts if pts == _NO_TIME else pts, length)


def _frame_rate(track: _Track) -> Fraction:
    ticks = track.last - (track.first or 0)
    frames = track.packets - 1
    if ticks == frames * track.length or ticks <= 0:
        return 1 / (max(track.length, 1) * track.tick)
    rate = Fraction(frames) / (ticks * track.tick)
    # A coarse clock, such as Matroska's milliseconds, blurs the rate by a tick or two.
    blur = Fraction(2, ticks)
    near = min([*_COMMON_RATES, Fraction(round(rate))], key=lambda common: abs(common - rate))
    return near if abs(near - rate) <= blur * rate else rate.limit_denominator(1001)
