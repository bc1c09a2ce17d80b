"""Waveform overview: a pyramid of minimum, maximum and RMS, fast to draw at any zoom."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.media.decode import Decoder
from soundedit.media.sound import Sound, mix_to_mono
from soundedit.progress import CancelToken, Progress

_BINS_PER_SECOND = 1000
_BLOCK_SECONDS = 10
_LEVEL_FACTOR = 4
_BINS_PER_COLUMN = 16

_Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Level:
    bin_samples: int
    lo: _Floats
    hi: _Floats
    energy: _Floats  # sum of squares in each bin


class Peaks:
    """Minimum, maximum and RMS of the mono mix of a sound; made by `build_peaks`.

    The finest bins last about 1 ms, so an hour takes about 60 MB at any sample rate.
    """

    def __init__(self, levels: list[_Level], frames: int, sample_rate: int) -> None:
        self._levels = levels
        self._frames = frames
        self._sample_rate = sample_rate

    @property
    def seconds(self) -> float:
        """Length of the sound in seconds."""
        return self._frames / self._sample_rate

    def window(
        self, start_s: float, end_s: float, columns: int
    ) -> tuple[_Floats, _Floats, _Floats]:
        """Minimum, maximum and RMS of `columns` equal parts of [start_s, end_s), each (columns,).

        A column covers every sample of its span and at most a bin more on either side, a bin
        being the larger of 1 ms and a sixteenth of the column. Outside the sound all are 0.
        """
        if columns < 1 or not end_s > start_s:
            raise ValueError(f"no columns in {columns} parts of [{start_s}, {end_s})")
        edges = np.linspace(start_s, end_s, columns + 1) * self._sample_rate
        level = self._levels[0]
        for coarser in self._levels[1:]:
            if coarser.bin_samples * _BINS_PER_COLUMN * columns <= edges[-1] - edges[0]:
                level = coarser
        size, bins = level.bin_samples, len(level.lo)
        # The tolerance keeps rounding of seconds from pulling a neighbouring bin in.
        first = np.clip(np.floor(edges[:-1] / size + 1e-6), 0, bins).astype(np.intp)
        last = np.clip(np.ceil(edges[1:] / size - 1e-6), 0, bins).astype(np.intp)
        last = np.where(edges[1:] > 0, np.maximum(last, np.minimum(first + 1, bins)), first)
        inside = last > first
        begin, stop = first.min(), last.max()
        spans = np.stack([first, last], 1).ravel() - begin

        def reduce(ufunc: np.ufunc, values: _Floats) -> NDArray[np.float64]:
            # One more element, never part of a result, lets a span end at the last bin.
            padded = np.append(values[begin:stop], np.float32(0))
            return ufunc.reduceat(padded, spans, dtype=np.float64)[::2]

        samples = np.minimum(last * size, self._frames) - first * size
        power = reduce(np.add, level.energy) / np.where(inside, samples, 1)
        lo, hi = reduce(np.minimum, level.lo), reduce(np.maximum, level.hi)
        rows = [np.where(inside, row, 0).astype(np.float32) for row in (lo, hi, np.sqrt(power))]
        return rows[0], rows[1], rows[2]


def build_peaks(
    source: str | Path | Sound,
    cancel: CancelToken | None = None,
    progress: Progress | None = None,
    heard: Callable[[_Floats, int], None] | None = None,
) -> Peaks:
    """Read a sound once, in blocks, and build its overview.

    `heard` gets every block of a file too: the mono mix (N,) and its sample rate.
    Raises `MediaError` as `probe_sound` does, `Cancelled` once `cancel` is set.
    """
    if isinstance(source, Sound):
        size = _bin_samples(source.sample_rate)
        return _pyramid([_bins(source.mono(), size)], source.samples.shape[1], source.sample_rate)
    with Decoder(source, cancel=cancel) as decoder:
        rate, size = decoder.sample_rate, _bin_samples(decoder.sample_rate)
        total = (decoder.declared_seconds or 0) * rate
        parts, frames = [], 0
        while (block := decoder.read(_BLOCK_SECONDS * _BINS_PER_SECOND * size)).shape[1]:
            mono = mix_to_mono(block)[0]
            parts.append(_bins(mono, size))
            if heard is not None:
                heard(mono, rate)
            frames += block.shape[1]
            if progress is not None:
                progress(min(frames / total, 1.0) if total else -1.0, "Drawing the waveform")
    return _pyramid(parts, frames, rate)


def _bin_samples(sample_rate: int) -> int:
    return max(1, sample_rate // _BINS_PER_SECOND)


def _bins(samples: _Floats, size: int) -> tuple[_Floats, _Floats, _Floats]:
    starts = np.arange(0, len(samples), size)
    return (
        np.minimum.reduceat(samples, starts),
        np.maximum.reduceat(samples, starts),
        np.add.reduceat(samples * samples, starts),
    )


def _pyramid(parts: list[tuple[_Floats, _Floats, _Floats]], frames: int, rate: int) -> Peaks:
    lo, hi, energy = (np.concatenate([part[k] for part in parts]) for k in range(3))
    levels = [_Level(_bin_samples(rate), lo, hi, energy)]
    levels.extend(_coarser(levels[0]))
    return Peaks(levels, frames, rate)


def _coarser(level: _Level) -> Iterator[_Level]:
    while len(level.lo) > _LEVEL_FACTOR * _BINS_PER_COLUMN:
        starts = np.arange(0, len(level.lo), _LEVEL_FACTOR)
        level = _Level(
            level.bin_samples * _LEVEL_FACTOR,
            np.minimum.reduceat(level.lo, starts),
            np.maximum.reduceat(level.hi, starts),
            np.add.reduceat(level.energy, starts),
        )
        yield level
