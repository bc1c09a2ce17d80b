"""From a sound to a trajectory: lengths, determinism, causality, streaming."""

import dataclasses
import mmap
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from soundedit.engine import trajectory
from soundedit.engine.engine import Engine
from soundedit.engine.trajectory import frame_rate
from soundedit.errors import Cancelled, MediaError, SoundeditError
from soundedit.media.sound import Sound, write_sound
from soundedit.progress import CancelToken

from .conftest import RATE, MakeNoise
from .test_loading import altered


def whole(engine: Engine, sound: Sound | Path, **options: object) -> np.ndarray:
    blocks = list(engine.generate_blocks(sound, **options))  # type: ignore[arg-type]
    return np.concatenate(blocks)


@pytest.mark.parametrize(
    ("seconds", "fps", "frames"),
    [(1.0, 24, 24), (1.01, 24, 25), (0.2, 24, 5), (0.2, 1, 1), (0.5, 120, 60), (2.5, 2, 5)],
)
def test_frames_cover_the_sound(
    engine: Engine, noise: MakeNoise, seconds: float, fps: float, frames: int
) -> None:
    found = engine.generate(noise(seconds), fps=fps)
    assert found.w.shape == (frames, 10, 16)
    assert found.w.dtype == np.float32
    assert np.isfinite(found.w).all()
    assert found.fps == fps
    assert found.seconds == pytest.approx(frames / fps)


