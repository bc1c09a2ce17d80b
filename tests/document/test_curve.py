"""How strong an edit acts: the algebra of strengths, spans, fades and curves."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundedit.document.commands import text_edit
from soundedit.document.curve import active_edits, curve_at, fades_at, strength_at
from soundedit.document.keyframes import paste_keyframes, shifted
from soundedit.document.model import Easing, Edit, Keyframe, Project, Span
from tests.document.projects import edits, keyframe_lists, spans, strengths, times

moments = st.lists(times, min_size=1, max_size=20).map(np.array)
lengths = st.floats(0.1, 1000.0)


@given(edits, moments, lengths)
def test_strength_0_and_mute_are_no_change_bit_for_bit(
    edit: Edit, seconds: np.ndarray, length: float
) -> None:
    for idle in (replace(edit, strength=0.0), replace(edit, mute=True)):
        strength = strength_at(idle, seconds, length)
        assert strength.dtype == np.float32 and not strength.any()


@given(edits, moments, lengths)
def test_opposite_strengths_undo_each_other(edit: Edit, seconds: np.ndarray, length: float) -> None:
    opposite = replace(edit, strength=-edit.strength)
    total = strength_at(edit, seconds, length) + strength_at(opposite, seconds, length)
    assert not total.any()


@given(moments, lengths, strengths)
def test_a_new_edit_acts_everywhere_with_its_strength(
    seconds: np.ndarray, length: float, strength: float
) -> None:
    edit = replace(text_edit("rain"), strength=strength)
    assert (strength_at(edit, seconds, length) == np.float32(strength)).all()


@given(edits, moments, lengths)
def test_strength_depends_on_the_moment_alone(
    edit: Edit, seconds: np.ndarray, length: float
) -> None:
    each = [strength_at(edit, np.array([moment]), length)[0] for moment in seconds]
    assert strength_at(edit, seconds, length).tolist() == each


@given(edits, moments, lengths)
def test_strength_is_the_product_of_its_factors(
    edit: Edit, seconds: np.ndarray, length: float
) -> None:
    edit = replace(edit, mute=False)
    envelope = np.linspace(0, 1, len(seconds))
    product = edit.strength * curve_at(edit.keyframes, seconds)
    product = product * fades_at(edit.span, seconds, length)
    assert strength_at(edit, seconds, length) == pytest.approx(product, rel=1e-6, abs=1e-12)
    if edit.follow:
        product = product * envelope
    followed = strength_at(edit, seconds, length, envelope)
    assert followed == pytest.approx(product, rel=1e-6, abs=1e-12)


@given(keyframe_lists, moments)
def test_curve_stays_between_its_keyframes_and_meets_them(
    keyframes: tuple[Keyframe, ...], seconds: np.ndarray
) -> None:
    curve = curve_at(keyframes, seconds)
    if not keyframes:
        assert (curve == 1.0).all()
        return
    values = [keyframe.value for keyframe in keyframes]
    assert curve.min() >= min(values) - 1e-12 and curve.max() <= max(values) + 1e-12
    at = np.array([keyframe.seconds for keyframe in keyframes])
    assert curve_at(keyframes, at).tolist() == values
    outside = curve_at(keyframes, np.array([-1.0, 2000.0])).tolist()
    assert outside == [values[0], values[-1]]


def test_easings_at_the_quarters() -> None:
    quarters = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    for easing, expected in [
        (Easing.LINEAR, [0.0, 0.5, 1.0, 1.5, 2.0]),
        (Easing.SMOOTH, [0.0, 0.3125, 1.0, 1.6875, 2.0]),
        (Easing.HOLD, [0.0, 0.0, 0.0, 0.0, 2.0]),
    ]:
        keyframes = (Keyframe(0.0, 0.0, easing), Keyframe(4.0, 2.0))
        assert curve_at(keyframes, quarters).tolist() == expected


def test_easing_leads_to_the_next_keyframe() -> None:
    keyframes = (Keyframe(0, 0, Easing.HOLD), Keyframe(2, 1, Easing.LINEAR), Keyframe(4, 0))
    assert curve_at(keyframes, np.array([1.0, 3.0])).tolist() == [0.0, 0.5]


@given(keyframe_lists)
def test_smooth_arrives_and_leaves_without_a_bend(keyframes: tuple[Keyframe, ...]) -> None:
    smooth = tuple(replace(keyframe, easing=Easing.SMOOTH) for keyframe in keyframes)
    gaps = [b.seconds - a.seconds for a, b in itertools.pairwise(smooth)]
    if not gaps or min(gaps) < 1e-3:
        return
    step = min(gaps) * 1e-4
    for keyframe in smooth:
        around = curve_at(smooth, keyframe.seconds + np.array([-step, 0.0, step]))
        assert np.abs(np.diff(around)).max() <= 4 * 3e-8 + 1e-12


@given(spans, moments, lengths)
def test_fades_lie_between_0_and_1_and_are_0_outside(
    span: Span, seconds: np.ndarray, length: float
) -> None:
    gain = fades_at(span, seconds, length)
    assert gain.min() >= 0.0 and gain.max() <= 1.0
    assert not gain[seconds < span.start].any()
    if span.end is not None:
        assert not gain[seconds >= span.end].any()


def test_fades_are_linear_and_inside_the_span() -> None:
    span = Span(2.0, 10.0, 2.0, 4.0)
    seconds = np.array([1.9, 2.0, 3.0, 4.0, 6.0, 7.0, 9.0, 10.0])
    assert fades_at(span, seconds, 99.0).tolist() == [0, 0, 0.5, 1, 1, 0.75, 0.25, 0]


def test_open_span_fades_out_with_the_take() -> None:
    span = Span(0.0, None, 0.0, 2.0)
    assert fades_at(span, np.array([7.0, 9.0, 10.0, 11.0]), 10.0).tolist() == [1, 0.5, 0, 0]
    assert fades_at(Span(), np.array([0.0, 10.0, 11.0]), 10.0).tolist() == [1, 1, 1]


@given(times, times, times)
def test_spans_that_meet_add_up_to_one(start: float, first: float, second: float) -> None:
    middle, end = start + first, start + first + second
    seconds = np.array([start, (start + middle) / 2, middle, (middle + end) / 2, end])
    halves = fades_at(Span(start, middle), seconds, 1.0) + fades_at(Span(middle, end), seconds, 1.0)
    assert halves.tolist() == fades_at(Span(start, end), seconds, 1.0).tolist()


@given(times, st.floats(0.01, 10.0))
def test_crossfade_of_two_edits_keeps_the_sum(start: float, fade: float) -> None:
    out = fades_at(Span(0.0, start + fade, 0.0, fade), start + np.linspace(0, 0.99, 9) * fade, 1.0)
    into = fades_at(Span(start, None, fade), start + np.linspace(0, 0.99, 9) * fade, 1.0)
    assert out + into == pytest.approx(np.ones(9), abs=1e-9)


def test_solo_and_mute_choose_who_acts() -> None:
    a, b, d = (text_edit(word) for word in ("a", "b", "d"))
    assert active_edits(Project(edits=(a, b, d))) == (a, b, d)
    muted = replace(b, mute=True)
    assert active_edits(Project(edits=(a, muted, d))) == (a, d)
    solo = replace(d, solo=True)
    assert active_edits(Project(edits=(a, b, solo))) == (solo,)
    both = replace(b, mute=True, solo=True)
    assert active_edits(Project(edits=(a, both))) == ()
    assert active_edits(Project(edits=(solo, a, replace(b, solo=True)))) == (
        solo,
        replace(b, solo=True),
    )


CURVE = (Keyframe(0.5, 0.2), Keyframe(1.0, 0.8), Keyframe(2.0, 0.4), Keyframe(3.0, 1.0))


def test_keyframes_that_are_shifted_keep_their_ways() -> None:
    moved, times = shifted(CURVE, {1.0, 2.0}, 0.25, 0.1, 4.0)
    assert [one.seconds for one in moved] == [0.5, 1.25, 2.25, 3.0]
    assert [one.value for one in moved] == pytest.approx([0.2, 0.9, 0.5, 1.0])
    assert times == {1.25, 2.25}


@pytest.mark.parametrize(
    ("seconds", "value", "wanted"),
    [
        (9.0, 0.0, ([3.0, 4.0], [0.8, 0.4])),  # The last one reaches the end.
        (-9.0, 0.0, ([0.0, 1.0], [0.8, 0.4])),
        (0.0, 9.0, ([1.0, 2.0], [2.0, 1.6])),
        (0.0, -9.0, ([1.0, 2.0], [-1.6, -2.0])),
        (-0.5, 0.1, ([1.0, 2.0], [0.9, 0.5])),  # One would come upon the first.
    ],
)
def test_they_go_as_far_as_all_of_them_can(
    seconds: float, value: float, wanted: tuple[list[float], list[float]]
) -> None:
    curve = (Keyframe(0.5, 0.2), *CURVE[1:3])
    moved, times = shifted(curve, {1.0, 2.0}, seconds, value, 4.0)
    found = [one for one in moved if one.seconds in times]
    assert ([one.seconds for one in found], [one.value for one in found]) == (
        wanted[0],
        pytest.approx(wanted[1]),
    )
    assert CURVE[0] in moved and shifted(curve, set(), 1.0, 1.0, 4.0) == (curve, frozenset())


def test_pasted_keyframes_begin_where_they_are_put() -> None:
    edit = replace(text_edit("storm"), keyframes=CURVE)
    project = Project(edits=(edit,))
    pasted = paste_keyframes(project, edit.id, (Keyframe(7.0, 0.5), Keyframe(7.5, 0.6)), 1.0)
    assert pasted.edits[0].keyframes == (
        CURVE[0], Keyframe(1.0, 0.5), Keyframe(1.5, 0.6), *CURVE[2:]
    )  # fmt: skip
    assert paste_keyframes(project, edit.id, (), 1.0) is project
    short = paste_keyframes(project, edit.id, (Keyframe(7.0, 0.5), Keyframe(9.0, 0.6)), 2.5, 4.0)
    assert [one.seconds for one in short.edits[0].keyframes] == [0.5, 1.0, 2.0, 2.5, 3.0]
