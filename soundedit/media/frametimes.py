"""Which frames of a video are shown in a span of time."""

import math
from fractions import Fraction

ROUNDED = Fraction(6, 10_000)
"""Seconds by which a frame's own time may be off: people type, and boxes show, milliseconds."""


def frames_in(start: float, end: float, fps: Fraction) -> range:
    """The frames that are shown in [start, end), in seconds; both ends may be rounded to 1 ms."""
    slack = min(ROUNDED * fps, Fraction(1, 4))
    first = math.floor(Fraction(start) * fps + slack)
    return range(first, max(math.ceil(Fraction(end) * fps - slack), first))
