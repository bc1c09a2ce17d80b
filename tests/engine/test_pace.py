"""The picture's size follows the machine; rate and delay are told as they are."""

import itertools

import pytest

from soundedit.engine.pace import Pace, PaceMeter


def run(pace: Pace, costs: dict[int, float], begin: float, seconds: float) -> list[int]:
    """Sizes used over a stretch in which each size takes so long, at 25 frames a second."""
    used = []
    for k in range(round(seconds * 25)):
        used.append(pace.size)
        pace.took(costs[pace.size], begin + k / 25)
    return used


def test_a_fast_machine_keeps_the_full_size() -> None:
    pace = Pace([256, 128, 64], 25)
    assert set(run(pace, {256: 0.028}, 0, 60)) == {256}


def test_the_size_falls_before_the_rate_does() -> None:
    pace = Pace([256, 128, 64], 25)
    used = run(pace, {256: 0.1, 128: 0.05, 64: 0.02}, 0, 2)
    assert used[8] == 128
    assert used[16:] == [64] * len(used[16:])


def test_the_size_comes_back_and_is_tried_ever_more_seldom() -> None:
    pace = Pace([256, 128], 25)
    used = run(pace, {256: 0.1, 128: 0.01}, 0, 300)
    tries = [k / 25 for k in range(1, len(used)) if used[k] == 256 != used[k - 1]]
    gaps = [b - a for a, b in itertools.pairwise(tries)]
    assert tries[0] < 6
    assert all(b >= a - 0.1 for a, b in itertools.pairwise(gaps))
    assert max(gaps) > 50
    later = run(pace, {256: 0.01, 128: 0.01}, 300, 100)
    assert later[-1] == 256


def test_a_single_slow_frame_changes_nothing() -> None:
    pace = Pace([256, 128], 25)
    for k in range(100):
        pace.took(0.5 if k % 20 == 0 else 0.02, k / 25)
        assert pace.size == 256


def test_there_is_a_smallest_size() -> None:
    pace = Pace([256, 128], 25)
    assert run(pace, {256: 1.0, 128: 1.0}, 0, 10)[-1] == 128


def test_rate_and_delay() -> None:
    meter = PaceMeter()
    assert meter.report(0.0) is None
    for k in range(100):
        meter.painted(k / 20 - 0.05 - 0.05 * (k % 10 == 0), k / 20)
    report = meter.report(99 / 20)
    assert report is not None
    assert report.rate == pytest.approx(20, rel=0.01)
    assert report.delay == pytest.approx(50)
    assert 50 < report.delay_p95 <= 100


def test_a_picture_that_stands_still_lowers_the_rate() -> None:
    meter = PaceMeter()
    for k in range(21):
        meter.painted(k / 20, k / 20)
    late = meter.report(3.0)
    assert late is not None
    assert late.rate == pytest.approx(20 / 3, rel=0.01)
    assert meter.report(10.0) is None
