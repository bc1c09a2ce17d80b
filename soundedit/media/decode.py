"""Any sound file or video sound track, decoded by ffmpeg into float32 blocks with flat memory.

ffmpeg sends a Sun AU stream, whose header carries the sample rate and the number of channels, so
neither is guessed from ffmpeg's texts. Resampling is libswresample's, the same on every machine.
"""

import math
import re
import stat
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import MediaError
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown
from soundedit.progress import CancelToken

MIN_SECONDS = 0.2
MAX_SECONDS = 3600.0
_OVERRUN_SECONDS = 1.0
MAX_CHANNELS = 8
MIN_RATE = 8_000
MAX_RATE = 192_000

_OPEN_INSTEAD = "open a WAV, FLAC, Ogg, MP3, AIFF, M4A or video file."
_AU_HEADER = struct.Struct(">4s5I")
_CHUNK_FRAMES = 1 << 15
_WAV_PACKET_BYTES = 1 << 18
# Only here does ffmpeg seek to the exact sample; elsewhere the start is reached by decoding.
_EXACT_SEEK = {".wav", ".flac", ".aif", ".aiff"}
_SEEK_WARM_UP_SECONDS = 2


def check_sound_file(path: str | Path) -> Path:
    """`path` if it is a readable file with content; `MediaError` saying what is wrong if not."""
    path = Path(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise MediaError(f"{shown(path)} is a folder; choose a sound file in it.")
        if not stat.S_ISREG(mode):
            raise MediaError(f"{shown(path)} is not an ordinary file; {_OPEN_INSTEAD}")
        with path.open("rb") as file:
            if not file.read(1):
                raise MediaError(f"{shown(path)} is empty; choose another sound file.")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise MediaError(f"There is no file {shown(path)}; check its name and folder.") from error
    except PermissionError as error:
        raise MediaError(
            f"{shown(path)} may not be read; allow reading it or copy it to another folder."
        ) from error
    except (OSError, ValueError) as error:
        raise MediaError(f"{shown(path)} cannot be opened; check its name and disk.") from error
    return path


def check_span(start: float, end: float | None) -> None:
    """Raise `MediaError` unless 0 <= `start` < `end`, all finite; `end` None is the sound's end."""
    if not (math.isfinite(start) and start >= 0):
        raise MediaError("The start of the span must be 0 s or later; choose another start.")
    if end is not None and not (math.isfinite(end) and end > start):
        raise MediaError("The end of the span must come after its start; choose another end.")


def seeks_exactly(path: str | Path) -> bool:
    """Whether a place in the file is reached without decoding all that comes before it."""
    return Path(path).suffix.lower() in _EXACT_SEEK


def _is_wav(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE"


class Decoder:
    """One pass over the span [start, end) of a sound, in seconds; a context manager.

    Sample k of the span is sample `round(start * sample_rate) + k` of the whole sound at that
    rate, whatever the start. `sample_rate` None keeps the file's own rate. Opening reads the
    header only.

    Raises `MediaError` on opening or reading if the file is no sound, has more than 8 channels,
    a rate outside 8 to 192 kHz, or lasts less than 0.2 s or more than an hour; `Cancelled` once
    `cancel` is set.
    """

    sample_rate: int
    channels: int

    def __init__(
        self,
        path: str | Path,
        *,
        sample_rate: int | None = None,
        start: float = 0.0,
        end: float | None = None,
        cancel: CancelToken | None = None,
        counting: bool = False,
        stereo: bool = False,
    ) -> None:
        """`counting` sends one byte a sample, for `count` only; `stereo` mixes to two channels."""
        self.path = check_sound_file(path)
        check_span(start, end)
        if sample_rate is not None and sample_rate < 1:
            raise ValueError(f"sample_rate must be positive, not {sample_rate}")
        self._cancel = cancel
        self._counting = counting
        self._start = start
        seek = 0
        if seeks_exactly(self.path):
            # A whole second keeps the resampler's phase; the warm-up fills its filter.
            seek = max(0, int(start) - _SEEK_WARM_UP_SECONDS)
        # ffmpeg hands each packet from thread to thread: few large ones are several times faster.
        filters = [] if sample_rate is None else [f"aresample={sample_rate}:osf=flt:filter_size=64"]
        packets = ["-f", "wav", "-max_size", str(_WAV_PACKET_BYTES)] if _is_wav(self.path) else []
        if not packets:
            filters.append(f"asetnsamples={_CHUNK_FRAMES // 2}:p=0")
        self._ffmpeg = FFmpeg(
            [
                *("-loglevel", "info", "-threads", "1", "-protocol_whitelist", "file,pipe"),
                *packets,
                *(("-ss", str(seek)) if seek else ()),
                *("-i", file_argument(self.path), "-map", "0:a:0", "-vn", "-sn", "-dn"),
                *(("-af", ",".join(filters)) if filters else ()),
                *(("-ac", "2") if stereo else ()),
                *("-c:a", "pcm_s8" if counting else "pcm_f32be", "-f", "au", "pipe:1"),
            ],
            read=True,
            cancel=cancel,
        )
        try:
            self._read_header()
            self._position = seek * self.sample_rate
            first = self._first = round(start * self.sample_rate)
            self._stop = None if end is None else max(round(end * self.sample_rate), first + 1)
            while self._position < first:
                self._read_frames(min(_CHUNK_FRAMES, first - self._position))
        except BaseException:
            self.close()
            raise

    @property
    def codec(self) -> str:
        """ffmpeg's name of the codec, such as `flac`."""
        found = re.search(r"Stream #0:.*?: Audio: (\w+)", self._ffmpeg.log)
        return found[1] if found else "unknown"

    @property
    def has_video(self) -> bool:
        """Whether there is a moving picture, not just a cover."""
        lines = re.findall(r"Stream #0:.*?: Video: .*", self._ffmpeg.log)
        return any("(attached pic)" not in line for line in lines)

    @property
    def declared_seconds(self) -> float | None:
        """Length the file claims, for progress only; None where it claims nothing."""
        found = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", self._ffmpeg.log)
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) if found else None

    def read(self, frames: int) -> NDArray[np.float32]:
        """Next samples, float32 (C, n) in [-1, 1]; n == `frames` but at the end, then 0.

        Samples that are NaN or infinite become 0; after resampling so do the few neighbours
        that the filter mixed them into.
        """
        if self._stop is not None:
            frames = min(frames, self._stop - self._position)
        block = np.empty((self.channels, frames), np.float32)
        filled = 0
        while filled < frames:
            raw = self._read_frames(min(_CHUNK_FRAMES, frames - filled))
            if not raw:
                break
            bits = np.frombuffer(raw, ">u4").astype("=u4")
            chunk = bits.view(np.float32).reshape(-1, self.channels)
            if not np.isfinite(chunk).all():
                chunk[~np.isfinite(chunk)] = 0
            np.clip(chunk, -1, 1, out=chunk)
            block[:, filled : filled + len(chunk)] = chunk.T
            filled += len(chunk)
        return block[:, :filled]

    def count(self) -> int:
        """Read to the end and return the number of samples a channel, from the sound's start."""
        while self._read_frames(_CHUNK_FRAMES):
            pass
        return self._position

    def close(self) -> None:
        """Stop decoding; may be called again."""
        self._ffmpeg.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read_header(self) -> None:
        raw = self._ffmpeg.stdout.read(_AU_HEADER.size)
        if len(raw) < _AU_HEADER.size:
            self._ffmpeg.wait()
            self._check_cancel()
            raise MediaError(self._why_nothing())
        magic, offset, _, _, self.sample_rate, self.channels = _AU_HEADER.unpack(raw)
        assert magic == b".snd"
        self._ffmpeg.stdout.read(offset - _AU_HEADER.size)
        self._ffmpeg.wait_for("Stream mapping:")
        if self.channels > MAX_CHANNELS:
            raise MediaError(
                f"{shown(self.path)} has {self.channels} channels; "
                f"mix it down to {MAX_CHANNELS} or fewer."
            )
        self._check_native_rate()

    def _check_native_rate(self) -> None:
        # The header tells the rate after resampling, the log that of the file.
        found = re.search(r"Stream #0:.*?: Audio: .*?(\d+) Hz", self._ffmpeg.log)
        rate = int(found[1]) if found else self.sample_rate
        if not MIN_RATE <= rate <= MAX_RATE:
            raise MediaError(
                f"{shown(self.path)} has a sample rate of {rate} Hz; "
                f"convert it to one from {MIN_RATE} to {MAX_RATE} Hz."
            )

    def _read_frames(self, frames: int) -> bytes:
        self._check_cancel()
        width = self.channels * (1 if self._counting else 4)
        raw = self._ffmpeg.stdout.read(frames * width)
        raw = raw[: len(raw) // width * width]
        self._position += len(raw) // width
        if self._position > (MAX_SECONDS + _OVERRUN_SECONDS) * self.sample_rate:
            raise MediaError(
                f"{shown(self.path)} is longer than one hour; cut it into shorter sounds."
            )
        if not raw:
            self._check_end()
        return raw

    def _check_end(self) -> None:
        code = self._ffmpeg.wait()
        self._check_cancel()
        if code < 0:
            raise MediaError(
                f"Decoding {shown(self.path)} was stopped by the system; free memory, try again."
            )
        if self._position == 0:
            raise MediaError(self._why_nothing())
        if self._position <= self._first:
            raise MediaError(self._too_late())
        # One sample of grace: rates that do not divide each other round the length.
        if self._position + 1 < MIN_SECONDS * self.sample_rate:
            raise MediaError(
                f"{shown(self.path)} is shorter than {MIN_SECONDS} s; choose a longer sound."
            )

    def _check_cancel(self) -> None:
        if self._cancel is not None:
            self._cancel.check()

    def _why_nothing(self) -> str:
        log, name = self._ffmpeg.log, shown(self.path)
        opened = "Input #0" in log and not re.search(r"low score of [1-4]\b", log)
        if opened and not re.search(r"Stream #0:.*: Audio: ", log):
            return f"{name} has no sound track; {_OPEN_INSTEAD}"
        if opened and self._start > 0:
            return self._too_late()
        if opened:
            return f"{name} holds no sound that can be decoded; choose another sound file."
        return f"{name} is damaged or not a sound file; {_OPEN_INSTEAD}"

    def _too_late(self) -> str:
        return f"{shown(self.path)} ends before {self._start:g} s; choose an earlier start."
