"""Times as people read and type them."""

from fractions import Fraction

import pytest

from soundedit.app.clock import clock, typed_time


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [
        (0, 0, "0:00"),
        (59.99, 0, "0:59"),
        (61.5, 1, "1:01.5"),
        (3.21, 2, "0:03.21"),
        (-1, 0, "0:00"),
    ],
)
def test_clock(seconds: float, decimals: int, text: str) -> None:
    assert clock(seconds, decimals) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("83.5", 83.5),
        ("1:23.5", 83.5),
        (" 1 : 23,5 ", 83.5),
        ("1:00:02", 3602),
        (".5", 0.5),
        ("90:00", 5400),
        ("+2", 12),
        ("-0:02.5", 7.5),
        ("-20", -10),
    ],
)
def test_typed_times(text: str, seconds: float) -> None:
    assert typed_time(text, 10.0) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("#1", 0.0),
        ("#145", 6.0),
        ("+5f", 10 + 5 / 24),
        ("-12F", 9.5),
        ("0:00:05:12", 5.5),
        ("01:00:02:06", 3602.25),
        ("1:23.5", 83.5),
    ],
)
def test_typed_frames(text: str, seconds: float) -> None:
    assert typed_time(text, 10.0, Fraction(24)) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["#0", "#", "5f", "0:00:05:24", "#1.5", "+f"])
def test_what_is_no_frame(text: str) -> None:
    assert typed_time(text, 10.0, Fraction(24)) is None
    assert typed_time("#145", 10.0) is None


@pytest.mark.parametrize(
    "text", ["", "abc", "1:", ":5", "1:2:3:4", "1e5", "--2", "nan", "1:2x", "9" * 400, "."]
)
def test_what_is_no_time(text: str) -> None:
    assert typed_time(text, 10.0) is None
