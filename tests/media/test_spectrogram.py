from pathlib import Path

import numpy as np
import pytest

from soundedit.errors import Cancelled
from soundedit.media.sound import Sound, write_sound
from soundedit.media.spectrogram import (
    BANDS,
    HOP_SECONDS,
    SAMPLE_RATE,
    band_frequencies,
    build_spectrogram,
)
from soundedit.progress import CancelToken


def tone(hertz: float, seconds: float, level: float = 1.0, rate: int = SAMPLE_RATE) -> Sound:
    time = np.arange(round(seconds * rate)) / rate
    return Sound((level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[None], rate)


@pytest.mark.parametrize("hertz", [200.0, 1000.0, 6000.0])
def test_a_tone_is_at_its_band_and_level(hertz: float) -> None:
    values = build_spectrogram(tone(hertz, 1.0, level=0.1)).values
    middle = values[50]
    band = int(np.argmin(abs(band_frequencies() - hertz)))
    assert abs(int(np.argmax(middle)) - band) <= 1
    assert middle.max() / 255 * 90 - 90 == pytest.approx(-20, abs=3)
    far = abs(np.arange(BANDS) - band) > 12
    assert middle[far].max() < 255 * 30 / 90


def test_a_click_is_in_the_column_of_its_time() -> None:
    samples = np.zeros((1, 2 * SAMPLE_RATE), np.float32)
    samples[0, round(1.25 * SAMPLE_RATE)] = 1.0
    spectrogram = build_spectrogram(Sound(samples, SAMPLE_RATE))
    loudness = spectrogram.values.mean(axis=1)
    assert int(np.argmax(loudness)) == round(1.25 / HOP_SECONDS)
    assert len(loudness) == 200


def test_file_and_memory_agree_over_block_borders(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    sound = Sound(rng.uniform(-0.5, 0.5, (1, 21 * SAMPLE_RATE)).astype(np.float32), SAMPLE_RATE)
    write_sound(tmp_path / "noise.wav", sound)
    told: list[float] = []
    read = build_spectrogram(
        tmp_path / "noise.wav", progress=lambda share, text: told.append(share), seconds=21.0
    )
    # The file has 16 bits: a difference of one step.
    difference = abs(read.values.astype(int) - build_spectrogram(sound).values)
    assert len(read.values) == 2100
    assert difference.max() <= 1
    assert told[-1] == 1.0 and told == sorted(told)


@pytest.mark.parametrize("span", [(0.0, 20.0), (3.0, 3.2), (1.0, 9.0)])
def test_window_is_the_mean_of_its_columns_with_high_bands_first(span: tuple[float, float]) -> None:
    rng = np.random.default_rng(2)
    spectrogram = build_spectrogram(
        Sound(rng.uniform(-1, 1, (1, 20 * SAMPLE_RATE)).astype(np.float32), SAMPLE_RATE)
    )
    columns = 10
    drawn = spectrogram.window(*span, columns)
    assert drawn.shape == (BANDS, columns)
    per = (span[1] - span[0]) / columns / HOP_SECONDS
    for column in range(columns):
        first = span[0] / HOP_SECONDS + column * per
        exact = spectrogram.values[round(first) : max(round(first + per), round(first) + 1)]
        assert drawn[::-1, column].mean() == pytest.approx(exact.mean(), abs=2.5)


def test_window_outside_the_sound_is_empty() -> None:
    spectrogram = build_spectrogram(tone(440, 2.0))
    drawn = spectrogram.window(-2.0, 4.0, 60)
    assert not drawn[:, :20].any() and not drawn[:, 40:].any()
    assert drawn[:, 21:39].max(axis=0).min() > 200
    with pytest.raises(ValueError):
        spectrogram.window(1.0, 1.0, 10)


def test_cancel_stops_it() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        build_spectrogram(tone(440, 2.0), cancel=token)
