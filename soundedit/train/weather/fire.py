"""Fire and explosions."""

import numpy as np

from soundedit.train.weather.air import strike_strengths
from soundedit.train.weather.effect import Effect
from soundedit.train.weather.grade import night, stars, top_light
from soundedit.train.weather.imaging import (
    Floats,
    blur,
    colour,
    grid,
    luma,
    mix,
    screen,
    smoothstep,
    stamp,
)
from soundedit.train.weather.noise import Flow, fractal

# Colours of flames from the cool tip to the hot core, at heats 0, 1/4 ... 1.
FLAME = np.array(
    [
        [0.10, 0.01, 0.0],
        [0.62, 0.09, 0.01],
        [0.96, 0.36, 0.03],
        [1.0, 0.72, 0.16],
        [1.0, 0.96, 0.68],
    ],
    np.float32,
)


# Seconds after which a blast has burnt out.
LASTING = 2.4


def flame_colour(heat: Floats) -> Floats:
    """Colours (..., 3) of heats 0..1."""
    place = np.clip(heat, 0, 1) * np.float32(len(FLAME) - 1)
    low = np.minimum(place.astype(np.int32), len(FLAME) - 2)
    return FLAME[low] + (FLAME[low + 1] - FLAME[low]) * (place - low)[..., None]


