"""Building blocks of synthesised sound: shaped noise, grains, slow curves, reverberation.

Times in seconds, frequencies in hertz, signals float64 (N,) at `SAMPLE_RATE`.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 32000
_WINDOW = 1024
_HOP = 256

Signal = NDArray[np.float64]
Spectrum = Sequence[tuple[float, float]]
"""Points (frequency, level of the octave around it in dB), joined by lines over log frequency."""


def frames(seconds: float) -> int:
    """Samples in `seconds`."""
    return round(seconds * SAMPLE_RATE)


def clock(seconds: float) -> Signal:
    """Time of each sample."""
    return np.arange(frames(seconds)) / SAMPLE_RATE


def db(level: float) -> float:
    """Amplitude factor of a level in dB."""
    return float(10.0 ** (level / 20.0))


def gains(spectrum: Spectrum, frequency: Signal) -> Signal:
    """What white noise of rms 1 is multiplied with so that an octave at 0 dB gets rms 1."""
    f = np.maximum(frequency, 10.0)
    level = np.interp(np.log(f), np.log([p[0] for p in spectrum]), [p[1] for p in spectrum])
    octave_share = f * (np.sqrt(2) - np.sqrt(0.5)) / (SAMPLE_RATE / 2)
    gain: Signal = np.where(frequency < 15.0, 0.0, 10.0 ** (level / 20.0) / np.sqrt(octave_share))
    return gain


def bin_frequencies(n: int) -> Signal:
    """Frequencies of the bins of an n-point real Fourier transform."""
    f: Signal = np.arange(n // 2 + 1, dtype=np.float64) * SAMPLE_RATE / n
    return f


def noise(rng: np.random.Generator, seconds: float, spectrum: Spectrum) -> Signal:
    """Stationary noise of the given spectrum, rms 1."""
    n = frames(seconds)
    bins = np.fft.rfft(rng.standard_normal(n))
    bins *= gains(spectrum, bin_frequencies(n))
    return unit(np.fft.irfft(bins, n))


def moving_noise(
    rng: np.random.Generator, seconds: float, spectra: Sequence[Spectrum], position: Signal
) -> Signal:
    """Noise whose spectrum moves between `spectra`; an octave at 0 dB has rms 1.

    Args:
        position: (N,) index into `spectra` at each sample, fractions in between.
    """
    n = frames(seconds)
    white = rng.standard_normal(n + 2 * _WINDOW)
    window = np.sin(np.pi * (np.arange(_WINDOW) + 0.5) / _WINDOW)
    f = bin_frequencies(_WINDOW)
    table = np.log(np.maximum([gains(s, f) for s in spectra], 1e-9))
    starts = np.arange(0, n + _WINDOW, _HOP)
    where = np.interp(starts + _WINDOW / 2 - _WINDOW, np.arange(n), position)
    where = np.clip(where, 0, len(spectra) - 1)
    low = np.minimum(where.astype(int), max(0, len(spectra) - 2))
    high = np.minimum(low + 1, len(spectra) - 1)
    part = (where - low)[:, None]
    gain = np.exp((1 - part) * table[low] + part * table[high])
    blocks = np.lib.stride_tricks.sliding_window_view(white, _WINDOW)[starts] * window
    shaped = np.fft.irfft(np.fft.rfft(blocks, axis=1) * gain, _WINDOW, axis=1) * window
    out = np.zeros(n + 3 * _WINDOW)
    for start, block in zip(starts, shaped, strict=True):
        out[start : start + _WINDOW] += block
    return out[_WINDOW : _WINDOW + n] * (2 * _HOP / _WINDOW)


def wander(rng: np.random.Generator, seconds: float, every: float) -> Signal:
    """A smooth random curve of mean 0 and deviation about 1 that turns about `every` seconds."""
    points = rng.standard_normal(int(seconds / every) + 4)
    x = clock(seconds) / every + rng.uniform(0, 1)
    i = x.astype(int)
    t = x - i
    smooth = t * t * (3 - 2 * t)
    value: Signal = (1 - smooth) * points[i] + smooth * points[i + 1]
    return value


def curve(seconds: float, points: Sequence[tuple[float, float]]) -> Signal:
    """Values at times, joined by half cosines."""
    t = clock(seconds)
    times, values = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    i = np.clip(np.searchsorted(times, t, side="right") - 1, 0, len(times) - 2)
    part = np.clip((t - times[i]) / (times[i + 1] - times[i]), 0.0, 1.0)
    value: Signal = values[i] + (values[i + 1] - values[i]) * (0.5 - 0.5 * np.cos(np.pi * part))
    return value


def hit(seconds: float, attack: float, decay: float) -> Signal:
    """A quick rise, then an exponential fall to 1/e in `decay`; peak about 1."""
    t = clock(seconds)
    return np.minimum(1.0, t / attack) * np.exp(-np.maximum(0.0, t - attack) / decay)


def ping(frequency: float, decay: float, sweep: float = 0.0, phase: float = 0.0) -> Signal:
    """A damped sine; `sweep` in octaves over its decay time."""
    t = clock(6 * decay)
    turns = (
        frequency * t
        if sweep == 0.0
        else frequency * decay / sweep * (2.0 ** (sweep * t / decay) - 1.0) / np.log(2.0)
    )
    return np.sin(2 * np.pi * turns + phase) * hit(6 * decay, 0.0003, decay)


def place(track: NDArray[np.float64], grain: Signal, at: float, pan: float, gain: float) -> None:
    """Add a grain to a stereo track (2, N) at a time; pan -1 left to 1 right at equal power."""
    start = frames(at)
    n = min(len(grain), track.shape[1] - start)
    if n <= 0 or start < 0:
        return
    angle = (pan + 1) * np.pi / 4
    track[0, start : start + n] += np.cos(angle) * gain * grain[:n]
    track[1, start : start + n] += np.sin(angle) * gain * grain[:n]


def arrivals(rng: np.random.Generator, rate: Signal) -> Signal:
    """Times of a Poisson process whose rate (N,), in events a second, may move."""
    chance = rng.uniform(size=len(rate)) < rate / SAMPLE_RATE
    times: Signal = np.flatnonzero(chance) / SAMPLE_RATE
    return times


def unit(signal: Signal) -> Signal:
    """The signal at rms 1."""
    return signal / max(1e-12, float(np.sqrt(np.mean(signal**2))))


def wide(make: Callable[[], Signal]) -> NDArray[np.float64]:
    """Two sides (2, N) that are partly alike, from three independent takes of the same noise."""
    shared, left, right = make(), make(), make()
    return np.stack([0.6 * shared + 0.8 * left, 0.6 * shared + 0.8 * right])


def reverberate(
    rng: np.random.Generator, track: NDArray[np.float64], decay: float, wet: float, dark: float
) -> NDArray[np.float64]:
    """Add diffuse reverberation to a stereo track (2, N).

    Args:
        decay: seconds until the reverberation fell by 60 dB.
        wet: its level against the dry sound, in dB.
        dark: frequency above which it loses 9 dB an octave.
    """
    n = track.shape[1]
    tail = frames(decay)
    fall = 10.0 ** (-3.0 * np.arange(tail) / tail)
    size = 1 << int(n + tail - 1).bit_length()
    f = bin_frequencies(size)
    colour = 1.0 / (1.0 + (f / dark) ** 1.5)
    out = track.copy()
    for side in out:
        response = unit(rng.standard_normal(tail) * fall) / np.sqrt(tail)
        bins = np.fft.rfft(side, size) * np.fft.rfft(response, size) * colour
        side += db(wet) * np.fft.irfft(bins, size)[:n]
    return out


def finish(track: NDArray[np.float64], peak: float = -1.0) -> NDArray[np.float32]:
    """Without DC, faded at both ends, its rarest peaks rounded, peak at `peak` dBFS; (2, N)."""
    out = track - track.mean(axis=1, keepdims=True)
    fade = frames(0.03)
    ramp = np.sin(np.linspace(0, np.pi / 2, fade)) ** 2
    out[:, :fade] *= ramp
    out[:, -4 * fade :] *= np.repeat(ramp[::-1], 4)
    knee = np.quantile(np.abs(out), 0.9998)
    out = np.tanh(out / (2.5 * knee))
    scaled: NDArray[np.float32] = (out * db(peak) / np.abs(out).max()).astype(np.float32)
    return scaled
