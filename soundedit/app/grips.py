"""What of an automation lane is held by the mouse, and what dragging it makes of the edit."""

from dataclasses import dataclass, replace
from enum import Enum

from soundedit.document.keyframes import SAME
from soundedit.document.model import Edit, Span


class Grip(Enum):
    """What of a lane is held by the mouse."""

    KEYFRAME = "keyframe"
    START = "start"
    END = "end"
    FADE_IN = "fade in"
    FADE_OUT = "fade out"
    WHOLE = "whole"
    """The edit itself, with its span and keyframes."""


@dataclass
class Hold:
    """What is held; of a keyframe, its time as it is now; of a whole edit, how it was when it was
    grabbed, and at which time.
    """

    grip: Grip
    seconds: float = 0.0
    edit: Edit | None = None


def edges(span: Span, duration: float) -> tuple[float, float]:
    """Where a span begins and ends, in seconds, of a sound that lasts `duration`."""
    return span.start, duration if span.end is None else span.end


def held_at(hold: Hold, span: Span, duration: float) -> float:
    """Where the thing that is dragged is now, in seconds."""
    start, end = edges(span, duration)
    match hold.grip:
        case Grip.KEYFRAME:
            return hold.seconds
        case Grip.START:
            return start
        case Grip.END:
            return end
        case Grip.FADE_IN:
            return start + span.fade_in
        case _:
            return end - span.fade_out


def own_times(edit: Edit, duration: float) -> tuple[float, ...]:
    """The times in seconds at which something of an edit is."""
    return *edges(edit.span, duration), *(keyframe.seconds for keyframe in edit.keyframes)


def dragged_span(grip: Grip, seconds: float, span: Span, duration: float) -> Span:
    """The span once an edge or a fade of it was dragged to a time in seconds."""
    start, end = edges(span, duration)
    match grip:
        case Grip.START:
            return replace(span, start=min(seconds, end))
        case Grip.END:
            return replace(span, end=None if seconds >= duration - SAME else max(seconds, start))
        case Grip.FADE_IN:
            return replace(span, fade_in=min(max(seconds - start, 0.0), end - start))
        case _:
            return replace(span, fade_out=min(max(end - seconds, 0.0), end - start))