class Fire(Effect):
    """Flames from the ground up, as high as it is loud, their light on a darkened scene, sparks."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        rows, columns = grid(size)
        grey = luma(scene.photo)[..., None]
        self.base = mix(night(scene, 0.42), scene.photo * colour(0.5, 0.3, 0.2), 0.45)
        self.warm = (grey * 0.75 + 0.2) * colour(1.0, 0.45, 0.12)
        self.foot = rng.uniform(1.0, 1.06)
        self.up = (np.float32(self.foot) - rows).astype(np.float32)
        middle, spread = rng.uniform(0.35, 0.65), rng.uniform(0.26, 0.42)
        hump = np.exp(-(((columns - middle) / spread) ** 2)) ** 0.7
        tongues = fractal(rng, size, slope=1.2, fineness=(0.02, 1.0), lowest=2.0)
        self.profile = (hump * (0.65 + 0.5 * tongues)).astype(np.float32)
        self.heat = Flow(rng, fractal(rng, 2 * size, slope=1.45, fineness=(0.62, 1.25), lowest=3.0))
        self.curl = Flow(rng, fractal(rng, 2 * size, slope=2.0, lowest=3.0))
        self.rows, self.columns = rows * size, columns * size
        distance = np.hypot((columns - middle) * 0.8, rows - 0.95)
        self.glow = np.exp(-((distance / 0.55) ** 2)).astype(np.float32)
        self.flicker = rng.uniform(-1, 1, len(self.drive)).astype(np.float32)
        self.sparks = rng.random((26, 4)).astype(np.float32)
        self.middle = middle

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        size = self.size
        shift = travel * size * 1.25
        curl = self.curl.window(shift * 0.7, 0, size) - np.float32(0.5)
        wide = np.clip(self.up * np.float32(1.6), 0, 1) * np.float32(size * 0.2)
        heat = self.heat.at(self.rows, self.columns + curl * wide, shift)
        height = self.profile * np.float32(0.38 + 0.52 * level)
        inside = 1 - self.up / np.maximum(height, 1e-3)
        heat = inside * np.float32(0.85) + (heat - np.float32(0.5)) * np.float32(1.05)
        shown = smoothstep(0.0, 0.3, heat) * smoothstep(-0.02, 0.04, self.up)
        bright = 0.35 + 0.5 * level + 0.14 * level * float(self.flicker[k])
        picture = mix(self.base, self.warm, np.clip(self.glow * bright, 0, 1))
        picture = screen(
            picture, (self.glow * np.float32(0.32 * bright))[..., None] * colour(1.0, 0.42, 0.08)
        )
        picture = mix(picture, flame_colour(heat * np.float32(0.8 + 0.25 * level)), shown)
        for start, aside, speed, swing in self.sparks:
            if start > level + 0.15:
                continue
            life = float(np.mod(start * 5 + travel * (0.5 + speed), 1.0))
            row = (self.foot - 0.1 - life * (0.5 + 0.4 * swing)) * size
            at = (
                self.middle
                + (aside - 0.5) * (0.5 + 0.5 * life)
                + 0.03 * np.sin(9 * life + 6 * swing)
            ) * size
            stamp(picture, row, at, 0.9 * size / 128, colour(1.0, 0.62, 0.2) * np.float32(1 - life))
        return picture


class Explosion(Effect):
    """At each blast a flash, then a fireball that swells and turns into smoke, or fireworks."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        rows, columns = grid(size)
        self.rows, self.columns = rows, columns
        self.fireworks = bool(rng.random() < 0.25)
        self.base = night(scene, 0.34)
        self.base = screen(self.base, (stars(rng, scene) * 0.6)[..., None] * colour(0.8, 0.85, 1.0))
        self.top = np.maximum(top_light(scene), 0.35)
        self.lit = (luma(scene.photo)[..., None] * 0.8 + 0.1) * colour(1.0, 0.62, 0.3)
        self.puff = Flow(rng, fractal(rng, 2 * size, slope=1.55, lowest=3.0))
        self.wisp = fractal(rng, size, slope=1.8)
        strikes = strike_strengths(self.drive.level, self.drive.onset)
        self.blasts: list[tuple[int, float, float, float, np.random.Generator]] = []
        quiet_until = -1
        for k in np.flatnonzero(strikes).tolist():
            if k < quiet_until:
                continue
            row = (
                rng.uniform(0.2, 0.42)
                if self.fireworks
                else max(0.45, scene.horizon) + rng.uniform(-0.02, 0.1)
            )
            child = np.random.default_rng(rng.integers(2**32))
            self.blasts.append((k, float(strikes[k]), row, rng.uniform(0.28, 0.72), child))
            quiet_until = k + int(0.4 * self.drive.fps) + 1
        if self.fireworks:
            self._burst_on(rng)
        self.particles = [self._shells(b[4]) for b in self.blasts]
        self.flash = np.zeros(len(self.drive), np.float32)
        for begin, strength, *_ in self.blasts:
            age = np.arange(len(self.drive) - begin) / self.drive.fps
            light = np.float32(strength**2) * np.exp(-age / 0.06).astype(np.float32)
            self.flash[begin:] = np.maximum(self.flash[begin:], light)
        self.smoulder = (scene.horizon + 0.08, rng.uniform(0.35, 0.65))
        self.flicker = rng.uniform(0, 1, len(self.drive)).astype(np.float32)

    def _burst_on(self, rng: np.random.Generator) -> None:
        """A further shell for each half second of loudness, as long as the noise goes on."""
        since = np.floor(self.drive.travel / 0.5)
        for k in np.flatnonzero(np.diff(since, prepend=0.0) > 0).tolist():
            if all(abs(k - begin) > 0.2 * self.drive.fps for begin, *_ in self.blasts):
                child = np.random.default_rng(rng.integers(2**32))
                strength = 0.45 * float(self.drive.level[k])
                row, column = rng.uniform(0.15, 0.5), rng.uniform(0.15, 0.85)
                self.blasts.append((k, strength, row, column, child))

    @staticmethod
    def _shells(rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
        """Directions (n, 2), speeds (n,), colour (3,) of one burst of fireworks."""
        angle = rng.uniform(0, 2 * np.pi, 90)
        ways = np.stack([np.sin(angle), np.cos(angle)], 1).astype(np.float32)
        speed = np.sqrt(rng.uniform(0.15, 1, 90)).astype(np.float32)
        palette = [
            (1.0, 0.75, 0.35),
            (1.0, 0.35, 0.3),
            (0.45, 0.8, 1.0),
            (0.6, 1.0, 0.5),
            (1.0, 0.5, 0.9),
        ]
        return ways, speed, colour(*palette[rng.integers(len(palette))])

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        fps = self.drive.fps
        picture = self.base.copy()
        if not self.fireworks:
            picture = self._smoulder(picture, level, travel, float(self.flicker[k]))
        for (begin, strength, row, column, _), shells in zip(
            self.blasts, self.particles, strict=True
        ):
            age = (k - begin) / fps
            if not 0 <= age <= LASTING:
                continue
            if self.fireworks:
                self._burst(picture, row, column, age, strength, level, shells)
            else:
                picture = self._fireball(picture, row, column, age, strength, level, travel)
        flash = float(self.flash[k])
        if flash > 0.01:
            # White at its peak, orange as it dies.
            tint = colour(1.0, 0.52, 0.16) + colour(0.0, 0.42, 0.62) * np.float32(flash)
            near = np.float32(0.6) + np.float32(0.4) * self.top
            picture = screen(picture, (near * np.float32(min(1.0, 1.05 * flash)))[..., None] * tint)
        return picture

    def _smoulder(self, picture: Floats, level: float, travel: float, flicker: float) -> Floats:
        row, column = self.smoulder
        puff = self.puff.window(travel * self.size * 0.9, 0, self.size)
        up = row - self.rows
        plume = np.exp(-(((self.columns - column) / (0.1 + 0.25 * np.maximum(up, 0))) ** 2))
        smoke = plume * smoothstep(-0.04, 0.06, up) * smoothstep(0.2, 0.75, puff)
        glow = np.exp(-(((self.columns - column) / 0.22) ** 2) - ((self.rows - row) / 0.12) ** 2)
        picture = mix(picture, colour(0.2, 0.17, 0.16), smoke * np.float32(0.75))
        heat = (glow * (0.45 + 0.55 * puff)).astype(np.float32)
        return screen(
            picture,
            flame_colour(heat * np.float32(0.5 + 0.3 * level))
            * heat[..., None]
            * np.float32(0.8 + 0.6 * level * flicker),
        )

    def _fireball(
        self,
        picture: Floats,
        row: float,
        column: float,
        age: float,
        strength: float,
        level: float,
        travel: float,
    ) -> Floats:
        radius = (0.16 + 0.22 * strength) * (1 - np.exp(-(age + 0.09) / 0.15)) + 0.05 * age
        centre = row - 0.1 * age - 0.35 * radius
        puff = self.puff.window(travel * self.size * 1.1 + age * 6, 0, self.size)
        distance = np.hypot(
            self.columns - np.float32(column), (self.rows - np.float32(centre)) * np.float32(1.1)
        )
        body = 1 - distance / np.float32(radius) + (puff - np.float32(0.5)) * np.float32(0.9)
        shown = smoothstep(0.0, 0.22, body)
        burning = np.exp(-age / 0.55) * (0.45 + 0.55 * level)
        heat = np.clip(body * 0.75 + (puff - 0.5) * 0.6 + 0.35, 0, 1) * np.float32(
            min(1.0, 0.15 + 1.15 * burning)
        )
        smoke = colour(0.24, 0.20, 0.19) * (0.5 + 0.8 * puff)[..., None]
        ball = mix(smoke, flame_colour(heat), smoothstep(0.12, 0.4, heat))
        light = np.exp(-((distance / np.float32(0.5)) ** 2)) * np.float32(burning)
        picture = mix(picture, self.lit, np.clip(light * 0.8, 0, 1))
        fade = np.clip((LASTING - age) / 0.8, 0, 1)
        return mix(picture, ball, shown * np.float32(fade))

    def _burst(
        self,
        picture: Floats,
        row: float,
        column: float,
        age: float,
        strength: float,
        level: float,
        shells: tuple[Floats, Floats, Floats],
    ) -> None:
        ways, speed, tint = shells
        size = self.size
        light = float(np.clip(1.25 - age / 1.5, 0, 1)) * (0.5 + 0.5 * level)
        if light <= 0:
            return
        canvas = np.zeros((size, size), np.float32)
        # Each shell leaves a short trail: its places a little earlier, dimmer.
        for back, dim in ((0.0, 1.0), (0.04, 0.7), (0.08, 0.5), (0.13, 0.3)):
            then = max(0.0, age - back)
            reach = (0.2 + 0.16 * strength) * (1 - np.exp(-(then + 0.05) / 0.3))
            r = ((row + ways[:, 0] * speed * reach + 0.07 * then * then) * size).astype(int)
            c = ((column + ways[:, 1] * speed * reach) * size).astype(int)
            inside = (r >= 0) & (r < size) & (c >= 0) & (c < size)
            np.maximum.at(canvas, (r[inside], c[inside]), np.float32(dim))
        glow = np.clip(canvas + 1.6 * blur(canvas, max(1, size // 80)), 0, 1.4) * np.float32(light)
        haze = (
            np.exp(-(((self.rows - row) ** 2 + (self.columns - column) ** 2) / 0.06)) * 0.3 * light
        )
        picture[:] = screen(
            picture, np.clip((glow + haze)[..., None] * tint + (glow**3)[..., None] * 0.4, 0, 1)
        )
