"""What an animated WebP holds, read from its RIFF chunks, since few ffmpegs decode it."""

import struct
from fractions import Fraction
from pathlib import Path

from soundedit.errors import MediaError
from soundedit.media.ffmpeg import shown
from soundedit.media.probe import VideoInfo


def probe_webp(path: Path) -> VideoInfo:
    """Size, counted frames, mean rate and length; `MediaError` for anything but a whole one.

    Frames that are like the one before are no frames of their own; a still picture has no length.
    """
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
            elif kind in (b"VP8 ", b"VP8L"):
                frames, (width, height) = 1, _still_size(kind, file.read(10))
        whole = whole and at == size and frames > 0
    if not whole:
        raise MediaError(f"{shown(path)} is no whole WebP; choose another file.")
    seconds = Fraction(milliseconds, 1000)
    rate = (frames / seconds).limit_denominator(1001) if seconds else Fraction(1)
    return VideoInfo(width, height, rate, frames, float(seconds), False, 0.0)


def extend_webp(path: Path) -> None:
    """Give a still WebP, as its encoder makes it of frames that are all alike, the header that
    further chunks need; others are left as they are.
    """
    data = path.read_bytes() if path.stat().st_size < 1 << 26 else b""
    if data[12:16] not in (b"VP8 ", b"VP8L"):
        return
    width, height = _still_size(data[12:16], data[20:30])
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + bytes(4) + sides
    whole = struct.pack("<I", len(data) - 8 + len(chunk))
    path.write_bytes(data[:4] + whole + data[8:12] + chunk + data[12:])


def _still_size(kind: bytes, head: bytes) -> tuple[int, int]:
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[6:10])
        return width & 0x3FFF, height & 0x3FFF
    bits = int.from_bytes(head[1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
