import pytest

from soundedit.app.exports.pace import Pace


def test_speed_is_known_after_a_second_and_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    pace.note(0.0, 0)
    pace.note(0.5, 10)
    assert pace.speed is None
    assert pace.seconds_left(100) is None
    pace.note(2.0, 40)
    assert pace.speed == pytest.approx(20)
    assert pace.seconds_left(100) == pytest.approx(3)
    for second in range(3, 40):
        pace.note(second, 40 + second)
    assert pace.speed == pytest.approx(1)


def test_frames_that_went_on_from_before_do_not_count_as_speed() -> None:
    pace = Pace()
    pace.note(0.0, 500)
    pace.note(2.0, 510)
    assert pace.speed == pytest.approx(5)
    assert pace.seconds_left(500) == 0


def test_slow_job_keeps_its_speed() -> None:
    pace = Pace()
    pace.note(0.0, 0)
    pace.note(30.0, 1)
    pace.note(60.0, 2)
    assert pace.speed == pytest.approx(1 / 30)
