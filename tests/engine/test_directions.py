"""Directions, fast and fine, and the trusted region."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soundedit.document.model import Part, PartKind
from soundedit.engine.engine import Engine
from soundedit.engine.latents import Latents, read_latents, write_latents
from soundedit.engine.refine import RefineSettings
from soundedit.engine.region import Region
from soundedit.errors import Cancelled, MediaError, PackError, SoundeditError
from soundedit.media.sound import write_sound
from soundedit.nets.directions import principal_region
from soundedit.progress import CancelToken
from tests.tiny_pack import save_tiny_pack

from .conftest import MakeNoise

RAIN = Part(PartKind.TEXT, "rain")


def nowhere(media: str) -> Path:
    raise AssertionError(media)


@pytest.fixture(scope="module")
def region() -> Region:
    codes = np.random.default_rng(0).standard_normal((500, 4, 8)).astype(np.float32)
    codes *= np.linspace(0.1, 2, 8, dtype=np.float32)
    # Seven layers at least have bands.
    return Region(*principal_region(np.concatenate([codes, codes], axis=1)))


def test_words_and_sounds_give_directions(engine: Engine, noise: MakeNoise, tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav", noise(1.0))
    word = engine.direction([RAIN], nowhere)
    heard = engine.direction([Part(PartKind.SOUND, "m")], lambda media: tmp_path / "a.wav")
    assert word.dw.shape == heard.dw.shape == (10, 16)
    assert word.dw.dtype == np.float32
    assert not np.allclose(word.dw, heard.dw)
    assert set(word.change) == {"coarse", "mid", "fine"}
    both = engine.direction([Part(PartKind.TEXT, "rain", -2.0), RAIN], nowhere)
    assert np.allclose(both.dw, -word.dw, atol=1e-6)
    half = engine.direction([Part(PartKind.TEXT, "rain", 0.5)], nowhere)
    assert half.change["mid"] == pytest.approx(word.change["mid"] / 2)


def test_styles_add_no_offset(engine: Engine) -> None:
    assert not engine.direction([Part(PartKind.SEED, "3")], nowhere).dw.any()


def test_a_pack_without_directions_says_so(tmp_path: Path) -> None:
    plain = Engine.load(save_tiny_pack(tmp_path / "plain", editing=False).path, "cpu")
    with pytest.raises(PackError, match="has no directions, so words"):
        plain.direction([RAIN], nowhere)
    with pytest.raises(PackError, match="has no photo encoder"):
        plain.encode_picture(np.zeros((64, 64, 3), np.uint8))
    w = plain.sample(1)
    assert np.array_equal(plain.bound(w, w)[0], w)


def test_the_region_holds_what_it_was_made_of(region: Region) -> None:
    codes = np.random.default_rng(1).standard_normal((300, 8, 8)).astype(np.float32)
    codes *= np.linspace(0.1, 2, 8, dtype=np.float32)
    kept, damping = region.bound(codes)
    assert (damping == 0).mean() > 0.8
    assert np.array_equal(kept[damping == 0], codes[damping == 0])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 50), st.floats(0, 4))
def test_bounds(region: Region, seed: int, far: float, out: float) -> None:
    """Never further out than a quarter of a radius; along the way; more is never damped less."""
    rng = np.random.default_rng(seed)
    base = (region.centre + out * rng.standard_normal((8, 8)) * region.spread).astype(np.float32)
    way = (rng.standard_normal((8, 8)) * region.spread).astype(np.float32)
    w = base + np.float32(far) * way
    kept, damping = region.bound(w, base)
    assert 0 <= damping <= 1
    radius = np.linalg.norm(region.whiten(kept - region.centre), axis=1)
    own = np.linalg.norm(region.whiten(base - region.centre), axis=1)
    # 1.25 times the way to the bound leads at most 1.25 times as far out, and the base's share.
    assert (radius <= 1.5 * np.maximum(region.radius, 1.1 * own) + 1e-3).all()
    share = ((kept - base) * way).sum(1) / np.square(way).sum(1)
    assert np.allclose(kept - base, share[:, None] * way, atol=1e-3 * max(far, 1))
    _, more = region.bound(base + np.float32(2 * far) * way, base)
    assert more >= damping - 1e-4


def test_damping_sets_in_smoothly(region: Region) -> None:
    way = np.zeros((8, 8), np.float32)
    way[:, -1] = 1
    steps = np.linspace(0, 40, 4001, dtype=np.float32)[:, None, None]
    kept, _ = region.bound(region.centre + steps * way)
    places = (kept - region.centre)[:, 0, -1]
    grown = np.diff(places)
    assert (grown > -1e-4).all()
    # The pace does not jump anywhere.
    assert np.abs(np.diff(grown)).max() < 0.1 * grown.max()


def test_an_edit_of_strength_zero_is_the_identity(engine: Engine) -> None:
    """Also where latents lie outside of the region already."""
    w = engine.region.centre + 30 * engine.sample(3)
    kept, damping = engine.bound(w, w)
    assert np.array_equal(kept, w)
    assert damping == 0


def test_fine_directions_come_nearer(engine: Engine) -> None:
    pictures: list[np.ndarray] = []
    told: list[float] = []
    found = engine.refine_direction(
        [RAIN],
        nowhere,
        settings=RefineSettings(steps=20, stay=0.0, keep=0.01),
        progress=lambda fraction, text: told.append(fraction),
        on_picture=pictures.append,
    )
    assert found.after > found.before
    assert found.weights.shape == (10,)
    assert found.weights.mean() == pytest.approx(1, abs=1e-4)
    assert np.ptp(found.weights) > 0.01
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(pictures) == 5
    # The tower looks at 32 x 32 pixels; what is found is shown whole.
    assert [len(picture) for picture in pictures] == [32, 32, 32, 32, 64]
    assert not np.array_equal(pictures[0], pictures[-1])
    again = engine.refine_direction(
        [RAIN], nowhere, settings=RefineSettings(steps=20, stay=0.0, keep=0.01)
    )
    assert np.allclose(again.dw, found.dw, atol=1e-5)


def test_the_penalty_keeps_layers(engine: Engine) -> None:
    loose, tight = (
        engine.refine_direction([RAIN], nowhere, settings=RefineSettings(steps=15, keep=keep))
        for keep in (0.0, 30.0)
    )
    assert np.abs(tight.dw).mean() < np.abs(loose.dw).mean()


def test_refining_can_be_stopped(engine: Engine) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        engine.refine_direction([RAIN], nowhere, cancel=token)
    with pytest.raises(SoundeditError, match="Only words and sounds"):
        engine.refine_direction([Part(PartKind.SEED, "1")], nowhere)


def test_latents_round_trip(tmp_path: Path) -> None:
    w = np.random.default_rng(0).standard_normal((5, 10, 16)).astype(np.float32)
    write_latents(tmp_path / "a.latents", Latents(w, "tiny 1.0"))
    found = read_latents(tmp_path / "a.latents", (10, 16), "tiny")
    assert np.array_equal(found.w, w)
    assert (found.pack, found.fps) == ("tiny 1.0", None)
    with pytest.raises(MediaError, match=r"made for another pack \(tiny 1\.0\)"):
        read_latents(tmp_path / "a.latents", (8, 16), "tiny")
    # Another pack of the same shape: its latents mean something else.
    for other in ("tin", "tiny2", "other"):
        with pytest.raises(MediaError, match=r"made for another pack \(tiny 1\.0\)"):
            read_latents(tmp_path / "a.latents", (10, 16), other)
    # Unless they are of one space, as those of a pack that differs in its words alone.
    write_latents(tmp_path / "s.latents", Latents(w, "tiny 1.0", space="hills"))
    assert np.array_equal(read_latents(tmp_path / "s.latents", (10, 16), "other", "hills").w, w)
    for space in ("", "valleys"):
        with pytest.raises(MediaError, match="made for another pack"):
            read_latents(tmp_path / "s.latents", (10, 16), "other", space)
    write_latents(tmp_path / "c.latents", Latents(w))
    assert np.array_equal(read_latents(tmp_path / "c.latents", (10, 16), "any").w, w)
    (tmp_path / "b.latents").write_bytes(b"junk")
    with pytest.raises(MediaError, match="cannot be read"):
        read_latents(tmp_path / "b.latents", (10, 16), "tiny")


def test_latents_of_a_smaller_version_are_carried_on(tmp_path: Path) -> None:
    file = tmp_path / "small.latents"
    w = np.random.default_rng(4).standard_normal((3, 6, 4)).astype(np.float32)
    write_latents(file, Latents(w, "tiny 1.0"))
    found = read_latents(file, (8, 4), "tiny").w
    assert np.array_equal(found[:, :6], w)
    assert np.array_equal(found[:, 6], w[:, 5]) and np.array_equal(found[:, 7], w[:, 5])
    for shape, pack in (((8, 4), "other"), ((4, 4), "tiny"), ((8, 5), "tiny")):
        with pytest.raises(MediaError, match="made for another pack"):
            read_latents(file, shape, pack)
