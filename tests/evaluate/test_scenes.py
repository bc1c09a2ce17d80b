"""The classifier of scenes, and which stills it may learn from."""

from pathlib import Path

import numpy as np
import pytest

from soundedit.errors import TrainingError
from soundedit.evaluate.scenes import SceneClassifier, Scenes, read_scenes


def test_classifier_tells_clusters_apart() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(3, 20)) * 3
    names = np.array(["fire", "rain", "waves"])
    which = rng.integers(3, size=150)
    features = (centres[which] + rng.normal(size=(150, 20))).astype(np.float32)
    learned = SceneClassifier(features[:90], names[which[:90]].tolist())
    right = [learned.calls(features[n : n + 1]) == names[which[n]] for n in range(90, 150)]
    assert np.mean(right) > 0.95
    assert learned.chances(features).sum(1) == pytest.approx(1, abs=1e-5)


def test_every_third_still_is_held_out() -> None:
    kinds = np.array(["rain", "fire"] * 6)
    scenes = Scenes(np.zeros((12, 4, 4, 3), np.uint8), kinds)
    assert scenes.held_out.tolist() == [n in (0, 1, 6, 7) for n in range(12)]


def test_damaged_stills_are_named(tmp_path: Path) -> None:
    (tmp_path / "stills.npz").write_bytes(b"no")
    with pytest.raises(TrainingError, match="data build"):
        read_scenes(tmp_path / "stills.npz", 3)
