"""Sounds made on the spot by the real ffmpeg or byte by byte, and a watch for what is left over."""

import contextlib
import struct
import subprocess
import sys
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from soundedit.media.ffmpeg import ffmpeg_exe


class Maker:
    """Makes sounds, as arrays or as files in `folder`, and checks what only test files need."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ffmpeg(self, name: str, *args: str | Path) -> Path:
        """Run ffmpeg, its output being the file `name`; fails the test with its words."""
        path = self.folder / name
        command = [ffmpeg_exe(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
        command += [*map(str, args), f"file:{path}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return path

    def float_wav(self, name: str, samples: NDArray[np.float32], rate: int) -> Path:
        """Write (C, N) float32 samples bit for bit, NaN and all, as a WAV file."""
        channels, frames = samples.shape
        data = samples.T.astype("<f4").tobytes()
        form = struct.pack("<HHIIHH", 3, channels, rate, rate * channels * 4, channels * 4, 32)
        chunks = b"fmt " + struct.pack("<I", len(form)) + form
        chunks += b"fact" + struct.pack("<II", 4, frames)
        chunks += b"data" + struct.pack("<I", len(data)) + data
        path = self.folder / name
        path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
        return path

    def silent_wav(self, name: str, seconds: float, rate: int = 8000) -> Path:
        """Write 8-bit mono whose data are a hole in the file, so that hours cost nothing."""
        path, frames = self.folder / name, round(seconds * rate)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 1, rate, 0, "NONE", ""))
        with path.open("r+b") as raw:
            for at, size in ((4, 36 + frames), (40, frames)):
                raw.seek(at)
                raw.write(struct.pack("<I", size))
            raw.truncate(44 + frames)
        return path

    @staticmethod
    def tone(
        seconds: float, rate: int, hertz: float = 440.0, peak: float = 0.5
    ) -> NDArray[np.float32]:
        """A sine, (1, N)."""
        times = np.arange(round(seconds * rate)) / rate
        return (peak * np.sin(2 * np.pi * hertz * times)).astype(np.float32)[None]

    @staticmethod
    def noise(seconds: float, rate: int, channels: int = 1) -> NDArray[np.float32]:
        """White noise in [-0.5, 0.5), (C, N), so that no span of it looks like another."""
        shape = (channels, round(seconds * rate))
        return np.random.default_rng(0).uniform(-0.5, 0.5, shape).astype(np.float32)

    @staticmethod
    def assert_sentence(error: BaseException) -> None:
        """The text is one sentence on one line: what is wrong and what to do."""
        text = str(error)
        assert text[0].isupper() or text[0] == '"', text
        assert text.endswith(".") and ". " not in text and text.isprintable(), text
        assert ";" in text or "," in text, f"does not say what to do: {text}"


def _ffmpeg_children() -> list[str]:
    found = []
    for listing in Path("/proc/self/task").glob("*/children"):
        # Threads and processes may end meanwhile.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for pid in listing.read_text().split():
                status = Path(f"/proc/{pid}/stat").read_text()
                if "ffmpeg" in status:
                    found.append(status)
    return found


@pytest.fixture
def make(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


@pytest.fixture(autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Fail a test that leaves an ffmpeg process, a zombie of one, or one of its threads."""
    yield
    if sys.platform == "linux":
        assert _ffmpeg_children() == []
    assert [t.name for t in threading.enumerate() if t.name.startswith("ffmpeg-")] == []
