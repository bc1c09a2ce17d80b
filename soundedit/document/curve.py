"""How strong each edit acts at each moment."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from soundedit.document.model import Easing, Edit, Keyframe, Project, Span

Times = NDArray[np.floating]


def active_edits(project: Project) -> tuple[Edit, ...]:
    """The edits that act, in order: none that is muted; where any is soloed, only soloed ones."""
    solo = any(edit.solo for edit in project.edits)
    return tuple(edit for edit in project.edits if not edit.mute and (edit.solo or not solo))


def strength_at(
    edit: Edit,
    seconds: Times,
    take_seconds: float,
    envelope: NDArray[np.floating] | None = None,
) -> NDArray[np.float32]:
    """Strength of an edit at each moment; 0 where it is muted or outside its span.

    Args:
        seconds: moments of the take, shape (n,), in any order.
        take_seconds: length of the take, which ends a span whose end is None.
        envelope: envelope of the edit's first sound part at these moments, 0 to 1, shape (n,); it
            counts where the edit follows it, and None counts as 1.

    Returns:
        float32, shape (n,): strength x curve x fades x envelope.
    """
    seconds = np.asarray(seconds, np.float64)
    if edit.mute:
        return np.zeros(seconds.shape, np.float32)
    strength = edit.strength * fades_at(edit.span, seconds, take_seconds)
    strength *= curve_at(edit.keyframes, seconds)
    if edit.follow and envelope is not None:
        strength *= envelope
    return strength.astype(np.float32)


def curve_at(keyframes: Sequence[Keyframe], seconds: Times) -> NDArray[np.float64]:
    """The curve through keyframes, ordered by time, at moments (n,); 1 where there are none.

    Before the first keyframe its value holds, and behind the last one that one's.
    """
    seconds = np.asarray(seconds, np.float64)
    if not keyframes:
        return np.ones(seconds.shape)
    times = np.array([keyframe.seconds for keyframe in keyframes])
    values = np.array([keyframe.value for keyframe in keyframes])
    easings = np.array([list(Easing).index(keyframe.easing) for keyframe in keyframes])
    before = np.searchsorted(times, seconds, side="right") - 1
    left, right = np.maximum(before, 0), np.minimum(before + 1, len(times) - 1)
    gap = times[right] - times[left]
    share = np.divide(seconds - times[left], gap, out=np.zeros(seconds.shape), where=gap > 0)
    easing = easings[left]
    share = np.where(easing == list(Easing).index(Easing.SMOOTH), share**2 * (3 - 2 * share), share)
    share = np.where(easing == list(Easing).index(Easing.HOLD), 0.0, share)
    return values[left] + (values[right] - values[left]) * share


def fades_at(span: Span, seconds: Times, take_seconds: float) -> NDArray[np.float64]:
    """A span's gain 0 to 1 at moments (n,): 0 outside, 1 inside, linear in its fades.

    The start belongs to the span and the end does not, so that of two spans that meet one acts at
    the meeting; a span without an end lasts for ever, its fade ending with the take. Where the two
    fades overlap, they multiply.
    """
    seconds = np.asarray(seconds, np.float64)
    end = take_seconds if span.end is None else span.end
    gain = np.where(seconds >= span.start, 1.0, 0.0)
    if span.end is not None:
        gain[seconds >= end] = 0.0
    if span.fade_in > 0:
        gain *= np.clip(seconds - span.start, 0.0, span.fade_in) / span.fade_in
    if span.fade_out > 0:
        gain *= np.clip(end - seconds, 0.0, span.fade_out) / span.fade_out
    return gain
