import argparse
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from soundedit.commands import exporting, options
from soundedit.errors import ExportError
from soundedit.media.presets import PRESETS, ExportSettings, save_presets


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


def test_a_preset_of_ones_own_comes_before_one_that_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "presets.json"
    monkeypatch.setattr(exporting, "presets_path", lambda: file)
    parser = argparse.ArgumentParser()
    exporting.add_export(parser)
    args = parser.parse_args(["--preset", "web"])
    assert exporting.export_settings(args) == PRESETS["web"]
    save_presets(file, {"web": ExportSettings(width=100)})
    assert exporting.export_settings(args) == ExportSettings(width=100)
    # A damaged file keeps none that ships from being used, but its own.
    file.write_text("{")
    assert exporting.export_settings(args) == PRESETS["web"]
    with pytest.raises(ExportError, match="cannot be read"):
        exporting.export_settings(parser.parse_args(["--preset", "mine"]))
