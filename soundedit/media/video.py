"""Video files: written whole or not at all with their sound, and probed."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import ExportError, MediaError
from soundedit.media.decode import Decoder, check_sound_file
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown
from soundedit.media.whole import publish_part, start_part
from soundedit.progress import CancelToken

SOUND_RATE = 48_000
AAC_FRAME = 1024
_SOUND_BLOCK = SOUND_RATE
_COMMON_RATES = [
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)),
    *(Fraction(15, 2), Fraction(25, 2)),
]


@dataclass(frozen=True)
class VideoInfo:
    """What a video file holds; `frames` and the lengths, in seconds, are counted, not declared."""

    width: int
    height: int
    fps: Fraction
    frames: int
    seconds: float
    has_sound: bool
    sound_seconds: float


class VideoWriter:
    """Writes RGB frames and the matching span of a sound as H.264 yuv420p and AAC in MP4.

    A context manager. The picture is encoded as frames come, into a part file beside `path`;
    `close` adds the sound as 48 kHz stereo, cut or continued with silence to the length of the
    picture within one AAC frame of 1024 samples, checks the result and renames it. Leaving the
    `with` block by an exception, or `abort`, leaves nothing new behind.

    Colour is converted and tagged as ITU-R BT.709, limited range. Frames are never rescaled: an
    odd width or height, which yuv420p cannot hold, is refused.

    Args:
        width, height: size of each frame in pixels, even.
        fps: frames a second, exact up to a denominator of 1001.
        sound: file whose span [start, end), in seconds, is heard; None for a silent video.
        crf: libx264's constant quality, lower is better; 18 is visually lossless.
        cancel: when set, `write` and `close` raise `Cancelled` and nothing is left.

    Raises `ExportError` if the file cannot be written, `MediaError` if the sound cannot be read.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        width: int,
        height: int,
        fps: Fraction,
        sound: str | Path | None = None,
        start: float = 0.0,
        end: float | None = None,
        crf: int = 18,
        preset: str = "veryfast",
        cancel: CancelToken | None = None,
    ) -> None:
        if width % 2 or height % 2 or width < 2 or height < 2:
            even = " x ".join(str(max(2, side + side % 2)) for side in (width, height))
            raise ExportError(
                f"A video cannot be {width} x {height} pixels, both must be even; choose {even}."
            )
        fps = Fraction(fps).limit_denominator(1001)
        if not 0 < fps <= 1000:
            raise ExportError(f"A video cannot have {fps} frames a second; choose 1 to 120.")
        self.path = Path(path)
        self.frames = 0
        self._size = (height, width, 3)
        self._fps = fps
        self._span = (start, end)
        self._sound = None if sound is None else Path(sound)
        self._cancel = cancel
        if self._sound is not None:
            with Decoder(self._sound, start=start, end=end, cancel=cancel) as decoder:
                decoder.read(1)
                self._mix_down = decoder.channels > 2
        self._part = start_part(self.path, [".mp4"])
        # Without a sound to add, the encoder's own file is already the finished one.
        self._picture = self._part
        if self._sound is not None:
            self._picture = self._part.with_suffix(".picture" + self._part.suffix)
        self._closed = False
        try:
            self._encoder = FFmpeg(
                [
                    *("-loglevel", "warning", "-f", "rawvideo", "-pix_fmt", "rgb24"),
                    *("-video_size", f"{width}x{height}", "-framerate", str(fps), "-i", "pipe:0"),
                    "-vf",
                    "scale=out_color_matrix=bt709:out_range=tv"
                    ":flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp,format=yuv420p"
                    # Frame properties win over encoder options, so the tags are set on the frames.
                    ",setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709",
                    *("-c:v", "libx264", "-preset", preset, "-crf", str(crf)),
                    *("-movflags", "+faststart", "-f", "mp4"),
                    *("-y", file_argument(self._picture)),
                ],
                feed=True,
                cancel=cancel,
            )
        except BaseException:
            self._part.unlink(missing_ok=True)
            raise

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append one frame, uint8 (H, W, 3) RGB.

        Raises `ExportError` if ffmpeg ended, `ValueError` for another shape or type.
        """
        if self._closed:
            raise ValueError("the video is already closed")
        if frame.shape != self._size or frame.dtype != np.uint8:
            raise ValueError(f"frame must be uint8 {self._size}, not {frame.dtype} {frame.shape}")
        self._check_cancel()
        try:
            self._encoder.stdin.write(np.ascontiguousarray(frame).data)
        except OSError:
            self._encoder.wait()
            self._check_cancel()
            raise self._failure(self._encoder) from None
        self.frames += 1

    def close(self) -> None:
        """Finish the file, add the sound, check it, and give it its name.

        Raises `ExportError` if any of that fails, after removing what was written. Does nothing
        when already closed or aborted.
        """
        if self._closed:
            return
        try:
            if self.frames == 0:
                raise ExportError(f"{shown(self.path)} was not written, as it has no frames.")
            if self._encoder.wait() != 0:
                self._check_cancel()
                raise self._failure(self._encoder)
            if self._sound is not None:
                self._add_sound(self._sound)
            self._check_cancel()
            self._check_part()
            publish_part(self._part, self.path)
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop encoding and remove what was written; does nothing once closed."""
        if self._closed:
            return
        self._closed = True
        self._encoder.close()
        self._picture.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def _add_sound(self, sound: Path) -> None:
        start, end = self._span
        left = round(self.frames / self._fps * SOUND_RATE)
        muxer = FFmpeg(
            [
                *("-loglevel", "warning", "-i", file_argument(self._picture)),
                *("-f", "f32le", "-ar", str(SOUND_RATE), "-ac", "2", "-i", "pipe:0"),
                *("-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-c:a", "aac", "-b:a", "192k"),
                *("-movflags", "+faststart", "-f", "mp4", "-y", file_argument(self._part)),
            ],
            feed=True,
            cancel=self._cancel,
        )
        with (
            muxer,
            Decoder(
                sound,
                sample_rate=SOUND_RATE,
                start=start,
                end=end,
                stereo=self._mix_down,
                cancel=self._cancel,
            ) as decoder,
        ):
            try:
                while left > 0:
                    block = decoder.read(min(_SOUND_BLOCK, left))
                    if block.shape[1] == 0:
                        block = np.zeros((2, min(_SOUND_BLOCK, left)), np.float32)
                    stereo = np.broadcast_to(block, (2, block.shape[1]))
                    muxer.stdin.write(stereo.T.astype("<f4").tobytes())
                    left -= block.shape[1]
            except OSError:
                pass  # ffmpeg died: its exit code and last words say why
            if muxer.wait() != 0:
                self._check_cancel()
                raise self._failure(muxer)

    def _check_part(self) -> None:
        try:
            info = probe_video(self._part)
        except MediaError as error:
            raise self._failure(self._encoder) from error
        height, width, _ = self._size
        seconds = self.frames / self._fps
        whole = (info.frames, info.width, info.height) == (self.frames, width, height)
        whole = whole and abs(info.seconds - seconds) * self._fps < 0.5
        if self._sound is not None:
            gap = abs(info.sound_seconds - seconds)
            whole = whole and gap <= (AAC_FRAME + 1) / SOUND_RATE
        if not whole:
            raise ExportError(
                f"{shown(self.path)} came out damaged and was removed; export it again."
            )

    def _failure(self, process: FFmpeg) -> ExportError:
        why = process.last_words or "ffmpeg ended"
        return ExportError(
            f"{shown(self.path)} could not be written ({why}); "
            "check the free space or choose another place."
        )

    def _check_cancel(self) -> None:
        if self._cancel is not None:
            self._cancel.check()


