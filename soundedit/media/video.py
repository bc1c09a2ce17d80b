"""Video files and moving pictures: written whole or not at all, with their sound, and checked."""

from fractions import Fraction

from soundedit.errors import ExportError, MediaError
from soundedit.media.ffmpeg import file_argument, shown
from soundedit.media.formats import Kind
from soundedit.media.metadata import add_credential
from soundedit.media.probe import VideoInfo, probe_video
from soundedit.media.soundtrack import SOUND_RATE
from soundedit.media.webp import probe_webp
from soundedit.media.whole import publish_part, start_part
from soundedit.media.writer import FrameWriter


class VideoWriter(FrameWriter):
    """Writes one file: MP4, WebM, MOV, GIF or animated WebP.

    Colour is converted and tagged as ITU-R BT.709, limited range. A palette is made from all
    frames of a file, which lie in a temporary file until then.
    """

    def _begin(self) -> None:
        self._part = start_part(self.path, [self._format.suffix])
        # Without anything to add, the encoder's own file is already the finished one.
        self._picture, self._palette = self._part, self._part.with_suffix(".palette.mkv")
        if self._format.colours:
            self._picture = self._part.with_suffix(".picture.mkv")
        elif self._sound is not None:
            self._picture = self._part.with_suffix(".picture" + self._part.suffix)

    def _encoding(self) -> list[str]:
        form, codec = self._format, self._format.codec[self.settings.quality]
        if form.colours:
            # Matroska for both: the muxer of single pictures takes % in a name for a number.
            most = form.colours[self.settings.quality]
            palette = f"split[p][q];[q]palettegen=max_colors={most}:reserve_transparent=0[c]"
            return [
                *(*self._input(), "-filter_complex", f"{self._filters()},{palette}"),
                *("-map", "[p]", "-c:v", "ffv1", "-pix_fmt", "bgr0", "-f", "matroska", "-y"),
                *(file_argument(self._picture), "-map", "[c]", "-c:v", "ffv1", "-f", "matroska"),
                *("-y", file_argument(self._palette)),
            ]
        # What is copied once more gets the rest then.
        whole = [*self._tags(), *form.muxer] if self._picture == self._part else form.muxer[-2:]
        return [
            *(*self._input(), "-vf", self._filters(), *codec, *whole),
            *("-y", file_argument(self._picture)),
        ]

    def _complete(self) -> None:
        out = [*self._tags(), *self._format.muxer, "-y", file_argument(self._part)]
        if self._format.colours:
            pixels = f",format={self._format.pixels}" if self._format.pixels == "bgra" else ""
            self._run(
                [
                    *("-i", file_argument(self._picture), "-i", file_argument(self._palette)),
                    *("-lavfi", f"paletteuse=dither=sierra2_4a{pixels}"),
                    *(*self._format.codec[self.settings.quality], *out),
                ]
            )
        elif self._sound is not None:
            streams = ["-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy"]
            self._run_with_sound(
                self._sound, ["-i", file_argument(self._picture)], [*streams, *out]
            )
        self._check_cancel()
        if self._metadata is not None:
            add_credential(self._part, self._metadata)
        self._check_part()
        publish_part(self._part, self.path)

    def _remove(self) -> None:
        for path in (self._picture, self._palette, self._part):
            path.unlink(missing_ok=True)

    @property
    def _is_webp(self) -> bool:
        return self._format.suffix == ".webp"

    def _check_part(self) -> None:
        try:
            info = probe_webp(self._part) if self._is_webp else probe_video(self._part)
        except MediaError as error:
            raise self._failure(self._encoder) from error
        if not self._is_whole(info):
            raise ExportError(
                f"{shown(self.path)} came out damaged and was removed; export it again."
            )

    def _is_whole(self, info: VideoInfo) -> bool:
        seconds = self.frames / self._fps
        whole: bool = (info.width, info.height) == self.size
        if self._is_webp:
            # Its encoder shows a frame for longer rather than again.
            whole = whole and 1 <= info.frames <= self.frames
            seconds = seconds if info.seconds else Fraction(0)
        else:
            whole = whole and info.frames == self.frames
        # Moving pictures count in hundredths of a second, and round the end.
        coarse = Fraction(1, 100) if self._format.kind is Kind.LOOP else Fraction(0)
        whole = whole and abs(info.seconds - seconds) < max(Fraction(1, 2) / self._fps, coarse)
        if self._sound is not None and self._format.sound is not None:
            slack = Fraction(self._format.sound.frame + 1, SOUND_RATE)
            whole = whole and abs(info.sound_seconds - seconds) <= slack
        return whole
