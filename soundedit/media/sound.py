"""Sounds as float32 arrays: probed, read whole, streamed in blocks, and written."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import ExportError
from soundedit.media.decode import MAX_CHANNELS, Decoder, check_sound_file, check_span
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown
from soundedit.media.whole import publish_part, start_part
from soundedit.progress import CancelToken

_READ_SECONDS = 10.0
_ENCODINGS = {".wav": ["-c:a", "pcm_s24le"], ".flac": ["-c:a", "flac", "-sample_fmt", "s32"]}


@dataclass(frozen=True)
class SoundInfo:
    """What a sound file holds; `seconds` is counted by decoding, not taken from a header."""

    path: Path
    seconds: float
    sample_rate: int
    channels: int
    codec: str
    has_video: bool


@dataclass(frozen=True)
class Sound:
    """A sound in memory: `samples` float32 (C, N), finite, in [-1, 1], at `sample_rate` Hz."""

    samples: NDArray[np.float32]
    sample_rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or self.samples.dtype != np.float32:
            raise ValueError(
                f"samples must be float32 (C, N), not {self.samples.dtype} {self.samples.shape}"
            )
        if self.sample_rate < 1:
            raise ValueError(f"sample_rate must be positive, not {self.sample_rate}")

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return int(self.samples.shape[1]) / self.sample_rate

    def mono(self) -> NDArray[np.float32]:
        """Mean of the channels, (N,)."""
        mixed: NDArray[np.float32] = mix_to_mono(self.samples)[0]
        return mixed


def probe_sound(path: str | Path, cancel: CancelToken | None = None) -> SoundInfo:
    """Decode the whole file and say what it holds, the length exact to the sample.

    Raises `MediaError` if it is missing, empty, a folder, unreadable, not a sound, has more than
    8 channels, a rate outside 8 to 192 kHz, or lasts less than 0.2 s or more than one hour.
    A truncated file counts as long as what can be decoded.
    """
    with Decoder(path, counting=True, cancel=cancel) as decoder:
        frames = decoder.count()
        return SoundInfo(
            decoder.path,
            frames / decoder.sample_rate,
            decoder.sample_rate,
            decoder.channels,
            decoder.codec,
            decoder.has_video,
        )


def read_sound(
    path: str | Path,
    *,
    sample_rate: int | None = None,
    mono: bool = False,
    start: float = 0.0,
    end: float | None = None,
) -> Sound:
    """Read the span [start, end), in seconds, into memory; up to the sound's end if that is first.

    Args:
        sample_rate: resample to this rate in Hz; None keeps the file's own.
        mono: mean of the channels, so that `samples` is (1, N).

    Raises `MediaError` as `probe_sound` does, and if the sound ends before `start`.
    """
    with Decoder(path, sample_rate=sample_rate, start=start, end=end) as decoder:
        rate = decoder.sample_rate
        blocks = list(_blocks(decoder, mono, round(_READ_SECONDS * rate)))
    samples = np.empty((blocks[0].shape[0], sum(b.shape[1] for b in blocks)), np.float32)
    at = 0
    # Each block is let go once copied, so that a long sound is not held twice.
    for block in _emptying(blocks):
        samples[:, at : at + block.shape[1]] = block
        at += block.shape[1]
    return Sound(samples, rate)


def stream_sound(
    path: str | Path,
    *,
    sample_rate: int | None,
    mono: bool = True,
    block_seconds: float = 10.0,
    start: float = 0.0,
    end: float | None = None,
    cancel: CancelToken | None = None,
) -> Generator[NDArray[np.float32], None, None]:
    """Iterate over the span [start, end), in seconds, in float32 blocks (C, n) with flat memory.

    Every block but the last holds `round(block_seconds * sample_rate)` samples; joined they are
    what `read_sound` returns for the same span. `sample_rate` None keeps the file's own rate.
    Closing the iterator ends the decoding process.

    Raises `MediaError` as `probe_sound` does, at the call where the file cannot be opened, else
    from the iterator; `Cancelled` once `cancel` is set.
    """
    checked = check_sound_file(path)
    check_span(start, end)

    def blocks() -> Generator[NDArray[np.float32], None, None]:
        with Decoder(
            checked, sample_rate=sample_rate, start=start, end=end, cancel=cancel
        ) as decoder:
            yield from _blocks(decoder, mono, max(1, round(block_seconds * decoder.sample_rate)))

    return blocks()


def write_sound(path: str | Path, sound: Sound) -> None:
    """Write `sound` as 24-bit WAV or FLAC by the suffix, whole or not at all.

    Samples that are not finite become 0, others are clipped to [-1, 1]. Raises `ExportError`
    if the sound is empty, has more than 8 channels, or the file cannot be written.
    """
    path = Path(path)
    channels, frames = sound.samples.shape
    if not 1 <= channels <= MAX_CHANNELS or frames == 0:
        raise ExportError(
            f"A sound of {channels} channels and {frames} samples cannot be written; "
            f"choose one with 1 to {MAX_CHANNELS} channels that is not empty."
        )
    part = start_part(path, list(_ENCODINGS))
    rate = sound.sample_rate
    args = [
        *("-loglevel", "warning", "-f", "f32le", "-ar", str(rate), "-ac", str(channels)),
        *("-i", "pipe:0", *_ENCODINGS[path.suffix.lower()], "-y", file_argument(part)),
    ]
    try:
        with FFmpeg(args, feed=True) as ffmpeg:
            try:
                for at in range(0, frames, rate):
                    chunk = np.nan_to_num(sound.samples[:, at : at + rate], posinf=0, neginf=0)
                    ffmpeg.stdin.write(np.clip(chunk, -1, 1).T.astype("<f4").tobytes())
            except OSError:
                pass  # ffmpeg died: its exit code and last words say why
            if ffmpeg.wait() != 0:
                raise ExportError(
                    f"{shown(path)} could not be written ({ffmpeg.last_words}); "
                    "check the free space or choose another place."
                )
        publish_part(part, path)
    finally:
        part.unlink(missing_ok=True)


def _blocks(decoder: Decoder, mono: bool, frames: int) -> Iterator[NDArray[np.float32]]:
    while (block := decoder.read(frames)).shape[1]:
        yield mix_to_mono(block) if mono else block


def _emptying(blocks: list[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    blocks.reverse()
    while blocks:
        yield blocks.pop()


def mix_to_mono(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of the channels: (C, N) to (1, N)."""
    return samples if samples.shape[0] == 1 else samples.mean(axis=0, keepdims=True)
