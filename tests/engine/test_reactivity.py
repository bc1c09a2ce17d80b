"""How far the sound goes: identity, the start itself, between, by band, and in whole projects."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundedit.document.commands import set_reactivity, set_reactivity_bands
from soundedit.document.model import (
    Bands,
    Edit,
    Media,
    MediaKind,
    Part,
    PartKind,
    Project,
    Reactivity,
    Start,
    StartKind,
    Take,
)
from soundedit.engine.engine import Engine
from soundedit.engine.latents import Latents, write_latents
from soundedit.engine.reactivity import layer_gains, reacting, towards
from soundedit.engine.rendering import Rendering
from soundedit.media.sound import write_sound

from .conftest import MakeNoise

FULL = Reactivity()
shares = st.floats(0.0, 1.0, width=32)
# The engine of the session and its region never change.
same_engine = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def walk(engine: Engine, seed: int, frames: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """A trajectory and a scene that moves, [n, L, D] each, well inside the trusted region."""
    rng = np.random.default_rng(seed)
    shape = (2, frames, engine.num_ws, engine.w_dim)
    spread = 0.2 * engine.region.spread @ engine.region.axes
    found = engine.region.centre + spread * rng.standard_normal(shape)
    return found[0].astype(np.float32), found[1].astype(np.float32)


def react(engine: Engine, w: np.ndarray, scene: np.ndarray, wanted: Reactivity) -> np.ndarray:
    return reacting(w, scene, layer_gains(wanted, engine.num_ws), engine.bound)


def test_gains_are_the_strength_times_the_bands() -> None:
    gains = layer_gains(Reactivity(0.5, Bands(0.0, 1.0, 2.0)), 10)
    assert gains.tolist() == [0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1, 1]
    assert (layer_gains(FULL, 14) == 1).all()


@same_engine
@given(seed=st.integers(0, 99))
def test_full_is_the_trajectory_and_none_the_start_bit_for_bit(engine: Engine, seed: int) -> None:
    w, scene = walk(engine, seed)
    assert react(engine, w, scene, FULL).tobytes() == w.tobytes()
    assert react(engine, w, scene, Reactivity(0.0)).tobytes() == scene.tobytes()
    assert react(engine, w, scene, Reactivity(1.0, Bands(0, 0, 0))).tobytes() == scene.tobytes()
    # Half of a band that counts twice is all of it, and the others are untouched by that.
    half = react(engine, w, scene, Reactivity(0.5, Bands(2.0, 2.0, 1.0)))
    assert half[:, :6].tobytes() == w[:, :6].tobytes()


@same_engine
@given(seed=st.integers(0, 99), one=shares, other=shares, part=shares)
def test_it_is_linear_within_the_region(
    engine: Engine, seed: int, one: float, other: float, part: float
) -> None:
    w, scene = walk(engine, seed)
    between = (1 - part) * one + part * other
    low, high, middle = (react(engine, w, scene, Reactivity(s)) for s in (one, other, between))
    assert np.allclose(middle, (1 - part) * low + part * high, atol=1e-5)
    assert np.allclose(low - scene, one * (w - scene), atol=1e-5)
    assert np.allclose(react(engine, w, scene, Reactivity(1.25)) - scene, 1.25 * (w - scene),
                       atol=1e-5)  # fmt: skip


@same_engine
@given(seed=st.integers(0, 99), coarse=shares, mid=shares, fine=shares)
def test_bands_act_on_their_own_layers(
    engine: Engine, seed: int, coarse: float, mid: float, fine: float
) -> None:
    w, scene = walk(engine, seed)
    mixed = react(engine, w, scene, Reactivity(1.0, Bands(coarse, mid, fine)))
    for part, share in ((slice(0, 3), coarse), (slice(3, 6), mid), (slice(6, None), fine)):
        alone = react(engine, w, scene, Reactivity(share))
        assert mixed[:, part].tobytes() == alone[:, part].tobytes()


@same_engine
@given(seed=st.integers(0, 99), strength=st.floats(1.01, 2.0), coarse=st.floats(1.0, 2.0))
def test_what_goes_further_than_the_sound_led_stays_in_the_region(
    engine: Engine, seed: int, strength: float, coarse: float
) -> None:
    w, scene = walk(engine, seed)
    region = engine.region
    far = (w + 6 * (w - scene)).astype(np.float32)
    inside, _ = engine.bound(far, scene)
    found = react(engine, inside, scene, Reactivity(strength, Bands(coarse, 1.0, 0.5)))
    radius = np.linalg.norm(region.whiten(found - region.centre), axis=2)
    led = np.linalg.norm(region.whiten(inside - region.centre), axis=2)
    assert (radius[:, :6] <= 1.251 * np.maximum(region.radius, 1.1 * led)[:, :6]).all()
    # Just above 1 there is no jump.
    near = react(engine, inside, scene, Reactivity(1.0001))
    assert np.abs(near - inside).max() <= 1.1e-4 * np.abs(inside - scene).max() + 1e-6


def test_towards_comes_nearer_and_is_there_in_the_end() -> None:
    now, wanted = Reactivity(2.0), Reactivity(0.5, Bands(1.0, 0.0, 1.0))
    half = towards(now, wanted, 0.5)
    assert half == Reactivity(1.25, Bands(1.0, 0.5, 1.0))
    assert towards(now, wanted, 1.0) is wanted
    assert towards(replace(wanted, strength=0.503), wanted, 0.0) is wanted


@pytest.fixture(scope="module")
def files(
    engine: Engine, noise: MakeNoise, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("media")
    write_sound(folder / "take.wav", noise(2.0))
    live = np.stack([engine.sample(seed) for seed in range(30, 50)])
    write_latents(folder / "live.latents", Latents(live, "tiny 1.0", Fraction(10)))
    moving = np.linspace(engine.sample(7), engine.sample(8), 20).astype(np.float32)
    write_latents(folder / "video.latents", Latents(moving, "tiny 1.0", Fraction(10)))
    names = {"m1": "take.wav", "live": "live.latents", "video": "video.latents"}
    return {media: folder / name for media, name in names.items()}


def project(**changes: object) -> Project:
    media = (
        Media("m1", "take.wav", MediaKind.SOUND),
        Media("live", "live.latents", MediaKind.LATENTS),
        Media("video", "video.latents", MediaKind.LATENTS),
    )
    base = Project(take=Take("m1", 2.0), media=media, fps="10", start=Start(seed=5))
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def seeded(engine: Engine, files: dict[str, Path]) -> Rendering:
    return Rendering(engine, project(), files)


def test_a_project_reacts_less_without_a_new_trajectory(engine: Engine, seeded: Rendering) -> None:
    w, scene = seeded.latents(0, 20), engine.sample(5)
    assert np.array_equal(w, engine.generate(seeded._files["m1"], fps=10, seed=5).w)
    half = seeded.with_project(set_reactivity(seeded.project, 0.5))
    assert half._ground is seeded._ground
    assert np.allclose(half.latents(0, 20), scene + 0.5 * (w - scene), atol=1e-6)
    assert half.plain(3, 4).tobytes() == half.latents(3, 4).tobytes()
    still = seeded.with_project(set_reactivity(seeded.project, 0.0))
    assert (still.latents(0, 20) == scene).all()
    coarse = seeded.with_project(set_reactivity_bands(seeded.project, Bands(1.0, 0.0, 0.0)))
    assert np.array_equal(coarse.latents(0, 20)[:, :3], w[:, :3])
    assert (coarse.latents(0, 20)[:, 3:] == scene[3:]).all()
    again = half.with_project(set_reactivity(half.project, 1.0))
    assert again.latents(0, 20).tobytes() == w.tobytes()


def test_edits_are_added_to_what_is_shown(seeded: Rendering) -> None:
    rain = Edit("e", "rain", (Part(PartKind.TEXT, "rain"),), strength=0.02)
    full = seeded.with_project(replace(seeded.project, edits=(rain,)))
    half = full.with_project(set_reactivity(full.project, 0.5))
    moved = half.latents(0, 20) - half.plain(0, 20)
    assert np.abs(moved).max() > 1e-3
    assert np.allclose(moved, full.latents(0, 20) - full.plain(0, 20), atol=1e-6)
    w = seeded.plain(4, 1)[0]
    mixed = full.mix(w, {"e": 0.02}, Reactivity(0.5))
    assert np.allclose(mixed, half.latents(4, 1)[0], atol=1e-6)


def test_keys_tell_one_reactivity_from_another(seeded: Rendering) -> None:
    wanted = [
        FULL,
        Reactivity(0.5),
        Reactivity(0.0),
        Reactivity(1.0, Bands(0.5, 1.0, 1.0)),
        Reactivity(1.0, Bands(1.0, 0.5, 1.0)),
    ]
    made = [seeded.with_project(replace(seeded.project, reactivity=one)) for one in wanted]
    assert len({one.key for one in made}) == len({int(one.frame_keys[3]) for one in made}) == 5
    assert (made[0].frame_keys == seeded.frame_keys).all()
    double = replace(seeded.project, reactivity=Reactivity(0.5, Bands(2.0, 2.0, 2.0)))
    assert (seeded.with_project(double).frame_keys == seeded.frame_keys).all()


def test_a_video_goes_on_moving_where_the_sound_may_not(
    engine: Engine, files: dict[str, Path]
) -> None:
    start = Start(StartKind.VIDEO, media="video", latents="video")
    moving = Rendering(engine, project(start=start), files)
    path = np.linspace(engine.sample(7), engine.sample(8), 20).astype(np.float32)
    w = moving.latents(0, 20)
    assert np.abs(w - path).max() > 0.01
    still = moving.with_project(set_reactivity(moving.project, 0.0))
    assert np.array_equal(still.latents(0, 20), path)
    assert np.array_equal(still.latents(13, 2), path[13:15])
    third = moving.with_project(set_reactivity(moving.project, 0.3))
    assert np.allclose(third.latents(0, 20), path + 0.3 * (w - path), atol=1e-6)


def test_a_live_take_goes_to_the_start_of_its_project(
    engine: Engine, files: dict[str, Path]
) -> None:
    take = Take("m1", 2.0, latents="live")
    full = Rendering(engine, project(take=take), files)
    live = np.stack([engine.sample(seed) for seed in range(30, 50)])
    assert np.array_equal(full.latents(0, 20), live)
    half = full.with_project(set_reactivity(full.project, 0.5))
    scene = engine.sample(5)
    assert np.allclose(half.latents(0, 20), scene + 0.5 * (live - scene), atol=1e-6)
    # On a video, live shows its first frame.
    start = Start(StartKind.VIDEO, media="video", latents="video")
    still = Rendering(engine, project(take=take, start=start, reactivity=Reactivity(0.0)), files)
    assert (still.latents(0, 20) == engine.sample(7)).all()


def test_where_nothing_moves_there_is_nothing_to_hold_back(
    engine: Engine, files: dict[str, Path]
) -> None:
    still = Rendering(engine, project(take=None), files)
    less = still.with_project(set_reactivity(still.project, 0.2))
    assert less.key == still.key
    assert np.array_equal(less.latents(0, 1)[0], engine.sample(5))
