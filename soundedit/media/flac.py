"""A FLAC file that is written as its sound comes, so that a crash keeps it."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import MediaError
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown


class FlacWriter:
    """ffmpeg's FLAC encoder behind a pipe; errors are kept, never raised while writing."""

    def __init__(self, path: Path, sample_rate: int, channels: int) -> None:
        """Create `path`; MediaError if it exists or cannot be written, or without ffmpeg."""
        self.path = path
        self.failed = False
        try:
            path.touch(exist_ok=False)
        except FileExistsError as error:
            raise MediaError(f"{shown(path)} already exists; record under another name.") from error
        except OSError as error:
            raise MediaError(
                f"{shown(path)} cannot be written ({error.strerror}); choose another folder."
            ) from error
        # Each packet goes to the file at once, so that a crash loses little.
        args = [
            *("-loglevel", "error", "-f", "f32le", "-ar", str(sample_rate)),
            *("-ac", str(channels), "-i", "pipe:0"),
            *("-c:a", "flac", "-sample_fmt", "s32", "-bits_per_raw_sample", "24"),
            *("-flush_packets", "1", "-f", "flac", "-y", file_argument(path)),
        ]
        try:
            self._ffmpeg = FFmpeg(args, feed=True)
        except MediaError:
            path.unlink(missing_ok=True)
            raise

    def write(self, frames: NDArray[np.float32]) -> bool:
        """Encode `frames` (n, C); False once the encoder is gone."""
        if self.failed:
            return False
        clean = np.clip(np.nan_to_num(frames, posinf=1.0, neginf=-1.0), -1.0, 1.0)
        try:
            self._ffmpeg.stdin.write(clean.astype("<f4", copy=False).tobytes())
            self._ffmpeg.stdin.flush()
        except OSError:
            self.failed = True
        return not self.failed

    def flush(self) -> None:
        """Have the system write to the disk what the encoder has given it."""
        try:
            with self.path.open("rb+") as file:
                os.fsync(file.fileno())
        except OSError:
            return  # the next write or the encoder's exit code tells of a real failure

    def finish(self) -> bool:
        """Complete the file; False when the encoder failed."""
        self.failed = self._ffmpeg.wait() != 0 or self.failed
        self._ffmpeg.close()
        self.flush()
        return not self.failed

    def discard(self) -> None:
        """End the encoder and leave no file."""
        self.finish()
        self.path.unlink(missing_ok=True)

    def reason(self) -> str:
        """One sentence for an encoder that failed."""
        return (
            f"{shown(self.path)} could not be written to its end ({self._ffmpeg.last_words}); "
            "what was recorded before is kept, free some space and record again."
        )
