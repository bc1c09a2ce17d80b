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


def typed_time(text: str, here: float) -> float | None:
    """The time in seconds that was typed, None where it is none.

    Seconds, m:ss or h:mm:ss, each with decimals after a point or a comma; with + or - before it,
    so far from `here`.
    """
    found = _TYPED.fullmatch("".join(text.split()))
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


def rate_text(fps: Fraction) -> str:
    """A frame rate as people write it: 24000/1001 -> "23.976"."""
    return f"{float(fps):.3f}".rstrip("0").rstrip(".")
