"""Changes of an edit's strength curve, as pure functions from `Project` to `Project`.

Keyframes are kept in the order of their times, never two at one time. Errors as in `commands`.
"""

from collections.abc import Iterable
from dataclasses import replace

from soundedit.document.commands import STRENGTHS, changed, checked_time, find_edit, limited
from soundedit.document.model import Easing, Keyframe, Project


def set_keyframe(project: Project, edit_id: str, keyframe: Keyframe) -> Project:
    """Set a keyframe, value -2 to 2; one at the same time is replaced."""
    return _with(project, edit_id, _besides(project, edit_id, keyframe.seconds), keyframe)


def move_keyframe(project: Project, edit_id: str, seconds: float, to: Keyframe) -> Project:
    """Replace the keyframe at `seconds` by `to`, and one that is already at its time."""
    _find(project, edit_id, seconds)
    kept = (k for k in _besides(project, edit_id, seconds) if k.seconds != to.seconds)
    return _with(project, edit_id, kept, to)


def set_easing(project: Project, edit_id: str, seconds: float, easing: Easing) -> Project:
    """Set how the strength goes on from the keyframe at `seconds`."""
    keyframe = _find(project, edit_id, seconds)
    return set_keyframe(project, edit_id, replace(keyframe, easing=easing))


def remove_keyframe(project: Project, edit_id: str, seconds: float) -> Project:
    """Take the keyframe at `seconds` away."""
    _find(project, edit_id, seconds)
    return _with(project, edit_id, _besides(project, edit_id, seconds))


def set_keyframes(project: Project, edit_id: str, keyframes: Iterable[Keyframe]) -> Project:
    """Set the whole curve; of keyframes at one time the last stays."""
    return _with(project, edit_id, keyframes)


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
