"""Changes of an edit's strength curve, as pure functions from `Project` to `Project`.

Keyframes are kept in the order of their times, never two at one time. Errors as in `commands`.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from soundedit.document.commands import STRENGTHS, changed, checked_time, find_edit, limited
from soundedit.document.model import Easing, Keyframe, Project

SAME = 1e-6
"""Seconds; times this close are one."""


def set_keyframe(project: Project, edit_id: str, keyframe: Keyframe) -> Project:
    """Set a keyframe, value -2 to 2; one at the same time is replaced."""
    return _with(project, edit_id, _besides(project, edit_id, keyframe.seconds), keyframe)


def move_keyframe(project: Project, edit_id: str, seconds: float, to: Keyframe) -> Project:
    """Replace the keyframe at `seconds` by `to`, and one that is already at its time."""
    _find(project, edit_id, seconds)
    kept = (k for k in _besides(project, edit_id, seconds) if k.seconds != to.seconds)
    return _with(project, edit_id, kept, to)


def remove_keyframe(project: Project, edit_id: str, seconds: float) -> Project:
    """Take the keyframe at `seconds` away."""
    _find(project, edit_id, seconds)
    return _with(project, edit_id, _besides(project, edit_id, seconds))


def set_keyframes(project: Project, edit_id: str, keyframes: Iterable[Keyframe]) -> Project:
    """Set the whole curve; of keyframes at one time the last stays."""
    return _with(project, edit_id, keyframes)


def remove_keyframes(project: Project, edit_id: str, times: Collection[float]) -> Project:
    """Take the keyframes at these times away."""
    kept = (k for k in find_edit(project, edit_id).keyframes if k.seconds not in times)
    return _with(project, edit_id, kept)


def set_easings(
    project: Project, edit_id: str, times: Collection[float], easing: Easing
) -> Project:
    """Set how the strength goes on from the keyframes at these times."""
    curve = find_edit(project, edit_id).keyframes
    return _with(
        project, edit_id, (replace(k, easing=easing) if k.seconds in times else k for k in curve)
    )


def paste_keyframes(
    project: Project,
    edit_id: str,
    keyframes: Sequence[Keyframe],
    start: float,
    longest: float = math.inf,
) -> Project:
    """Put keyframes into a curve, the first at `start`; those at the same times are replaced.

    Those that would come behind `longest` are left out.
    """
    if not keyframes:
        return project
    by = start - min(keyframe.seconds for keyframe in keyframes)
    moved = [replace(one, seconds=max(one.seconds + by, 0.0)) for one in keyframes]
    new = [one for one in moved if one.seconds <= longest]
    return _with(project, edit_id, find_edit(project, edit_id).keyframes, *new)


def shifted(
    curve: Sequence[Keyframe],
    times: Collection[float],
    seconds: float,
    value: float,
    longest: float,
) -> tuple[tuple[Keyframe, ...], frozenset[float]]:
    """A curve whose keyframes at `times` are later by `seconds` and higher by `value`, or as much
    of that as leaves all of them from 0 to `longest` and in the values' range; and their times
    then. One that would come upon another keyframe keeps all of them at their times.
    """
    chosen = [k for k in curve if k.seconds in times]
    others = [k for k in curve if k.seconds not in times]
    if not chosen:
        return tuple(curve), frozenset()
    first, last = chosen[0].seconds, chosen[-1].seconds
    low, high = (end(k.value for k in chosen) for end in (min, max))
    seconds = max(min(seconds, max(longest - last, 0.0)), -first)
    value = max(min(value, STRENGTHS[1] - high), STRENGTHS[0] - low)
    moved = [replace(k, seconds=k.seconds + seconds) for k in chosen]
    if any(abs(k.seconds - other.seconds) < SAME for k in moved for other in others):
        moved = chosen
    moved = [replace(k, value=round(k.value + value, 6)) for k in moved]
    whole = sorted([*others, *moved], key=lambda k: k.seconds)
    return tuple(whole), frozenset(k.seconds for k in moved)


def within(keyframe: Keyframe) -> Keyframe:
    """A keyframe whose time and value are moved into their ranges."""
    seconds, value = checked_time(keyframe.seconds), limited(keyframe.value, STRENGTHS)
    return replace(keyframe, seconds=seconds, value=value)


def _find(project: Project, edit_id: str, seconds: float) -> Keyframe:
    for keyframe in find_edit(project, edit_id).keyframes:
        if keyframe.seconds == seconds:
            return keyframe
    raise KeyError(seconds)


def _besides(project: Project, edit_id: str, seconds: float) -> tuple[Keyframe, ...]:
    return tuple(k for k in find_edit(project, edit_id).keyframes if k.seconds != seconds)


def _with(project: Project, edit_id: str, keyframes: Iterable[Keyframe], *new: Keyframe) -> Project:
    curve = {}
    for keyframe in (*keyframes, *new):
        moved = within(keyframe)
        curve[moved.seconds] = moved
    ordered = tuple(curve[seconds] for seconds in sorted(curve))
    return changed(project, replace(find_edit(project, edit_id), keyframes=ordered))
