from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from soundedit.app.requests import Movie


def movie(fps: Fraction, frames: int = 4000, start: float = 0.0) -> Movie:
    return Movie(1, Path("a.wav"), 0, fps, start, np.zeros((frames, 1, 1), np.float32))


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(24000, 1001), Fraction(30000, 1001)])
@pytest.mark.parametrize("start", [0.0, 1.7])
def test_a_frames_own_time_gives_that_frame(fps: Fraction, start: float) -> None:
    made = movie(fps, start=start)
    for index in range(4000):
        assert made.frame_at(made.time_of(index)) == index
        assert made.frame_at(start + (index + 0.999) / float(fps)) == index


def test_times_outside_give_the_first_and_the_last_frame() -> None:
    made = movie(Fraction(24), frames=10, start=1.0)
    assert made.frame_at(0.0) == 0
    assert made.frame_at(99.0) == 9
    assert made.seconds == pytest.approx(10 / 24)
