import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundedit.app.timeaxis import MIN_SPAN, TimeAxis


def axis(seconds: float = 10.0, width: int = 1000) -> TimeAxis:
    made = TimeAxis()
    made.set_width(width)
    made.set_duration(seconds)
    return made


def test_pixels_and_seconds_are_inverse() -> None:
    made = axis()
    made.zoom(4, 3.0)
    assert made.to_x(made.start) == 0
    assert made.to_x(made.end) == pytest.approx(1000)
    assert made.to_time(made.to_x(3.3)) == pytest.approx(3.3)


def test_zoom_keeps_the_time_under_the_pointer() -> None:
    made = axis()
    x = made.to_x(7.0)
    made.zoom(2, 7.0)
    assert made.span == pytest.approx(5.0)
    assert made.to_x(7.0) == pytest.approx(x)


def test_zoom_and_pan_stay_inside_the_sound() -> None:
    made = axis()
    made.zoom(0.1)
    assert (made.start, made.span) == (0.0, 10.0)
    made.zoom(1e9, 5.0)
    assert made.span == pytest.approx(MIN_SPAN)
    made.pan(100)
    assert made.end == pytest.approx(10.0)
    made.pan(-100)
    assert made.start == 0.0


def test_view_follows_the_playhead_by_page() -> None:
    made = axis()
    made.zoom(5, 0.0)
    made.move_playhead(1.9)
    assert made.start == 0.0
    made.move_playhead(2.0)
    assert made.start == pytest.approx(2.0)
    made.move_playhead(0.5)
    assert made.start <= 0.5 < made.end


def test_only_the_person_seeks() -> None:
    made = axis()
    moved: list[float] = []
    sought: list[float] = []
    made.playhead_moved.connect(moved.append)
    made.sought.connect(sought.append)
    made.move_playhead(1.0)
    made.seek(25.0)
    assert (moved, sought) == ([1.0, 10.0], [10.0])


@given(st.lists(st.tuples(st.sampled_from("zps"), st.floats(0.01, 20))), st.floats(0.01, 4000))
def test_view_is_never_empty_or_outside(moves: list[tuple[str, float]], seconds: float) -> None:
    made = axis(seconds)
    for what, value in moves:
        if what == "z":
            made.zoom(value, value)
        elif what == "p":
            made.pan(value - 10)
        else:
            made.seek(value)
        assert made.span > 0
        assert made.start >= 0
        assert made.end <= seconds * (1 + 1e-9)
        assert 0 <= made.playhead <= seconds
