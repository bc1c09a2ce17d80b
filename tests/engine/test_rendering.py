"""A project on an engine: identity, order, spans, styles, and what is computed anew."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from soundedit.document.model import (
    Bands,
    Edit,
    Media,
    MediaKind,
    Part,
    PartKind,
    Project,
    Span,
    Start,
    Take,
)
from soundedit.engine.engine import Engine
from soundedit.engine.latents import Latents, write_latents
from soundedit.engine.rendering import Rendering
from soundedit.errors import MediaError
from soundedit.media.sound import write_sound

from .conftest import MakeNoise

RAIN = Edit("e1", "rain", (Part(PartKind.TEXT, "rain"),), strength=0.02)


@pytest.fixture(scope="module")
def files(noise: MakeNoise, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("media")
    write_sound(folder / "take.wav", noise(2.0))
    write_sound(folder / "other.wav", noise(0.5, seed=2))
    return {"m1": folder / "take.wav", "m2": folder / "other.wav"}


def project(*edits: Edit, **changes: object) -> Project:
    media = (Media("m1", "take.wav", MediaKind.SOUND), Media("m2", "other.wav", MediaKind.SOUND))
    base = Project(take=Take("m1", 2.0), media=media, fps="10", edits=edits)
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def plain(engine: Engine, files: dict[str, Path]) -> Rendering:
    return Rendering(engine, project(), files)


def test_without_edits_it_is_the_trajectory(
    engine: Engine, plain: Rendering, files: dict[str, Path]
) -> None:
    assert (plain.frames, plain.seconds, plain.fps) == (20, 2.0, 10)
    wanted = engine.generate(files["m1"], fps=10).w
    assert np.array_equal(plain.latents(0, 20), wanted)
    assert np.array_equal(plain.plain(3, 4), wanted[3:7])
    assert plain.damping(0) == 0
    assert plain.distance(5) == {"coarse": 0, "mid": 0, "fine": 0}


def test_strength_zero_is_the_identity_bit_for_bit(plain: Rendering) -> None:
    parts = (Part(PartKind.TEXT, "rain"), Part(PartKind.SOUND, "m2"), Part(PartKind.SEED, "5"))
    edits = (Edit("a", "", parts, strength=0.0), Edit("b", "", parts, bands=Bands(0, 0, 0)))
    same = plain.with_project(project(*edits))
    assert same.latents(0, 20).tobytes() == plain.plain(0, 20).tobytes()


def test_an_edit_acts_in_its_span_and_its_bands_only(plain: Rendering) -> None:
    edit = replace(RAIN, span=Span(0.5, 1.0), bands=Bands(0.0, 1.0, 0.5))
    moved = plain.with_project(project(edit)).latents(0, 20) - plain.plain(0, 20)
    acted = np.abs(moved).max((1, 2)) > 0
    assert np.flatnonzero(acted).tolist() == [5, 6, 7, 8, 9]
    assert not moved[:, :3].any()
    alone = plain.with_project(project(RAIN)).latents(5, 1) - plain.plain(5, 1)
    assert np.allclose(moved[5, 3:6], alone[0, 3:6], atol=1e-6)
    assert np.allclose(moved[5, 6:], 0.5 * alone[0, 6:], atol=1e-6)


def test_small_edits_add_up_and_opposite_ones_cancel(plain: Rendering) -> None:
    wind = Edit("e2", "wind", (Part(PartKind.TEXT, "wind"),), strength=0.015)
    both = plain.with_project(project(RAIN, wind)).latents(0, 20)
    one, other = (plain.with_project(project(e)).latents(0, 20) for e in (RAIN, wind))
    base = plain.plain(0, 20)
    assert np.allclose(both - base, (one - base) + (other - base), atol=1e-6)
    undone = plain.with_project(project(RAIN, replace(RAIN, id="e3", strength=-0.02)))
    assert np.allclose(undone.latents(0, 20), base, atol=1e-6)


def test_parts_of_one_edit_are_blended_by_weight(plain: Rendering) -> None:
    parts = (Part(PartKind.TEXT, "rain", 0.5), Part(PartKind.SOUND, "m2", -0.25))
    mixed = plain.with_project(project(Edit("a", "", parts, strength=0.02)))
    separate = plain.with_project(
        project(
            replace(RAIN, strength=0.01),
            Edit("b", "", (Part(PartKind.SOUND, "m2"),), strength=-0.005),
        )
    )
    assert np.allclose(mixed.latents(0, 5), separate.latents(0, 5), atol=1e-6)


def test_a_style_takes_the_place_of_the_scene(engine: Engine, plain: Rendering) -> None:
    """At strength 1 the take moves the style's scene as it moved the start's; later ones win."""
    first = Edit("a", "", (Part(PartKind.SEED, "3"),), bands=Bands(1, 1, 0))
    small = engine.sample(0) + 0.05 * (engine.sample(9) - engine.sample(0))
    wanted = plain.plain(0, 20)
    wanted[:, :6] += (small - engine.sample(0))[:6]
    second = Edit("b", "", (Part(PartKind.SEED, "9"),), bands=Bands(1, 1, 0), strength=0.05)
    assert np.allclose(plain.with_project(project(second)).latents(0, 20), wanted, atol=1e-5)
    full = replace(second, strength=1.0)
    one = plain.with_project(project(full)).latents(0, 20)
    assert np.allclose(plain.with_project(project(first, full)).latents(0, 20), one, atol=1e-5)


def test_strong_edits_stay_in_the_trusted_region(engine: Engine, plain: Rendering) -> None:
    strong = plain.with_project(project(replace(RAIN, strength=2.0)))
    w = strong.latents(0, 20)
    assert strong.damping(10) > 0.2
    region = engine.region
    radius = np.linalg.norm(region.whiten(w - region.centre), axis=2)
    outside = np.linalg.norm(region.whiten(plain.plain(0, 20) - region.centre), axis=2)
    assert (radius <= 1.251 * np.maximum(region.radius, 1.1 * outside)).all()


def test_following_a_sound(plain: Rendering, files: dict[str, Path]) -> None:
    edit = Edit("a", "", (Part(PartKind.SOUND, "m2"),), strength=0.01, follow=True)
    base = plain.plain(0, 20)
    moved = np.linalg.norm(plain.with_project(project(edit)).latents(0, 20) - base, axis=(1, 2))
    steady = plain.with_project(project(replace(edit, follow=False))).latents(0, 20) - base
    share = moved / np.linalg.norm(steady, axis=(1, 2))
    assert share.max() <= 1 + 1e-4
    assert share.min() < 0.9
    # The sound of half a second is repeated, five frames a turn.
    assert np.allclose(share[:5], share[5:10], atol=1e-3)


def test_saved_and_refined_directions(engine: Engine, plain: Rendering, tmp_path: Path) -> None:
    dw = np.full((10, 16), 0.01, np.float32)
    write_latents(tmp_path / "d.latents", Latents(dw, "tiny 1.0"))
    media = (*project().media, Media("m9", "d.latents", MediaKind.DIRECTION))
    all_files = {**plain._files, "m9": tmp_path / "d.latents"}
    refined = replace(RAIN, strength=0.5, refined="m9")
    saved = Edit("s", "", (Part(PartKind.DIRECTION, "m9", 2.0),), strength=0.25)
    for edit in (refined, saved):
        moved = plain.with_project(project(edit, media=media), all_files)
        assert moved.problems == []
        assert np.allclose(moved.latents(0, 4) - plain.plain(0, 4), 0.005, atol=1e-6)


def test_latents_of_another_version_act_and_say_what_to_expect(
    engine: Engine, plain: Rendering, tmp_path: Path
) -> None:
    dw = np.full((10, 16), 0.01, np.float32)
    media = (*project().media, Media("m9", "d.latents", MediaKind.DIRECTION))
    all_files = {**plain._files, "m9": tmp_path / "d.latents"}
    saved = Edit("s", "glow", (Part(PartKind.DIRECTION, "m9", 2.0),), strength=0.25)
    for space, warns in (("", False), (engine.manifest.latents, False), ("older", True)):
        (tmp_path / "d.latents").unlink(missing_ok=True)
        write_latents(tmp_path / "d.latents", Latents(dw, "tiny 0.1", space=space))
        moved = plain.with_project(project(saved, media=media), all_files)
        assert np.allclose(moved.latents(0, 4) - plain.plain(0, 4), 0.005, atol=1e-6)
        assert moved.faults == {}
        assert list(moved.cautions) == (["s"] if warns else [])
        assert len(moved.problems) == warns
    assert moved.problems[0].startswith("glow: The direction was kept with another version")
    assert "tiny 0.1" in moved.problems[0]


def test_keys(plain: Rendering) -> None:
    edited = plain.with_project(project(replace(RAIN, span=Span(1.0, None))))
    assert edited.key != plain.key
    assert plain.with_project(project(replace(RAIN, mute=True))).key == plain.key
    renamed = replace(RAIN, id="zz", name="drizzle", span=Span(1.0, None))
    assert plain.with_project(project(renamed)).key == edited.key


def test_a_frames_key_changes_with_its_picture_and_only_then(plain: Rendering) -> None:
    keys = plain.frame_keys
    assert (keys == keys[0]).all()
    late = replace(RAIN, span=Span(1.0, None))
    edited = plain.with_project(project(late))
    changed = np.abs(edited.latents(0, 20) - plain.latents(0, 20)).max((1, 2)) > 0
    assert changed.any() and not changed.all()
    np.testing.assert_array_equal(edited.frame_keys[:20] != keys[:20], changed)
    one, two = replace(late, strength=0.7), replace(RAIN, id="two", strength=0.4)
    seen = [keys[-1], edited.frame_keys[-1]]
    for edits in ((one,), (one, two), (two, one), (replace(one, bands=Bands(1, 0, 0)), two)):
        seen.append(plain.with_project(project(*edits)).frame_keys[-1])
    assert len({int(key) for key in seen}) == 6
    assert (plain.with_project(project(replace(late, mute=True))).frame_keys == keys).all()
    again = plain.with_project(project(replace(late, id="zz", name="drizzle")))
    np.testing.assert_array_equal(again.frame_keys, edited.frame_keys)


def test_only_what_changed_is_computed_again(plain: Rendering) -> None:
    assert plain.with_project(project(RAIN))._ground is plain._ground
    other = plain.with_project(project(RAIN, start=Start(seed=4)))
    assert other._ground is not plain._ground
    assert not np.array_equal(other.plain(0, 20), plain.plain(0, 20))
    assert plain.with_project(project(fps="5")).frames == 10


def test_without_a_take_the_start_stands_still(engine: Engine) -> None:
    still = Rendering(engine, Project(start=Start(seed=6), edits=(RAIN,)), {})
    assert still.frames == 1
    assert np.array_equal(still.plain(0, 1)[0], engine.sample(6))
    assert not np.array_equal(still.latents(0, 1), still.plain(0, 1))


def test_missing_files(engine: Engine, plain: Rendering) -> None:
    lost = Edit("a", "lost", (Part(PartKind.SOUND, "gone"),))
    partly = plain.with_project(project(lost, RAIN))
    assert partly.problems == ["lost does nothing: The file gone of the project is missing; "
                               "put it back."]  # fmt: skip
    rain = plain.with_project(project(RAIN))
    assert np.array_equal(partly.latents(0, 20), rain.latents(0, 20))
    with pytest.raises(MediaError, match=r"take\.wav of the project is missing"):
        Rendering(engine, project(), {})


def test_frames_outside_are_refused(plain: Rendering) -> None:
    with pytest.raises(ValueError, match="not within 20"):
        plain.latents(18, 3)


def test_an_edit_begins_with_the_frame_it_was_set_at(plain: Rendering) -> None:
    rate = Fraction(24000, 1001)
    for first in range(0, 40, 3):
        span = Span(float(first / rate), float((first + 5) / rate))
        made = plain.with_project(project(replace(RAIN, span=span), fps=str(rate)))
        moved = made.latents(0, made.frames) - made.plain(0, made.frames)
        acted = np.flatnonzero(np.abs(moved).max((1, 2)) > 0)
        assert acted.tolist() == list(range(first, first + 5))
