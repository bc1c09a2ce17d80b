"""Moving water: waves, river, waterfall."""

import numpy as np

from soundedit.train.weather.effect import Effect
from soundedit.train.weather.imaging import (
    Floats,
    blur,
    colour,
    contrast,
    grid,
    luma,
    mix,
    sample,
    saturate,
    screen,
    smoothstep,
)
from soundedit.train.weather.noise import Flow, fractal, ridged


class Surface:
    """The plane of the water seen from eye level: where each pixel below `horizon` lies on it."""

    def __init__(self, size: int, horizon: float, centre: Floats | float = 0.5) -> None:
        rows, columns = grid(size)
        self.size = size
        self.below = np.maximum(rows - np.float32(horizon), 0) / np.float32(1 - horizon)
        self.away = 1 / (self.below + np.float32(0.1))
        self.aside = (columns - centre).astype(np.float32) * self.away
        # Far off, ripples are finer than a pixel.
        self.near = 1 - smoothstep(3.5, 9.0, self.away)

    def ripples(self, flow: Flow, shift: float, length: float, width: float) -> Floats:
        """A texture (S, S) in 0..1 lying on the water, moved to the camera by `shift` pixels."""
        unit = np.float32(self.size)
        return flow.at(
            self.away * np.float32(length) * unit, self.aside * np.float32(width) * unit, shift
        )


