from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundedit.app.course import Course

FRAMES = 100


def first(course: Course, index: int, skip: int = 0, count: int = 5) -> list[int]:
    return list(islice(course.ahead(index, skip, FRAMES), count))


@pytest.mark.parametrize(
    ("speed", "loop", "index", "skip", "wanted"),
    [
        (1.0, None, 10, 0, [11, 12, 13, 14, 15]),
        (1.0, None, 10, 3, [14, 15, 16, 17, 18]),
        (0.5, None, 97, 0, [98, 99]),
        (-1.0, None, 2, 0, [1, 0]),
        (2.0, None, 10, 0, [11, 13, 15, 17, 19]),
        (-4.0, None, 50, 0, [49, 45, 41, 37, 33]),
        (1.0, (10, 14), 13, 0, [14, 10, 11, 12, 13]),
        (1.0, (10, 14), 13, 2, [11, 12, 13]),
        (1.0, (10, 14), 20, 0, [21, 22, 23, 24, 25]),
        (1.0, (10, 14), 8, 0, [9, 10, 11, 12, 13]),
        (-1.0, (10, 14), 11, 0, [10, 14, 13, 12, 11]),
        (-1.0, (10, 14), 5, 0, [4, 3, 2, 1, 0]),
    ],
)
def test_order(
    speed: float, loop: tuple[int, int] | None, index: int, skip: int, wanted: list[int]
) -> None:
    assert first(Course(speed, loop), index, skip) == wanted


def test_past_is_past_unless_it_comes_again() -> None:
    assert Course(1.0).is_past(9, 10) and not Course(1.0).is_past(10, 10)
    assert Course(-1.0).is_past(11, 10) and not Course(-1.0).is_past(9, 10)
    loop = Course(1.0, (5, 15))
    assert not loop.is_past(6, 10) and loop.is_past(4, 10) and loop.is_past(6, 16)


@given(
    st.sampled_from([-4.0, -1.5, -1.0, 0.25, 1.0, 2.0, 3.0]),
    st.none() | st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda p: (min(p), max(p))),
    st.integers(0, 99),
    st.integers(0, 120),
)
def test_always_ends_inside_and_never_repeats(
    speed: float, loop: tuple[int, int] | None, index: int, skip: int
) -> None:
    order = list(islice(Course(speed, loop).ahead(index, skip, FRAMES), 1000))
    assert len(order) < 1000
    assert all(0 <= one < FRAMES for one in order)
    assert len(set(order)) == len(order)
