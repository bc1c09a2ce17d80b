"""Frames of a span of time, whose ends were rounded."""

from fractions import Fraction

import pytest

from soundedit.media.frametimes import frames_in


@pytest.mark.parametrize("fps", ["24", "25", "30", "60", "120", "24000/1001", "30000/1001", "1"])
def test_times_of_frames_rounded_to_a_millisecond(fps: str) -> None:
    rate = Fraction(fps)
    for first in range(0, 400, 7):
        for decimals in (3, 9):
            start, end = (round(float(at / rate), decimals) for at in (first, first + 11))
            assert frames_in(start, end, rate) == range(first, first + 11)


def test_any_times() -> None:
    assert frames_in(0.52, 1.02, Fraction(10)) == range(5, 11)
    assert frames_in(0.3, 0.3, Fraction(10)) == range(3, 3)
    assert len(frames_in(2.0, 1.0, Fraction(10))) == 0