def mirrored(picture: Floats, horizon: float) -> Floats:
    """The part above the horizon turned over onto the part below it, squeezed to fit."""
    size = picture.shape[0]
    rows, columns = grid(size)
    squeeze = np.float32(horizon / max(1e-3, 1 - horizon))
    source = (np.float32(horizon) - np.maximum(rows - np.float32(horizon), 0) * squeeze) * size
    soft = blur(picture, max(1, size // 64))
    return sample(soft, source, columns * size - np.float32(0.5))


class Waves(Effect):
    """Swell rolling in, crests breaking into foam, a wash of foam that runs up with loudness."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        horizon = float(np.clip(scene.horizon, 0.35, 0.6))
        self.surface = Surface(size, horizon)
        self.swell = Flow(rng, fractal(rng, 2 * size, slope=1.9, fineness=(2.6, 0.8), lowest=2.0))
        self.foam = Flow(rng, fractal(rng, 2 * size, slope=1.1, fineness=(1.0, 1.6), lowest=3.0))
        rows, _ = grid(size)
        self.mask = smoothstep(horizon - 0.005, horizon + 0.03, rows)
        deep = colour(*rng.choice([(0.05, 0.24, 0.33), (0.06, 0.32, 0.38), (0.10, 0.22, 0.30)]))
        light = mirrored(scene.photo, horizon)
        own = scene.photo * scene.water[..., None] + light * (1 - scene.water[..., None])
        body = mix(deep * (0.45 + 1.1 * luma(own))[..., None], own, 0.35)
        self.base = mix(scene.photo, body, self.mask)
        self.dark, self.bright = deep * np.float32(0.5), np.clip(light * 0.6 + 0.3, 0, 1)
        self.white = colour(0.96, 0.98, 1.0) * np.float32(
            0.62 + 0.4 * float(luma(scene.photo).mean())
        )
        self.shore = rng.uniform(-0.5, 0.5, 3)
        self.columns = grid(size)[1]

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        size, surface = self.size, self.surface
        shift = travel * size * 0.5
        swell = surface.ripples(self.swell, shift, 0.2, 0.14)
        foam = surface.ripples(self.foam, shift * 1.15, 0.5, 0.3)
        near = surface.near * self.mask
        picture = mix(self.base, self.dark, smoothstep(0.5, 0.05, swell) * near * np.float32(0.65))
        picture = mix(picture, self.bright, smoothstep(0.5, 0.8, swell) * near * np.float32(0.35))
        crest = smoothstep(0.84 - 0.34 * level, 0.97 - 0.2 * level, swell * 0.72 + foam * 0.32)
        # The wash at the camera's feet.
        edge = sum(
            a * np.sin((2 + 3 * n) * self.columns + 2.0 * travel * (n + 1))
            for n, a in enumerate(self.shore)
        )
        reach = 0.97 - 0.40 * level + 0.05 * edge
        wash = smoothstep(0.0, 0.12, surface.below - reach) * (
            0.35 + 0.65 * smoothstep(0.25, 0.6, foam)
        )
        white = np.clip(np.maximum(crest * (0.4 + 0.6 * foam), wash), 0, 1) * self.mask
        return mix(picture, self.white, white * np.float32(0.35 + 0.6 * level))


class River(Effect):
    """A stream that winds down to the camera between the banks of the scene."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        rows, columns = grid(size)
        top = float(np.clip(scene.horizon, 0.4, 0.58))
        below = np.maximum(rows - np.float32(top), 0) / np.float32(1 - top)
        bend = rng.uniform(0.12, 0.26) * rng.choice([-1, 1])
        middle = (0.5 + bend * np.sin((1 - below) * 4.2) * (0.25 + 0.75 * (1 - below))).astype(
            np.float32
        )
        half = 0.035 + 0.40 * below**1.15
        edge_noise = fractal(rng, size, slope=1.3) - 0.5
        across = (columns - middle) / half + 0.35 * edge_noise
        self.mask = (1 - smoothstep(0.86, 1.04, np.abs(across))) * smoothstep(0.0, 0.05, below)
        self.banks = smoothstep(0.55, 0.95, np.abs(across)) * self.mask
        self.surface = Surface(size, top, middle)
        self.flow = Flow(rng, fractal(rng, 2 * size, slope=1.2, fineness=(0.7, 1.6), lowest=3.0))
        self.lines = Flow(rng, fractal(rng, 2 * size, slope=1.3, fineness=(0.35, 1.8), lowest=3.0))
        light = mirrored(scene.photo, top)
        tint = colour(*rng.choice([(0.16, 0.34, 0.36), (0.13, 0.29, 0.36), (0.2, 0.33, 0.28)]))
        body = mix(light * np.float32(0.55), tint * (0.55 + 0.9 * luma(light))[..., None], 0.6)
        shore = (
            scene.photo
            * (1 - 0.55 * (1 - smoothstep(1.0, 1.3, np.abs(across))) * (below > 0))[..., None]
        )
        self.base = mix(shore, body, self.mask)
        self.light = np.clip(light * 0.5 + 0.45, 0, 1)
        self.white = colour(0.93, 0.97, 1.0) * np.float32(
            0.68 + 0.35 * float(luma(scene.photo).mean())
        )
        stones = fractal(rng, size, slope=1.5, fineness=(1.6, 1.0))
        self.stones = smoothstep(0.86, 0.93, stones) * self.mask * smoothstep(0.1, 0.3, below)
        self.base = mix(
            self.base, colour(0.17, 0.16, 0.15) * (0.6 + stones[..., None]), self.stones
        )
        self.rapids = np.clip(blur(self.stones, max(1, size // 50)) * 2 + 0.5 * self.banks, 0, 1)

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        shift = travel * self.size * 0.9
        ripple = self.surface.ripples(self.flow, shift, 0.42, 0.4)
        line = self.surface.ripples(self.lines, shift * 1.3, 0.3, 0.55)
        near = self.mask * self.surface.near * (1 - self.stones)
        picture = (
            self.base * (1 - np.float32(0.55) * (smoothstep(0.5, 0.1, ripple) * near))[..., None]
        )
        picture = mix(picture, self.light, smoothstep(0.55, 0.9, ripple) * near * np.float32(0.5))
        froth = (0.55 * line + 0.35 * ripple + 0.4 * self.rapids).astype(np.float32)
        foam = smoothstep(0.8 - 0.3 * level, 1.0 - 0.2 * level, froth)
        return mix(picture, self.white, foam * near * np.float32(0.45 + 0.5 * level))


class Waterfall(Effect):
    """A white curtain falling over dark rock into a pool, with mist at its foot."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        rows, columns = grid(size)
        self.top, self.foot = rng.uniform(0.12, 0.24), rng.uniform(0.70, 0.78)
        fall = np.clip((rows - self.top) / (self.foot - self.top), 0, 1).astype(np.float32)
        middle = rng.uniform(0.38, 0.62)
        half = rng.uniform(0.13, 0.22) * (0.8 + 0.35 * fall)
        ragged = fractal(rng, size, slope=1.4, fineness=(0.25, 1.6)) - 0.5
        across = np.abs(columns - middle) / half + 0.45 * ragged
        inside = smoothstep(self.top - 0.01, self.top + 0.03, rows) * (
            1 - smoothstep(self.foot, self.foot + 0.04, rows)
        )
        self.curtain = (1 - smoothstep(0.8, 1.1, across)) * inside
        self.fall_rows = (fall**0.6 * size).astype(np.float32)
        self.columns = (columns * size).astype(np.float32)
        self.threads = Flow(
            rng, fractal(rng, 2 * size, slope=1.15, fineness=(0.18, 2.2), lowest=3.0)
        )
        self.foam = Flow(rng, fractal(rng, 2 * size, slope=1.2, fineness=(1.0, 1.4), lowest=3.0))
        rock = contrast(saturate(scene.photo, 0.55), 1.15, 0.4) * colour(0.52, 0.55, 0.56)
        strata = fractal(rng, size, slope=1.2, fineness=(0.5, 1.2))
        rock = mix(rock, colour(0.26, 0.26, 0.25) * (0.45 + 0.9 * strata)[..., None], 0.55)
        cliff = (1 - smoothstep(1.3, 2.6, across)) * smoothstep(
            self.top - 0.06, self.top + 0.02, rows
        )
        base = mix(scene.photo, rock, cliff * np.float32(0.92))
        self.pool = smoothstep(self.foot - 0.01, self.foot + 0.05, rows)
        water = mirrored(base, self.foot) * colour(0.42, 0.56, 0.6) + colour(0.02, 0.09, 0.11)
        self.base = mix(base, water, self.pool * np.float32(0.9))
        self.surface = Surface(size, self.foot - 0.08, middle)
        self.white = colour(0.93, 0.97, 1.0)
        self.shade = colour(0.42, 0.52, 0.58)
        spread = ((columns - middle) / (half * 1.8)) ** 2 + ((rows - self.foot) / 0.16) ** 2
        self.mist = np.exp(-spread).astype(np.float32)

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        size = self.size
        threads = self.threads.at(self.fall_rows, self.columns, -travel * size * 1.5)
        light = np.clip(0.25 + 1.1 * threads, 0, 1)[..., None]
        water = self.shade + (self.white - self.shade) * light
        body = np.clip(0.45 + 0.75 * threads, 0, 1) * self.curtain
        picture = mix(self.base, water, np.clip(body * (0.75 + 0.35 * level), 0, 1))
        ripple = self.surface.ripples(self.foam, travel * size * 0.5, 0.35, 0.35)
        spread = self.pool * np.clip(self.mist * 1.2 + 0.15, 0, 1)
        picture = mix(
            picture, self.white, smoothstep(0.75 - 0.4 * level, 1.0 - 0.2 * level, ripple) * spread
        )
        picture = (
            picture * (1 - np.float32(0.3) * (smoothstep(0.45, 0.1, ripple) * self.pool))[..., None]
        )
        billow = self.foam.window(travel * size * 0.4, travel * size * 0.1, size)
        mist = self.mist * (0.45 + 0.55 * billow) * np.float32(0.35 + 0.6 * level)
        return mix(picture, self.white, np.clip(mist, 0, 1))


class Underwater(Effect):
    """Blue-green depth, caustics on the bottom, shafts of light, bubbles that rise."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        rows, columns = grid(size)
        grey = luma(scene.photo)
        high = colour(*rng.choice([(0.10, 0.62, 0.72), (0.06, 0.5, 0.72), (0.08, 0.6, 0.58)]))
        deep = high * colour(0.25, 0.32, 0.45)
        ramp = smoothstep(-0.1, 1.0, rows)[..., None]
        veil = high + (deep - high) * ramp
        tinted = contrast(grey, 1.15, 0.45)[..., None] * (high * 1.1 + 0.1)
        amount = np.clip(
            0.45 + 0.5 * np.maximum(scene.depth, scene.sky) - 0.2 * smoothstep(0.6, 1, rows),
            0,
            0.95,
        )
        self.base = mix(
            mix(saturate(scene.photo, 0.6) * colour(0.35, 0.85, 0.95), tinted, 0.6), veil, amount
        )
        self.caustic = Flow(rng, fractal(rng, 2 * size, slope=2.0, lowest=4.0))
        self.bottom = Surface(size, 0.42)
        self.on_bottom = smoothstep(0.5, 0.85, rows)
        self.rows, self.columns = rows * size - np.float32(0.5), columns * size - np.float32(0.5)
        # Shafts fan out from a point above the picture.
        source = rng.uniform(0.2, 0.8)
        angle = np.arctan2(columns - np.float32(source), rows + np.float32(0.35))
        self.shaft_at = (angle * np.float32(size * 0.9)).astype(np.float32)
        self.shaft_fade = (1 - smoothstep(0.1, 0.95, rows)) * np.float32(0.7)
        self.shafts = fractal(rng, 2 * size, slope=1.5, lowest=4.0)
        self.bubbles = rng.random((34, 5)).astype(np.float32)
        self.high = np.minimum(high + 0.35, 1)

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        size = self.size
        wave = np.float32(size * 0.012 * min(1.0, 2 * level))
        phase = np.float32(5 * travel)
        unit = np.float32(40 / size)
        columns = self.columns + wave * np.sin(self.rows * unit + phase)
        rows = self.rows + wave * np.sin(self.columns * unit + phase * np.float32(1.3))
        picture = sample(self.base, rows, columns)
        shaft = sample(
            self.shafts, np.full_like(rows, travel * size * 0.25), self.shaft_at, wrap=True
        )
        light = smoothstep(0.35, 0.95, shaft) * self.shaft_fade * np.float32(0.35 + 0.65 * level)
        net = ridged(self.bottom.ripples(self.caustic, travel * size * 0.35, 0.25, 0.25)) ** 5
        light = light + net * self.on_bottom * self.bottom.near * np.float32(0.3 + 0.6 * level)
        picture = screen(picture, light[..., None] * self.high)
        self._rise(picture, travel, level)
        return picture

    def _rise(self, picture: Floats, travel: float, level: float) -> None:
        size = self.size
        for start, column, speed, swing, big in self.bubbles:
            if start > 0.25 + level:
                continue
            row = (1 - np.mod(start * 3 + travel * (0.35 + 0.5 * speed), 1.15)) * size
            at = (column + 0.02 * np.sin(8 * travel + 6 * swing)) * size
            ring(picture, row, at, (1.2 + 3.6 * big * big) * size / 128, self.high)


def ring(picture: Floats, row: float, column: float, radius: float, light: Floats) -> None:
    """A bubble in place: a bright rim, a glint above, positions and radius in pixels."""
    size = picture.shape[0]
    reach = int(radius) + 2
    r0, r1 = max(0, int(row) - reach), min(size, int(row) + reach + 1)
    c0, c1 = max(0, int(column) - reach), min(size, int(column) + reach + 1)
    if r0 >= r1 or c0 >= c1:
        return
    dr = (np.arange(r0, r1, dtype=np.float32) - np.float32(row))[:, None]
    dc = (np.arange(c0, c1, dtype=np.float32) - np.float32(column))[None, :]
    distance = np.sqrt(dr * dr + dc * dc) / np.float32(radius)
    rim = np.exp(-(((distance - 0.85) / 0.28) ** 2)) * np.float32(0.55)
    glint = np.exp(-((dr / radius + 0.4) ** 2 + (dc / radius + 0.3) ** 2) * 9) * np.float32(0.7)
    patch = picture[r0:r1, c0:c1]
    patch += ((1 - patch) * np.clip(rim + glint, 0, 1)[..., None]) * light
