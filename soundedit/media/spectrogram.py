"""Mel spectrogram overview: a pyramid of band levels, fast to draw at any zoom."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.fft import rfft, rfftfreq  # numpy itself imports it only when it is used
from numpy.typing import NDArray

from soundedit.media.sound import Sound, stream_sound
from soundedit.progress import CancelToken, Progress

SAMPLE_RATE = 32_000
HOP_SECONDS = 0.01
BANDS = 96
LOWEST_HERTZ, HIGHEST_HERTZ = 40.0, 16_000.0
FLOOR_DECIBELS = -90.0
"""Level of the value 0; a full-scale sine gives 255 in its band."""

LEAD_COLUMNS = 4
"""So many columns before one reaches the sound that the one is made of."""

_WINDOW = 2048
_HOP = round(SAMPLE_RATE * HOP_SECONDS)
_BLOCK_SECONDS = 10.0
_LEVEL_FACTOR = 4
_COLUMNS_AT_ONCE = 512
_RESAMPLED_AT_ONCE = 60 * SAMPLE_RATE

_Bytes = NDArray[np.uint8]
_Floats = NDArray[np.float32]


class Spectrogram:
    """Levels of mel bands of the mono mix over time; made by `build_spectrogram`.

    `values` is uint8 (T, BANDS), low bands first: column k is centred on k * `HOP_SECONDS`, and
    values go in even steps of decibels from `FLOOR_DECIBELS` to 0. An hour takes about 46 MB.
    """

    def __init__(self, values: _Bytes, seconds: float) -> None:
        self.values = values
        self.seconds = seconds
        self._levels = [values]
        while len(self._levels[-1]) > 4 * _LEVEL_FACTOR:
            self._levels.append(_means(self._levels[-1], _LEVEL_FACTOR))

    def put(self, first: int, columns: _Bytes) -> None:
        """Set the columns (n, BANDS) from number `first` on.

        Another thread may draw meanwhile: it sees some of them as they were before.
        """
        last = first + len(columns)
        self.values[first:last] = columns
        for finer, coarser in pairwise(self._levels):
            first, last = first // _LEVEL_FACTOR, -(-last // _LEVEL_FACTOR)
            part = finer[first * _LEVEL_FACTOR : last * _LEVEL_FACTOR]
            if len(part):
                coarser[first:last] = _means(part, _LEVEL_FACTOR)

    def window(self, start_s: float, end_s: float, columns: int) -> _Bytes:
        """Mean levels in `columns` equal parts of [start_s, end_s), uint8 (BANDS, columns).

        The highest band comes first, as an image has it. Outside the sound all are 0.
        """
        if columns < 1 or not end_s > start_s:
            raise ValueError(f"no columns in {columns} parts of [{start_s}, {end_s})")
        # Column k covers the hop around its centre.
        edges = np.linspace(start_s, end_s, columns + 1) / HOP_SECONDS + 0.5
        level, size = self._levels[0], 1
        for coarser in self._levels[1:]:
            if size * _LEVEL_FACTOR * 2 * columns > edges[-1] - edges[0]:
                break
            level, size = coarser, size * _LEVEL_FACTOR
        bins = len(level)
        first = np.clip(np.floor(edges[:-1] / size), 0, bins).astype(np.intp)
        last = np.clip(np.floor(edges[1:] / size), 0, bins).astype(np.intp)
        middle = (edges[:-1] + edges[1:]) / 2 - 0.5
        inside = (middle >= 0) & (middle * HOP_SECONDS < self.seconds) & (first < bins)
        last = np.where(inside, np.maximum(last, first + 1), first)
        sums = np.zeros((columns, level.shape[1]), np.uint32)
        if inside.any():
            begin, stop = int(first[inside].min()), int(last.max())
            spans = np.stack([first, last], 1).ravel() - begin
            padded = np.concatenate([level[begin:stop], np.zeros_like(level[:1])])
            sums = np.add.reduceat(
                padded, np.clip(spans, 0, stop - begin), axis=0, dtype=np.uint32
            )[::2]
        counts = np.maximum(last - first, 1)[:, None]
        means = np.where(inside[:, None], sums // counts, 0).astype(np.uint8)
        return np.ascontiguousarray(means.T[::-1])


def band_frequencies() -> _Floats:
    """Centres of the bands in hertz, (BANDS,), low first; even steps of mel (O'Shaughnessy)."""
    return _edges()[1:-1]


def build_spectrogram(
    source: str | Path | Sound,
    cancel: CancelToken | None = None,
    progress: Progress | None = None,
    seconds: float | None = None,
) -> Spectrogram:
    """Read a sound once, in blocks, and build its overview.

    `seconds` is its length where known, for progress. Raises `MediaError` as `stream_sound` does,
    `Cancelled` once `cancel` is set.
    """
    parts: list[_Bytes] = []
    frames = 0

    def counted() -> Iterator[_Floats]:
        nonlocal frames
        for block in _blocks(source, cancel):
            frames += len(block)
            yield block

    for columns in columns_of(counted()):
        parts.append(columns)
        if cancel is not None:
            cancel.check()
        if progress is not None:
            share = min(frames / SAMPLE_RATE / seconds, 1.0) if seconds else -1.0
            progress(share, "Drawing the spectrogram")
    return Spectrogram(np.concatenate(parts), frames / SAMPLE_RATE)


def columns_of(blocks: Iterable[_Floats], first: int = 0) -> Iterator[_Bytes]:
    """Columns from number `first` on, uint8 (n, BANDS), of samples (N,) at `SAMPLE_RATE` in blocks.

    The blocks begin with the sound, or `LEAD_COLUMNS` before a `first` greater than 0.
    """
    window, filters = window_and_filters(_WINDOW, SAMPLE_RATE)
    begun = max(first - LEAD_COLUMNS, 0) * _HOP
    frames = begun
    waiting = np.zeros(max(_WINDOW // 2 - first * _HOP, 0), np.float32)
    spare = max(first * _HOP - _WINDOW // 2 - begun, 0)
    for block in blocks:
        frames += len(block)
        waiting = np.concatenate([waiting, block[spare:]])
        spare = max(spare - len(block), 0)
        done, columns = _columns(waiting, window, filters)
        waiting = waiting[done:]
        first += len(columns)
        yield columns
    tail = np.concatenate([waiting, np.zeros(_WINDOW, np.float32)])
    yield _columns(tail, window, filters)[1][: max(-(-frames // _HOP) - first, 0)]


def _blocks(source: str | Path | Sound, cancel: CancelToken | None) -> Iterator[_Floats]:
    if not isinstance(source, Sound):
        for block in stream_sound(
            source,
            sample_rate=SAMPLE_RATE,
            mono=True,
            block_seconds=_BLOCK_SECONDS,
            cancel=cancel,
        ):
            yield block[0]
        return
    mono = source.mono()
    count = round(len(mono) / source.sample_rate * SAMPLE_RATE)
    for first in range(0, count, _RESAMPLED_AT_ONCE):
        samples = np.arange(first, min(first + _RESAMPLED_AT_ONCE, count))
        at = samples * (source.sample_rate / SAMPLE_RATE)
        yield np.interp(at, np.arange(len(mono)), mono).astype(np.float32)


def _columns(samples: _Floats, window: _Floats, filters: _Floats) -> tuple[int, _Bytes]:
    """Samples used up, and the columns (n, BANDS) of every whole window in `samples` (N,)."""
    count = max((len(samples) - _WINDOW) // _HOP + 1, 0)
    out = np.empty((count, BANDS), np.uint8)
    if count == 0:
        return 0, out
    views = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    for at in range(0, count, _COLUMNS_AT_ONCE):
        part = views[at : at + _COLUMNS_AT_ONCE]
        out[at : at + _COLUMNS_AT_ONCE] = levels(part, window, filters)
    return count * _HOP, out


def _edges() -> _Floats:
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOWEST_HERTZ, HIGHEST_HERTZ))
    mel = np.linspace(low, high, BANDS + 2)
    return (700 * (10 ** (mel / 2595) - 1)).astype(np.float32)


@cache
def window_and_filters(length: int, sample_rate: int) -> tuple[_Floats, _Floats]:
    """Hann window (length,) that gives a sine its level, triangles (bins, BANDS) of height 1."""
    window = np.hanning(length + 1)[:-1].astype(np.float32)
    window *= 2 / window.sum()
    edges = _edges()
    f = rfftfreq(length, 1 / sample_rate)[:, None]
    rising = (f - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - f) / (edges[2:] - edges[1:-1])
    return window, np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)


def levels(windows: _Floats, window: _Floats, filters: _Floats) -> _Bytes:
    """The column, uint8 (n, BANDS), of each of `windows` (n, length)."""
    bins = rfft(windows * window, axis=1)
    power = (bins.real**2 + bins.imag**2) @ filters
    decibels = 10 * np.log10(np.maximum(power, 1e-12))
    return np.clip(np.rint((decibels / -FLOOR_DECIBELS + 1) * 255), 0, 255).astype(np.uint8)


def _means(level: _Bytes, factor: int) -> _Bytes:
    """Means of `factor` columns each, rounded down; at the end of fewer."""
    whole = len(level) // factor * factor
    groups = level[:whole].reshape(-1, factor, level.shape[1])
    # One addition after another is twenty times faster than a sum over the short axis.
    sums = groups[:, 0].astype(np.uint16)
    for k in range(1, factor):
        sums += groups[:, k]
    means = (sums // factor).astype(np.uint8)
    rest = level[whole:]
    if len(rest) == 0:
        return means
    last = rest.sum(axis=0, dtype=np.uint16) // len(rest)
    return np.concatenate([means, last.astype(np.uint8)[None]])
