"""Figures of edits, with a small pack."""

from pathlib import Path

import pytest

from soundedit.engine.engine import Engine
from soundedit.evaluate import edits
from soundedit.media.sound import Sound, read_sound, write_sound
from soundedit.resources import resource_path


def test_gains_are_against_random_directions(tiny_pack: Path) -> None:
    engine = Engine.load(tiny_pack, "cpu")
    found = {figure.name: figure.value for figure in edits.gains(engine)}
    assert set(found) == {"gain_rain", "gain_wind", "gain_birds", "gain_mean"}
    values = [value for name, value in found.items() if name != "gain_mean"]
    assert found["gain_mean"] == pytest.approx(sum(v for v in values if v is not None) / 3)
    # Twice the same, as the random directions are seeded.
    assert found == {figure.name: figure.value for figure in edits.gains(engine)}


def test_agreement_is_over_recordings_kept_out_of_training(tiny_pack: Path, tmp_path: Path) -> None:
    engine = Engine.load(tiny_pack, "cpu")
    wind: Sound = read_sound(resource_path("sounds", "wind.ogg"), end=1.0)
    for name in ("a", "b"):
        for label in ("wind", "other"):
            (tmp_path / label).mkdir(exist_ok=True)
            write_sound(tmp_path / label / f"{name}.wav", wind)
    rows = [f"wind/{name}.wav,wind,{split}" for name, split in (("a", "train"), ("b", "valid"))]
    index = "\n".join(["file,class,split", *rows, "other/a.wav,other,valid"])
    (tmp_path / "index.csv").write_text(index, encoding="utf-8")
    found = {figure.name: figure.value for figure in edits.agreement(engine, tmp_path)}
    assert set(found) == {"agreement_wind", "agreement_mean"}
    assert found["agreement_wind"] == found["agreement_mean"]
    assert -1 <= (found["agreement_wind"] or 0) <= 1
