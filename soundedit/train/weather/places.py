"""Sounds that tell of a place and an hour: birds, crickets, the rest, and still weathers."""

import numpy as np

from soundedit.train.weather.effect import Effect
from soundedit.train.weather.grade import dusk, night, stars, sunset, sunshine, top_light
from soundedit.train.weather.imaging import (
    Floats,
    blur,
    colour,
    grid,
    luma,
    mix,
    sample,
    screen,
    smoothstep,
    stamp,
    zoom,
)
from soundedit.train.weather.noise import Flow, fractal


class Birds(Effect):
    """A bright morning: warm sun that shimmers with the song, birds flapping across."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        rows, columns = grid(size)
        self.base = sunshine(scene)
        row, column = self._sun_place(rng)
        distance = np.hypot(rows - np.float32(row), columns - np.float32(column))
        disc = (1 - smoothstep(0.03, 0.07, distance)) * (0.25 + 0.75 * scene.sky)
        self.sun = disc + 0.75 * np.exp(-distance / np.float32(0.22))
        angle = np.arctan2(columns - np.float32(column), rows - np.float32(row) + np.float32(0.02))
        self.ray_at = ((angle + np.float32(np.pi)) * np.float32(2 * size / (2 * np.pi))).astype(
            np.float32
        )
        self.rays = fractal(rng, 2 * size, slope=1.3, lowest=7.0)
        self.ray_fade = np.exp(-distance / np.float32(0.55))
        self.dapple = Flow(rng, fractal(rng, 2 * size, slope=1.5, lowest=6.0))
        self.leafy = 1 - scene.sky
        self.flock = rng.random((int(rng.integers(5, 9)), 5)).astype(np.float32)
        self.side = float(rng.choice([-1, 1]))
        self.low = min(0.6, max(0.35, scene.horizon))

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        size = self.size
        rays = sample(
            self.rays, np.full_like(self.ray_at, travel * size * 0.5), self.ray_at, wrap=True
        )
        light = self.sun * np.float32(0.62 + 0.3 * level)
        light = light + smoothstep(0.4, 0.95, rays) * self.ray_fade * np.float32(0.22 + 0.4 * level)
        dapple = self.dapple.window(travel * size * 0.25, travel * size * 0.4, size)
        light = light + dapple * self.leafy * np.float32(0.04 + 0.16 * level)
        picture = screen(self.base, np.clip(light, 0, 1)[..., None] * colour(1.0, 0.88, 0.55))
        for bird in self.flock:
            self._bird(picture, bird, travel)
        return picture

    def _sun_place(self, rng: np.random.Generator) -> tuple[float, float]:
        """Row and column, as shares, of the photo's own sun, or of one in an upper corner."""
        size = self.size
        bright = blur(luma(self.scene.photo)[: int(0.7 * size)], max(1, size // 32))
        if bright.max() > 0.9 and bright.max() > 2.5 * np.percentile(bright, 75) - 1.0:
            spot = int(bright.argmax())
            if np.percentile(bright, 90) < 0.86:
                return (spot // size) / size, (spot % size) / size
        aside = rng.uniform(0.08, 0.3)
        return rng.uniform(0.02, 0.16), aside if rng.random() < 0.5 else 1 - aside

    def _bird(self, picture: Floats, bird: Floats, travel: float) -> None:
        start, height, speed, big, beat = (float(x) for x in bird)
        size = self.size
        column = (
            np.mod(start + self.side * travel * (0.12 + 0.22 * speed), 1.16) * size - 0.08 * size
        )
        row = (0.06 + (self.low - 0.1) * height + 0.03 * np.sin(3 * travel + 6 * beat)) * size
        span = (2.6 + 2.8 * big) * size / 128
        wing = np.sin(2 * np.pi * (3.2 * travel * (0.8 + 0.4 * beat) + start))
        dark = colour(0.07, 0.07, 0.09)
        for x in np.linspace(-1, 1, max(7, int(4 * span))):
            reach = abs(x)
            lift = wing * (0.75 * reach - 0.25) * span * (
                1 if reach > 0.15 else 0.4
            ) - 0.12 * span * (1 - reach)
            for thick in (0.0, 0.6 * size / 128):
                r, c = int(row - lift + thick), int(column + x * span)
                if 0 <= r < size and 0 <= c < size:
                    picture[r, c] += (dark - picture[r, c]) * np.float32(0.8)


class Crickets(Effect):
    """A meadow after sunset: stars that twinkle, fireflies that glow with the chirping."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        rows, columns = grid(size)
        self.base = dusk(scene) if rng.random() < 0.6 else night(scene, 0.42)
        meadow = smoothstep(scene.horizon, 1.0, rows) * (1 - scene.sky)
        self.base = mix(self.base, self.base * colour(0.75, 1.25, 0.7), meadow * np.float32(0.6))
        row, column = rng.uniform(0.08, 0.22), rng.uniform(0.15, 0.85)
        if scene.sky[int(row * size), int(column * size)] > 0.8:
            distance = np.hypot(rows - np.float32(row), columns - np.float32(column))
            moon = (1 - smoothstep(0.035, 0.05, distance)) + 0.3 * np.exp(
                -distance / np.float32(0.12)
            )
            self.base = screen(
                self.base, (moon * (0.3 + 0.7 * scene.sky))[..., None] * colour(0.85, 0.9, 0.95)
            )
        self.stars = stars(rng, scene, 0.012)
        self.twinkle = Flow(rng, fractal(rng, 2 * size, slope=0.8))
        self.flies = rng.random((30, 6)).astype(np.float32)
        self.top = min(scene.horizon, 0.55)
        self.chirp = self.drive.hit(0.15)
        self.sway = Flow(rng, fractal(rng, 2 * size, slope=1.3, fineness=(0.6, 1.6), lowest=4.0))
        self.meadow = smoothstep(self.top, 1.0, rows) * (1 - scene.sky)

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        size = self.size
        twinkle = self.twinkle.window(travel * size * 0.4, travel * size * 0.3, size)
        light = self.stars * (np.float32(0.75) + np.float32(0.5 * level) * (twinkle - 0.5) * 2)
        picture = screen(self.base, np.clip(light, 0, 1)[..., None] * colour(0.9, 0.93, 1.0))
        glow = 0.25 + 0.6 * level + 0.35 * float(self.chirp[k])
        # The light of the fireflies on the moving grass.
        sway = self.sway.window(travel * size * 0.1, travel * size * 0.55, size)
        grass = self.meadow * sway * np.float32(0.1 + 0.34 * glow)
        picture = screen(picture, grass[..., None] * colour(0.34, 0.46, 0.12))
        for start, height, speed, swing, phase, big in self.flies:
            column = (
                np.mod(start + 0.1 * np.sin(2.2 * travel * (0.4 + speed) + 6 * phase), 1) * size
            )
            row = (
                self.top + 0.08 + (0.9 - self.top) * height + 0.04 * np.sin(3 * travel + 6 * swing)
            ) * size
            pulse = 0.55 + 0.45 * np.sin(2 * np.pi * (1.7 * travel * (0.6 + speed) + phase))
            radius = (1.1 + 1.6 * big) * (0.8 + 0.5 * height) * size / 128
            stamp(
                picture,
                row,
                column,
                radius,
                colour(0.85, 1.0, 0.3) * np.float32(glow * pulse * 0.9),
            )
            stamp(
                picture,
                row,
                column,
                radius * 3,
                colour(0.35, 0.45, 0.08) * np.float32(glow * pulse * 0.35),
            )
        return picture


class Other(Effect):
    """The scene as it is, moved by loudness alone: nearer and brighter when loud, drifting on."""

    def prepare(self, rng: np.random.Generator) -> None:
        self.phase = rng.uniform(0, 2 * np.pi, 2)

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        swing = 0.03 * self.size
        picture = zoom(
            self.scene.photo,
            1.08 + 0.03 * level,
            shift_rows=swing * float(np.sin(2.1 * travel + self.phase[0])),
            shift_columns=swing * float(np.sin(2.9 * travel + self.phase[1])),
        )
        return picture * np.float32(0.95 + 0.09 * level)


class Night(Effect):
    """Moonlight and stars that twinkle."""

    def prepare(self, rng: np.random.Generator) -> None:
        self.base = night(self.scene, float(rng.uniform(0.26, 0.4)))
        self.stars = stars(rng, self.scene, 0.01)
        self.twinkle = Flow(rng, fractal(rng, 2 * self.size, slope=0.8))

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        twinkle = self.twinkle.window(travel * self.size * 0.4, 0, self.size)
        light = self.stars * (np.float32(0.7) + np.float32(0.6 * level) * (twinkle - 0.5) * 2)
        return screen(self.base, np.clip(light, 0, 1)[..., None] * colour(0.9, 0.93, 1.0))


class Sunset(Effect):
    """A low sun whose glow breathes with loudness."""

    def prepare(self, rng: np.random.Generator) -> None:
        self.base = sunset(self.scene, rng)
        self.glow = top_light(self.scene) * np.float32(0.25)

    def frame(self, k: int) -> Floats:
        light = (self.glow * np.float32(self.drive.level[k]))[..., None] * colour(1.0, 0.5, 0.2)
        return screen(self.base, light)
