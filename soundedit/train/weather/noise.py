"""Tileable noise textures and their scrolling."""

import numpy as np

from soundedit.train.weather.imaging import Floats, sample


def fractal(
    rng: np.random.Generator,
    size: int,
    slope: float = 1.8,
    fineness: tuple[float, float] = (1.0, 1.0),
    lowest: float = 1.0,
) -> Floats:
    """Tileable fractal noise (size, size) in 0..1, its values spread evenly.

    slope: fall of the amplitude with frequency, higher is softer. fineness: how much finer the
    features are from top to bottom and from side to side; (2, 1) is wider than high. lowest: cycles
    over the tile below which nothing is kept.
    """
    fr = np.fft.fftfreq(size)[:, None] * size / fineness[0]
    fc = np.fft.rfftfreq(size)[None, :] * size / fineness[1]
    radius = np.sqrt(fr * fr + fc * fc)
    gain = np.where(radius >= lowest, np.maximum(radius, 1e-6) ** -slope, 0)
    spectrum = np.fft.rfft2(rng.standard_normal((size, size))) * gain
    values = np.fft.irfft2(spectrum, s=(size, size))
    # Normal values to even ones, by a logistic close to the normal distribution function.
    values = 1 / (1 + np.exp(-1.702 * (values - values.mean()) / (values.std() + 1e-9)))
    return values.astype(np.float32)


def ridged(noise: Floats) -> Floats:
    """Creases of a noise as bright lines, 0..1."""
    return 1 - np.abs(2 * noise - 1)


def scroll(texture: Floats, rows: float, columns: float, size: int) -> Floats:
    """The (size, size) window of a tileable texture shifted by pixels, fractions interpolated."""
    height, width = texture.shape[:2]
    top, left = int(np.floor(rows)), int(np.floor(columns))
    down, right = np.float32(rows - top), np.float32(columns - left)
    r = (np.arange(size + 1) + top) % height
    c = (np.arange(size + 1) + left) % width
    window = texture[r[:, None], c[None, :]]
    across = window[:, :-1] + (window[:, 1:] - window[:, :-1]) * right
    return across[:-1] + (across[1:] - across[:-1]) * down


class Flow:
    """Two layers of one tileable texture, so that motion never looks like a slide."""

    def __init__(self, rng: np.random.Generator, texture: Floats) -> None:
        self.texture = texture
        self.offset = rng.uniform(0, texture.shape[0], 2)

    def window(self, rows: float, columns: float, size: int) -> Floats:
        """The mean of the texture scrolled by (rows, columns) and, elsewhere, by 0.6 of it."""
        one = scroll(self.texture, rows, columns, size)
        two = scroll(
            self.texture, 0.6 * rows + self.offset[0], 0.6 * columns + self.offset[1], size
        )
        return np.clip(0.5 + 1.4 * (0.5 * (one + two) - 0.5), 0, 1)

    def at(self, rows: Floats, columns: Floats, shift: float) -> Floats:
        """The texture looked up at pixel positions, both layers moved along the rows by `shift`."""
        one = sample(self.texture, rows + np.float32(shift), columns, wrap=True)
        two = sample(
            self.texture,
            rows * np.float32(0.7) + np.float32(0.75 * shift + self.offset[0]),
            columns * np.float32(0.8) + np.float32(self.offset[1]),
            wrap=True,
        )
        return np.clip(0.5 + 1.4 * (0.5 * (one + two) - 0.5), 0, 1)
