"""Loudness envelope and onsets of a sound at the frame rate of a clip."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundedit.media.envelope import loudness

ONSET_FFT = 512


@dataclass(frozen=True)
class SoundTrack:
    """What a clip follows of its sound; frame k covers the seconds [k/fps, (k+1)/fps).

    envelope: (T,) float32 in 0..1, loudness. onset: (T,) float32 in 0..1, the strength of an onset
    in the frame that holds it, else 0. fps: frames a second.
    """

    envelope: NDArray[np.float32]
    onset: NDArray[np.float32]
    fps: float

    def __len__(self) -> int:
        return len(self.envelope)


def sound_track(
    samples: NDArray[np.float32],
    sample_rate: int,
    fps: float,
    seconds: float | None = None,
) -> SoundTrack:
    """Envelope and onsets of a mono sound.

    samples: (N,) in -1..1. seconds: length of the clip; a longer sound is cut, a shorter one is
    followed by silence; None keeps the sound's own length. T = ceil(seconds * fps), at least 1.
    ValueError if `samples` is not one-dimensional.
    """
    if samples.ndim != 1:
        raise ValueError("sound_track wants one channel of samples, shape (N,).")
    length = len(samples) if seconds is None else round(seconds * sample_rate)
    frames = max(1, int(np.ceil(round(length / sample_rate * fps, 6))))
    padded = np.zeros(max(1, int(np.ceil(frames * sample_rate / fps))), np.float64)
    kept = min(len(samples), len(padded), length)
    padded[:kept] = samples[:kept]

    envelope = _envelope(padded, sample_rate, fps, frames)
    onset = np.zeros(frames, np.float32)
    for time, strength in _onsets(padded, sample_rate):
        frame = min(int(time * fps), frames - 1)
        near = envelope[frame : frame + 3].max()
        onset[frame] = max(onset[frame], strength * near)
    return SoundTrack(envelope, onset, float(fps))


def _envelope(
    samples: NDArray[np.float64], sample_rate: int, fps: float, frames: int
) -> NDArray[np.float32]:
    """RMS of each frame relative to the clip's loud parts, as loudness."""
    energy = np.concatenate([[0.0], np.cumsum(samples**2)])
    edges = np.minimum(np.round(np.arange(frames + 1) * sample_rate / fps), len(samples)).astype(
        int
    )
    counts = np.maximum(np.diff(edges), 1)
    rms = np.sqrt(np.maximum(np.diff(energy[edges]), 0) / counts)
    return loudness(rms)


def _onsets(samples: NDArray[np.float64], sample_rate: int) -> list[tuple[float, float]]:
    """Times in seconds and strengths 0..1 of peaks in the spectral flux (Bello et al. 2005)."""
    hop = max(1, sample_rate // 100)
    half = ONSET_FFT // 2
    # Mirrored ends, so that a cut out of a steady sound does not begin with an onset.
    mirrored = np.pad(samples, (half, half), mode="reflect" if len(samples) > half else "constant")
    windows = np.lib.stride_tricks.sliding_window_view(mirrored, ONSET_FFT)[::hop]
    magnitude = np.abs(np.fft.rfft(windows * np.hanning(ONSET_FFT), axis=1)) / half
    log_magnitude = np.log1p(100 * magnitude)
    rise = np.diff(log_magnitude, axis=0, prepend=log_magnitude[:1])
    flux = np.maximum(rise, 0).mean(axis=1)

    # A level rise in the whole band counts as well: thunder swells without any new detail.
    energy = np.log1p(30 * np.sqrt(np.mean(windows**2, axis=1)))
    swell = np.maximum(energy - energy[np.maximum(np.arange(len(energy)) - 4, 0)], 0)
    flux = flux + 0.25 * swell

    usual = _running_median(flux, 50)
    found: list[tuple[float, float]] = []
    for k in range(len(flux)):
        peak = flux[k] >= flux[max(0, k - 6) : k + 7].max()
        # 0.05 is a rise one can hear; steady noise ripples up to twice its own median.
        if peak and flux[k] > 2.2 * usual[k] + 0.05:
            found.append(
                (k * hop / sample_rate, float(np.clip((flux[k] - usual[k]) / 0.5, 0.1, 1)))
            )
    if not found and _starts_with_a_hit(samples, sample_rate):
        found.append((0.0, 1.0))
    return found


def _running_median(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Median of the `reach` values on either side of each, (N,)."""
    padded = np.pad(values, reach, mode="reflect" if len(values) > reach else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.asarray(np.median(windows, axis=1))


def _starts_with_a_hit(samples: NDArray[np.float64], sample_rate: int) -> bool:
    """Whether the first 0.1 s is much louder than the sound as a whole: it was cut on its onset."""
    first = samples[: sample_rate // 10]
    whole = float(np.sqrt(np.mean(samples**2)))
    return whole > 1e-4 and float(np.sqrt(np.mean(first**2))) > 2 * whole
