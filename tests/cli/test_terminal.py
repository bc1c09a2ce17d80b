import io

import pytest

from soundedit.commands.terminal import ProgressBar, clock, complain, progress_line


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (-3, "0:00"), (59.6, "1:00"), (61, "1:01"), (3600, "1:00:00"), (7325, "2:02:05")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_time_left_is_what_the_rate_so_far_gives() -> None:
    line = progress_line(0.25, "Rendering", 30.0)
    assert line == "Rendering [######------------------]  25%  1:30 left"


def test_the_first_moment_promises_nothing() -> None:
    assert "left" not in progress_line(0.01, "Rendering", 0.1)


def test_an_unknown_length_shows_the_time() -> None:
    assert progress_line(-1, "Starting", 3.0) == "Starting 0:03"


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    screen = Screen()
    with ProgressBar(screen) as bar:
        bar(0.5, "Rendering")
    assert "Rendering [############------------]  50%" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[2K")


def test_a_pipe_gets_nothing() -> None:
    pipe = io.StringIO()
    with ProgressBar(pipe) as bar:
        bar(0.5, "Rendering")
    assert pipe.getvalue() == ""


def test_a_complaint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain("first\nsecond")
    assert capsys.readouterr().err == "soundedit: first second\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0:00.0"), (5.5, "0:05.5"), (59.96, "1:00.0"), (3723.2, "1:02:03.2")],
)
def test_clock_with_tenths(seconds: float, text: str) -> None:
    assert clock(seconds, tenths=True) == text
