"""A rendering written to a file: span, size, cache, pause, failures."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from soundedit.engine.engine import Engine
from soundedit.engine.export import export
from soundedit.errors import Cancelled, ExportError
from soundedit.media.presets import ExportSettings
from soundedit.media.probe import probe_video
from soundedit.media.sound import Sound, write_sound
from soundedit.progress import CancelToken


@dataclass
class Still:
    """Frames of a trajectory made beforehand."""

    engine: Engine
    w: NDArray[np.float32]
    fps: Fraction = Fraction(12)
    key: str = "still"

    @property
    def frames(self) -> int:
        return len(self.w)

    def latents(self, first: int, count: int) -> NDArray[np.float32]:
        return self.w[first : first + count]


@pytest.fixture(scope="module")
def engine(tiny_pack: Path) -> Engine:
    return Engine.load(tiny_pack, "cpu")


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    noise = np.random.default_rng(3).standard_normal((1, 32_000)) * 0.1
    write_sound(tmp_path / "noise.wav", Sound(noise.astype(np.float32).clip(-1, 1), 16_000))
    return tmp_path / "noise.wav"


@pytest.fixture
def still(engine: Engine, sound: Path) -> Still:
    return Still(engine, engine.generate(sound, fps=12).w)


def test_export(still: Still, sound: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    told: list[float] = []
    report = export(
        still, out, ExportSettings(), sound=sound, progress=lambda part, _: told.append(part)
    )
    assert (report.frames, report.width, report.height) == (24, 64, 64)
    assert report.bytes == out.stat().st_size
    info = probe_video(out)
    assert (info.frames, info.fps, info.has_sound) == (24, Fraction(12), True)
    assert told[-1] == -1 and max(told) == 1.0


def test_span(still: Still, sound: Path, tmp_path: Path) -> None:
    report = export(still, tmp_path / "out.mp4", ExportSettings(), sound=sound, start=0.5, end=1.26)
    assert report.frames == 10  # [6/12 s, 16/12 s)
    with pytest.raises(ExportError, match=r"has 2\.00 s"):
        export(still, tmp_path / "no.mp4", ExportSettings(), sound=sound, start=2.0)


def test_is_not_overwritten_unasked(still: Still, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"old")
    with pytest.raises(ExportError, match="there already"):
        export(still, out, ExportSettings(), sound=None)
    assert out.read_bytes() == b"old"
    export(still, out, ExportSettings(), sound=None, overwrite=True)
    assert probe_video(out).frames == 24


def test_cancel_and_failing_progress(still: Still, sound: Path, tmp_path: Path) -> None:
    cancel = CancelToken()

    def stop(part: float, _: str) -> None:
        if part > 0.5:
            cancel.cancel()

    def fail(part: float, _: str) -> None:
        if part > 0.5:
            raise RuntimeError("no")

    out = tmp_path / "o" / "out.mp4"
    out.parent.mkdir()
    with pytest.raises(Cancelled):
        export(still, out, ExportSettings(), sound=sound, progress=stop, cancel=cancel)
    with pytest.raises(RuntimeError, match="no"):
        export(still, out, ExportSettings(), sound=sound, progress=fail)
    assert list(out.parent.iterdir()) == []


def test_pause(still: Still, tmp_path: Path) -> None:
    asked: list[int] = []

    def pause() -> bool:
        asked.append(1)
        return len(asked) in (2, 3)

    export(still, tmp_path / "out.mp4", ExportSettings(), sound=None, pause=pause)
    assert len(asked) == 5  # three batches, two waits
