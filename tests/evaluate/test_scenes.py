"""The classifier of scenes, and which stills it may learn from."""

from pathlib import Path

import numpy as np
import pytest

from soundedit.errors import TrainingError
from soundedit.evaluate.scenes import Classifiers, Scenes, read_scenes


def test_every_third_still_is_held_out() -> None:
    kinds = np.array(["rain", "fire"] * 6)
    scenes = Scenes(np.zeros((12, 4, 4, 3), np.uint8), kinds)
    assert scenes.held_out.tolist() == [n in (0, 1, 6, 7) for n in range(12)]


def test_damaged_stills_are_named(tmp_path: Path) -> None:
    (tmp_path / "stills.npz").write_bytes(b"no")
    with pytest.raises(TrainingError, match="data build"):
        read_scenes(tmp_path / "stills.npz", 3)


def test_classifier_taught_by_drawings_knows_the_hand_that_drew_them() -> None:
    rng = np.random.default_rng(1)
    kinds = np.array(["fire", "rain"] * 60)
    features = rng.normal(size=(120, 10)).astype(np.float32)
    features[:, 0] += np.where(kinds == "fire", 4, -4)
    # What tells them apart lies elsewhere once they are drawn, and the first way is reversed.
    drawn = rng.normal(size=(120, 10)).astype(np.float32)
    drawn[:, 0] -= np.where(kinds == "fire", 2, -2)
    drawn[:, 1] += np.where(kinds == "fire", 4, -4)
    found = Classifiers.taught(Scenes(np.zeros((120, 4, 4, 3), np.uint8), kinds), features, drawn)
    assert found.right > 0.95
    assert found.photographs.right(drawn, kinds) < 0.5
    assert found.right_drawn is not None
    assert found.right_drawn > 0.95
    assert Classifiers.taught(Scenes(np.zeros(0, np.uint8), kinds), features, None).drawn is None
