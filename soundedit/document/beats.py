"""The beats of the take, as the project has them. Errors as in `commands`."""

import math
from collections.abc import Iterator
from dataclasses import replace

from soundedit.document.commands import checked_time, limited
from soundedit.document.model import Beats, Project

TEMPOS = (20.0, 400.0)
BARS = (1, 16)


def set_beats(project: Project, beats: Beats | None) -> Project:
    """Set the beats; None is a take without."""
    if beats is not None:
        beats = within(beats)
    return project if beats == project.beats else replace(project, beats=beats)


def within(beats: Beats) -> Beats:
    """Beats whose numbers are moved into their ranges."""
    bar = min(max(beats.bar, BARS[0]), BARS[1])
    first = checked_time(beats.first)
    return replace(beats, bpm=limited(beats.bpm, TEMPOS), bar=bar, first=first)


def beat_near(beats: Beats, seconds: float) -> float:
    """The time in seconds, 0 or more, of the beat that is nearest to a time."""
    length = 60 / beats.bpm
    number = max(round((seconds - beats.first) / length), math.ceil(-beats.first / length))
    return max(beats.first + number * length, 0.0)


def beat_from(beats: Beats, seconds: float, forward: bool) -> float:
    """The time in seconds of the beat after or before a time; before the first one that time is
    below 0.
    """
    length = 60 / beats.bpm
    along = (seconds - beats.first) / length
    # A playhead is where a beat is to within a rounding.
    number = math.floor(along + 1e-3) + 1 if forward else math.ceil(along - 1e-3) - 1
    return beats.first + number * length


def beats_between(
    beats: Beats, start: float, end: float, least: float
) -> Iterator[tuple[float, bool]]:
    """The beats in [start, end] in seconds, and whether each begins a bar.

    Where they would be less than `least` seconds apart only bars are given; where those would be,
    every second, fourth, eighth ... of them.
    """
    step = 1
    if 60 / beats.bpm < least:
        step = beats.bar
        while step * 60 / beats.bpm < least:
            step *= 2
    length = 60 / beats.bpm
    number = math.ceil((max(start, 0.0) - beats.first) / length / step - 1e-9) * step
    while (at := beats.first + number * length) <= end:
        yield at, number % beats.bar == 0
        number += step
