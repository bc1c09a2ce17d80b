import numpy as np
import pytest

from soundedit.media.resampling import StreamResampler


def tone(rate, hertz, seconds=0.5):
    return np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate).astype(np.float32)


@pytest.mark.parametrize("source", [8000, 16000, 44100, 48000, 96000, 192000])
def test_a_tone_stays_the_tone(source):
    made = StreamResampler(source, 32000).push(tone(source, 1000))
    wanted = tone(32000, 1000)[: len(made)]
    assert len(wanted) - 0.01 * 32000 < len(made) <= 16000
    np.testing.assert_allclose(made[200:], wanted[200:], atol=2e-4)


@pytest.mark.parametrize("source", [44100, 48000, 22050])
def test_blocks_do_not_matter(source):
    sound = np.random.default_rng(0).standard_normal(9000).astype(np.float32)
    whole = StreamResampler(source, 32000).push(sound)
    parted = StreamResampler(source, 32000)
    pieces = [parted.push(part) for part in np.split(sound, [1, 3, 40, 41, 1065, 1065, 5000])]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)


def test_what_the_target_cannot_hold_is_gone():
    made = StreamResampler(48000, 32000).push(tone(48000, 18000))
    assert np.abs(made[200:]).max() < 1e-3


def test_the_same_rate_passes_through():
    sound = np.arange(5, dtype=np.float32)
    resampler = StreamResampler(32000, 32000)
    np.testing.assert_array_equal(resampler.push(sound), sound)
    assert resampler.delay == 0.0
    assert StreamResampler(48000, 32000).delay < 1e-3


def test_rates_must_be_positive():
    with pytest.raises(ValueError, match="positive"):
        StreamResampler(0, 32000)
