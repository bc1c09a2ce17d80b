"""How loud a sound is over time, as a picture follows it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.media.sound import Sound, stream_sound
from soundedit.progress import CancelToken

# A sound whose loud parts stay below this RMS (-34 dBFS) is quiet, and its envelope says so.
QUIET_RMS = 0.02
# Amplitude to what is shown; perceived loudness (0.6, Stevens 1957) would level the picture out.
LOUDNESS_EXPONENT = 0.75
RATE = 100
"""Values a second of an `Envelope`."""


def loudness(rms: NDArray[np.float64]) -> NDArray[np.float32]:
    """RMS of stretches of a sound -> 0 to 1, relative to the sound's own loud parts."""
    reference = max(float(np.percentile(rms, 95)), QUIET_RMS)
    return np.clip((rms / reference) ** LOUDNESS_EXPONENT, 0, 1).astype(np.float32)


class Envelope:
    """The loudness of a whole sound, `values` float32 (n,) in 0 to 1, `RATE` a second."""

    def __init__(self, values: NDArray[np.float32]) -> None:
        """ValueError without any value."""
        if not len(values):
            raise ValueError("an envelope has at least one value")
        self.values = values

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.values) / RATE

    def at(
        self, seconds: NDArray[np.float64], width: float, *, repeat: bool = False
    ) -> NDArray[np.float32]:
        """The loudest value within `width` after each time; 0 outside, or the sound `repeat`ed."""
        count = max(round(width * RATE), 1)
        first = np.floor(np.asarray(seconds) * RATE + 1e-6).astype(np.int64)
        places = first[:, None] + np.arange(count)
        within = (places >= 0) & (places < len(self.values))
        if repeat:
            places, within = places % len(self.values), np.ones_like(within)
        found = np.where(within, self.values[places.clip(0, len(self.values) - 1)], 0)
        loudest: NDArray[np.float32] = found.max(1).astype(np.float32)
        return loudest


def read_envelope(sound: str | Path | Sound, cancel: CancelToken | None = None) -> Envelope:
    """The loudness of a file, streamed, or of a loaded sound; MediaError as `stream_sound`."""
    if isinstance(sound, Sound):
        energies = _energies(np.square(sound.mono()), sound.sample_rate // RATE)
    else:
        rate = 16_000
        blocks = stream_sound(sound, sample_rate=rate, mono=True, cancel=cancel)
        energies = np.concatenate([_energies(np.square(b[0]), rate // RATE) for b in blocks])
    return Envelope(loudness(np.sqrt(energies)))


def _energies(squares: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """Means of `count` values each, the last of what is left."""
    starts = np.arange(0, len(squares), count)
    sums = np.add.reduceat(squares.astype(np.float64), starts)
    means: NDArray[np.float64] = sums / np.diff([*starts, len(squares)])
    return means
