"""Video files and moving pictures: written whole or not at all, with their sound, and checked."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import ExportError, MediaError
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown
from soundedit.media.fit import fitting
from soundedit.media.formats import Kind
from soundedit.media.presets import ExportSettings
from soundedit.media.probe import VideoInfo, probe_video
from soundedit.media.soundtrack import RAW_SOUND, SOUND_RATE, SoundTrack
from soundedit.media.whole import publish_part, start_part
from soundedit.progress import CancelToken

SCALER = "lanczos+accurate_rnd+full_chroma_int+full_chroma_inp"
_BT709 = "range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"


class VideoWriter:
    """Writes RGB frames and the matching span of a sound to one file.

    A context manager. The picture is encoded as frames come, into a part file beside `path`;
    `close` adds the sound as 48 kHz stereo, cut or continued with silence to the length of the
    picture within one frame of its codec, checks the result and renames it. Leaving the `with`
    block by an exception, or `abort`, leaves nothing new behind.

    Frames are enlarged by a Lanczos filter and fitted as `settings` says. Colour is converted and
    tagged as ITU-R BT.709, limited range. A GIF's palette is made from all of its frames.

    Args:
        width, height: size of each frame in pixels; also of the video where `settings` has none.
        fps: frames a second, exact up to a denominator of 1001.
        settings: format, size, fit, quality and loudness; its `fps` and `sound` are not looked at.
        sound: file whose span [start, end), in seconds, is heard; None for a silent video.
        tags: ffmpeg's `-metadata` pairs, such as "title=Storm".
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
        tags: Sequence[str] = (),
        cancel: CancelToken | None = None,
    ) -> None:
        settings = ExportSettings() if settings is None else settings
        size = settings.size(width) if settings.width or settings.height else (width, height)
        # Asked for anew, so that the size of the frames is checked like any other.
        settings = replace(settings, width=size[0], height=size[1])
        fps = Fraction(fps).limit_denominator(1001)
        settings.check_rate(fps)
        self.path = Path(path)
        self.frames = 0
        self.settings = settings
        self.size = size
        self._format = settings.kind
        self._shape = (height, width, 3)
        self._fps = fps
        self._tags = [word for tag in tags for word in ("-metadata", tag)]
        self._cancel = cancel
        self._sound: SoundTrack | None = None
        if sound is not None and self._format.sound is not None:
            loudness = settings.loudness if settings.normalise else None
            self._sound = SoundTrack(Path(sound), start, end, loudness)
            self._sound.check(cancel)
        self._part = start_part(self.path, [self._format.suffix])
        # Without anything to add, the encoder's own file is already the finished one.
        self._picture, self._palette = self._part, self._part.with_suffix(".palette.png")
        if self._format.name == "gif":
            self._picture = self._part.with_suffix(".picture.mkv")
        elif self._sound is not None:
            self._picture = self._part.with_suffix(".picture" + self._part.suffix)
        self._closed = False
        try:
            self._fitting = fitting((width, height), self.size, settings.fit)
            self._encoder = FFmpeg(self._encoding(), feed=True, cancel=cancel)
        except BaseException:
            self._part.unlink(missing_ok=True)
            raise

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
            if self._format.name == "gif":
                self._use_palette()
            elif self._sound is not None:
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
        for path in (self._picture, self._palette, self._part):
            path.unlink(missing_ok=True)

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

    def _encoding(self) -> list[str]:
        height, width, _ = self._shape
        width, height = self._fitting.taken(width, height)
        form, quality = self._format, self.settings.quality
        args = [
            *("-loglevel", "warning", "-f", "rawvideo", "-pix_fmt", "rgb24"),
            *("-video_size", f"{width}x{height}", "-framerate", str(self._fps), "-i", "pipe:0"),
        ]
        filters = picture_filters(self._fitting.scaled, self._fitting.framing, form.pixels)
        if form.name == "gif":
            (colours,) = form.codec[quality]
            return [
                *args,
                "-filter_complex",
                f"{filters},split[p][q];[q]palettegen=max_colors={colours}:reserve_transparent=0[c]",
                *("-map", "[p]", "-c:v", "ffv1", "-pix_fmt", "bgr0", "-f", "matroska", "-y"),
                *(file_argument(self._picture), "-map", "[c]", "-c:v", "png", "-f", "image2"),
                *("-update", "1", "-y", file_argument(self._palette).replace("%", "%%")),
            ]
        whole = [*self._tags, *form.muxer] if self._picture == self._part else form.muxer[-2:]
        return [
            *(*args, "-vf", filters, *form.codec[quality], *whole),
            *("-y", file_argument(self._picture)),
        ]

    def _use_palette(self) -> None:
        args = [
            *("-loglevel", "warning", "-i", file_argument(self._picture)),
            *("-i", file_argument(self._palette), "-lavfi", "paletteuse=dither=sierra2_4a"),
            *(*self._tags, *self._format.muxer, "-y", file_argument(self._part)),
        ]
        with FFmpeg(args, cancel=self._cancel) as maker:
            if maker.wait() != 0:
                self._check_cancel()
                raise self._failure(maker)

    def _add_sound(self, sound: SoundTrack) -> None:
        assert self._format.sound is not None
        samples = round(self.frames / self._fps * SOUND_RATE)
        filters = sound.filters(samples, self._cancel)
        args = [
            *("-loglevel", "warning", "-i", file_argument(self._picture), *RAW_SOUND),
            *("-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", *filters),
            *(*self._format.sound.args, *self._tags, *self._format.muxer),
            *("-y", file_argument(self._part)),
        ]
        with FFmpeg(args, feed=True, cancel=self._cancel) as muxer:
            sound.feed(muxer, samples, self._cancel)
            if muxer.wait() != 0:
                self._check_cancel()
                raise self._failure(muxer)

    def _check_part(self) -> None:
        try:
            info = probe_video(self._part)
        except MediaError as error:
            raise self._failure(self._encoder) from error
        if not self._is_whole(info):
            raise ExportError(
                f"{shown(self.path)} came out damaged and was removed; export it again."
            )

    def _is_whole(self, info: VideoInfo) -> bool:
        seconds = self.frames / self._fps
        whole = (info.frames, info.width, info.height) == (self.frames, *self.size)
        # Formats with a coarse clock round the end, by 0.01 s at most.
        slack = max(0.5 / self._fps, Fraction(1, 100) if self._format.kind is Kind.LOOP else 0)
        whole = whole and abs(info.seconds - seconds) < slack
        if self._sound is not None and self._format.sound is not None:
            slack = Fraction(self._format.sound.frame + 1, SOUND_RATE)
            whole = whole and abs(info.sound_seconds - seconds) <= slack
        return whole

    def _failure(self, process: FFmpeg) -> ExportError:
        why = process.last_words or "ffmpeg ended"
        return ExportError(
            f"{shown(self.path)} could not be written ({why}); "
            "check the free space or choose another place.",
            process.log,
        )

    def _check_cancel(self) -> None:
        if self._cancel is not None:
            self._cancel.check()


def picture_filters(scaled: tuple[int, int], framing: str, pixels: str) -> str:
    """ffmpeg's filters from RGB to `pixels` of `scaled` (width, height), then `framing`."""
    scale = f"scale={scaled[0]}:{scaled[1]}:flags={SCALER}"
    if pixels.startswith("yuvj"):
        # JFIF knows one matrix and one range only.
        return f"{scale}:out_color_matrix=bt601:out_range=pc,format={pixels},{framing}setsar=1"
    if not pixels.startswith("yuv"):
        return f"{scale},format={pixels},{framing}setsar=1"
    # Frame properties win over encoder options, so the tags are set on the frames.
    return (
        f"{scale}:out_color_matrix=bt709:out_range=tv,format={pixels},{framing}setsar=1"
        f",setparams={_BT709}"
    )
