from fractions import Fraction

import pytest

from .standin import movie


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(24000, 1001), Fraction(30000, 1001)])
def test_a_frames_own_time_gives_that_frame(fps: Fraction) -> None:
    made = movie(4000, fps)
    for index in range(4000):
        assert made.frame_at(made.time_of(index)) == index
        assert made.frame_at((index + 0.999) / float(fps)) == index


def test_times_outside_give_the_first_and_the_last_frame() -> None:
    made = movie(10)
    assert made.frame_at(-1.0) == 0
    assert made.frame_at(99.0) == 9
    assert made.seconds == pytest.approx(10 / 24)
