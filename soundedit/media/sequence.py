"""A folder with one picture a frame and the sound as WAV: there whole or not at all."""

import os
import shutil
from pathlib import Path

from soundedit.errors import ExportError
from soundedit.media.ffmpeg import file_argument, shown
from soundedit.media.metadata import add_credential
from soundedit.media.whole import free_part, is_there, old_name
from soundedit.media.writer import FrameWriter

SOUND_NAME = "sound.wav"
_SUFFIXES = {"png": ".png", "jpeg": ".jpg"}


class SequenceWriter(FrameWriter):
    """Writes `frame_000000.png` (or `.jpg`) and so on, and `sound.wav`, into the folder `path`.

    PNG holds the pictures bit for bit where they are not enlarged. A folder that is there already
    is replaced only if it holds nothing but such an export.
    """

    def _begin(self) -> None:
        self._suffix = _SUFFIXES[self._format.name]
        check_replaceable(self.path)
        self._part = free_part(self.path)
        try:
            self._part.mkdir()
        except FileNotFoundError as error:
            raise ExportError(
                f"The folder {shown(self.path.absolute().parent)} does not exist; "
                "choose another folder."
            ) from error
        except OSError as error:
            raise ExportError(
                f"{shown(self.path)} cannot be written ({error.strerror}); "
                "choose another place or name."
            ) from error

    def _encoding(self) -> list[str]:
        # Here ffmpeg takes % for the number of the frame.
        folder = file_argument(self._part).replace("%", "%%")
        return [
            *(*self._input(), "-vf", self._filters(), *self._format.codec[self.settings.quality]),
            *("-f", "image2", "-start_number", "0", "-y", f"{folder}/frame_%06d{self._suffix}"),
        ]

    def _complete(self) -> None:
        made = sorted(self._part.iterdir())
        if len(made) != self.frames or any(not file.stat().st_size for file in made):
            raise ExportError(
                f"{shown(self.path)} lacks pictures and was removed; export it again."
            )
        if self._metadata is not None:
            for file in made:
                self._check_cancel()
                add_credential(file, self._metadata)
        if self._sound is not None:
            wav = file_argument(self._part / SOUND_NAME)
            # RF64 where a WAV of more than 4 GB is needed.
            rest = [*self._tags(), "-f", "wav", "-rf64", "auto", "-y", wav]
            self._run_with_sound(self._sound, [], rest)
        self._check_cancel()
        if hasattr(os, "sync"):
            os.sync()
        publish_folder(self._part, self.path)

    def _remove(self) -> None:
        shutil.rmtree(self._part, ignore_errors=True)


def check_replaceable(path: Path) -> None:
    """Raise `ExportError` if an export to the folder `path` would take other things with it."""
    if is_there(path) and not is_sequence(path):
        raise ExportError(
            f"{shown(path)} holds other things than the pictures of an export; choose another name."
        )


def publish_folder(part: Path, path: Path) -> None:
    """Give the folder `part` its name, replacing the export that was there; OSError."""
    old = old_name(part)
    if path.exists():
        path.replace(old)
    part.replace(path)
    shutil.rmtree(old, ignore_errors=True)


def is_sequence(path: Path) -> bool:
    """Whether `path` is a folder that holds nothing but an export, or nothing at all."""
    return path.is_dir() and all(
        file.name == SOUND_NAME
        or (file.name.startswith("frame_") and file.suffix in _SUFFIXES.values())
        for file in path.iterdir()
    )
