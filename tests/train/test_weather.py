"""Weather on a made-up landscape: the picture does what the sound does."""

import re

import numpy as np
import pytest

from soundedit.train.prompts import PROMPTS, UNSEEN_SYNONYMS
from soundedit.train.soundtrack import SoundTrack
from soundedit.train.weather import (
    CLASSES,
    STILL_KINDS,
    WeatherRenderer,
    captions,
    render_still,
    scene_hints,
)
from soundedit.train.weather.imaging import guided_filter, sample, zoom
from soundedit.train.weather.masks import read_scene
from soundedit.train.weather.noise import fractal, scroll
from soundedit.train.weather.scenes import EFFECTS

SIZE = 96
KINDS = [*CLASSES, *STILL_KINDS]


def landscape(size: int = SIZE, horizon: float = 0.5, seed: int = 0) -> np.ndarray:
    """A smooth blue sky over rough green ground, uint8 (S, S, 3)."""
    rng = np.random.default_rng(seed)
    photo = np.empty((size, size, 3))
    rows = np.linspace(0, 1, size)[:, None, None]
    photo[:] = np.array([110, 160, 225]) + 40 * rows
    first = int(horizon * size)
    ground = np.array([70, 105, 45]) + rng.normal(0, 28, (size - first, size, 1))
    photo[first:] = ground
    return np.clip(photo, 0, 255).astype(np.uint8)


def steady(level: float, frames: int, onsets: dict[int, float] | None = None) -> SoundTrack:
    onset = np.zeros(frames, np.float32)
    for k, strength in (onsets or {}).items():
        onset[k] = strength
    return SoundTrack(np.full(frames, level, np.float32), onset, 24.0)


def brightness(frames: np.ndarray) -> np.ndarray:
    return frames.astype(np.float64).mean(axis=(1, 2, 3))


def change(frames: np.ndarray) -> np.ndarray:
    return np.abs(np.diff(frames.astype(np.float64), axis=0)).mean(axis=(1, 2, 3))


@pytest.fixture(scope="module")
def renderer() -> WeatherRenderer:
    return WeatherRenderer(SIZE)


def test_every_class_has_an_effect_and_captions() -> None:
    assert set(PROMPTS) == set(CLASSES) <= set(EFFECTS)
    assert set(EFFECTS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_equal_for_an_equal_seed_and_differ_for_another(
    renderer: WeatherRenderer, kind: str
) -> None:
    photo, track = landscape(), steady(0.6, 4, {1: 0.8})
    one = renderer.render_clip(photo, kind, track, seed=5)
    assert one.shape == (4, SIZE, SIZE, 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, renderer.render_clip(photo, kind, track, seed=5))
    assert (one != renderer.render_clip(photo, kind, track, seed=6)).any()


@pytest.mark.parametrize("kind", KINDS)
def test_in_silence_nothing_moves(renderer: WeatherRenderer, kind: str) -> None:
    frames = renderer.render_clip(landscape(), kind, steady(0.0, 8), seed=1)
    assert change(frames).max() == 0


@pytest.mark.parametrize("kind", CLASSES)
def test_the_picture_changes_when_it_is_loud(renderer: WeatherRenderer, kind: str) -> None:
    frames = 72
    swing = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frames) / 36)
    envelope = (0.05 + 0.9 * swing).astype(np.float32)
    track = SoundTrack(envelope, np.zeros(frames, np.float32), 24.0)
    moved = [
        np.corrcoef(change(renderer.render_clip(landscape(), kind, track, seed)), envelope[1:])[
            0, 1
        ]
        for seed in (1, 2)
    ]
    # A blast burns on at its own pace once it has gone off.
    least = 0.2 if kind == "explosion" else 0.5
    assert np.mean(moved) > least


@pytest.mark.parametrize("kind", ["thunder", "explosion"])
@pytest.mark.parametrize("onset", [5, 17])
def test_the_flash_is_in_the_frame_of_the_onset_and_fades(
    renderer: WeatherRenderer, kind: str, onset: int
) -> None:
    envelope = np.full(36, 0.08, np.float32)
    envelope[onset:] = np.maximum(0.08, 0.9 * np.exp(-np.arange(36 - onset) / 6))
    onsets = np.zeros(36, np.float32)
    onsets[onset] = 0.9
    for seed in range(3):
        light = brightness(
            renderer.render_clip(landscape(), kind, SoundTrack(envelope, onsets, 24.0), seed)
        )
        assert light.argmax() == onset
        assert light[onset] > 1.6 * light[onset - 1]
        assert light[onset + 14] < 0.7 * light[onset]


