"""The sky and the air: thunderstorm and wind."""

import numpy as np

from soundedit.train.weather.effect import Effect
from soundedit.train.weather.falling import Rainfall
from soundedit.train.weather.grade import cloud_cover, clouds, top_light
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
from soundedit.train.weather.noise import Flow, fractal


def bolt(rng: np.random.Generator, size: int, foot: float) -> Floats:
    """Light (S, S) in 0..1 of a branching lightning bolt from the top to row `foot` (a share)."""
    canvas = np.zeros((size, size), np.float32)
    _draw_branch(canvas, rng, 0.0, rng.uniform(0.2, 0.8) * size, foot * size, 1.0, 0)
    core = np.minimum(canvas, 1)
    glow = blur(core, max(1, size // 40)) * 2.2 + blur(core, max(2, size // 14)) * 2.5
    return np.clip(core * 1.2 + glow, 0, 1)


def _draw_branch(
    canvas: Floats,
    rng: np.random.Generator,
    row: float,
    column: float,
    foot: float,
    light: float,
    depth: int,
) -> None:
    size = canvas.shape[0]
    lean = rng.uniform(-0.5, 0.5) if depth == 0 else rng.choice([-1.0, 1.0]) * rng.uniform(0.6, 1.4)
    while row < foot:
        lean = 0.7 * lean + rng.normal(0, 0.75 if depth == 0 else 0.5)
        length = rng.uniform(0.02, 0.05) * size
        end_row, end_column = row + length, column + lean * length
        count = int(2 * length * (1 + abs(lean))) + 2
        r = np.linspace(row, end_row, count)
        c = np.linspace(column, end_column, count)
        top, left = np.floor(r).astype(int), np.floor(c).astype(int)
        for dr, wr in ((0, 1 - (r - top)), (1, r - top)):
            for dc, wc in ((0, 1 - (c - left)), (1, c - left)):
                inside = (top + dr < size) & (left + dc >= 0) & (left + dc < size)
                spot = (top[inside] + dr, left[inside] + dc)
                canvas[spot] = np.maximum(canvas[spot], light * (wr * wc)[inside] * 1.6)
        row, column = end_row, end_column
        if depth < 2 and rng.random() < 0.22:
            reach = row + rng.uniform(0.1, 0.3) * size
            _draw_branch(canvas, rng, row, column, min(foot, reach), light * 0.6, depth + 1)


class Thunder(Effect):
    """A black-blue storm sky that glimmers with the rumble and flashes at each clap."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        self.top = top_light(scene)
        self.cover = np.maximum(scene.sky, 0.55 * self.top)
        ground = contrast(saturate(scene.photo, 0.45), 1.05, 0.4) * colour(0.34, 0.38, 0.5)
        self.ground = ground.astype(np.float32)
        self.tint = (colour(0.05, 0.055, 0.10), colour(0.30, 0.31, 0.42))
        self.clouds = Flow(rng, clouds(rng, size, stretch=1.8))
        self.lit = fractal(rng, size, slope=2.2)
        self.rain = Rainfall(rng, size, len(self.drive), heavy=0.6)
        self.strikes = strike_strengths(self.drive.level, self.drive.onset)
        keep = np.exp(-1 / (self.drive.fps * 0.11))
        self.flash = np.zeros(len(self.drive), np.float32)
        self.strike_of = np.full(len(self.drive), -1)
        self.bolts: list[Floats | None] = []
        value = 0.0
        for k, strength in enumerate(self.strikes):
            value *= float(keep)
            if strength > value:
                value = float(strength)
                seen = strength > 0.9 or (rng.random() < 0.6 and len(self.bolts) < 12)
                foot = max(0.5, scene.horizon + 0.05)
                self.bolts.append(bolt(rng, size, foot) if seen else None)
            self.flash[k] = value
            self.strike_of[k] = len(self.bolts) - 1
        self.flicker = rng.uniform(0, 1, len(self.drive)).astype(np.float32)
        self.spot = rng.integers(size, size=(len(self.drive), 2))

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        flash = float(self.flash[k])
        window = self.clouds.window(0, travel * self.size * 0.12, self.size)
        picture = mix(self.ground, cloud_cover(self.scene, window, *self.tint), self.cover)
        # The rumble: light behind the clouds, elsewhere in every frame.
        glimmer = np.roll(self.lit, tuple(self.spot[k]), (0, 1)) ** 3 * self.top
        light = glimmer * np.float32(0.75 * level**1.5 * self.flicker[k])
        if flash > 0.01:
            behind = np.float32(0.35) + np.float32(0.65) * window
            light = light + np.float32(1.1 * flash) * (0.3 + 0.7 * self.top) * behind
            picture = picture * np.float32(1 + 1.3 * flash)
        picture = screen(picture, light[..., None] * colour(0.82, 0.84, 1.0))
        drops = self.rain.frame(k) * np.float32(0.55 * level)
        picture = mix(picture, colour(0.6, 0.64, 0.75), drops)
        shape = self.bolts[self.strike_of[k]] if self.strike_of[k] >= 0 else None
        if shape is not None and flash > 0.08:
            picture = screen(
                picture,
                (shape * np.float32(min(1.0, 1.5 * flash)))[..., None] * colour(0.95, 0.93, 1.0),
            )
        return picture


def strike_strengths(level: Floats, onset: Floats) -> Floats:
    """(T,) strengths 0..1 of the onsets that stand out, else of the steepest rise."""
    peak = float(onset.max(initial=0))
    if peak > 0.1:
        return np.where(onset > 0.4 * peak, onset / peak * max(0.8, peak), 0).astype(np.float32)
    strikes = np.zeros_like(level)
    if level.max(initial=0) > 0.1:
        rise = np.diff(level, prepend=level[:1])
        strikes[int(rise.argmax())] = min(1.0, 4 * float(rise.max()))
    return strikes


class Wind(Effect):
    """Torn clouds racing, scene and grass bending, dust and leaves blown across."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        rows, columns = grid(size)
        bright = 0.6 + 0.5 * float(luma(scene.photo).mean())
        self.clouds = Flow(rng, fractal(rng, 2 * size, slope=1.5, fineness=(3.0, 0.7), lowest=2.0))
        self.dust = Flow(rng, fractal(rng, 2 * size, slope=1.35, fineness=(5.0, 0.6), lowest=2.0))
        self.base = saturate(scene.photo, 0.7) * colour(1.03, 1.0, 0.92)
        self.white = colour(0.97, 0.97, 0.95) * np.float32(bright)
        self.sand = colour(0.83, 0.76, 0.62) * np.float32(bright)
        self.low = smoothstep(0.3, 0.8, rows) * (1 - scene.sky)
        self.bend = (1 - scene.sky) * np.float32(size * 0.03)
        self.phase = (fractal(rng, size, slope=2.4) * np.float32(4 * np.pi)).astype(np.float32)
        self.side = float(rng.choice([-1, 1]))
        self.leaves = rng.random((30, 5)).astype(np.float32)
        self.leaf_colours = [
            colour(0.40, 0.22, 0.07),
            colour(0.52, 0.38, 0.10),
            colour(0.22, 0.17, 0.08),
        ]
        self.rows, self.columns = rows * size - np.float32(0.5), columns * size - np.float32(0.5)
        self._sow(rng)

    def _sow(self, rng: np.random.Generator) -> None:
        """Blades of grass along the lower edge: roots, heights, phases, colours."""
        count = 150
        self.roots = rng.uniform(-0.15, 1.15, count).astype(np.float32)
        self.tall = (rng.uniform(0.1, 0.34, count) * rng.uniform(0.6, 1, count)).astype(np.float32)
        self.blade_phase = rng.uniform(0, 2 * np.pi, count).astype(np.float32)
        along = np.linspace(0, 1, max(24, self.size // 4), dtype=np.float32)
        self.along = along[None, :]
        straw, green = colour(0.62, 0.52, 0.26), colour(0.26, 0.30, 0.12)
        share = rng.uniform(0, 1, (count, 1)).astype(np.float32)
        light = (0.45 + 0.6 * along)[None, :, None]
        self.blades = ((straw + (green - straw) * share)[:, None, :] * light).astype(np.float32)

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        size = self.size
        gust = np.sin(self.phase + np.float32(9 * travel))
        lean = self.bend * np.float32(level) * (np.float32(0.6 * self.side) + gust)
        picture = sample(self.base, self.rows, self.columns + lean)
        moved = -self.side * travel * size
        torn = smoothstep(0.36, 0.9, self.clouds.window(0.05 * moved, moved * 0.55, size))
        picture = mix(picture, self.white, torn * self.scene.sky * np.float32(0.92))
        dust = smoothstep(0.35, 0.9, self.dust.window(0.08 * moved, moved * 1.3, size))
        veil = (np.float32(0.3) + np.float32(0.7) * self.low) * np.float32(0.25 + 0.6 * level)
        picture = mix(picture, self.sand, dust * veil)
        self._bend_grass(picture, travel, level)
        self._blow_leaves(picture, travel, level)
        return picture

    def _bend_grass(self, picture: Floats, travel: float, level: float) -> None:
        size = self.size
        wave = np.sin(7 * travel - 5 * self.side * self.roots + 0.5 * self.blade_phase)
        flutter = np.sin(23 * travel + self.blade_phase)
        lean = self.side * level * (1.0 + 0.45 * wave + 0.12 * flutter)
        lean = lean + 0.12 * np.sin(self.blade_phase)
        # A bent blade keeps its length: what it leans it loses in height.
        droop = 1 - 0.45 * np.minimum(np.abs(lean), 1.6)[:, None] * self.along
        row = size * (1.01 - self.tall[:, None] * self.along * droop)
        column = size * (self.roots[:, None] + (self.tall * lean)[:, None] * self.along**1.7)
        top, left = np.floor(row).astype(int), np.floor(column).astype(int)
        for aside, share in ((0, 1 - (column - left)), (1, column - left)):
            inside = (top >= 0) & (top < size) & (left + aside >= 0) & (left + aside < size)
            spot = (top[inside], left[inside] + aside)
            weight = np.minimum(1.3 * share[inside], 1)[:, None].astype(np.float32)
            picture[spot] += (self.blades[inside] - picture[spot]) * weight

    def _blow_leaves(self, picture: Floats, travel: float, level: float) -> None:
        size = self.size
        steps = np.linspace(-1, 1, max(5, size // 24))
        for n, (start, height, speed, swing, shade) in enumerate(self.leaves):
            column = np.mod(start + self.side * travel * (0.8 + 0.9 * speed), 1.1) * size
            wobble = 0.06 * np.sin(6 * travel * (0.5 + swing) + 6 * start)
            row = (0.12 + 0.75 * height + wobble) * size
            length = (1.1 + 1.5 * shade) * size / 128
            turn = 5 * travel * (0.5 + speed) + 6 * swing
            r = (row + steps * length * np.sin(turn)).astype(int)
            c = (column - 0.05 * size + steps * length * (1 + 0.5 * level)).astype(int)
            inside = (r >= 0) & (r < size) & (c >= 0) & (c < size)
            r, c = r[inside], c[inside]
            picture[r, c] += (self.leaf_colours[n % 3] - picture[r, c]) * np.float32(0.85)
