import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from soundedit.media.sound import Sound, write_sound
from tests.forked import Forked

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def soundedit() -> Run:
    """Runs `python -m soundedit WORDS...` to its end; keywords are environment variables."""

    def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return Forked("soundedit", words, **environment).wait()

    return run


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Two seconds of stereo noise that swells, at 44.1 kHz."""
    noise = np.random.default_rng(3).standard_normal((2, 88_200)) * np.linspace(0.01, 0.2, 88_200)
    write_sound(tmp_path / "swell.wav", Sound(noise.astype(np.float32).clip(-1, 1), 44_100))
    return tmp_path / "swell.wav"
