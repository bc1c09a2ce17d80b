"""Tempo of made rhythms, and none where there is none."""

import numpy as np
import pytest

from soundedit.media.onsets import find_onsets
from soundedit.media.peaks import build_peaks
from soundedit.media.sound import Sound
from soundedit.media.spectrogram import build_spectrogram
from soundedit.media.tempo import Tempo, find_tempo

RATE = 32_000


def rhythm(bpm: float, first: float, seconds: float) -> Sound:
    """Drum strokes on the beats, every fourth louder, and fainter ones between them, in noise."""
    rng = np.random.default_rng(0)
    samples = rng.standard_normal(round(seconds * RATE)) * 0.003
    count = round(0.06 * RATE)
    fall = np.exp(-np.arange(count) / (0.012 * RATE))
    for number, at in enumerate(np.arange(first, seconds - 0.1, 30 / bpm)):
        loud = 0.12 if number % 2 else 0.7 if number % 8 == 0 else 0.45
        begin = round(at * RATE)
        samples[begin : begin + count] += loud * fall * rng.standard_normal(count)
    return Sound(samples[None].clip(-1, 1).astype(np.float32), RATE)


def tempo(sound: Sound, start: float = 0.0) -> Tempo | None:
    spectrogram = build_spectrogram(sound)
    return find_tempo(spectrogram, find_onsets(spectrogram, build_peaks(sound)), start)


@pytest.mark.parametrize(
    ("bpm", "first", "seconds"), [(120, 0.25, 20), (93.7, 0.4, 40), (128, 0.1, 30), (101, 0.3, 90)]
)
def test_rhythms(bpm: float, first: float, seconds: float) -> None:
    found = tempo(rhythm(bpm, first, seconds))
    assert found is not None and found.steadiness > 0.5
    assert found.bpm == pytest.approx(bpm, rel=5e-4)
    off = (found.first - first) % (60 / bpm)
    assert min(off, 60 / bpm - off) < 0.01


def test_the_minute_from_a_time_on() -> None:
    slow, fast = rhythm(90, 0.2, 15).samples, rhythm(132, 0.1, 20).samples
    both = Sound(np.concatenate([slow, fast], axis=1), RATE)
    found = tempo(both, 15.0)
    assert found is not None and found.bpm == pytest.approx(132, rel=1e-3)
    off = (found.first - 15.1) % (60 / 132)
    assert min(off, 60 / 132 - off) < 0.01


@pytest.mark.parametrize("kind", ["noise", "silence", "short", "tone"])
def test_no_beat(kind: str) -> None:
    rng = np.random.default_rng(1)
    t = np.arange(8 * RATE) / RATE
    samples = {
        "noise": rng.standard_normal(8 * RATE) * 0.1,
        "silence": np.zeros(8 * RATE),
        "short": rhythm(120, 0.1, 1.5).samples[0],
        "tone": 0.3 * np.sin(2 * np.pi * 440 * t),
    }[kind]
    assert tempo(Sound(samples[None].astype(np.float32), RATE)) is None
