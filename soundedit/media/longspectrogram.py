"""The spectrogram of a long sound: a sketch at once, then the columns that are looked at first."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.media.decode import seeks_exactly
from soundedit.media.sound import stream_sound
from soundedit.media.spectrogram import (
    BANDS,
    HOP_SECONDS,
    LEAD_COLUMNS,
    SAMPLE_RATE,
    Spectrogram,
    columns_of,
    levels,
    window_and_filters,
)
from soundedit.progress import CancelToken

SKETCH_COLUMNS = 4096
_WINDOW_SECONDS = 0.064
_BLOCK_SECONDS = 10.0

Span = tuple[float, float]
"""Start and end in seconds."""


class SpectrogramSketch:
    """Evenly spaced columns of a sound of `seconds`, taken while it is read for something else."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._step = max(seconds / SKETCH_COLUMNS, HOP_SECONDS)
        self._columns: list[NDArray[np.uint8]] = []
        self._count = self._frames = 0

    def push(self, samples: NDArray[np.float32], sample_rate: int) -> None:
        """The next samples (N,) of the mono mix, at the sound's own rate; many at a time."""
        length = round(_WINDOW_SECONDS * sample_rate)
        begun, self._frames = self._frames, self._frames + len(samples)
        # A window that would reach into the next samples is taken a little earlier.
        if len(samples) < length:
            samples = np.pad(samples, (0, length - len(samples)))
        last = -(-self._frames // (self._step * sample_rate))
        centres = np.arange(self._count, max(last, self._count)) * self._step * sample_rate - begun
        self._count += len(centres)
        starts = np.clip(np.rint(centres) - length // 2, 0, len(samples) - length).astype(np.intp)
        if len(starts):
            views = np.lib.stride_tricks.sliding_window_view(samples, length)[starts]
            self._columns.append(levels(views, *window_and_filters(length, sample_rate)))

    def spectrogram(self) -> Spectrogram:
        """A whole spectrogram in which every column is the nearest one that was taken."""
        taken = np.concatenate([np.zeros((0, BANDS), np.uint8), *self._columns])
        if not len(taken):
            taken = np.zeros((1, BANDS), np.uint8)
        times = np.arange(max(int(np.ceil(self._seconds / HOP_SECONDS - 1e-6)), 1)) * HOP_SECONDS
        nearest = np.rint(times / self._step).astype(np.intp)
        return Spectrogram(taken[np.minimum(nearest, len(taken) - 1)], self._seconds)


def fill_spectrogram(
    spectrogram: Spectrogram,
    path: str | Path,
    looked_at: Callable[[], Span],
    cancel: CancelToken | None = None,
) -> Iterator[Span]:
    """Put the columns of a file into its sketch and tell each span that is done.

    `looked_at` is asked again and again: what it names comes first, then what follows it, then the
    rest. In files in which every place is reached by decoding what comes before, all goes in order.

    Raises `MediaError` as `stream_sound` does, `Cancelled` once `cancel` is set.
    """
    missing = np.ones(len(spectrogram.values), np.bool_)
    seeks = seeks_exactly(path)

    def next_column() -> int | None:
        first, last = looked_at() if seeks else (0.0, 0.0)
        begin, end = (round(time / HOP_SECONDS) for time in (first, last))
        for part in (slice(max(begin, 0), max(end, 0)), slice(max(end, 0), None), slice(None)):
            found = np.flatnonzero(missing[part])
            if len(found):
                return int(found[0]) + (part.start or 0)
        return None

    while (at := next_column()) is not None:
        blocks = stream_sound(
            path,
            sample_rate=SAMPLE_RATE,
            block_seconds=_BLOCK_SECONDS,
            start=max(at - LEAD_COLUMNS, 0) * HOP_SECONDS,
            cancel=cancel,
        )
        with closing(blocks):
            for columns in columns_of((block[0] for block in blocks), at):
                columns = columns[: len(missing) - at]
                spectrogram.put(at, columns)
                begun, at = at, at + len(columns)
                missing[begun:at] = False
                yield begun * HOP_SECONDS, at * HOP_SECONDS
                if next_column() != at:
                    break
            else:
                # The file is a column shorter than it was said to be.
                missing[at:] = False
