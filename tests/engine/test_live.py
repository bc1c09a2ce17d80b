"""Live: what is heard becomes pictures, the same as offline; controls act while it runs."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from soundedit.document.model import Bands, Reactivity
from soundedit.engine.engine import Engine
from soundedit.engine.live import HeardFrame, LiveSession, onset_openness
from soundedit.media.sound import Sound
from soundedit.packs import default_pack

from .conftest import RATE, MakeNoise


def feed(
    session: LiveSession, sound: Sound, block: int = 480, begin: float = 0.0
) -> list[HeardFrame]:
    """Push a sound in blocks; the frames heard."""
    heard: list[HeardFrame] = []
    session.on_frame = heard.append
    frames = sound.samples.T
    for at in range(0, len(frames), block):
        session.push(frames[at : at + block], begin + (at + block) / sound.sample_rate)
    return heard


def latents(heard: list[HeardFrame]) -> np.ndarray:
    return np.stack([one.w for one in heard])


@pytest.mark.parametrize("block", [256, 1024, 3000])
def test_without_smoothing_it_is_the_trajectory_without_lookahead(
    engine: Engine, noise: MakeNoise, block: int
) -> None:
    sound = noise(3.0)
    session = engine.live(RATE, fps=25, seed=3, calm=False)
    session.smoothing = 0.0
    heard = feed(session, sound, block)
    wanted = engine.generate_blocks(sound, fps=25, seed=3, lookahead=0.0)
    assert [one.index for one in heard] == list(range(76))
    np.testing.assert_allclose(latents(heard)[:75], np.concatenate(list(wanted)), atol=2e-3)


def test_another_sample_rate_and_two_channels(engine: Engine, noise: MakeNoise) -> None:
    slow = noise(2.0, rate=RATE)
    # Every frame of sound twice is the same sound at twice the rate, but for what lies above.
    doubled = Sound(np.repeat(np.repeat(slow.samples, 2, axis=1), 2, axis=0), 2 * RATE)
    one, two = engine.live(RATE), engine.live(2 * RATE)
    a, b = feed(one, slow), feed(two, doubled, 960)
    assert len(a) - 1 <= len(b) <= len(a)
    assert np.abs(latents(a)[: len(b)] - latents(b)).mean() < 0.05


def test_a_frame_hears_its_block_and_nothing_later(engine: Engine, noise: MakeNoise) -> None:
    sound = noise(2.0)
    cut = Sound(sound.samples.copy(), RATE)
    cut.samples[:, RATE:] = 0
    a, b = feed(engine.live(RATE), sound), feed(engine.live(RATE), cut)
    until = sum(one.captured <= 1.0 for one in a)
    assert until >= 24
    np.testing.assert_array_equal(latents(a)[:until], latents(b)[:until])
    assert not np.array_equal(a[until + 1].w, b[until + 1].w)


def test_frames_are_due_when_their_sound_was_heard(engine: Engine, noise: MakeNoise) -> None:
    heard = feed(engine.live(RATE, fps=25), noise(2.0), block=320, begin=100.0)
    for one in heard[1:]:
        assert one.captured - 100.0 == pytest.approx(one.index / 25, abs=0.011)


def test_sensitivity_is_a_gain(engine: Engine, noise: MakeNoise) -> None:
    sound = noise(2.0)
    quiet = Sound(sound.samples * np.float32(0.1), RATE)
    plain, raised = engine.live(RATE), engine.live(RATE)
    raised.sensitivity = 20.0
    feed(raised, Sound(np.zeros((1, RATE), np.float32), RATE))
    feed(plain, Sound(np.zeros((1, RATE), np.float32), RATE))
    np.testing.assert_allclose(latents(feed(raised, quiet)), latents(feed(plain, sound)), atol=3e-3)
    raised.sensitivity = 500.0
    feed(raised, quiet)
    assert raised._gain == pytest.approx(10 ** (36 / 20))


def test_freeze_holds_and_gives_way_gently(engine: Engine, noise: MakeNoise) -> None:
    session = engine.live(RATE, fps=24)
    session.smoothing = 0.0
    before = feed(session, noise(1.0))[-1]
    session.frozen = True
    held = feed(session, noise(1.0, seed=2))
    assert all(np.array_equal(one.w, before.w) for one in held)
    session.frozen = False
    after = feed(session, noise(2.0, seed=4))
    steps = np.abs(np.diff(latents([before, *after]), axis=0)).mean((1, 2))
    assert 0 < steps[0] < 0.5 * np.abs(after[20].w - before.w).mean()
    assert not np.array_equal(after[-1].w, before.w)


def test_smoothing_calms_but_lets_onsets_pass(engine: Engine) -> None:
    rng = np.random.default_rng(5)
    sound = Sound((rng.standard_normal((1, 3 * RATE)) * 0.01).astype(np.float32), RATE)
    calm, raw = engine.live(RATE, calm=False), engine.live(RATE, calm=False)
    raw.smoothing = 0.0
    steps = [
        np.abs(np.diff(latents(feed(session, sound))[24:], axis=0)).mean()
        for session in (calm, raw)
    ]
    assert steps[0] < 0.5 * steps[1]
    clap = Sound((rng.standard_normal((1, RATE // 2)) * 0.5).astype(np.float32), RATE)
    heard = feed(calm, clap)
    assert max(one.onset for one in heard[:3]) > 0.5
    assert onset_openness(0.04) == 0.0
    assert onset_openness(0.5) == 1.0


def test_only_the_newest_frame_is_drawn(engine: Engine, noise: MakeNoise) -> None:
    session = engine.live(RATE)
    assert session.step() is None
    heard = feed(session, noise(1.0))
    assert session.wait(0.0)
    frame = session.step()
    assert frame is not None
    assert frame.heard is heard[-1]
    assert frame.fresh
    np.testing.assert_array_equal(frame.picture, engine.picture(heard[-1].w))
    assert not session.wait(0.0)
    assert session.step() is None


def test_edits_act_by_their_strengths(engine: Engine, noise: MakeNoise) -> None:
    now = [0.0]
    session = engine.live(RATE)
    session._clock = lambda: now[0]
    offset = np.random.default_rng(1).standard_normal((10, 16)).astype(np.float32)
    session.set_edits(lambda w, s, _: w + s["storm"] * offset, {"storm": 0.0}, Reactivity())
    plain = feed(session, noise(1.0))[-1]
    frame = session.step()
    assert frame is not None
    np.testing.assert_array_equal(frame.picture, engine.picture(plain.w))
    # With the sound running the next frame takes the strength; without, the last is drawn again.
    session.set_strength("storm", 0.7)
    assert session.step() is None
    now[0] = plain.captured + 1.0
    again = session.step()
    assert again is not None
    assert not again.fresh
    np.testing.assert_array_equal(again.picture, engine.picture(plain.w + np.float32(0.7) * offset))
    heard = feed(session, noise(0.2, seed=3))
    assert heard[-1].strengths == {"storm": 0.7}


def test_an_edit_that_comes_while_it_runs_rises(engine: Engine, noise: MakeNoise) -> None:
    session = engine.live(RATE)

    def mix(w: np.ndarray, strengths: object, reactivity: Reactivity) -> np.ndarray:
        return w

    session.set_edits(mix, {"storm": 0.7}, Reactivity())
    assert {frame.strengths["storm"] for frame in feed(session, noise(0.5))} == {0.7}
    session.set_edits(mix, {"storm": 0.7, "fog": 0.5}, Reactivity())
    heard = feed(session, noise(1.5, seed=3))
    found = [frame.strengths["fog"] for frame in heard]
    assert found[0] == pytest.approx(0.5 / session.fps, rel=0.01)
    assert np.diff(found[: int(session.fps)]).min() > 0
    assert {frame.strengths["fog"] for frame in heard[int(session.fps) :]} == {0.5}
    assert {frame.strengths["storm"] for frame in heard} == {0.7}


def test_the_picture_glides_to_another_reactivity(engine: Engine, noise: MakeNoise) -> None:
    now, given = [0.0], []
    session = engine.live(RATE)
    session._clock = lambda: now[0]

    def mix(w: np.ndarray, strengths: object, reactivity: Reactivity) -> np.ndarray:
        given.append(reactivity)
        return w

    session.set_edits(mix, {}, Reactivity(0.5))
    captured = feed(session, noise(1.0))[-1].captured
    session.step()
    assert given == [Reactivity(0.5)]  # Nothing was shown before that it could glide from.
    wanted = Reactivity(1.5, Bands(1.0, 0.0, 1.0))
    session.set_edits(mix, {}, wanted)
    now[0] = captured + 1.0
    session._stepped = now[0]
    # No sound comes any more; the picture is drawn again until it is there.
    for _ in range(60):
        now[0] += 1 / 24
        session.step()
    values = [0.5, *(one.strength for one in given[1:])]
    steps = np.diff(values)
    assert (steps > 0).all() and steps.max() < 0.45
    assert given[-1] == wanted and len(given) < 30
    assert session.step() is None


def test_the_picture_glides_to_another_scene(engine: Engine, noise: MakeNoise) -> None:
    sound, cut = noise(4.0), RATE
    stays, goes = engine.live(RATE, fps=25), engine.live(RATE, fps=25)
    way = engine.sample(9) - engine.sample(0)
    apart = []
    for session in (stays, goes):
        session.smoothing = 0.0
        feed(session, Sound(sound.samples[:, :cut], RATE))
        if session is goes:
            session.set_scene(engine.sample(9))
        apart.append(latents(feed(session, Sound(sound.samples[:, cut:], RATE))))
    gone = ((apart[1] - apart[0]) * way).sum((1, 2)) / np.square(way).sum()
    # As smoothly as it begins it ends, after a second and a half.
    assert abs(gone[0]) < 0.02 and gone[10] < 0.35
    assert gone[60:].min() > 0.8 and gone[60:].max() < 1.2
    assert np.diff(gone[:38]).max() < 0.08
    # Going on, it is where it went.
    goes.set_scene(engine.sample(0))
    back = latents(feed(goes, noise(3.0)))[-1] - latents(feed(stays, noise(3.0)))[-1]
    assert abs(float((back * way).sum() / np.square(way).sum())) < 0.2


def test_what_it_sounds_like(engine: Engine, noise: MakeNoise) -> None:
    session = engine.live(RATE)
    assert session.label() is None
    feed(session, noise(1.5))
    told = session.label()
    assert told is not None
    best, score = told
    assert 0 <= best < len(engine.manifest.classes)
    assert 1 / len(engine.manifest.classes) <= score <= 1
    feed(session, Sound(np.zeros((1, RATE), np.float32), RATE))
    assert session.label() is None


def test_nonsense_from_a_device_is_silence(engine: Engine) -> None:
    session = engine.live(RATE)
    session.push(np.full((RATE, 1), np.nan, np.float32), 1.0)
    session.push(np.full((RATE, 1), np.inf, np.float32), 2.0)
    newest = session.newest
    assert newest is not None
    assert np.isfinite(newest.w).all()
    assert newest.level == pytest.approx(-1.0)


SECONDS = 4


@pytest.fixture(scope="module")
def shipped() -> Engine:
    found: Path = default_pack()
    return Engine.load(found, "cpu")


def room(level: float, seed: int = 0) -> np.ndarray:
    """A steady room: pink noise [n] at so many dBFS."""
    n = SECONDS * RATE
    bins = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    pink = np.fft.irfft(bins / np.sqrt(np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20)), n)
    return (pink / pink.std() * 10 ** (level / 20)).astype(np.float32)


def changes(engine: Engine, sound: np.ndarray) -> np.ndarray:
    """Mean absolute change of each frame after the second second, in levels of 255."""
    heard = feed(engine.live(RATE), Sound(sound[None], RATE))
    frames = [one.astype(np.float32) for one in engine.synthesise(latents(heard)[47:], size=64)]
    return np.array([np.abs(b - a).mean() for a, b in itertools.pairwise(frames)])


def test_a_steady_room_does_not_flicker(shipped: Engine) -> None:
    moved = changes(shipped, room(-40))
    assert moved.mean() < 1
    assert moved.max() < 3


def test_a_clap_is_seen_in_its_frame(shipped: Engine) -> None:
    sound, at = room(-60), 78
    rng = np.random.default_rng(3)
    clap = rng.standard_normal(8000) * np.exp(-np.arange(8000) / 960) * 0.4
    sound[round(at / 24 * RATE) :][:8000] += clap.astype(np.float32).clip(-1, 1)
    moved = changes(shipped, sound)
    # Frame `at` begins with the clap, so the next one is the first that heard it.
    assert moved[at - 47] > 5 * moved[: at - 47].max()
