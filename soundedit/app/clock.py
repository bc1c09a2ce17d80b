"""Times and frame rates as people read and type them."""

import math
import re
from fractions import Fraction

_TYPED = re.compile(r"([+-]?)(?:(\d+):)?(?:(\d+):)?(\d+(?:[.,]\d*)?|[.,]\d+)")
_LONGEST = 12
"""Digits that a part of a time may have."""


def clock(seconds: float, decimals: int = 0) -> str:
    """A time as m:ss, with decimals on request: 3.21 -> "0:03.21"."""
    units = 10**decimals
    # Rounded down to what is shown, so that the clock never runs ahead.
    total = math.floor(max(seconds, 0.0) * units + 1e-6)
    minutes, rest = divmod(total, 60 * units)
    whole, part = divmod(rest, units)
    text = f"{minutes}:{whole:02d}"
    return f"{text}.{part:0{decimals}d}" if decimals else text


def typed_time(text: str, here: float, fps: Fraction | None = None) -> float | None:
    """The time in seconds that was typed, None where it is none.

    Seconds, m:ss or h:mm:ss, each with decimals after a point or a comma; with + or - before it,
    so far from `here`. With a frame rate also #130, the frame of that number from 1 on, +5f and
    -5f, so many frames from `here`, and h:mm:ss:ff, a timecode without drop frames.
    """
    text = "".join(text.split())
    if fps is not None and (frame := _frame_time(text, here, fps)) is not None:
        return frame
    found = _TYPED.fullmatch(text)
    if found is None or any(len(part or "") > _LONGEST for part in found.groups()):
        return None
    sign, first, second, last = found.groups()
    seconds = float(last.replace(",", "."))
    minutes = [int(part) for part in (first, second) if part is not None]
    for part, weight in zip(reversed(minutes), (60, 3600), strict=False):
        seconds += part * weight
    if not sign:
        return seconds
    return here + seconds if sign == "+" else here - seconds


def _frame_time(text: str, here: float, fps: Fraction) -> float | None:
    if found := re.fullmatch(r"#(\d{1,9})", text, re.ASCII):
        return float((int(found[1]) - 1) / fps) if int(found[1]) else None
    if found := re.fullmatch(r"([+-]\d{1,9})f", text, re.ASCII | re.IGNORECASE):
        return here + float(int(found[1]) / fps)
    if found := re.fullmatch(r"(\d{1,3}):(\d\d?):(\d\d?):(\d{1,3})", text, re.ASCII):
        hours, minutes, seconds, frames = (int(part) for part in found.groups())
        if frames < fps:
            return 3600 * hours + 60 * minutes + seconds + float(frames / fps)
    return None


def rate_text(fps: Fraction) -> str:
    """A frame rate as people write it: 24000/1001 -> "23.976"."""
    return f"{float(fps):.3f}".rstrip("0").rstrip(".")
