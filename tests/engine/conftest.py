"""An engine with a small pack of random weights, and sounds at the rate it hears."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from soundedit.engine.engine import Engine
from soundedit.media.sound import Sound

RATE = 32_000
MakeNoise = Callable[..., Sound]


@pytest.fixture(scope="session")
def engine(tiny_pack: Path) -> Engine:
    """On the CPU; 64 x 64 pixels, 10 style layers, no look-ahead."""
    return Engine.load(tiny_pack, "cpu")


@pytest.fixture(scope="session")
def noise() -> MakeNoise:
    """Noise of so many seconds, whose loudness and colour wander."""

    def make(seconds: float, seed: int = 1, channels: int = 1, rate: int = RATE) -> Sound:
        rng = np.random.default_rng(seed)
        white = rng.standard_normal((channels, round(seconds * rate)))
        slow = np.repeat(rng.uniform(0.02, 0.3, round(seconds * 20) + 1), rate // 20)
        samples = white * slow[: white.shape[1]]
        if seed % 2:
            samples = sum(np.roll(samples, i, 1) for i in range(8)) / 4
        return Sound(samples.clip(-1, 1).astype(np.float32), rate)

    return make


@pytest.fixture(scope="session")
def second(noise: MakeNoise) -> Sound:
    """One second of noise."""
    return noise(1.0)
