"""What the sound card gets: a sound read from any place, backwards, faster, in a loop."""

import math
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from soundedit.media.sound import Sound, stream_sound

BLOCK_SECONDS = 0.5
BACKWARDS_SECONDS = 4.0
_ZERO_CROSSINGS = 12
_PHASES = 256
_TOO_FEW = 4  # frames; a decoder that rounds otherwise may have none left there


class Span(NamedTuple):
    """A stretch of sound time, in seconds; `end` before `start` is played backwards."""

    start: float
    end: float
    repeats: bool


class Piece(NamedTuple):
    """Frames (n, C) for the sound card; `origin` is set on the first piece of a span.

    Frame k after the origin carries sound time origin + k * step.
    """

    frames: NDArray[np.float32]
    origin: float | None
    step: float


def spans(
    start: float, speed: float, loop: tuple[float, float] | None, seconds: float
) -> Iterator[Span]:
    """The stretches that are heard when playing from `start`; without end in a loop.

    A loop behind `start` (in the direction of play) is not entered.
    """
    if speed > 0:
        if loop is None or start >= loop[1]:
            yield Span(start, seconds, False)
            return
        yield Span(start, loop[1], False)
        while True:
            yield Span(loop[0], loop[1], True)
    if loop is None or start <= loop[0]:
        yield Span(start, 0.0, False)
        return
    yield Span(start, loop[0], False)
    while True:
        yield Span(loop[1], loop[0], True)


def pieces(
    sound: Path | Sound,
    start: float,
    speed: float,
    loop: tuple[float, float] | None,
    seconds: float,
    sample_rate: int,
    channels: int,
) -> Generator[Piece, None, None]:
    """Everything that is heard when playing from `start`, ready for the sound card.

    The speed is had by decoding at another sample rate, so pitch goes with it and the resampler's
    own filter keeps it free of aliases. Every span has exactly as many frames as its length asks
    for.

    Args:
        speed: 0.25 to 4, negative for backwards.
        sample_rate: of the sound card, in hertz.
        channels: of the sound card.

    Raises:
        MediaError: the file can no longer be read.
    """
    decoded_rate = round(sample_rate / abs(speed))
    step = math.copysign(1.0 / decoded_rate, speed)
    for span in spans(start, speed, loop, seconds):
        left = round(abs(span.end - span.start) * decoded_rate)
        origin: float | None = span.start
        for block in _blocks(sound, span, decoded_rate) if left > _TOO_FEW else ():
            if left == 0:
                break
            frames = to_channels(block[:, :left], channels)
            left -= len(frames)
            yield Piece(frames, origin, step)
            origin = None
        while left > 0:  # the file turned out shorter than it said
            n = min(left, sample_rate)
            left -= n
            yield Piece(np.zeros((n, channels), np.float32), origin, step)
            origin = None


def _blocks(sound: Path | Sound, span: Span, rate: int) -> Iterator[NDArray[np.float32]]:
    """The span at `rate` as blocks (C, n), backwards where the span is."""
    if isinstance(sound, Path):
        yield from _file_blocks(sound, span, rate)
        return
    ratio = sound.sample_rate / rate
    direction = 1.0 if span.end > span.start else -1.0
    count = round(abs(span.end - span.start) * rate)
    size = max(1, int(BLOCK_SECONDS * rate))
    for first in range(0, count, size):
        k = np.arange(first, min(count, first + size))
        at = (span.start * sound.sample_rate + direction * ratio * k).astype(np.float64)
        yield sample_at(sound.samples, at, ratio)


def _file_blocks(path: Path, span: Span, rate: int) -> Iterator[NDArray[np.float32]]:
    if span.end > span.start:
        yield from stream_sound(
            path,
            sample_rate=rate,
            mono=False,
            block_seconds=BLOCK_SECONDS,
            start=span.start,
            end=span.end,
        )
        return
    high = span.start
    while high > span.end:
        low = max(span.end, high - BACKWARDS_SECONDS)
        parts = list(
            stream_sound(
                path,
                sample_rate=rate,
                mono=False,
                block_seconds=BACKWARDS_SECONDS,
                start=low,
                end=high,
            )
        )
        if parts:
            yield np.concatenate(parts, axis=1)[:, ::-1]
        high = low


def sample_at(
    samples: NDArray[np.float32], positions: NDArray[np.float64], ratio: float = 1.0
) -> NDArray[np.float32]:
    """A sound's value between its samples, by windowed-sinc interpolation.

    Args:
        samples: (C, N); zero outside.
        positions: (n,) in samples.
        ratio: samples from one position to the next, in magnitude; above 1 the band is narrowed so
            that nothing aliases (Smith and Gossett 1984).

    Returns:
        (C, n) float32.
    """
    whole = np.rint(positions)
    if ratio == 1.0 and np.allclose(positions, whole, atol=1e-3):
        return _gather(samples, whole.astype(np.int64))
    band = min(1.0, 0.97 / ratio)
    half = math.ceil(_ZERO_CROSSINGS / band)
    base = np.floor(positions)
    phase = np.rint((positions - base) * _PHASES).astype(np.int64)
    kernel = _kernel(half, band)
    index = base.astype(np.int64)[:, None] + np.arange(-half + 1, half + 1)
    values: NDArray[np.float32] = np.einsum(
        "cnt,nt->cn", _gather(samples, index), kernel[phase], optimize=False
    )
    return values.astype(np.float32, copy=False)


def _gather(samples: NDArray[np.float32], index: NDArray[np.int64]) -> NDArray[np.float32]:
    inside = (index >= 0) & (index < samples.shape[1])
    return np.where(inside, samples[:, np.where(inside, index, 0)], np.float32(0.0))


def _kernel(half: int, band: float) -> NDArray[np.float32]:
    """Filter taps (phases + 1, 2 half) for offsets between two samples; each row sums to 1."""
    offset = np.arange(-half + 1, half + 1) - np.arange(_PHASES + 1)[:, None] / _PHASES
    window = np.where(np.abs(offset) <= half, np.cos(np.pi * offset / (2 * half)) ** 2, 0.0)
    taps = band * np.sinc(band * offset) * window
    taps /= taps.sum(axis=1, keepdims=True)
    return taps.astype(np.float32)


def to_channels(block: NDArray[np.float32], channels: int) -> NDArray[np.float32]:
    """(C, n) to (n, channels): mono to both sides, more than two by turns left and right."""
    if len(block) == channels:
        chosen = block
    elif len(block) == 1:
        chosen = np.repeat(block, channels, axis=0)
    else:
        chosen = np.stack(
            [
                block[i::channels].mean(axis=0) if i < len(block) else 0 * block[0]
                for i in range(channels)
            ]
        )
    return np.ascontiguousarray(chosen.T, dtype=np.float32)
