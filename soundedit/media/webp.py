"""What an animated WebP holds, read from its RIFF chunks, since few ffmpegs decode it."""

import struct
from fractions import Fraction
from pathlib import Path

from soundedit.errors import MediaError
from soundedit.media.ffmpeg import shown
from soundedit.media.probe import VideoInfo


def probe_webp(path: Path) -> VideoInfo:
    """Size, counted frames, mean rate and length; `MediaError` for anything but a whole one."""
    size = path.stat().st_size
    width = height = frames = milliseconds = 0
    with path.open("rb") as file:
        head = file.read(12)
        whole = head[:4] == b"RIFF" and head[8:] == b"WEBP"
        whole = whole and struct.unpack("<I", head[4:8])[0] + 8 == size
        at = 12
        while whole and at + 8 <= size:
            file.seek(at)
            kind, length = struct.unpack("<4sI", file.read(8))
            at += 8 + length + length % 2
            if kind == b"VP8X":
                sides = file.read(10)[4:]
                width = int.from_bytes(sides[:3], "little") + 1
                height = int.from_bytes(sides[3:], "little") + 1
            elif kind == b"ANMF":
                frames += 1
                milliseconds += int.from_bytes(file.read(15)[12:], "little")
        whole = whole and at == size and frames > 0
    if not whole:
        raise MediaError(f"{shown(path)} is no whole animated WebP; choose another file.")
    seconds = Fraction(max(milliseconds, 1), 1000)
    rate = (frames / seconds).limit_denominator(1001)
    return VideoInfo(width, height, rate, frames, float(seconds), False, 0.0)