class _Track:
    """Packets of one stream, as ffmpeg's framecrc format lists them, summed up."""

    def __init__(self) -> None:
        self.tick = Fraction(1)
        self.width = self.height = self.packets = self.length = 0
        self.first: int | None = None
        self.last = self.end = 0

    def add(self, pts: int, length: int) -> None:
        if self.packets == 0:
            self.length = length
        self.packets += 1
        self.first = pts if self.first is None else min(pts, self.first)
        self.last = max(pts, self.last)
        self.end = max(pts + length, self.end)


def probe_video(path: str | Path) -> VideoInfo:
    """Size, exact frame rate, and counted frames of a video, without decoding its pictures.

    A variable frame rate gives its mean. Raises `MediaError` if the file is missing, damaged, or
    has no moving picture.
    """
    path = check_sound_file(path)
    tracks = {0: _Track(), 1: _Track()}
    args = [
        *("-loglevel", "info", "-protocol_whitelist", "file,pipe", "-i", file_argument(path)),
        *("-map", "0:V:0", "-map", "0:a:0?", "-c", "copy", "-f", "framecrc", "pipe:1"),
    ]
    with FFmpeg(args, read=True) as ffmpeg:
        for raw in ffmpeg.stdout:
            _note(raw.decode("ascii", "replace"), tracks)
        ffmpeg.wait()
        picture, sound = tracks[0], tracks[1]
        if not picture.packets:
            opened = "Input #0" in ffmpeg.log
            wrong = "has no moving picture" if opened else "is damaged or not a video file"
            raise MediaError(f"{shown(path)} {wrong}; open an MP4, MOV, MKV or WebM file.")
    first = picture.first or 0
    return VideoInfo(
        picture.width,
        picture.height,
        _frame_rate(picture),
        picture.packets,
        float((picture.end - first) * picture.tick),
        sound.packets > 0,
        # Encoders put priming before time 0; players leave it out.
        float((sound.end - max(sound.first or 0, 0)) * sound.tick),
    )


def _note(line: str, tracks: dict[int, _Track]) -> None:
    if line.startswith(("#tb ", "#dimensions ")):
        key, _, value = line[1:].partition(":")
        name, stream = key.split()
        track = tracks[int(stream)]
        if name == "tb":
            track.tick = Fraction(value.strip())
        else:
            track.width, track.height = (int(side) for side in value.strip().split("x"))
    elif not line.startswith("#"):
        stream, _, pts, length, *_ = (cell.strip() for cell in line.split(","))
        tracks[int(stream)].add(int(pts), int(length))


def _frame_rate(track: _Track) -> Fraction:
    ticks = track.last - (track.first or 0)
    frames = track.packets - 1
    if ticks == frames * track.length or ticks <= 0:
        return 1 / (max(track.length, 1) * track.tick)
    rate = Fraction(frames) / (ticks * track.tick)
    # A coarse clock, such as Matroska's milliseconds, blurs the rate by a tick or two.
    blur = Fraction(2, ticks)
    near = min([*_COMMON_RATES, Fraction(round(rate))], key=lambda common: abs(common - rate))
    return near if abs(near - rate) <= blur * rate else rate.limit_denominator(1001)
