"""The tempo of a sound that has a steady beat."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundedit.media.onsets import Onsets, spectral_flux
from soundedit.media.spectrogram import HOP_SECONDS, Spectrogram

SLOWEST_BPM, FASTEST_BPM = 40.0, 240.0
_EXCERPT_SECONDS = 60.0
_LEAST_SECONDS = 3.0
_USUAL_BPM, _OCTAVES = 120.0, 0.9
_LEAST_LIKENESS = 0.25
_FINE_SHARE, _FINE_STEPS = 0.02, 101
_NEAR_SECONDS, _LEAST_BEATS = 0.05, 4
_SMOOTH_SECONDS = 0.03

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tempo:
    """Beats a minute, the time in seconds of the first beat, and how steady it is, 0 to 1."""

    bpm: float
    first: float
    steadiness: float


def find_tempo(spectrogram: Spectrogram, onsets: Onsets, start: float = 0.0) -> Tempo | None:
    """The tempo of the minute from `start` seconds on; None where there is no steady beat.

    The lag at which the rises of the bands are most like themselves, tempos near 120 a minute being
    likelier (Ellis, "Beat Tracking by Dynamic Programming", 2007); then the finer period and phase
    at which the beats fall on the strongest rises, and the line through the onsets near them.
    """
    begin = min(max(round(start / HOP_SECONDS), 0), len(spectrogram.values))
    stop = begin + round(_EXCERPT_SECONDS / HOP_SECONDS)
    excerpt = spectrogram.values[begin:stop]
    if len(excerpt) * HOP_SECONDS < _LEAST_SECONDS:
        return None
    rises = _rises(Spectrogram(excerpt, len(excerpt) * HOP_SECONDS))
    likeness = _likeness(rises)
    shortest, longest = (60 / bpm / HOP_SECONDS for bpm in (FASTEST_BPM, SLOWEST_BPM))
    lags = np.arange(round(shortest), min(round(longest), len(likeness) // 2) + 1)
    if not len(lags):
        return None
    octaves = np.log2(60 / (lags * HOP_SECONDS) / _USUAL_BPM)
    best = int(lags[np.argmax(likeness[lags] * np.exp(-0.5 * (octaves / _OCTAVES) ** 2))])
    steadiness = float(likeness[best])
    if steadiness < _LEAST_LIKENESS:
        return None
    period, first = (columns * HOP_SECONDS for columns in _fitted(rises, best))
    first += begin * HOP_SECONDS
    heard = onsets.times[(onsets.times >= first - period) & (onsets.times < stop * HOP_SECONDS)]
    period, first = _through(heard, period, first)
    return Tempo(60 / period, float(first % period), min(steadiness, 1.0))


def _rises(spectrogram: Spectrogram) -> _Floats:
    """The flux above its mean around, a little smoothed, of mean 0."""
    flux = spectral_flux(spectrogram)
    around = np.ones(round(1.0 / HOP_SECONDS))
    mean = np.convolve(flux, around / len(around), "same")
    rises = np.maximum(flux - mean, 0)
    reach = round(2 * _SMOOTH_SECONDS / HOP_SECONDS)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) * HOP_SECONDS / _SMOOTH_SECONDS) ** 2)
    smooth: _Floats = np.convolve(rises, bell / bell.sum(), "same")
    return smooth - smooth.mean()


def _likeness(rises: _Floats) -> _Floats:
    """Autocorrelation by lag in columns, 1 at lag 0; of silence 0."""
    size = 2 * len(rises)
    power = np.abs(np.fft.rfft(rises, size)) ** 2
    found: _Floats = np.fft.irfft(power, size)[: len(rises)]
    return found / found[0] if found[0] > 1e-12 else np.zeros(len(rises))


def _fitted(rises: _Floats, lag: int) -> tuple[float, float]:
    """Period and phase in columns near a lag, at which the beats meet the most rise."""
    best = (-np.inf, float(lag), 0.0)
    at = np.arange(len(rises))
    for period in lag * np.linspace(1 - _FINE_SHARE, 1 + _FINE_SHARE, _FINE_STEPS):
        bins = (at / period % 1.0 * lag).astype(np.intp)
        mean = np.bincount(bins, rises, minlength=lag) / np.bincount(bins, minlength=lag).clip(1)
        phase = int(np.argmax(mean))
        best = max(best, (float(mean[phase]), float(period), (phase + 0.5) / lag * period - 0.5))
    return best[1], best[2]


def _through(onsets: _Floats, period: float, first: float) -> tuple[float, float]:
    """Period and first beat in seconds of the line through the onsets that are near beats."""
    numbers = np.round((onsets - first) / period)
    near = np.abs(onsets - first - numbers * period) < _NEAR_SECONDS
    if len(np.unique(numbers[near])) < _LEAST_BEATS:
        return period, first
    fitted = np.polynomial.Polynomial.fit(numbers[near], onsets[near], 1).convert().coef
    return float(fitted[1]), float(fitted[0])
