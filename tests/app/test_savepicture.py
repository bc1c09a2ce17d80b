from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.app.settings import PICTURE_FOLDER, Settings

from .conftest import Rig

MakeSound = Callable[..., Path]


def answer(rig: Rig, path: Path | None, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    suggested: list[Path] = []

    def ask(parent: object, suggestion: Path) -> Path | None:
        suggested.append(suggestion)
        return path

    monkeypatch.setattr(rig.answers, "picture_to_write", ask)
    return suggested


def test_frame_under_the_playhead_is_saved(
    rig: Rig,
    make_sound: MakeSound,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig.begin()
    assert not rig.window.actions_by_id["save_picture"].isEnabled()
    rig.open(make_sound())
    rig.controller.set_seed(9)
    rig.wait(lambda: rig.shown() == (9, 0, 0))
    place = tmp_path / "b\u00fcld.png"
    suggested = answer(rig, place, monkeypatch)
    rig.do("save_picture")
    assert suggested[0].name == "tone.png"
    with Image.open(place) as picture:
        assert np.asarray(picture)[0, 0].tolist() == [9, 0, 0]
    rig.generate()
    rig.window.axis.seek(1.0)
    rig.wait(lambda: rig.shown() == (9, 24, 0))
    rig.do("save_picture")
    assert suggested[1] == tmp_path / "tone 00025.png"
    with Image.open(place) as picture:
        assert picture.size == (64, 64)
        assert np.asarray(picture)[0, 0].tolist() == [9, 24, 0]
    assert settings.get(PICTURE_FOLDER) == str(tmp_path)
    assert rig.window.status.jobs.text.text() == f"Saved {place}"


def test_frame_that_is_not_made_yet_is_told(
    rig: Rig, make_sound: MakeSound, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.begin()
    rig.open(make_sound(20.0))
    rig.generate()
    rig.engine.gate.clear()
    suggested = answer(rig, None, monkeypatch)
    rig.window.axis.seek(19.0)
    rig.do("save_picture")
    assert suggested == []
    assert rig.window.status.jobs.text.text() != ""


def test_folder_that_cannot_be_written_is_told(
    rig: Rig, make_sound: MakeSound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.begin()
    rig.open(make_sound())
    answer(rig, tmp_path / "no" / "a.png", monkeypatch)
    rig.do("save_picture")
    rig.wait(lambda: rig.window.errors.dialog is not None)
    dialog = rig.window.errors.dialog
    assert dialog is not None and "could not be written" in dialog.text()
