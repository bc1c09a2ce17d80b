import numpy as np
import pytest

from soundedit.media import dsp
from soundedit.media.dsp import SAMPLE_RATE


def octave_rms(signal, centre):
    bins = np.abs(np.fft.rfft(signal)) ** 2
    f = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE)
    inside = (f >= centre / np.sqrt(2)) & (f < centre * np.sqrt(2))
    return float(np.sqrt(2 * bins[inside].sum()) / len(signal))


@pytest.mark.parametrize("centre", [250.0, 1000.0, 4000.0])
def test_an_octave_at_a_level_has_that_rms(centre):
    rng = np.random.default_rng(0)
    spectrum = [(20.0, -6.0), (16000.0, -6.0)]
    signal = dsp.moving_noise(rng, 6.0, [spectrum], np.zeros(6 * SAMPLE_RATE))
    assert octave_rms(signal, centre) == pytest.approx(dsp.db(-6.0), rel=0.1)


def test_noise_moves_from_one_spectrum_to_the_other():
    rng = np.random.default_rng(0)
    low, high = [(200.0, 0.0), (1000.0, -60.0)], [(1000.0, -60.0), (4000.0, 0.0)]
    position = np.repeat([0.0, 1.0], SAMPLE_RATE)
    signal = dsp.moving_noise(rng, 2.0, [low, high], position)
    first, second = signal[: SAMPLE_RATE - 2048], signal[SAMPLE_RATE + 2048 :]
    assert octave_rms(first, 200.0) > 50 * octave_rms(first, 4000.0)
    assert octave_rms(second, 4000.0) > 50 * octave_rms(second, 200.0)


def test_noise_keeps_the_slope_of_its_spectrum():
    signal = dsp.noise(np.random.default_rng(0), 4.0, [(250.0, 0.0), (4000.0, -24.0)])
    assert np.std(signal) == pytest.approx(1.0)
    fall = octave_rms(signal, 500.0) / octave_rms(signal, 2000.0)
    assert 20 * np.log10(fall) == pytest.approx(12.0, abs=1.0)


def test_curve_passes_through_its_points():
    value = dsp.curve(3.0, [(0.0, 1.0), (1.0, 3.0), (2.0, -1.0)])
    assert value[[0, SAMPLE_RATE, 2 * SAMPLE_RATE, -1]] == pytest.approx([1.0, 3.0, -1.0, -1.0])
    assert value[SAMPLE_RATE // 2] == pytest.approx(2.0)


def test_ping_has_its_pitch_and_decay():
    signal = dsp.ping(1000.0, 0.05)
    n = dsp.frames(0.05)
    assert np.abs(signal[n : 2 * n]).max() == pytest.approx(np.exp(-1), rel=0.05)
    peak = np.argmax(np.abs(np.fft.rfft(signal))) * SAMPLE_RATE / len(signal)
    assert peak == pytest.approx(1000.0, abs=5.0)


def test_place_pans_at_equal_power_and_cuts_at_the_end():
    track = np.zeros((2, 10))
    dsp.place(track, np.ones(100), 5 / SAMPLE_RATE, -1.0, 2.0)
    np.testing.assert_allclose(track[0], [0] * 5 + [2] * 5)
    np.testing.assert_allclose(track[1], 0, atol=1e-12)
    middle = np.zeros((2, 1))
    dsp.place(middle, np.ones(1), 0.0, 0.0, 1.0)
    assert np.sum(middle**2) == pytest.approx(1.0)


def test_arrivals_follow_their_rate():
    rate = np.repeat([20.0, 200.0], 5 * SAMPLE_RATE)
    times = dsp.arrivals(np.random.default_rng(0), rate)
    assert np.count_nonzero(times < 5) == pytest.approx(100, abs=40)
    assert np.count_nonzero(times >= 5) == pytest.approx(1000, abs=130)


def test_reverberation_falls_as_asked():
    click = np.zeros((2, SAMPLE_RATE))
    click[:, 0] = 1.0
    tail = dsp.reverberate(np.random.default_rng(0), click, 1.0, 0.0, 4000.0)[0]
    early = np.std(tail[3200:6400])
    late = np.std(tail[3200 + 16000 : 6400 + 16000])
    assert 20 * np.log10(early / late) == pytest.approx(30.0, abs=2.0)
