"""Augmentation of waveforms: pace, mixing, and the colours that rooms and microphones give."""

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
SILENCE = 1e-4
"""Root mean square below which there is nothing to hear."""


def loudness(x: Samples) -> float:
    """Root mean square of samples [N]."""
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64))))


def cut(x: Samples, length: int, rng: np.random.Generator, *, pace: float = 1.0) -> Samples:
    """A random window [length] of samples [N], played `pace` times as fast; repeated if short.

    Pitch moves with pace, as of a tape.
    """
    need = int(length * pace) + 1
    if len(x) < need:
        x = np.tile(x, -(-need // len(x)))
    start = int(rng.integers(0, len(x) - need + 1))
    part = x[start : start + need]
    if pace == 1.0:
        return part[:length]
    return np.interp(np.arange(length) * pace, np.arange(need), part).astype(np.float32)


def draw_pace(rng: np.random.Generator) -> float:
    """A pace between 0.82 and 1.22, or in four of ten cases 1."""
    return float(np.exp(rng.uniform(-0.2, 0.2))) if rng.random() < 0.6 else 1.0


def mix(a: Samples, b: Samples, share: float) -> Samples:
    """Two sounds [N], neither silent, where `a` has `share` of the power."""
    both = a / loudness(a) * np.sqrt(share) + b / loudness(b) * np.sqrt(1 - share)
    return both.astype(np.float32)


def colour(x: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Samples [N] through a random equaliser, and at times a low-pass, high-pass or a room."""
    frequencies = np.fft.rfftfreq(len(x), 1 / rate)
    knots = rng.normal(0, 4, 7) if rng.random() < 0.7 else np.zeros(7)
    at = np.linspace(np.log(40), np.log(15_000), 7)
    decibels = np.interp(np.log(np.maximum(frequencies, 30)), at, knots)
    if rng.random() < 0.15:
        edge = np.exp(rng.uniform(np.log(3500), np.log(12_000)))
        decibels -= 24 * np.maximum(np.log2(np.maximum(frequencies, 1) / edge), 0)
    if rng.random() < 0.1:
        edge = np.exp(rng.uniform(np.log(60), np.log(300)))
        decibels -= 12 * np.maximum(np.log2(edge / np.maximum(frequencies, 1)), 0)
    spectrum = np.fft.rfft(x) * 10 ** (decibels / 20)
    if rng.random() < 0.2:
        n = min(int(rate * rng.uniform(0.15, 1.0)), len(x))
        room = rng.normal(size=n) * np.exp(-6.9 * np.arange(n) / n)
        wet = rng.uniform(0.2, 0.7)
        tail = np.fft.rfft(room / np.sqrt(np.square(room).sum()), len(x))
        spectrum = spectrum * (1 - wet + wet * tail)
    return np.fft.irfft(spectrum, len(x)).astype(np.float32)


def level(x: Samples, rng: np.random.Generator, lowest: float = -38.0) -> Samples:
    """Samples [N] at a random level between `lowest` and -12 dB of full scale, clipped to it."""
    gain = 10 ** (rng.uniform(lowest, -12) / 20) / (loudness(x) + 1e-9)
    return np.clip(x * gain, -1, 1).astype(np.float32)
