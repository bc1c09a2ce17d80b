"""Light and colour of a whole scene: overcast, storm, night, dusk, sunshine, snow, fog."""

import numpy as np

from soundedit.train.weather.imaging import (
    Floats,
    blur,
    colour,
    contrast,
    grid,
    luma,
    mix,
    saturate,
    screen,
    smoothstep,
)
from soundedit.train.weather.masks import Scene
from soundedit.train.weather.noise import fractal


def top_light(scene: Scene) -> Floats:
    """(S, S) weight of the light from above: the sky, or the upper third where no sky is seen."""
    rows, _ = grid(scene.size)
    upper = 1 - smoothstep(0.1, 0.6, rows)
    return np.maximum(scene.sky, upper * np.float32(1 - min(1.0, scene.open_sky * 4)))


def clouds(rng: np.random.Generator, size: int, stretch: float = 2.2, slope: float = 1.7) -> Floats:
    """Tileable clouds (2S, 2S) in 0..1, wider than high."""
    return fractal(rng, 2 * size, slope=slope, fineness=(stretch, 1.0), lowest=2.0)


def cloud_cover(scene: Scene, texture: Floats, dark: Floats, light: Floats) -> Floats:
    """A new sky (S, S, 3): clouds (S, S) between two colours, paler lower down."""
    rows, _ = grid(scene.size)
    lift = np.float32(0.25) * smoothstep(0.0, max(0.35, scene.horizon), rows)
    amount = np.clip(texture * np.float32(0.9) + lift, 0, 1)
    return dark + (light - dark) * amount[..., None]


def overcast(scene: Scene, brightness: float = 0.72) -> Floats:
    """Grey, wet and dull."""
    dull = contrast(saturate(scene.photo, 0.4), 0.8, 0.45) * np.float32(brightness)
    return dull * colour(0.94, 1.0, 1.06)


def night(scene: Scene, brightness: float = 0.3) -> Floats:
    """Moonlit blue: dark, little colour, the sky deeper above than at the horizon."""
    grey = luma(scene.photo)[..., None]
    dark = mix(grey * colour(0.75, 0.95, 1.35), scene.photo, 0.35) * np.float32(brightness)
    rows, _ = grid(scene.size)
    deep, low = colour(0.02, 0.04, 0.13), colour(0.10, 0.15, 0.30)
    ramp = smoothstep(0.0, scene.horizon + 0.1, rows)[..., None]
    return mix(dark, (deep + (low - deep) * ramp) * 0.75 + dark * 0.35, scene.sky)


def dusk(scene: Scene) -> Floats:
    """Night with an afterglow along the horizon."""
    rows, _ = grid(scene.size)
    glow = np.exp(-(((rows - np.float32(scene.horizon)) / np.float32(0.13)) ** 2))
    weight = glow * (np.float32(0.06) + np.float32(0.94) * scene.sky)
    return screen(night(scene, 0.42), weight[..., None] * colour(0.62, 0.28, 0.14))


def sunset(scene: Scene, rng: np.random.Generator) -> Floats:
    """Low orange sun, purple above, the ground against the light."""
    size = scene.size
    rows, columns = grid(size)
    ramp = smoothstep(0.0, scene.horizon + 0.05, rows)[..., None]
    high, low = colour(0.35, 0.22, 0.42), colour(1.0, 0.55, 0.18)
    sky = (high + (low - high) * ramp) * (0.6 + 0.55 * luma(scene.photo)[..., None])
    ground = contrast(scene.photo * colour(0.78, 0.5, 0.38), 1.1, 0.3) * np.float32(0.8)
    picture = mix(ground, sky, scene.sky)
    row, column = scene.horizon - rng.uniform(0.02, 0.12), rng.uniform(0.2, 0.8)
    return screen(
        picture, sun(size, row, column, 0.045, rows, columns)[..., None] * colour(1.0, 0.72, 0.35)
    )


def sun(
    size: int, row: float, column: float, radius: float, rows: Floats, columns: Floats
) -> Floats:
    """A disc with a wide glow, (S, S); positions as shares of the picture."""
    distance = np.hypot(rows - np.float32(row), columns - np.float32(column))
    disc = 1 - smoothstep(radius * 0.7, radius * 1.2, distance)
    return np.clip(disc + 0.75 * np.exp(-distance / np.float32(0.16)), 0, 1)


def sunshine(scene: Scene) -> Floats:
    """Bright and warm: shadows lifted, greens fresh, a blue sky kept."""
    lifted = np.clip(scene.photo, 0, 1) ** np.float32(0.78)
    warm = saturate(lifted, 1.3) * colour(1.06, 1.03, 0.86)
    return contrast(warm, 1.06, 0.5)


def snowed(scene: Scene, rng: np.random.Generator, depth_of_snow: float = 0.85) -> Floats:
    """Snow on everything that lies flat or faces up, under a pale sky."""
    size = scene.size
    grey = luma(scene.photo)
    rows, _ = grid(size)
    # What is lit from above and lies lower down carries snow; trunks and shadows stay dark.
    lit = smoothstep(-0.08, 0.12, grey - blur(grey, max(2, size // 12)))
    flat = smoothstep(scene.horizon - 0.05, scene.horizon + 0.3, rows)
    patchy = fractal(rng, size, slope=1.4)
    cover = np.clip(0.25 * lit + flat * 0.85 + 0.35 * lit * patchy, 0, 1) * (1 - scene.sky)
    white = colour(0.90, 0.94, 1.0) * (0.72 + 0.4 * grey + 0.1 * (patchy - 0.5))[..., None]
    pale = mix(
        saturate(scene.photo, 0.45) * colour(0.95, 1.0, 1.06),
        white,
        cover * np.float32(depth_of_snow),
    )
    return mix(
        pale, colour(0.80, 0.84, 0.89) + 0.15 * (grey[..., None] - 0.5), scene.sky * np.float32(0.8)
    )


def stars(rng: np.random.Generator, scene: Scene, share: float = 0.006) -> Floats:
    """Points of light in the sky or the upper part, (S, S) in 0..1."""
    size = scene.size
    bright = rng.random((size, size)) ** 2
    points = np.where(rng.random((size, size)) < share, 0.35 + 0.65 * bright, 0).astype(np.float32)
    rows, _ = grid(size)
    return points * (scene.sky * scene.sky) * (1 - smoothstep(0.4, 0.75, rows))
