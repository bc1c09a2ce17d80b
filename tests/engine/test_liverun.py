"""Live on a simulated card: threads, recording of a performance, and what goes wrong."""

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from soundedit.document.model import Media, MediaKind, Project, Reactivity, Take
from soundedit.engine.engine import Engine
from soundedit.engine.latents import LatentsStream, mend_latents, read_latents
from soundedit.engine.live import HeardFrame
from soundedit.engine.liverun import LiveRun, LiveTake
from soundedit.engine.rendering import Rendering
from soundedit.errors import DeviceError, ExportError, MediaError
from soundedit.media.simulated import SimulatedBackend, SimulatedClock
from soundedit.media.sound import read_sound

CARD_RATE = 48_000


def hiss(start: int, count: int) -> np.ndarray:
    """Noise that swells every half second, by the place in it alone."""
    rng = np.random.default_rng(start)
    swell = 0.05 + 0.2 * (np.arange(start, start + count) // (CARD_RATE // 2) % 2)
    return (rng.uniform(-1, 1, count) * swell).astype(np.float32)[:, None]


@pytest.fixture
def card() -> SimulatedBackend:
    return SimulatedBackend(SimulatedClock(), sample_rate=CARD_RATE, source=hiss)


@pytest.fixture
def run(engine: Engine, card: SimulatedBackend) -> Iterator[LiveRun]:
    made = LiveRun(engine, backend=card, clock=card.clock, fps=Fraction(24), seed=2)
    yield made
    if made.recorder.recording:
        made.stop()


def until(ready: Callable[[], bool]) -> None:
    for _ in range(2000):
        if ready():
            return
        time.sleep(0.005)
    raise AssertionError("it did not come to pass")


def settle(run: LiveRun) -> None:
    """Wait until nothing more has been heard for a while."""
    before, now = None, run.session.newest
    while before is not now:
        time.sleep(0.3)
        before, now = now, run.session.newest


def advance(run: LiveRun, card: SimulatedBackend, seconds: float) -> None:
    """Let time pass in steps, and wait until what came was heard."""
    for _ in range(round(seconds / 0.1)):
        card.advance(0.1)
        ring = run.recorder._ring
        assert ring is not None
        index = (ring.written / CARD_RATE - 0.03) * 24 - 1

        def heard(index: float = index) -> bool:
            newest = run.session.newest
            return newest is not None and newest.index >= index

        until(heard)


def perform(
    run: LiveRun, card: SimulatedBackend, folder: Path
) -> tuple[LiveTake, list[HeardFrame]]:
    """One second of listening, two of performance with a slider that moves, half a second more."""
    run.session.set_edits(None, {"storm": 0.25}, Reactivity())
    advance(run, card, 1.0)
    record, heard = run.session.on_frame, []
    assert record is not None

    def both(frame: HeardFrame) -> None:
        heard.append(frame)
        record(frame)

    run.session.on_frame = both
    run.begin_take(folder / "take.flac")
    first = run._first_index
    advance(run, card, 1.0)
    run.session.set_strength("storm", 0.75)
    advance(run, card, 1.0)
    take = run.end_take()
    advance(run, card, 0.5)
    return take, [frame for frame in heard if frame.index >= first]


def test_a_performance_renders_again_the_same(
    engine: Engine, run: LiveRun, card: SimulatedBackend, tmp_path: Path
) -> None:
    take, heard = perform(run, card, tmp_path)
    assert take.problem is None
    assert take.seconds == pytest.approx(2.0, abs=0.1)
    assert take.frames == int(np.ceil(take.seconds * 24))
    media = (
        Media("s", "take.flac", MediaKind.SOUND),
        Media("l", "take.latents", MediaKind.LATENTS),
    )
    project = Project(take=Take("s", take.seconds, latents="l"), media=media, fps="24")
    rendering = Rendering(engine, project, {"s": take.sound, "l": take.latents})
    assert rendering.frames == take.frames
    # Of the last frame's sound a part came only after the take's end.
    live = np.stack([frame.w for frame in heard[: take.frames - 1]])
    np.testing.assert_array_equal(rendering.plain(0, len(live)), live)
    storm = dict(take.moves)["storm"]
    assert [value for _, value in storm] == [0.25, 0.25, 0.75]
    assert storm[2][0] == pytest.approx(1.0, abs=0.1)


def test_sound_and_latents_begin_together(
    run: LiveRun, card: SimulatedBackend, tmp_path: Path
) -> None:
    take, heard = perform(run, card, tmp_path)
    first = round(heard[0].index / 24 * CARD_RATE)
    whole = np.concatenate([hiss(at, 1024) for at in range(0, 4 * CARD_RATE, 1024)])[:, 0]
    sound = read_sound(take.sound).samples[0]
    np.testing.assert_allclose(sound, whole[first : first + len(sound)], atol=1e-6)


def test_stopping_keeps_the_performance(
    run: LiveRun, card: SimulatedBackend, tmp_path: Path
) -> None:
    advance(run, card, 0.5)
    run.begin_take(tmp_path / "take.flac")
    with pytest.raises(DeviceError, match="already"):
        run.begin_take(tmp_path / "second.flac")
    advance(run, card, 0.5)
    take = run.stop()
    assert take is not None
    assert take.seconds == pytest.approx(0.5, abs=0.1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["take.flac", "take.latents"]
    with pytest.raises(DeviceError, match="No performance"):
        run.end_take()


def test_what_exists_is_not_overwritten(
    run: LiveRun, card: SimulatedBackend, tmp_path: Path
) -> None:
    advance(run, card, 0.3)
    (tmp_path / "take.flac").write_bytes(b"precious")
    with pytest.raises(MediaError, match="already exists"):
        run.begin_take(tmp_path / "take.flac")
    assert [p.name for p in tmp_path.iterdir()] == ["take.flac"]
    (tmp_path / "other.latents").write_bytes(b"precious")
    with pytest.raises(ExportError, match="could not be written"):
        run.begin_take(tmp_path / "other.flac")
    assert not run.recording


def test_a_microphone_that_vanishes_is_told(run: LiveRun, card: SimulatedBackend) -> None:
    advance(run, card, 0.3)
    assert run.problem is None
    card.unplug("Microphone")

    def told() -> bool:
        card.advance(0.5)
        return run.problem is not None

    until(told)
    assert '"Microphone" stopped answering' in str(run.problem)


def test_no_microphone_is_told(engine: Engine, card: SimulatedBackend) -> None:
    card.inputs = []
    with pytest.raises(DeviceError):
        LiveRun(engine, backend=card)


def test_a_failure_in_hearing_is_told(engine: Engine, run: LiveRun, card: SimulatedBackend) -> None:
    run.session.on_frame = lambda frame: 1 / 0  # type: ignore[assignment,return-value]
    card.advance(0.5)
    until(lambda: run.problem is not None)
    assert "Live stopped" in str(run.problem)


def test_latents_survive_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "take.latents"
    stream = LatentsStream(path, (3, 4), "tiny 1", Fraction(24))
    w = np.random.default_rng(0).standard_normal((10, 3, 4)).astype(np.float16)
    for frame in w[:6]:
        stream.append(frame.astype(np.float32))
    stream.flush()
    np.testing.assert_array_equal(read_latents(path, (3, 4), "tiny").w, w[:6])
    for frame in w[6:]:
        stream.append(frame.astype(np.float32))
    stream._file.write(b"half")
    stream._file.close()
    with pytest.raises(MediaError):
        read_latents(path, (3, 4), "tiny")
    assert mend_latents(path) == 10
    found = read_latents(path, (3, 4), "tiny")
    np.testing.assert_array_equal(found.w, w)
    assert (found.fps, found.pack) == (Fraction(24), "tiny 1")


def test_what_is_no_stream_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.latents"
    path.write_bytes(b"no latents at all")
    with pytest.raises(MediaError, match="cannot be read"):
        mend_latents(path)
    assert path.read_bytes() == b"no latents at all"


def test_a_take_knows_its_length(tmp_path: Path) -> None:
    stream = LatentsStream(tmp_path / "a.latents", (1, 2), "p", Fraction(25))
    stream.append(np.ones((1, 2), np.float32))
    stream.finish(3)
    assert read_latents(stream.path, (1, 2), "p").w.tolist() == [[[1, 1]]] * 3


def test_what_cannot_be_heard_in_time_is_left_out(
    run: LiveRun, card: SimulatedBackend, tmp_path: Path
) -> None:
    advance(run, card, 0.3)
    with run._gate:  # hearing waits while two seconds come
        card.advance(2.0)
    until(lambda: run._left_out > 0)
    assert run._left_out < 2 * CARD_RATE
    until(lambda: run.session.newest is not None and run.session.newest.index > 15)
    settle(run)
    heard: list[HeardFrame] = []
    record = run.session.on_frame
    assert record is not None
    run.session.on_frame = lambda frame: (heard.append(frame), record(frame))[1]
    run.begin_take(tmp_path / "take.flac")
    card.advance(0.5)
    until(lambda: len(heard) > 8)
    take = run.end_take()
    first = run._left_out + round(heard[0].index / 24 * CARD_RATE)
    whole = np.concatenate([hiss(at, 1024) for at in range(0, 4 * CARD_RATE, 1024)])[:, 0]
    sound = read_sound(take.sound).samples[0]
    np.testing.assert_allclose(sound, whole[first : first + len(sound)], atol=1e-6)
