"""What falls: rain and snow, and walking through snow."""

import numpy as np

from soundedit.train.weather.effect import Effect
from soundedit.train.weather.grade import cloud_cover, clouds, overcast, snowed, top_light
from soundedit.train.weather.imaging import (
    Floats,
    blur,
    colour,
    grid,
    luma,
    mix,
    sample,
    smoothstep,
    zoom,
)
from soundedit.train.weather.noise import fractal, scroll


def streaks(
    rng: np.random.Generator, size: int, count: int, length: float, slant: float, width: float
) -> Floats:
    """A tileable layer (size, size) in 0..1 of `count` slanted lines, lengths in pixels."""
    points = np.zeros((size, size))
    np.add.at(
        points,
        (rng.integers(size, size=count), rng.integers(size, size=count)),
        rng.uniform(0.4, 1, count),
    )
    rows = (np.arange(size) + size // 2) % size - size // 2
    row, column = np.meshgrid(rows, rows, indexing="ij")
    along = np.clip(row / length, 0, 1)
    across = column - slant * row
    line = (
        np.exp(-((across / width) ** 2))
        * ((row >= 0) & (row < length))
        * np.sin(np.pi * along) ** 0.5
    )
    layer = np.fft.irfft2(np.fft.rfft2(points) * np.fft.rfft2(line), s=(size, size))
    return np.clip(layer, 0, 1).astype(np.float32)


def flakes(rng: np.random.Generator, size: int, count: int, radius: float) -> Floats:
    """A tileable layer (size, size) in 0..1 of `count` soft round dots."""
    points = np.zeros((size, size))
    np.add.at(
        points,
        (rng.integers(size, size=count), rng.integers(size, size=count)),
        rng.uniform(0.5, 1, count),
    )
    rows = (np.arange(size) + size // 2) % size - size // 2
    row, column = np.meshgrid(rows, rows, indexing="ij")
    dot = np.exp(-(row**2 + column**2) / (2 * radius**2))
    layer = np.fft.irfft2(np.fft.rfft2(points) * np.fft.rfft2(dot), s=(size, size))
    return np.clip(layer, 0, 1).astype(np.float32)


class Rainfall:
    """Three depths of streaks; each frame shows other drops."""

    def __init__(
        self, rng: np.random.Generator, size: int, frames: int, heavy: float = 1.0
    ) -> None:
        unit = size / 128
        slant = float(rng.uniform(-0.35, 0.35))
        self.size = size
        self.layers = [
            streaks(rng, size, round(260 * heavy), 8 * unit, slant, 0.45 * unit) * np.float32(0.30),
            streaks(rng, size, round(90 * heavy), 15 * unit, slant, 0.6 * unit) * np.float32(0.55),
            streaks(rng, size, round(24 * heavy), 26 * unit, slant * 1.2, 0.85 * unit)
            * np.float32(0.65),
        ]
        self.jumps = rng.integers(size, size=(frames, len(self.layers), 2))

    def frame(self, k: int) -> Floats:
        """Opacity of the drops of frame `k`, (S, S)."""
        total = np.zeros((self.size, self.size), np.float32)
        for layer, (rows, columns) in zip(self.layers, self.jumps[k], strict=True):
            total += np.roll(layer, (int(rows), int(columns)), (0, 1))
        return np.minimum(total, 0.85)


class Rain(Effect):
    """Streaks, splashes, a grey sky, wet dark ground that mirrors it, and mist that thickens."""

    def prepare(self, rng: np.random.Generator) -> None:
        scene, size = self.scene, self.size
        sky = cloud_cover(
            scene,
            clouds(rng, size)[:size, :size],
            colour(0.38, 0.41, 0.45),
            colour(0.66, 0.69, 0.72),
        )
        base = mix(overcast(scene, rng.uniform(0.58, 0.75)), sky, scene.sky * np.float32(0.8))
        base = mix(
            base, wet_mirror(scene.photo, base, scene.horizon), wet_share(scene.sky, scene.horizon)
        )
        self.base = base
        self.mist = np.clip(scene.depth * 0.75 + 0.1, 0, 1) * np.float32(0.75)
        self.grey = colour(0.60, 0.635, 0.67) * np.float32(rng.uniform(0.85, 1.05))
        self.drops = colour(0.86, 0.9, 0.95)
        self.rain = Rainfall(rng, size, len(self.drive))
        self.splash = flakes(rng, size, size * 3, 0.5 * size / 128)
        rows, _ = grid(size)
        self.ground = smoothstep(scene.horizon + 0.05, 0.95, rows) * np.float32(0.55)
        self.jumps = rng.integers(size, size=(len(self.drive), 2))

    def frame(self, k: int) -> Floats:
        level = float(self.drive.level[k])
        picture = mix(self.base, self.grey, self.mist * np.float32(0.25 + 0.6 * level))
        drops = self.rain.frame(k) * np.float32(1.15 * level)
        splash = (
            np.roll(self.splash, tuple(self.jumps[k]), (0, 1)) * self.ground * np.float32(level)
        )
        return mix(picture, self.drops, np.minimum(drops + splash, 0.9))


def wet_share(sky: Floats, horizon: float) -> Floats:
    """How much of each pixel is wet ground that mirrors, (S, S)."""
    rows, _ = grid(sky.shape[0])
    return smoothstep(horizon, 1.0, rows) * (1 - sky) * np.float32(0.45)


def wet_mirror(photo: Floats, base: Floats, horizon: float) -> Floats:
    """The picture above the horizon mirrored downwards and smeared, as wet ground shows it."""
    size = photo.shape[0]
    rows, columns = grid(size)
    source = (2 * np.float32(horizon) - rows) * size
    mirrored = sample(base, np.abs(source), columns * size - np.float32(0.5))
    return blur(mirrored, max(1, size // 50)) * np.float32(0.9)


class Snowfall(Effect):
    """Snow on the ground and flakes that sink with the sound."""

    flake_share = 1.0

    def prepare(self, rng: np.random.Generator) -> None:
        size = self.size
        unit = size / 128
        self.base = snowed(self.scene, rng)
        share = self.flake_share
        self.layers = [
            flakes(rng, size, round(220 * share), 0.55 * unit) * np.float32(0.7),
            flakes(rng, size, round(80 * share), 0.9 * unit) * np.float32(0.85),
            flakes(rng, size, round(22 * share), 1.5 * unit) * np.float32(0.85),
        ]
        self.drift = rng.uniform(-0.25, 0.25)

    def falling(self, k: int) -> Floats:
        """Opacity of the flakes of frame `k`, (S, S)."""
        travel = float(self.drive.travel[k]) * self.size
        total = np.zeros((self.size, self.size), np.float32)
        for speed, layer in zip((0.35, 0.6, 1.0), self.layers, strict=True):
            total += scroll(layer, -travel * speed, travel * speed * self.drift, self.size)
        return np.minimum(total, 0.95)

    def frame(self, k: int) -> Floats:
        return mix(self.base, colour(0.96, 0.98, 1.0), self.falling(k))


class Steps(Snowfall):
    """A snowy path with footprints that come nearer with every step, the camera nodding."""

    flake_share = 0.5

    def prepare(self, rng: np.random.Generator) -> None:
        super().prepare(rng)
        size, scene = self.size, self.scene
        rows, columns = grid(size)
        # Not the horizon itself: the path begins where the ground is near enough to be walked on.
        start = float(np.clip(scene.horizon + 0.06, 0.52, 0.72))
        below = np.maximum(rows - np.float32(start), 0) / np.float32(1 - start)
        bend = rng.uniform(0.08, 0.2) * rng.choice([-1, 1])
        middle = 0.5 + bend * np.sin((1 - below) * np.float32(3.0))
        half = np.float32(0.035) + np.float32(0.27) * below
        ragged = fractal(rng, size, slope=1.3)
        self.across = ((columns - middle) / half).astype(np.float32)
        # Distance on the ground from the height in the picture, as a camera at eye level sees it.
        self.away = (1.0 / (below + np.float32(0.2))).astype(np.float32)
        edge = 1 - smoothstep(0.7, 1.1, np.abs(self.across) + 0.25 * (ragged - 0.5))
        self.path = edge * smoothstep(0.0, 0.12, below)
        # Untrodden snow on both sides, brighter than the path, wherever the source showed ground.
        field = smoothstep(0.0, 0.3, below)
        snow = (
            colour(0.93, 0.96, 1.0)
            * (0.84 + 0.14 * ragged + 0.25 * (luma(self.base) - 0.6))[..., None]
        )
        self.base = mix(self.base, snow.astype(np.float32), field * np.float32(0.8))
        trodden = colour(0.70, 0.74, 0.81) * (0.9 + 0.18 * fractal(rng, size, slope=0.9))[..., None]
        self.base = mix(self.base, trodden.astype(np.float32), self.path * np.float32(0.8))
        self.nod = self.drive.hit(0.12)

    def footprints(self, travel: float) -> Floats:
        """Darkness of the prints, (S, S)."""
        along = self.away * np.float32(1.9) + np.float32(travel)
        step = np.floor(along)
        side = np.where(np.mod(step, 2) < 1, np.float32(-0.36), np.float32(0.36))
        print_along = (along - step - np.float32(0.5)) / np.float32(0.33)
        print_across = (self.across - side) / np.float32(0.22)
        distance = print_along**2 + print_across**2
        return (
            (1 - smoothstep(0.5, 1.1, distance)) * self.path * (1 - smoothstep(2.8, 4.6, self.away))
        )

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        picture = mix(
            self.base, colour(0.30, 0.35, 0.48), self.footprints(2.2 * travel) * np.float32(0.8)
        )
        picture = mix(picture, colour(0.96, 0.98, 1.0), self.falling(k))
        bob = float(self.nod[k]) * 0.022 + level * 0.012
        return zoom(picture * np.float32(0.97 + 0.06 * level), 1.06, shift_rows=bob * self.size)


class Fog(Effect):
    """Banks of fog that drift with the sound."""

    def prepare(self, rng: np.random.Generator) -> None:
        size, scene = self.size, self.scene
        self.banks = fractal(rng, 2 * size, slope=2.0, fineness=(2.5, 1.0), lowest=2.0)
        self.far = np.clip(scene.depth * np.float32(1.25), 0, 1) + np.float32(0.1)
        self.pale = colour(0.78, 0.81, 0.84) * np.float32(
            0.65 + 0.45 * float(luma(scene.photo).mean())
        )
        self.top = top_light(scene) * np.float32(0.2)

    def frame(self, k: int) -> Floats:
        level, travel = float(self.drive.level[k]), float(self.drive.travel[k])
        banks = scroll(self.banks, 0, travel * self.size * 0.3, self.size)
        amount = np.clip(self.far + self.top + 0.5 * (banks - 0.5), 0, 1) * np.float32(
            0.6 + 0.35 * level
        )
        return mix(self.scene.photo, self.pale, amount)
