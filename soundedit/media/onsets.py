"""Where sounds begin: onsets by spectral flux."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundedit.media.peaks import Peaks
from soundedit.media.spectrogram import FLOOR_DECIBELS, HOP_SECONDS, Spectrogram

_LAG = 2
_COLUMNS_AT_ONCE = 1 << 15
_LEAST_DECIBELS = 3.0
_DEVIATIONS = 1.5
_AROUND_SECONDS = 1.0
_PEAK_SECONDS = 0.05
_APART_SECONDS = 0.08
_REFINE_SECONDS = 0.045
_STEPS_PER_SECOND = 1000
_AFTER, _BEFORE = 4, 12

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Onsets:
    """Times in seconds, ascending, and strengths in 0..1 of the strongest, both (n,)."""

    times: _Floats
    strengths: _Floats

    def __len__(self) -> int:
        return len(self.times)


NO_ONSETS = Onsets(np.zeros(0), np.zeros(0))


def find_onsets(spectrogram: Spectrogram, peaks: Peaks | None = None) -> Onsets:
    """Onsets of a sound by the SuperFlux method (Boeck and Widmer, DAFx 2013).

    `peaks` of the same sound place each of them to about a millisecond; without it they are
    as coarse as the spectrogram's columns.
    """
    flux = spectral_flux(spectrogram)
    if len(flux) < 3:
        return NO_ONSETS
    half = round(_AROUND_SECONDS / HOP_SECONDS)
    mean = _moving_mean(flux, half)
    deviation = np.sqrt(np.maximum(_moving_mean(flux**2, half) - mean**2, 0))
    reach = round(_PEAK_SECONDS / HOP_SECONDS)
    padded = np.pad(flux, reach)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    bound = mean + np.maximum(_LEAST_DECIBELS, _DEVIATIONS * deviation)
    found = np.flatnonzero((flux >= around) & (flux > bound))
    kept: list[int] = []
    for column in found:
        if not kept or (column - kept[-1]) * HOP_SECONDS >= _APART_SECONDS:
            kept.append(int(column))
    if not kept:
        return NO_ONSETS
    strengths = flux[kept] / flux[kept].max()
    times = np.array(kept) * HOP_SECONDS
    if peaks is not None:
        times = np.array([_refined(peaks, time) for time in times])
    order = np.argsort(times)
    return Onsets(np.clip(times[order], 0.0, spectrogram.seconds), strengths[order])


def spectral_flux(spectrogram: Spectrogram) -> _Floats:
    """Mean rise of the bands in decibels at each column, (T,); vibrato does not count as a rise."""
    values = spectrogram.values
    flux = np.zeros(len(values))
    for first in range(_LAG, len(values), _COLUMNS_AT_ONCE):
        last = min(first + _COLUMNS_AT_ONCE, len(values))
        now = values[first:last].astype(np.int16)
        before = values[first - _LAG : last - _LAG]
        widened = before.copy()
        widened[:, 1:] = np.maximum(widened[:, 1:], before[:, :-1])
        widened[:, :-1] = np.maximum(widened[:, :-1], before[:, 1:])
        flux[first:last] = np.maximum(now - widened, 0).mean(axis=1)
    return flux * (-FLOOR_DECIBELS / 255)


def _moving_mean(values: _Floats, half: int) -> _Floats:
    """Mean over 2 half + 1 values around each, of those there are."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    at = np.arange(len(values))
    first, last = np.maximum(at - half, 0), np.minimum(at + half + 1, len(values))
    return (sums[last] - sums[first]) / (last - first)


def _refined(peaks: Peaks, time: float) -> float:
    """The steepest rise of the level near `time`, in seconds."""
    start = time - _REFINE_SECONDS
    count = round(2 * _REFINE_SECONDS * _STEPS_PER_SECOND)
    rms = peaks.window(start, start + count / _STEPS_PER_SECOND, count)[2].astype(np.float64)
    sums = np.concatenate([[0.0], np.cumsum(rms**2)])
    at = np.arange(_BEFORE, count - _AFTER)
    after = (sums[at + _AFTER] - sums[at]) / _AFTER
    before = (sums[at] - sums[at - _BEFORE]) / _BEFORE
    # The floor keeps a click in silence from losing to the first breath of noise before it.
    floor = 1e-3 * rms.max() ** 2 + 1e-12
    best = int(np.argmax((after + floor) / (before + floor)))
    return float(start + at[best] / _STEPS_PER_SECOND)
