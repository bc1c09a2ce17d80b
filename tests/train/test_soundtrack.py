import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundedit.train.soundtrack import sound_track

RATE = 32_000


def noise(seconds: float, loudness: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (loudness * rng.standard_normal(round(seconds * RATE))).astype(np.float32)


def test_silence_has_no_loudness_and_no_onset() -> None:
    track = sound_track(np.zeros(2 * RATE, np.float32), RATE, 24)
    assert len(track) == 48
    assert track.envelope.dtype == np.float32
    assert not track.envelope.any()
    assert not track.onset.any()


def test_length_is_that_of_the_clip_and_what_is_missing_is_silent() -> None:
    track = sound_track(noise(1.0, 0.2), RATE, 24, seconds=3.0)
    assert len(track) == 72
    assert track.envelope[:24].min() > 0.5
    assert not track.envelope[24:].any()


def test_a_cut_sound_is_not_heard_beyond_its_end() -> None:
    sound = np.concatenate([np.zeros(RATE, np.float32), noise(1.0, 0.5)])
    assert not sound_track(sound, RATE, 24, seconds=1.0).envelope.any()


@pytest.mark.parametrize("fps", [12.0, 24.0, 24_000 / 1001, 60.0])
@pytest.mark.parametrize("second", [0.5, 1.03, 1.7])
def test_a_clap_is_an_onset_in_its_own_frame(fps: float, second: float) -> None:
    sound = noise(2.5, 0.002)
    clap = noise(0.3, 0.5, seed=1) * np.exp(-np.arange(round(0.3 * RATE)) / (0.05 * RATE))
    first = round(second * RATE)
    sound[first : first + len(clap)] += clap.astype(np.float32)
    track = sound_track(sound, RATE, fps)
    assert abs(int(track.onset.argmax()) - int(second * fps)) <= (1 if fps > 30 else 0)
    assert track.onset.max() > 0.5


def test_steady_noise_is_even_and_has_no_onset() -> None:
    track = sound_track(noise(3.0, 0.2), RATE, 24)
    assert not track.onset.any()
    assert track.envelope.min() > 0.8


def test_envelope_follows_the_loudness_and_a_quiet_sound_stays_low() -> None:
    swell = np.linspace(0, 1, 3 * RATE, dtype=np.float32)
    track = sound_track(noise(3.0, 0.3) * swell, RATE, 24)
    assert np.corrcoef(track.envelope, np.arange(72))[0, 1] > 0.97
    assert sound_track(noise(2.0, 0.001), RATE, 24).envelope.max() < 0.2


def test_a_sound_cut_on_its_attack_has_an_onset_in_frame_0() -> None:
    decay = np.exp(-np.arange(2 * RATE) / (0.1 * RATE)).astype(np.float32)
    track = sound_track(noise(2.0, 0.5) * decay, RATE, 24)
    assert track.onset[0] > 0.5


def test_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="one channel"):
        sound_track(np.zeros((2, 100), np.float32), RATE, 24)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 3000),
    st.sampled_from([8000, 32_000, 44_100]),
    st.sampled_from([1.0, 10.0, 29.97, 120.0]),
    st.integers(0, 99),
)
def test_values_are_finite_and_within_0_and_1(count: int, rate: int, fps: float, seed: int) -> None:
    samples = np.random.default_rng(seed).uniform(-1, 1, count).astype(np.float32)
    track = sound_track(samples, rate, fps)
    assert len(track) == max(1, int(np.ceil(round(count / rate * fps, 6))))
    for values in (track.envelope, track.onset):
        assert np.isfinite(values).all()
        assert values.min() >= 0 and values.max() <= 1
