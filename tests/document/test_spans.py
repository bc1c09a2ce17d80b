"""An edit moved in time as a whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundedit.document.model import Easing, Edit, Keyframe, Part, PartKind, Span
from soundedit.document.spans import is_whole, moved

SPAN = Span(2.0, 5.0, 0.5, 0.25)
CURVE = (Keyframe(2.0, 0.0), Keyframe(4.0, 1.5, Easing.SMOOTH), Keyframe(8.0, 0.2))


def edit(span: Span = SPAN, curve: tuple[Keyframe, ...] = CURVE) -> Edit:
    return Edit("e", "rain", (Part(PartKind.TEXT, "rain"),), keyframes=curve, span=span)


def times(one: Edit) -> list[float]:
    return [keyframe.seconds for keyframe in one.keyframes]


def test_span_and_keyframes_go_together() -> None:
    later = moved(edit(), 1.5, 10.0)
    assert later.span == Span(3.5, 6.5, 0.5, 0.25)
    assert times(later) == [3.5, 5.5, 9.5]
    assert [(k.value, k.easing) for k in later.keyframes] == [(k.value, k.easing) for k in CURVE]
    assert moved(later, -1.5, 10.0) == edit()


@pytest.mark.parametrize(
    ("by", "span", "keyframes"),
    [
        (-9.0, Span(0.0, 3.0, 0.5, 0.25), [0.0, 2.0, 6.0]),
        (9.0, Span(7.0, None, 0.5, 0.25), [7.0, 9.0, 13.0]),
        (5.0, Span(7.0, None, 0.5, 0.25), [7.0, 9.0, 13.0]),
    ],
)
def test_it_stays_within_the_take(by: float, span: Span, keyframes: list[float]) -> None:
    found = moved(edit(), by, 10.0)
    assert found.span == span and times(found) == keyframes


def test_one_up_to_the_end_gets_an_end() -> None:
    found = moved(edit(Span(6.0), ()), -2.0, 10.0)
    assert found.span == Span(4.0, 8.0)
    assert moved(edit(Span(6.0), ()), 3.0, 10.0).span == Span(6.0)


def test_keyframes_before_the_take_come_to_its_beginning() -> None:
    curve = (Keyframe(0.5, 0.3), Keyframe(1.0, 0.6), Keyframe(3.0, 1.0))
    found = moved(edit(curve=curve), -1.5, 10.0)
    assert found.keyframes == (Keyframe(0.0, 0.6), Keyframe(1.5, 1.0))


def test_whole() -> None:
    assert is_whole(edit(Span())) and is_whole(edit(Span(fade_in=1.0)))
    assert not is_whole(edit(Span(1.0))) and not is_whole(edit(Span(0.0, 9.0)))


@given(
    start=st.floats(0, 12), length=st.floats(0, 12), by=st.floats(-30, 30), take=st.floats(0.1, 10)
)
def test_any_move_keeps_length_or_stays(
    start: float, length: float, by: float, take: float
) -> None:
    found = moved(edit(Span(start, start + length)), by, take).span
    assert found.start >= 0
    if found.end is not None:
        assert found.end - found.start == pytest.approx(length, abs=1e-9)
    if by > 0 and start + length >= take:
        assert found.start == start
