"""An edit moved in time as a whole. Errors as in `commands`."""

from dataclasses import replace

from soundedit.document.commands import checked_time
from soundedit.document.model import Edit, Keyframe


def is_whole(edit: Edit) -> bool:
    """Whether an edit acts over the whole take, whatever that is."""
    return edit.span.start <= 0 and edit.span.end is None


def moved(edit: Edit, seconds: float, duration: float) -> Edit:
    """The edit so many seconds later, or earlier where negative, in a take of `duration` seconds.

    Its keyframes go along, those that come before the take to its beginning. The span stays within
    the take; an end that comes to the take's own is that.
    """
    span = edit.span
    end = duration if span.end is None else span.end
    seconds = min(max(seconds, -span.start), max(duration - end, 0.0))
    later = None if end + seconds >= duration else checked_time(end + seconds)
    curve: dict[float, Keyframe] = {}
    for keyframe in edit.keyframes:
        at = max(keyframe.seconds + seconds, 0.0)
        curve[at] = replace(keyframe, seconds=at)
    start = checked_time(span.start + seconds)
    placed = replace(span, start=start, end=later)
    return replace(edit, span=placed, keyframes=tuple(curve.values()))