@pytest.mark.parametrize(
    ("asked", "exact"),
    [
        (24, Fraction(24)),
        (12.5, Fraction(25, 2)),
        (23.976, Fraction(24000, 1001)),
        (23.98, None),
        (29.97, Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (Fraction(24000, 1001), Fraction(24000, 1001)),
        (Fraction(15, 2), Fraction(15, 2)),
        (120, Fraction(120)),
        (1, Fraction(1)),
    ],
)
def test_frame_rates(asked: float | Fraction, exact: Fraction | None) -> None:
    found = frame_rate(asked)
    assert found.denominator <= 1001
    assert float(found) == pytest.approx(float(asked), abs=1e-3)
    if exact is not None:
        assert found == exact


@pytest.mark.parametrize("fps", [0, 0.5, -24, 121, 1e9, float("nan"), float("inf")])
def test_other_frame_rates_are_refused(engine: Engine, second: Sound, fps: float) -> None:
    with pytest.raises(SoundeditError, match=r"frame rate .* out of range; use 1 to 120"):
        engine.generate(second, fps=fps)


def test_the_same_again_and_another_seed(engine: Engine, noise: MakeNoise, second: Sound) -> None:
    one = engine.generate(second, seed=3)
    assert (one.seed, one.start, one.fps) == (3, 0.0, 24)
    assert np.array_equal(one.w, engine.generate(second, seed=3).w)
    assert not np.allclose(one.w, engine.generate(second, seed=4).w, atol=0.05)
    assert not np.allclose(one.w, engine.generate(noise(1.0, seed=2), seed=3).w, atol=1e-3)


def test_blocks_are_the_whole(engine: Engine, noise: MakeNoise) -> None:
    sound = noise(12.3)
    blocks = list(engine.generate_blocks(sound, fps=10))
    assert len(blocks) > 3
    assert all(len(block) for block in blocks)
    assert np.array_equal(np.concatenate(blocks), engine.generate(sound, fps=10).w)


def test_a_file_is_the_sound_it_holds(engine: Engine, noise: MakeNoise, tmp_path: Path) -> None:
    sound = noise(11.0)
    write_sound(tmp_path / "s.wav", sound)
    from_file = engine.generate(tmp_path / "s.wav", fps=8).w
    # 24 bits in the file, and what the walk makes of the rounding.
    np.testing.assert_allclose(from_file, engine.generate(sound, fps=8).w, atol=2e-3)
    assert np.array_equal(from_file, engine.generate(str(tmp_path / "s.wav"), fps=8).w)


@pytest.mark.parametrize("rate", [8000, 44_100, 96_000])
def test_any_sample_rate(engine: Engine, noise: MakeNoise, tmp_path: Path, rate: int) -> None:
    sound = noise(1.0, rate=rate)
    write_sound(tmp_path / "s.flac", sound)
    a = engine.generate(sound, fps=8).w
    b = engine.generate(tmp_path / "s.flac", fps=8).w
    assert a.shape == b.shape == (8, 10, 16)
    # Two resamplers differ near the highest frequencies only.
    assert np.abs(a - b).mean() < 0.2 * np.abs(a - a[:1]).mean() + 1e-3


def test_a_range_is_that_part(engine: Engine, noise: MakeNoise, tmp_path: Path) -> None:
    sound = noise(2.0)
    part = engine.generate(sound, fps=10, start=0.5, end=1.25)
    assert part.w.shape[0] == 8
    assert part.start == 0.5
    cut = Sound(sound.samples[:, RATE // 2 : RATE * 5 // 4], RATE)
    assert np.array_equal(part.w, engine.generate(cut, fps=10).w)
    write_sound(tmp_path / "s.wav", sound)
    from_file = engine.generate(tmp_path / "s.wav", fps=10, start=0.5, end=1.25)
    np.testing.assert_allclose(from_file.w, part.w, atol=2e-3)
    assert len(engine.generate(sound, fps=10, start=1.5, end=99).w) == 5


@pytest.mark.parametrize(
    ("start", "end"),
    [(-0.1, None), (1.0, None), (5.0, None), (0.5, 0.5), (0.7, 0.2), (float("nan"), None),
     (0.0, float("nan")), (0.0, -1.0)],
)  # fmt: skip
def test_empty_ranges_are_refused(
    engine: Engine, second: Sound, start: float, end: float | None
) -> None:
    with pytest.raises(SoundeditError, match=r"The range .* is empty; the sound has 1.00 s"):
        engine.generate(second, start=start, end=end)


def test_other_bad_arguments(engine: Engine, second: Sound, tmp_path: Path) -> None:
    with pytest.raises(SoundeditError, match="seed -1 is negative"):
        engine.generate(second, seed=-1)
    with pytest.raises(SoundeditError, match="look-ahead -1 s is out of range"):
        whole(engine, second, lookahead=-1)
    with pytest.raises(MediaError, match=r"absent\.wav"):
        engine.generate(tmp_path / "absent.wav")
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(MediaError, match=r"text\.wav"):
        engine.generate(tmp_path / "text.wav")


@pytest.mark.parametrize("ahead", [0.0, 0.3])
@pytest.mark.parametrize("fps", [25, 60, 7])
def test_causality(engine: Engine, noise: MakeNoise, ahead: float, fps: int) -> None:
    """A change at t shows in frames after t, and in none before t minus the look-ahead."""
    t = 1.2
    before, other = noise(2.0), noise(2.0, seed=4)
    samples = before.samples.copy()
    samples[:, round(t * RATE) :] = other.samples[:, round(t * RATE) :]
    a = whole(engine, before, fps=fps, lookahead=ahead)
    b = whole(engine, Sound(samples, RATE), fps=fps, lookahead=ahead)
    moved = np.abs(a - b).max((1, 2))
    times = np.arange(len(a)) / fps
    assert moved[times <= t - ahead].max() < 2e-6
    # Sound is heard in hops of 10 ms; the next frame must show it.
    assert moved[times >= t + 0.01].min() > 2e-5
    if ahead:
        # The segment ahead is looked up ten times a second, and the scene placed as often.
        assert moved[times > t - ahead + 0.2].min() > 1e-6


def test_the_pack_declares_its_look_ahead(
    engine: Engine, tiny_pack: Path, second: Sound, tmp_path: Path
) -> None:
    ahead = Engine.load(altered(tiny_pack, tmp_path / "p", lookahead_seconds=0.3), "cpu")
    wanted = whole(engine, second, lookahead=0.3)
    assert np.array_equal(ahead.generate(second).w, wanted)
    assert not np.array_equal(engine.generate(second).w, wanted)
    assert np.array_equal(whole(ahead, second, lookahead=0), engine.generate(second).w)


def test_quiet_before_loud_is_seen_at_once(engine: Engine) -> None:
    samples = np.zeros((1, 2 * RATE), np.float32)
    samples[:, RATE:] = np.random.default_rng(1).uniform(-0.5, 0.5, RATE)
    w = engine.generate(Sound(samples, RATE), fps=25).w
    still = engine.generate(Sound(np.zeros_like(samples), RATE), fps=25).w
    moved = np.abs(w - still).max((1, 2))
    assert moved[:26].max() < 1e-6
    assert moved[26] > 1e-4


def test_progress(engine: Engine, noise: MakeNoise) -> None:
    told: list[float] = []
    engine.generate(noise(12.0), fps=5, progress=lambda f, _: told.append(f))
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 3


def test_cancel_in_the_middle(engine: Engine, noise: MakeNoise) -> None:
    token = CancelToken()
    told: list[float] = []

    def progress(fraction: float, text: str) -> None:
        told.append(fraction)
        if fraction > 0.2:
            token.cancel()

    with pytest.raises(Cancelled):
        engine.generate(noise(20.0), fps=5, progress=progress, cancel=token)
    assert 0.2 < told[-1] < 0.7


def test_a_long_trajectory_lies_in_a_file(
    engine: Engine, second: Sound, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = engine.generate(second)
    assert not isinstance(short.w, np.memmap)
    monkeypatch.setattr(trajectory, "IN_MEMORY", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    long = engine.generate(second)
    assert isinstance(long.w, np.memmap)
    assert np.array_equal(long.w, short.w)
    # It has no name any more, so nothing can be left behind.
    assert list(tmp_path.iterdir()) == []
    assert len(list(engine.synthesise(long.w[:2]))) == 2


def test_no_room_for_a_long_path_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="limits of POSIX")
    monkeypatch.setattr(trajectory, "IN_MEMORY", 1000)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, old[1]))
    try:
        with pytest.raises(SoundeditError, match=r"no room for 4 MB of temporary data"):
            trajectory.room_for((1000, 10, 100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_was_written_to_the_file_takes_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

    monkeypatch.setattr(trajectory, "IN_MEMORY", 1000)
    w = trajectory.room_for((64, 512, 512))
    before = resident()
    for k in range(64):
        w[k] = k
        trajectory.put_away(w)
    assert resident() - before < w.nbytes / 4
    assert [float(w[k, 1, 2]) for k in range(64)] == list(range(64))
    plain = np.zeros((2, 2, 2), np.float32)
    trajectory.put_away(plain)


def test_the_walk_is_about_the_same_at_another_frame_rate(engine: Engine, noise: MakeNoise) -> None:
    sound = noise(3.0)
    slow, fast = engine.generate(sound, fps=15).w, engine.generate(sound, fps=60).w
    away = np.abs(slow - fast[::4]).mean()
    assert away < 0.3 * np.abs(slow - slow.mean(0)).mean()


def test_trajectories_cannot_be_changed_by_name(engine: Engine, second: Sound) -> None:
    found = engine.generate(second, fps=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.seed = 1  # type: ignore[misc]
