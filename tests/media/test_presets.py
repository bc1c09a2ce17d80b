"""Export settings are checked, kept, and found again by name."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from soundedit.errors import ExportError
from soundedit.media.formats import FORMATS, Quality, format_of
from soundedit.media.presets import (
    PRESETS,
    ExportSettings,
    Fit,
    default_name,
    load_presets,
    preset,
    save_presets,
    settings_facts,
    settings_from,
)

OWN = ExportSettings(
    "webm",
    width=640,
    height=360,
    fit=Fit.MIRROR,
    fps=Fraction(24000, 1001),
    quality=Quality.BEST,
    sound=False,
    normalise=True,
    loudness=-14.0,
    metadata=False,
    glide=2.5,
    fade_in=0.5,
    fade_out=3.0,
)


@pytest.mark.parametrize("settings", [*PRESETS.values(), OWN])
def test_settings_survive_json(settings: ExportSettings) -> None:
    assert settings_from(settings_facts(settings)) == settings


def test_own_presets_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "new" / "presets.json"
    assert load_presets(path) == {}
    own = {"Für das Kino": OWN, "web": replace(OWN, width=100)}
    save_presets(path, own)
    assert load_presets(path) == own
    assert preset("web", own).width == 100 and preset("web").width == 720
    assert [file.name for file in path.parent.iterdir()] == ["presets.json"]


@pytest.mark.parametrize("text", ["", "[]", '{"presets": {"a": {"format": "avi"}}}', "{", "\x00"])
def test_damaged_presets_are_told_and_left(make: Any, text: str) -> None:
    path = make.folder / "presets.json"
    path.write_text(text)
    with pytest.raises(ExportError):
        load_presets(path)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"format": "avi"}, "choose one of mp4"),
        ({"width": 15}, "choose 16 to 8192"),
        ({"width": 9000}, "choose 16 to 8192"),
        ({"width": 101, "height": 50}, "choose 102 x 50"),
        ({"format": "mov", "width": 64, "height": 51}, "choose 64 x 52"),
        ({"fps": "0"}, "frames a second"),
        ({"fps": "121"}, "frames a second"),
        ({"fps": "1/0"}, "not understood"),
        ({"format": "gif", "fps": "60"}, "choose 50 or fewer"),
        ({"fit": "stretch"}, "not understood"),
        ({"glide": -1}, "choose 0 to 60"),
        ({"glide": "nan"}, "choose 0 to 60"),
        ({"glide": None}, "not understood"),
        ({"fade_in": 61}, "choose 0 to 60"),
        ({"fade_out": -0.1}, "choose 0 to 60"),
        ({"fade_out": "slow"}, "not understood"),
        ({"sound": "yes"}, "not understood"),
        ({"loudness": 0}, "LUFS"),
    ],
)
def test_what_cannot_be(make: Any, facts: dict[str, Any], says: str) -> None:
    with pytest.raises(ExportError, match=says) as caught:
        settings_from(facts)
    make.assert_sentence(caught.value)


def test_sizes_and_names() -> None:
    assert ExportSettings().size(256) == (256, 256)
    assert ExportSettings(width=100).size(256) == (100, 100)
    assert ExportSettings(width=1920, height=1080).size(256) == (1920, 1080)
    assert ExportSettings("gif", width=33, height=21).size(256) == (33, 21)
    assert format_of(".WEBM") == FORMATS["webm"] and format_of(".avi") is None
    assert format_of("") is None
    names = {default_name("a", ExportSettings(form)) for form in FORMATS}
    assert names == {
        *("a.mp4", "a.webm", "a.mov", "a.gif", "a.webp", "a-frames", "a.safetensors")
    }  # fmt: skip


def test_no_preset_of_that_name(make: Any) -> None:
    with pytest.raises(ExportError, match="1080p") as caught:
        preset("tv")
    make.assert_sentence(caught.value)