def test_the_flash_of_a_later_weaker_clap_is_weaker(renderer: WeatherRenderer) -> None:
    track = steady(0.3, 40, {5: 1.0, 28: 0.6})
    light = brightness(renderer.render_clip(landscape(), "thunder", track, seed=0))
    assert light[5] > light[28] > 1.3 * light[27]


def test_a_flash_lights_the_sky_more_than_the_ground(renderer: WeatherRenderer) -> None:
    frames = renderer.render_clip(landscape(), "thunder", steady(0.2, 8, {4: 1.0}), seed=0)
    gain = frames[4].astype(float) - frames[3]
    assert gain[: SIZE // 3].mean() > 1.5 * gain[-SIZE // 3 :].mean()


def mean_colour(kind: str, part: slice = slice(None)) -> np.ndarray:
    stills = [render_still(landscape(), kind, 0.9, seed, SIZE) for seed in range(4)]
    return np.mean([still[part].reshape(-1, 3).mean(axis=0) for still in stills], axis=0)


def test_light_and_colour_of_the_weathers() -> None:
    day = landscape().reshape(-1, 3).mean(axis=0)
    rain, night, fire = mean_colour("rain"), mean_colour("night"), mean_colour("fire")
    assert night.mean() < 0.5 * day.mean()
    assert mean_colour("crickets").mean() < 0.6 * day.mean()
    assert mean_colour("birds").mean() > 1.1 * day.mean()
    assert np.ptp(rain) < 0.4 * np.ptp(day)
    assert fire[0] > 1.8 * fire[2]
    below = mean_colour("underwater")
    assert below[2] > 1.8 * below[0] and below[1] > 1.5 * below[0]
    ground = slice(2 * SIZE // 3, None)
    assert mean_colour("snow", ground).min() > 1.5 * landscape()[ground].mean()
    assert mean_colour("sunset", slice(0, SIZE // 2))[0] > mean_colour("night")[0] * 2


def test_foam_grows_with_loudness(renderer: WeatherRenderer) -> None:
    for kind in ("waves", "river", "waterfall"):
        quiet = renderer.render_clip(landscape(), kind, steady(0.1, 12), seed=3)[-1]
        loud = renderer.render_clip(landscape(), kind, steady(1.0, 12), seed=3)[-1]
        lower = slice(SIZE // 2, None)
        assert (loud[lower].min(axis=2) > 190).mean() > 1.3 * (
            quiet[lower].min(axis=2) > 190
        ).mean()


def test_rain_shows_other_drops_in_every_frame(renderer: WeatherRenderer) -> None:
    frames = renderer.render_clip(landscape(), "rain", steady(1.0, 6), seed=0)
    assert change(frames).min() > 3


def test_strength_0_leaves_the_photo_and_more_is_further_away() -> None:
    photo = landscape()
    for kind in KINDS:
        np.testing.assert_array_equal(render_still(photo, kind, 0.0, 1, SIZE), photo)
    away = [
        np.abs(render_still(photo, "fog", s, 1, SIZE).astype(float) - photo).mean()
        for s in (0.1, 0.3, 0.9)
    ]
    assert away[0] < away[1] < away[2]


def test_stills_of_a_blast_show_its_flash_or_its_fire() -> None:
    stills = [render_still(landscape(), "explosion", 0.9, seed, SIZE) for seed in range(12)]
    fire = [((s[..., 0] > 180) & (s[..., 0] > s[..., 2] + 60)).mean() for s in stills]
    light = [s.mean() for s in stills]
    assert sum(share > 0.02 for share in fire) >= 5
    assert max(light) > 2 * min(light)


def test_the_renderer_works_at_256(renderer: WeatherRenderer) -> None:
    large = WeatherRenderer(256)
    for kind in KINDS:
        frames = large.render_clip(landscape(256), kind, steady(0.5, 2, {1: 0.9}), seed=0)
        assert frames.shape == (2, 256, 256, 3)


def test_what_cannot_be_rendered_is_refused(renderer: WeatherRenderer) -> None:
    with pytest.raises(ValueError, match="no weather called 'hail'"):
        renderer.render_clip(landscape(), "hail", steady(1, 1), 0)
    with pytest.raises(ValueError, match="not \\(96, 96, 3\\)"):
        renderer.render_clip(landscape(128), "rain", steady(1, 1), 0)
    with pytest.raises(ValueError, match="Frames smaller"):
        WeatherRenderer(32)


@pytest.mark.parametrize("horizon", [0.35, 0.5, 0.65])
def test_the_sky_is_above_the_border_and_the_far_is_above_the_near(horizon: float) -> None:
    scene = read_scene(landscape(128, horizon))
    border = int(horizon * 128)
    assert scene.sky[: border - 8].mean() > 0.9
    assert scene.sky[border + 8 :].mean() < 0.1
    assert scene.horizon == pytest.approx(horizon, abs=0.04)
    assert scene.open_sky == pytest.approx(horizon, abs=0.05)
    near, middle = scene.depth[-10:].mean(), scene.depth[border + 6 : border + 14].mean()
    assert near < 0.3 < middle < scene.depth[:10].mean()
    assert scene.water[:border].mean() < 0.05


def test_a_sky_of_any_colour_is_found_and_still_water_below_it() -> None:
    photo = landscape(128)
    for tone in ([225, 110, 60], [60, 62, 70], [205, 207, 210]):
        evening = photo.copy()
        evening[:64] = tone
        evening[64:] //= 2
        assert read_scene(evening).sky[:56].mean() > 0.9
    lake = photo.copy()
    lake[64:] = (40, 80, 120)
    water = read_scene(lake).water
    assert water[80:].mean() > 0.8
    assert read_scene(photo).water[80:].mean() < 0.3


def test_guided_filter_keeps_an_edge_of_the_guide_and_smooths_elsewhere() -> None:
    guide = np.zeros((64, 64), np.float32)
    guide[:, 32:] = 1
    rough = np.clip(guide + np.random.default_rng(0).normal(0, 0.2, (64, 64)), 0, 1)
    smooth = guided_filter(guide, rough.astype(np.float32), 6)
    assert smooth[:, 33:].min() > 0.8
    assert smooth[:, :31].max() < 0.2
    assert smooth[:, :28].std() < 0.3 * rough[:, :28].std()


def test_looking_up_pixels() -> None:
    picture = np.arange(12, dtype=np.float32).reshape(3, 4)
    rows = np.array([0.0, 0.5, 9.0], np.float32)
    columns = np.array([1.0, 0.5, -3.0], np.float32)
    np.testing.assert_allclose(sample(picture, rows, columns), [1, 2.5, 8])
    wrapped = sample(picture, np.float32([2.5]), np.float32([3.5]), wrap=True)
    np.testing.assert_allclose(wrapped, (8 + 11 + 0 + 3) / 4)
    photo = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(zoom(photo, 1.0), photo, atol=1e-4)


def test_noise_is_tileable_even_and_scrolls_by_fractions() -> None:
    noise = fractal(np.random.default_rng(0), 64)
    assert 0 <= noise.min() < 0.1 and 0.9 < noise.max() <= 1
    assert noise.mean() == pytest.approx(0.5, abs=0.03)
    seam = np.abs(noise[0] - noise[-1]).mean()
    assert seam < 2 * np.abs(np.diff(noise, axis=0)).mean()
    np.testing.assert_allclose(scroll(noise, 64, -128, 64), noise, atol=1e-6)
    np.testing.assert_allclose(
        scroll(noise, 0.5, 0, 64), 0.5 * (noise + np.roll(noise, -1, 0)), atol=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
def test_captions_are_varied_and_keep_the_held_back_words_out(kind: str) -> None:
    rng = np.random.default_rng(0)
    said = [captions(kind, rng) for _ in range(30)]
    assert all(len(set(few)) == len(few) >= 3 for few in said)
    assert len({word for few in said for word in few}) >= 10
    words = [re.escape(word) for words in UNSEEN_SYNONYMS.values() for word in words]
    held_back = re.compile(rf"\b({'|'.join(words)})\b")
    for few in said:
        for caption in few:
            assert not held_back.search(caption), caption


def test_captions_of_an_unknown_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="no captions for 'hail'"):
        captions("hail", np.random.default_rng(0))


def test_hints_say_where_a_sound_is_at_home() -> None:
    assert scene_hints("waves")[0] == "sea"
    assert "forest" in scene_hints("birds")
    assert scene_hints("other") == ()
