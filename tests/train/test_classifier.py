"""The classifier of scenes."""

import numpy as np
import pytest
import torch

from soundedit.train.classifier import SceneClassifier


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
    x = torch.from_numpy(features[:4]).requires_grad_(True)
    learned.logits(x).sum().backward()
    assert x.grad is not None
    assert bool((x.grad != 0).any())
    with pytest.raises(ValueError, match="two classes"):
        SceneClassifier(features, ["rain"] * 150)
