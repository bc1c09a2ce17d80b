"""The loudness that edits follow."""

from pathlib import Path

import numpy as np
import pytest

from soundedit.media.envelope import RATE, Envelope, read_envelope
from soundedit.media.sound import Sound, write_sound


def swell(seconds: float = 2.0, rate: int = 16_000) -> Sound:
    noise = np.random.default_rng(0).standard_normal(round(seconds * rate))
    return Sound((0.2 * noise * np.linspace(0, 1, len(noise)))[None].astype(np.float32), rate)


def test_files_and_sounds_give_the_same(tmp_path: Path) -> None:
    write_sound(tmp_path / "s.wav", swell())
    a, b = read_envelope(swell()), read_envelope(tmp_path / "s.wav")
    assert a.seconds == b.seconds == 2.0
    assert np.allclose(a.values, b.values, atol=1e-3)
    assert a.values[:10].max() < 0.2
    assert a.values[-20:].min() > 0.7
    assert 0 <= a.values.min() <= a.values.max() <= 1


def test_silence_follows_nothing() -> None:
    silent = read_envelope(Sound(np.zeros((1, 8000), np.float32), 16_000))
    assert not silent.values.any()


def test_a_quiet_sound_says_so() -> None:
    quiet = read_envelope(Sound(np.full((1, 8000), 0.002, np.float32), 16_000))
    assert quiet.values.max() < 0.2


def test_moments() -> None:
    clap = np.zeros(RATE, np.float32)
    clap[50] = 1.0
    envelope = Envelope(clap)
    times = np.array([-1.0, 0.0, 0.47, 0.5, 0.51, 1.48, 5.0])
    assert envelope.at(times, 0.04).tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert envelope.at(times, 0.04, repeat=True).tolist() == [0, 0, 1, 1, 0, 1, 0]
    with pytest.raises(ValueError, match="at least one"):
        Envelope(clap[:0])
