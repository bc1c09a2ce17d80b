"""What every file of frames has in common: frames go to ffmpeg, and all or nothing is left."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import ExportError
from soundedit.media.ffmpeg import FFmpeg, shown
from soundedit.media.fit import fitting
from soundedit.media.formats import available
from soundedit.media.metadata import Metadata
from soundedit.media.presets import ExportSettings
from soundedit.media.soundtrack import RAW_SOUND, SOUND_RATE, SoundTrack
from soundedit.progress import CancelToken

SCALER = "lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"
_BT709 = "range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"


class FrameWriter(ABC):
    """Writes RGB frames and the matching span of a sound.

    A context manager. The picture is encoded as frames come, into a part beside `path`; `close`
    adds the sound as 48 kHz stereo, cut or continued with silence to the length of the picture
    within one frame of its codec, checks the result and gives it its name. Leaving the `with`
    block by an exception, or `abort`, leaves nothing new behind.

    Frames are enlarged by a Lanczos filter and fitted as `settings` says; of its fades the sound's
    are made here, as whoever writes frames knows how many there will be.

    Args:
        width, height: size of each frame in pixels; also of what is made where `settings` has none.
        fps: frames a second, exact up to a denominator of 1001.
        settings: format, size, fit, quality and loudness; its `fps` and `sound` are not looked at.
        sound: file whose span [start, end), in seconds, is heard; None for none. Not looked at by
            formats that hold none.
        metadata: what the file says of itself; None for nothing.
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
        settings: ExportSettings | None = None,
        sound: str | Path | None = None,
        start: float = 0.0,
        end: float | None = None,
        metadata: Metadata | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        settings = ExportSettings() if settings is None else settings
        self.size = settings.size(width) if settings.width or settings.height else (width, height)
        # Made anew, so that the size of the frames is checked like any other.
        self.settings = replace(settings, width=self.size[0], height=self.size[1])
        self.path = Path(path)
        self.frames = 0
        self._format = settings.kind
        if not available(self._format):
            raise ExportError(
                f"The ffmpeg here cannot make {self._format.title}; choose another format."
            )
        self._fps = Fraction(fps).limit_denominator(1001)
        settings.check_rate(self._fps)
        self._shape = (height, width, 3)
        self._fitting = fitting((width, height), self.size, settings.fit)
        self._metadata = metadata
        self._cancel = cancel
        self._sound: SoundTrack | None = None
        if sound is not None and self._format.sound is not None:
            loudness = settings.loudness if settings.normalise else None
            self._sound = SoundTrack(Path(sound), start, end, loudness, settings.fades)
            self._sound.check(cancel)
        self._closed = False
        self._begin()
        try:
            # Whoever looks at pictures meanwhile comes first.
            self._encoder = FFmpeg(self._encoding(), feed=True, yielding=True, cancel=cancel)
        except BaseException:
            self._remove()
            raise

    @abstractmethod
    def _begin(self) -> None:
        """Make the part; `ExportError` if that fails, with nothing left."""

    @abstractmethod
    def _encoding(self) -> list[str]:
        """ffmpeg's arguments from `_input` to the part."""

    @abstractmethod
    def _complete(self) -> None:
        """Add what is missing to the encoded picture, check it and give it its name."""

    @abstractmethod
    def _remove(self) -> None:
        """Remove what there is of the part."""

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append one frame, uint8 (H, W, 3) RGB.

        Raises `ExportError` if ffmpeg ended, `ValueError` for another shape or type.
        """
        if self._closed:
            raise ValueError("the video is already closed")
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise ValueError(f"frame must be uint8 {self._shape}, not {frame.dtype} {frame.shape}")
        self._check_cancel()
        try:
            self._encoder.stdin.write(self._fitting.take(frame).data)
        except OSError:
            self._encoder.wait()
            self._check_cancel()
            raise self._failure(self._encoder) from None
        self.frames += 1

    def close(self) -> None:
        """Finish the picture, add the sound, check it, and give it its name.

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
            self._complete()
        except OSError as error:
            raise ExportError(
                f"{shown(self.path)} could not be written ({error.strerror}); "
                "check the free space or choose another place."
            ) from error
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop encoding and remove what was written; does nothing once closed."""
        if self._closed:
            return
        self._closed = True
        self._encoder.close()
        self._remove()

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

    def _input(self) -> list[str]:
        """ffmpeg's arguments for the frames that come."""
        height, width, _ = self._shape
        width, height = self._fitting.taken(width, height)
        return [
            *("-loglevel", "warning", "-f", "rawvideo", "-pix_fmt", "rgb24"),
            *("-video_size", f"{width}x{height}", "-framerate", str(self._fps), "-i", "pipe:0"),
        ]

    def _filters(self) -> str:
        """ffmpeg's filters from the frames that come to the pixels of the format."""
        (width, height), framing = self._fitting.scaled, self._fitting.framing
        pixels = self._format.pixels
        scale = f"scale={width}:{height}:flags={SCALER}"
        # A shape that rounding changes by a pixel is not the pixels' own.
        rest = f"format={pixels},{framing}setsar=1"
        if pixels.startswith("yuvj"):
            # JFIF knows one matrix and one range only.
            return f"{scale}:out_color_matrix=bt601:out_range=pc,{rest}"
        if pixels.startswith("yuv"):
            # Frame properties win over encoder options, so the tags are set on the frames.
            return f"{scale}:out_color_matrix=bt709:out_range=tv,{rest},setparams={_BT709}"
        return f"{scale},{rest}"

    def _tags(self) -> list[str]:
        """ffmpeg's arguments for the metadata."""
        if self._metadata is None:
            return []
        tags = self._metadata.tags(self._format.suffix)
        return [word for tag in tags for word in ("-metadata", tag)]

    def _run(self, args: Sequence[str]) -> None:
        """Run ffmpeg to its end; `ExportError` if it fails."""
        with FFmpeg(["-loglevel", "warning", *args], cancel=self._cancel) as process:
            self._finish(process)

    def _run_with_sound(
        self, sound: SoundTrack, before: Sequence[str], rest: Sequence[str]
    ) -> None:
        """Run ffmpeg with inputs `before` and then the sound; its codec's arguments come first."""
        assert self._format.sound is not None
        samples = round(self.frames / self._fps * SOUND_RATE)
        filters = sound.filters(samples, self._cancel)
        args = [
            *("-loglevel", "warning", *before, *RAW_SOUND),
            *(*filters, *self._format.sound.args, *rest),
        ]
        with FFmpeg(args, feed=True, cancel=self._cancel) as process:
            sound.feed(process, samples, self._cancel)
            self._finish(process)

    def _finish(self, process: FFmpeg) -> None:
        if process.wait() != 0:
            self._check_cancel()
            raise self._failure(process)

    def _failure(self, process: FFmpeg) -> ExportError:
        killed = process.wait() < 0
        # One sentence, whatever ffmpeg says.
        said = process.last_words.split(". ")[0]
        why = "ffmpeg was stopped by the system" if killed or not said else said
        return ExportError(
            f"{shown(self.path)} could not be written ({why}); "
            "check the free space or choose another place.",
            process.log,
        )

    def _check_cancel(self) -> None:
        if self._cancel is not None:
            self._cancel.check()
