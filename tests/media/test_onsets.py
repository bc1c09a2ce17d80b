import numpy as np
import pytest

from soundedit.media.onsets import Onsets, find_onsets, spectral_flux
from soundedit.media.peaks import build_peaks
from soundedit.media.sound import Sound
from soundedit.media.spectrogram import SAMPLE_RATE, build_spectrogram

TIMES = [0.5, 1.3, 1.72, 3.004, 4.5]


def bursts(times: list[float], noise: float, seconds: float = 6.0) -> Sound:
    """Bursts of noise that die away, over steady noise."""
    rng = np.random.default_rng(3)
    samples = noise * rng.standard_normal(round(seconds * SAMPLE_RATE))
    for time in times:
        first = round(time * SAMPLE_RATE)
        fall = np.exp(-np.arange(6400) / 1500) * rng.standard_normal(6400) * 0.3
        samples[first : first + 6400] += fall
    return Sound(np.clip(samples, -1, 1).astype(np.float32)[None], SAMPLE_RATE)


def onsets(sound: Sound) -> Onsets:
    return find_onsets(build_spectrogram(sound), build_peaks(sound))


@pytest.mark.parametrize("noise", [0.0, 0.003, 0.02])
def test_every_burst_is_found_to_a_few_milliseconds_and_nothing_else(noise: float) -> None:
    found = onsets(bursts(TIMES, noise))
    assert len(found) == len(TIMES)
    assert found.times == pytest.approx(TIMES, abs=0.004)
    assert found.strengths.max() == 1.0 and found.strengths.min() > 0.3


def test_steady_noise_and_silence_have_none() -> None:
    assert len(onsets(bursts([], 0.1))) == 0
    assert len(onsets(bursts([], 0.0))) == 0


def test_vibrato_is_no_onset() -> None:
    time = np.arange(4 * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * 800 * time + 6 * np.sin(2 * np.pi * 5 * time)
    fade = np.minimum(1, time / 0.5)
    found = onsets(Sound((0.5 * fade * np.sin(phase)).astype(np.float32)[None], SAMPLE_RATE))
    assert not ((found.times > 1.0) & (found.times < 3.9)).any()


def test_without_peaks_they_are_as_coarse_as_the_columns() -> None:
    found = find_onsets(build_spectrogram(bursts(TIMES, 0.003)))
    assert found.times == pytest.approx(TIMES, abs=0.04)


def test_flux_is_one_value_a_column() -> None:
    spectrogram = build_spectrogram(bursts(TIMES, 0.0))
    flux = spectral_flux(spectrogram)
    assert flux.shape == (len(spectrogram.values),)
    assert flux.min() == 0.0
