"""Which clips there are, and that each class and each recording is drawn as often."""

from pathlib import Path

import numpy as np
import pytest

from soundedit.errors import TrainingError
from soundedit.media.sound import Sound, write_sound
from soundedit.train.embedding_data import draw_clip, recordings_by_class
from soundedit.train.prompts import CLASSES
from soundedit.train.sounds import MelSettings, SoundSet, recordings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight clips of one recording of rain, one of another, two of fire, one kept back."""
    rng = np.random.default_rng(0)
    rows = ["file,class,recording,split"]
    names = [(f"rain/a{k}.wav", "rain", "a", "train") for k in range(8)]
    names += [("rain/b.wav", "rain", "b", "train"), ("rain/c.wav", "rain", "c", "valid")]
    names += [(f"fire/{k}.wav", "fire", "", "train") for k in range(2)]
    for name, kind, source, split in names:
        file = tmp_path / "sounds" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        noise = rng.normal(0, 0.1, (1, 8000)).clip(-1, 1).astype(np.float32)
        write_sound(file, Sound(noise, 16_000))
        rows.append(f"{name},{kind},{source},{split}")
    (tmp_path / "sounds" / "index.csv").write_text("\n".join(rows), encoding="utf-8")
    return tmp_path / "sounds"


def test_every_recording_is_drawn_as_often(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):  # made, then from the cache
        sounds = SoundSet(folder, MelSettings(), tmp_path / "cache")
        drawn = recordings_by_class(sounds)
    rain, fire = CLASSES.index("rain"), CLASSES.index("fire")
    assert drawn == {rain: [list(range(8)), [8]], fire: [[10], [11]]}
    rng = np.random.default_rng(1)
    clips = [draw_clip(drawn[rain], rng) for _ in range(400)]
    assert 150 < clips.count(8) < 250
    assert {*clips} == {*range(9)}


def test_folders_are_classes(folder: Path, tmp_path: Path) -> None:
    (folder / "index.csv").unlink()
    found = recordings(folder)
    assert {clip.label for clip in found} == {"rain", "fire"}
    assert len({clip.source for clip in found}) == len(found) == 12
    assert [clip.split for clip in found if clip.label == "rain"] == ["train"] * 9 + ["valid"]
    (tmp_path / "none").mkdir()
    with pytest.raises(TrainingError, match="There are no sounds"):
        recordings(tmp_path / "none")
