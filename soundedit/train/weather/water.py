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
from soundedit.train.weather.noise import Flow, fractal, ridged, scroll


class Surface:
    """The plane of the water seen from above: where each pixel below `horizon` lies on it.

    away, aside: (S, S) distances on the water ahead of the camera and to its side. near: 1 at the
    camera, 0 where ripples are finer than a pixel. camera: height of the eye; higher brings the
    far nearer.
    """

    def __init__(self, size: int, horizon: float, camera: float = 0.1) -> None:
        rows, columns = grid(size)
        self.size = size
        self.below = np.maximum(rows - np.float32(horizon), 0) / np.float32(1 - horizon)
        self.away = 1 / (self.below + np.float32(camera))
        self.aside = (columns - np.float32(0.5)) * self.away
        self.near = smoothstep(0.0, 0.16, self.below)

    def ripples(
        self, flow: Flow, shift: float, length: float, width: float, aside: Floats | None = None
    ) -> Floats:
        """A texture (S, S) in 0..1 lying on the water, moved to the camera by `shift` pixels.

        aside: another coordinate across than the surface's own, such as that of a winding river.
        """
        unit = np.float32(self.size)
        across = self.aside if aside is None else aside
        rows = self.away * np.float32(length) * unit
        return flow.at(rows, across * np.float32(width) * unit, shift)


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
        # Seen from a little higher up than the photo, so that there is sea enough to see.
        horizon = float(np.clip(scene.horizon, 0.32, 0.56))
        rows, columns = grid(size)
        self.surface = Surface(size, horizon, camera=0.28)
        self.foam = Flow(rng, fractal(rng, 2 * size, slope=1.05, fineness=(1.6, 1.0), lowest=4.0))
        self.mask = smoothstep(horizon - 0.004, horizon + 0.02, rows)
        palette = [(0.05, 0.25, 0.33), (0.05, 0.31, 0.37), (0.09, 0.22, 0.31), (0.06, 0.21, 0.36)]
        deep = colour(*palette[rng.integers(len(palette))])
        day = float(luma(scene.photo).mean())
        light = mirrored(scene.photo, horizon)
        own = mix(light, blur(scene.photo, max(1, size // 40)), scene.water)
        # Looking down one sees into the water, looking far one sees the sky in it.
        sky_share = np.float32(0.6) - np.float32(0.45) * smoothstep(0.0, 0.7, self.surface.below)
        self.body = mix(deep * np.float32(0.5 + 1.1 * day), own * np.float32(0.8), sky_share)
        self.base = mix(scene.photo, self.body, self.mask)
        self.trough = self.base * colour(0.34, 0.42, 0.48)
        self.lit = np.clip(
            self.base * 1.15 + colour(0.10, 0.17, 0.17) * np.float32(0.4 + day), 0, 1
        )
        self.white = colour(0.95, 0.98, 1.0) * np.float32(0.66 + 0.38 * day)
        self.bulge = fractal(rng, size, slope=2.6)
        self.slow = fractal(rng, 2 * size, slope=2.0, fineness=(1.0, 2.0), lowest=2.0)
        self.shore = rng.uniform(-0.5, 0.5, 3)
        self.wave_length = float(rng.uniform(0.34, 0.46))
        self.columns = columns

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        size, surface = self.size, self.surface
        # Waves: a sharp crest, a steep dark front towards the camera, a long lit back.
        uneven = scroll(self.slow, 0, travel * size * 0.08, size)
        phase = (surface.away + self.bulge * np.float32(0.22)) / np.float32(self.wave_length)
        turn = np.mod(phase + np.float32(0.75 * travel), 1)
        high = np.clip(0.35 + 0.9 * uneven, 0, 1) * np.float32(0.45 + 0.55 * level)
        front = smoothstep(0.55, 0.9, turn) * (1 - smoothstep(0.93, 1.0, turn))
        back = 1 - smoothstep(0.0, 0.5, turn)
        near = surface.near * self.mask
        picture = mix(self.base, self.trough, front * high * near)
        picture = mix(picture, self.lit, back * high * near)

        foam = surface.ripples(self.foam, travel * size * 0.35, 0.55, 0.42)
        crest = smoothstep(0.93, 0.985, turn) + (1 - smoothstep(0.0, 0.10 + 0.28 * level, turn))
        broken = smoothstep(0.62 - 0.42 * level, 0.95 - 0.35 * level, 0.5 * uneven + 0.5 * foam)
        # The wash at the camera's feet, its edge the lace of the last wave.
        edge = np.zeros((1, size), np.float32)
        for n, swing in enumerate(self.shore):
            edge = edge + np.float32(swing) * np.sin(
                (2 + 3 * n) * self.columns[:1] + (n + 1) * travel
            )
        reach = surface.below - (np.float32(1.0 - 0.5 * level) + np.float32(0.07) * edge)
        lace = 1 - smoothstep(0.0, 0.2, np.abs(foam - np.float32(0.5)))
        rim = np.exp(-((reach / np.float32(0.03)) ** 2))
        wash = smoothstep(0.0, 0.05, reach) * np.maximum(0.35 + 0.65 * lace, 0.4) + rim
        white = np.clip(np.maximum(crest * broken * near, wash * self.mask), 0, 1)
        return mix(picture, self.white, white * np.float32(0.5 + 0.45 * level))


class River(Effect):
    """A stream that winds down to the camera between the banks of the scene."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        _, columns = grid(size)
        top = self._top()
        self.surface = Surface(size, top, camera=0.16)
        below = self.surface.below
        bend = rng.uniform(0.1, 0.22) * rng.choice([-1, 1])
        far = 1 - below
        middle = np.float32(0.5) + np.float32(bend) * np.sin(far * np.float32(4.6)) * (
            np.float32(0.45) + np.float32(0.55) * far
        )
        half = np.float32(0.04) + np.float32(0.43) * below ** np.float32(1.1)
        self.across = ((columns - middle) / half).astype(np.float32)
        edge = np.abs(self.across) + np.float32(0.3) * (fractal(rng, size, slope=1.3) - 0.5)
        self.mask = (1 - smoothstep(0.9, 1.0, edge)) * smoothstep(0.0, 0.04, below)
        near_bank = smoothstep(0.62, 0.92, edge) * self.mask

        day = float(luma(scene.photo).mean())
        light = mirrored(scene.photo, top)
        palette = [(0.11, 0.36, 0.42), (0.10, 0.30, 0.44), (0.14, 0.38, 0.38)]
        tint = colour(*palette[rng.integers(len(palette))]) * np.float32(0.7 + 0.7 * day)
        body = mix(tint * (0.6 + 0.7 * luma(light))[..., None], light * np.float32(0.8), 0.3)
        dark_bank = (1 - smoothstep(1.0, 1.22, edge)) * smoothstep(0.0, 0.04, below)
        shore = scene.photo * (1 - np.float32(0.65) * dark_bank)[..., None]
        self.base = mix(shore, body, self.mask)
        self.dark = body * colour(0.42, 0.5, 0.55)
        self.light = np.clip(light * 0.4 + colour(0.35, 0.5, 0.55), 0, 1)
        self.white = colour(0.94, 0.98, 1.0) * np.float32(0.7 + 0.33 * day)
        self.flow = Flow(rng, fractal(rng, 2 * size, slope=1.2, fineness=(0.6, 1.3), lowest=3.0))
        self.lines = Flow(rng, fractal(rng, 2 * size, slope=1.1, fineness=(0.22, 1.6), lowest=3.0))
        self._lay_stones(rng, near_bank)

    def _lay_stones(self, rng: np.random.Generator, near_bank: Floats) -> None:
        """Rounded stones with foam below them, more of them along the banks."""
        size = self.size
        rows, columns = grid(size)
        self.stones = np.zeros((size, size), np.float32)
        self.rapids = near_bank * np.float32(0.55)
        for _ in range(int(rng.integers(4, 9))):
            row = 1 - rng.uniform(0.03, 0.75) * float(1 - self._top())
            line = self.across[min(size - 1, int(row * size))]
            column = (np.abs(line - rng.uniform(-0.8, 0.8)).argmin() + 0.5) / size
            radius = rng.uniform(0.02, 0.05) * (row - self._top() + 0.1) / (1 - self._top() + 0.1)
            wide = ((columns - np.float32(column)) / np.float32(1.5 * radius)) ** 2
            stone = np.exp(-((wide + ((rows - np.float32(row)) / np.float32(radius)) ** 2) ** 2))
            shadow = (rows - np.float32(row)) / np.float32(radius)
            grey = np.clip(0.30 - 0.12 * shadow, 0.1, 0.45)[..., None] * colour(1.0, 0.97, 0.92)
            self.base = mix(self.base, grey.astype(np.float32), stone)
            self.stones = np.maximum(self.stones, stone)
            tail = np.exp(
                -wide * 0.6 - ((rows - np.float32(row + 1.6 * radius)) / (1.8 * radius)) ** 2
            )
            self.rapids = np.maximum(self.rapids, tail.astype(np.float32))

    def _top(self) -> float:
        return float(np.clip(self.scene.horizon + 0.03, 0.42, 0.68))

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        shift, surface = travel * self.size * 0.8, self.surface
        ripple = surface.ripples(self.flow, shift, 0.5, 0.38, self.across)
        line = surface.ripples(self.lines, shift * 1.2, 0.45, 0.5, self.across)
        near = self.mask * np.maximum(surface.near, 0.25) * (1 - self.stones)
        picture = mix(self.base, self.dark, smoothstep(0.55, 0.1, ripple) * near * np.float32(0.8))
        picture = mix(picture, self.light, smoothstep(0.55, 0.85, ripple) * near * np.float32(0.6))
        froth = (0.8 * line + 0.12 * ripple + 0.4 * self.rapids).astype(np.float32)
        foam = smoothstep(0.80 - 0.26 * level, 1.0 - 0.12 * level, froth)
        return mix(picture, self.white, foam * near * np.float32(0.4 + 0.55 * level))


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
        # A wall of rock on either side, falling off outwards, cut from the scene's own lower half.
        own = sample(scene.photo, (0.35 + 0.6 * rows) * size, columns * size)
        strata = fractal(rng, size, slope=1.25, fineness=(0.8, 1.3))
        cracks = ridged(fractal(rng, size, slope=1.4, fineness=(0.6, 1.4))) ** 6
        stone = colour(0.33, 0.32, 0.30) * (0.35 + 1.0 * strata - 0.25 * cracks)[..., None]
        rock = mix(contrast(saturate(own, 0.7), 1.1, 0.4) * colour(0.6, 0.62, 0.62), stone, 0.55)
        aside = np.abs(columns - np.float32(middle))
        slope = rng.uniform(0.15, 0.6)
        brink = self.top - 0.05 + slope * np.maximum(aside - 0.2, 0) + 0.12 * (ragged * 0.8)
        wall = smoothstep(0.0, 0.035, (rows - brink).astype(np.float32))
        reach = rng.uniform(0.36, 0.6)
        wall = wall * (1 - smoothstep(reach, reach + 0.22, aside + np.float32(0.15) * ragged))
        base = mix(scene.photo, rock.astype(np.float32), wall * np.float32(0.95))
        self.pool = smoothstep(self.foot - 0.01, self.foot + 0.05, rows)
        water = mirrored(base, self.foot) * colour(0.42, 0.56, 0.6) + colour(0.02, 0.09, 0.11)
        self.base = mix(base, water, self.pool * np.float32(0.9))
        self.surface = Surface(size, self.foot - 0.08)
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
