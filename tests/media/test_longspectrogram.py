"""A sketch of a spectrogram, and the order in which its columns become fine."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from soundedit.errors import Cancelled
from soundedit.media.longspectrogram import SKETCH_COLUMNS, SpectrogramSketch, fill_spectrogram
from soundedit.media.peaks import build_peaks
from soundedit.media.sound import Sound, probe_sound, write_sound
from soundedit.media.spectrogram import BANDS, HOP_SECONDS, Spectrogram, build_spectrogram
from soundedit.progress import CancelToken
from tests.media.conftest import Maker

RATE = 16_000
SECONDS = 95.3


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tones that go up a step every five seconds, in faint noise."""
    time = np.arange(round(SECONDS * RATE)) / RATE
    steps = 300 * 1.1 ** np.floor(time / 5)
    wave = 0.3 * np.sin(2 * np.pi * np.cumsum(steps) / RATE)
    wave += np.random.default_rng(1).normal(0, 0.01, len(time))
    path = tmp_path_factory.mktemp("long") / "steps.flac"
    write_sound(path, Sound(wave.astype(np.float32)[None], RATE))
    return path


@pytest.fixture(scope="module")
def whole(path: Path) -> Spectrogram:
    return build_spectrogram(path)


def sketch_of(path: Path) -> Spectrogram:
    sketch = SpectrogramSketch(probe_sound(path).seconds)
    build_peaks(path, heard=sketch.push)
    return sketch.spectrogram()


def test_the_sketch_is_like_the_whole(path: Path, whole: Spectrogram) -> None:
    sketch = sketch_of(path)
    assert sketch.values.shape == whole.values.shape
    assert sketch.seconds == pytest.approx(whole.seconds, abs=1e-3)
    steady = np.arange(0, len(whole.values) - 300, 500) + 250
    drawn, exact = sketch.values[steady].argmax(axis=1), whole.values[steady].argmax(axis=1)
    assert abs(drawn.astype(int) - exact).max() <= 1
    assert abs(sketch.values.astype(int) - whole.values).mean() < 12


def test_an_hours_sketch_takes_as_many_columns_as_a_screen_can_show() -> None:
    sketch = SpectrogramSketch(3600.0)
    for _ in range(360):
        sketch.push(np.full(10 * 8000, 0.1, np.float32), 8000)
    assert sum(map(len, sketch._columns)) == SKETCH_COLUMNS
    assert sketch.spectrogram().values.shape == (360_000, BANDS)


@pytest.mark.parametrize("view", [(0.0, SECONDS), (40.0, 52.0), (90.0, SECONDS)])
def test_what_is_looked_at_comes_first_and_all_becomes_exact(
    path: Path, whole: Spectrogram, view: tuple[float, float]
) -> None:
    spectrogram = sketch_of(path)
    first, last = (round(time / HOP_SECONDS) for time in view)
    missing = set(range(first, min(last, len(whole.values))))
    spans = []
    for start, end in fill_spectrogram(spectrogram, path, lambda: view):
        spans.append((round(start / HOP_SECONDS), round(end / HOP_SECONDS)))
        if missing:
            assert spans[-1][0] in missing or spans[-1][0] == spans[-1][1]
            missing -= set(range(*spans[-1]))
        if not missing:
            shown, exact = (one.values[first:last] for one in (spectrogram, whole))
            assert abs(shown.astype(int) - exact).max() <= 2
    assert not missing
    assert set().union(*(range(*span) for span in spans)) == set(range(len(whole.values)))
    assert abs(spectrogram.values.astype(int) - whole.values).max() <= 2
    drawn, exact = (one.window(0, SECONDS, 20).astype(int) for one in (spectrogram, whole))
    assert abs(drawn - exact).max() <= 2


def test_another_view_is_followed(path: Path) -> None:
    views = [(0.0, 5.0)]
    starts = []
    for start, end in fill_spectrogram(sketch_of(path), path, lambda: views[-1]):
        if end > start:
            starts.append(start)
        if len(starts) == 2:
            views.append((70.0, 75.0))
    assert starts[0] == 0.0
    assert starts[2] == pytest.approx(70.0)


def test_where_seeking_is_decoding_all_goes_in_order(path: Path, make: Maker) -> None:
    mp3 = make.ffmpeg("steps.mp3", "-i", path)
    spectrogram = sketch_of(mp3)
    spans = list(fill_spectrogram(spectrogram, mp3, lambda: (60.0, 70.0)))
    assert spans[0][0] == 0.0
    assert all(one[1] == pytest.approx(two[0]) for one, two in pairwise(spans))
    whole = build_spectrogram(mp3).values
    count = min(len(whole), len(spectrogram.values))
    assert abs(spectrogram.values[:count].astype(int) - whole[:count]).max() <= 2


def test_cancel_stops_the_filling(path: Path) -> None:
    token = CancelToken()
    filling = fill_spectrogram(sketch_of(path), path, lambda: (0.0, 1.0), token)
    next(filling)
    token.cancel()
    with pytest.raises(Cancelled):
        list(filling)
