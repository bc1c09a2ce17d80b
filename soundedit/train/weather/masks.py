"""Where the sky, the water and the distance are, estimated from one photo."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from soundedit.train.weather.imaging import (
    Floats,
    box_blur,
    grid,
    guided_filter,
    luma,
    smoothstep,
    to_float,
)


@dataclass(frozen=True)
class Scene:
    """A square photo as float32 (S, S, 3) with masks (S, S) in 0..1.

    sky: 1 in the sky. depth: 0 at the camera, 1 far away. water: 1 on still or moving water.
    horizon: row, as a share of the height, at which the ground meets the sky. open_sky: share of
    the picture that is sky.
    """

    photo: Floats
    sky: Floats
    depth: Floats
    water: Floats
    horizon: float
    open_sky: float

    @property
    def size(self) -> int:
        return self.photo.shape[0]


def read_scene(photo: NDArray[np.uint8]) -> Scene:
    """Estimate the masks of a square uint8 photo (S, S, 3)."""
    picture = to_float(photo)
    grey = luma(picture)
    sky = sky_mask(picture)
    horizon = horizon_row(sky)
    return Scene(
        photo=picture,
        sky=sky,
        depth=depth_map(picture, sky, horizon),
        water=guided_filter(grey, water_mask(picture, sky, horizon), max(2, len(grey) // 24)),
        horizon=horizon,
        open_sky=float(sky.mean()),
    )


def texture_strength(grey: Floats) -> Floats:
    """Local detail: mean absolute gradient, as (S, S)."""
    rows = np.abs(np.diff(grey, axis=0, append=grey[-1:]))
    columns = np.abs(np.diff(grey, axis=1, append=grey[:, -1:]))
    return box_blur(rows + columns, max(1, len(grey) // 64))


def sky_mask(picture: Floats) -> Floats:
    """Likelihood of sky, grown down from the top edge until it meets detail or another colour."""
    size = picture.shape[0]
    grey = luma(picture)
    detail = texture_strength(grey) * np.float32(size / 128)
    blueness = picture[..., 2] - picture[..., 0]
    bright_blue = smoothstep(0.35, 0.65, grey + np.float32(0.6) * blueness)
    # Like the top rows, whatever their colour: red at sunset, black at night.
    top = picture[: max(2, size // 10)].reshape(-1, 3)
    distance = np.abs(picture - np.median(top, axis=0)).max(axis=2)
    like_top = 1 - smoothstep(0.12, 0.4, distance)
    smooth = 1 - smoothstep(0.05, 0.14, detail)
    green = smoothstep(0.0, 0.08, picture[..., 1] - np.maximum(picture[..., 0], picture[..., 2]))
    likely = smooth * np.maximum(bright_blue, like_top) * (1 - green)

    # Each row passes the sky on to the next: lost where unlikely, spread a little sideways.
    step = np.float32(4 / size)
    soft = box_blur(likely, max(1, size // 64))
    grown = np.empty_like(soft)
    held = smoothstep(0.15, 0.5, soft[0])
    for row in range(size):
        spread = np.maximum(held, 0.5 * (np.roll(held, 1) + np.roll(held, -1)))
        held = np.clip(np.minimum(spread, spread - step * (1 - soft[row]) * 6 + step), 0, 1)
        grown[row] = held * smoothstep(0.1, 0.45, soft[row])
    # Water under a sky looks like it: the lower the row, the more evidence it needs.
    rows, _ = grid(size)
    grown *= 1 - smoothstep(0.72, 0.9, rows)
    return guided_filter(grey, grown, max(2, size // 20))


def horizon_row(sky: Floats) -> float:
    """Row at which the ground begins, as a share of the height, kept within 0.3..0.75."""
    per_column = (sky > 0.5).sum(axis=0) / sky.shape[0]
    if per_column.mean() < 0.08:
        return 0.5
    return float(np.clip(np.percentile(per_column, 65), 0.3, 0.75))


def depth_map(picture: Floats, sky: Floats, horizon: float) -> Floats:
    """Depth 0..1 from the height in the picture and from haze (bright, pale, without detail)."""
    size = picture.shape[0]
    rows, _ = grid(size)
    by_height = np.clip((1 - rows) / np.float32(1 - horizon), 0, 1)
    pale = picture.min(axis=2)
    haze = box_blur(pale, max(1, size // 32)) * (
        1 - smoothstep(0.03, 0.12, texture_strength(luma(picture)))
    )
    depth = np.clip(by_height * np.float32(0.75) + haze * by_height * np.float32(0.35), 0, 1)
    return guided_filter(luma(picture), np.maximum(depth, sky), max(2, size // 16), eps=4e-3)


def water_mask(picture: Floats, sky: Floats, horizon: float) -> Floats:
    """Likelihood of water: below the horizon, smooth from side to side, not green or brown."""
    size = picture.shape[0]
    rows, _ = grid(size)
    below = smoothstep(horizon - 0.02, horizon + 0.06, rows)
    across = np.abs(np.diff(luma(picture), axis=1, append=luma(picture)[:, -1:]))
    still = 1 - smoothstep(0.03, 0.1, box_blur(across, max(1, size // 40)) * np.float32(size / 128))
    warm = np.maximum(picture[..., 0], picture[..., 1] - np.float32(0.03)) - picture[..., 2]
    cool = 1 - smoothstep(0.02, 0.15, warm)
    return box_blur(below * still * cool * (1 - sky), max(1, size // 48))
