"""The sound that goes with a picture: a span of a sound, brought to a length and a loudness."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import ExportError
from soundedit.media.decode import Decoder
from soundedit.media.fades import AT_ONCE, Fades
from soundedit.media.ffmpeg import FFmpeg, shown
from soundedit.progress import CancelToken

SOUND_RATE = 48_000
RAW_SOUND = ("-f", "f32le", "-ar", str(SOUND_RATE), "-ac", "2", "-i", "pipe:0")
"""ffmpeg's arguments for the sound that `SoundTrack.feed` sends."""
_BLOCK = SOUND_RATE
_TRUE_PEAK = -1.0
# The range of loudness is left as it is: only its level changes, where the peaks have room.
_WIDEST_RANGE = 50


@dataclass(frozen=True)
class SoundTrack:
    """The span [start, end) of a sound, in seconds, as 48 kHz stereo.

    Mono is heard on both sides, more than two channels are mixed down. `loudness` in LUFS is
    what EBU R128 normalising aims at; None leaves the level alone. It comes and goes by `fades`.
    """

    path: Path
    start: float = 0.0
    end: float | None = None
    loudness: float | None = None
    fades: Fades = AT_ONCE

    def check(self, cancel: CancelToken | None = None) -> None:
        """Raise `MediaError` if there is no sound to be read in the span."""
        with self._decoder(cancel, stereo=False) as decoder:
            decoder.read(1)

    def blocks(
        self, samples: int, cancel: CancelToken | None = None
    ) -> Iterator[NDArray[np.float32]]:
        """Interleaved stereo (n, 2), cut or continued with silence to `samples`.

        Raises `MediaError` and `Cancelled` as reading does.
        """
        with self._decoder(cancel, stereo=False) as decoder:
            mix_down = decoder.channels > 2
        with self._decoder(cancel, stereo=mix_down) as decoder:
            left = samples
            while left > 0:
                block = decoder.read(min(_BLOCK, left))
                if block.shape[1] == 0:
                    block = np.zeros((2, min(_BLOCK, left)), np.float32)
                shares = self.fades.shares(samples - left, block.shape[1], samples, SOUND_RATE)
                left -= block.shape[1]
                yield np.broadcast_to(block * shares, (2, block.shape[1])).T

    def feed(self, process: FFmpeg, samples: int, cancel: CancelToken | None = None) -> None:
        """Send `samples` to an ffmpeg that reads `RAW_SOUND`; stops early if it died."""
        try:
            for block in self.blocks(samples, cancel):
                process.stdin.write(block.astype("<f4").tobytes())
        except OSError:
            pass  # ffmpeg died: its exit code and last words say why

    def filters(self, samples: int, cancel: CancelToken | None = None) -> list[str]:
        """ffmpeg's filters that bring the sound to its loudness, from a first pass that measures.

        Silence has no loudness and is left alone. Raises `ExportError` if measuring fails.
        """
        if self.loudness is None:
            return []
        aim = f"loudnorm=I={self.loudness:g}:TP={_TRUE_PEAK:g}:LRA={_WIDEST_RANGE}"
        args = [
            *("-loglevel", "info", *RAW_SOUND),
            *("-af", f"{aim}:print_format=json", "-f", "null", "-"),
        ]
        with FFmpeg(args, feed=True, cancel=cancel) as ffmpeg:
            self.feed(ffmpeg, samples, cancel)
            code = ffmpeg.wait()
            if cancel is not None:
                cancel.check()
            found = re.search(r"\{[^{}]*\"input_i\"[^{}]*\}", ffmpeg.log)
            if code != 0 or found is None:
                raise ExportError(
                    f"The loudness of {shown(self.path)} could not be measured "
                    f"({ffmpeg.last_words or 'ffmpeg ended'}); try again without normalising.",
                    ffmpeg.log,
                )
        measured = json.loads(found[0])
        if not np.isfinite(float(measured["input_i"])):
            return []
        return [
            "-af",
            f"{aim}:linear=true:measured_I={measured['input_i']}"
            f":measured_TP={measured['input_tp']}:measured_LRA={measured['input_lra']}"
            f":measured_thresh={measured['input_thresh']}:offset={measured['target_offset']}"
            f",aresample={SOUND_RATE}",
        ]

    def _decoder(self, cancel: CancelToken | None, *, stereo: bool) -> Decoder:
        return Decoder(
            self.path,
            sample_rate=SOUND_RATE,
            start=self.start,
            end=self.end,
            stereo=stereo,
            cancel=cancel,
        )
