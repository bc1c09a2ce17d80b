import argparse
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from soundedit.commands import options
from soundedit.errors import ExportError


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (options.frame_rate, "24", Fraction(24)),
        (options.frame_rate, "12.5", Fraction(25, 2)),
        (options.frame_rate, "23.976", Fraction(24000, 1001)),
        (options.frame_rate, "29.97", Fraction(30000, 1001)),
        (options.frame_rate, "24000/1001", Fraction(24000, 1001)),
        (options.side, "256", 256),
        (options.seconds, "1.5", 1.5),
        (options.seed, "4294967295", 2**32 - 1),
    ],
)
def test_good_values(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *((options.frame_rate, text) for text in ("0", "-1", "121", "1/0", "nan", "inf", "fast")),
        *((options.side, text) for text in ("255", "0", "-2", "8192", "1e3", "²")),
        *((options.seconds, text) for text in ("-1", "nan", "inf", "now")),
        *((options.seed, text) for text in ("-1", "4294967296", "1.5", "x")),
    ],
)
def test_bad_values(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is not"):
        read(text)


def test_output_is_checked_before_any_work(tmp_path: Path) -> None:
    sound = tmp_path / "a.mp4"
    sound.touch()
    (tmp_path / "folder.mp4").mkdir()
    check = options.check_output
    check(tmp_path / "b.mp4", ".mp4", sound)
    for output, says in (
        (tmp_path / "b.avi", "must end in"),
        (tmp_path / "folder.mp4", "is a folder"),
        (tmp_path / "no" / "b.mp4", "no folder"),
        (sound, "the sound itself"),
    ):
        with pytest.raises(ExportError, match=says):
            check(output, ".mp4", sound)
