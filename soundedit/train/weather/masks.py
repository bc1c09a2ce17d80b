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

# Side of the coarse grid on which the border of the sky is sought.
GRID = 64


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
    """Likelihood of sky: the region above one border from side to side, softened along edges.

    Of all borders the one is taken below which the picture looks least like sky, and above which
    most (after Shen and Wang 2013), found by dynamic programming over the columns.
    """
    size = picture.shape[0]
    grey = luma(picture)
    border = best_border(sky_evidence(picture), border_contrast(picture))
    border = np.interp(np.arange(size), (np.arange(GRID) + 0.5) * size / GRID, border * size / GRID)
    rows = np.arange(size, dtype=np.float32)[:, None]
    mask = np.clip(border[None, :].astype(np.float32) - rows + np.float32(0.5), 0, 1)
    # Trunks and peaks that stand in front of the sky.
    detail = texture_strength(grey) * np.float32(size / 128)
    above = picture[: max(2, size // 10)].mean(axis=(0, 1))
    odd = smoothstep(0.25, 0.5, np.abs(picture - above).max(axis=2))
    mask = mask * (1 - odd * smoothstep(0.08, 0.2, detail))
    return guided_filter(grey, mask, max(2, size // 24), eps=4e-4)


def small(values: Floats) -> Floats:
    """Means over GRID x GRID blocks of (S, S) or (S, S, C)."""
    size = values.shape[0]
    step = np.arange(GRID + 1) * size // GRID
    sums = np.add.reduceat(np.add.reduceat(values, step[:-1], axis=0), step[:-1], axis=1)
    counts = np.diff(step)[:, None] * np.diff(step)[None, :]
    return (sums / counts.reshape(GRID, GRID, *[1] * (values.ndim - 2))).astype(np.float32)


def sky_evidence(picture: Floats) -> Floats:
    """(GRID, GRID), above 0 where a block looks like sky: high up, smooth, blue or bright."""
    size = picture.shape[0]
    tone = small(picture)
    detail = small(texture_strength(luma(picture))) * np.float32(size / 128)
    grey = luma(tone)
    rows = (np.arange(GRID, dtype=np.float32)[:, None] + np.float32(0.5)) / GRID
    smooth = 1 - smoothstep(0.03, 0.13, detail)
    blue = smoothstep(-0.05, 0.2, tone[..., 2] - tone[..., 0])
    bright = smoothstep(-0.15, 0.15, grey - np.float32(np.median(grey)))
    green = smoothstep(0.01, 0.07, tone[..., 1] - np.maximum(tone[..., 0], tone[..., 2]))
    # Like the top rows, whatever their colour: red at sunset, black at night.
    away = np.abs(tone - np.median(tone[:5], axis=(0, 1))).max(axis=2)
    alike = 1 - smoothstep(0.08, 0.35, away)
    return (
        1.7 * (0.47 - rows)
        + 1.2 * (smooth - 0.6)
        + 0.35 * (blue - 0.3)
        + 0.5 * (bright - 0.5)
        + 0.5 * (alike - 0.4)
        - 0.9 * green
    ).astype(np.float32)


def border_contrast(picture: Floats) -> Floats:
    """(GRID + 1, GRID): how well a border above each row of blocks parts light from dark."""
    tone = small(picture)
    reach = 3
    padded = np.pad(tone, ((reach, reach), (0, 0), (0, 0)), mode="edge")
    sums = np.cumsum(np.pad(padded, ((1, 0), (0, 0), (0, 0))), axis=0)
    above = (sums[reach : GRID + reach + 1] - sums[: GRID + 1]) / reach
    below = (sums[2 * reach :] - sums[reach : GRID + reach + 1]) / reach
    lighter = np.maximum(luma((above - below).astype(np.float32)), 0)
    return (np.abs(above - below).max(axis=2) + lighter).astype(np.float32)


def best_border(evidence: Floats, contrast: Floats) -> NDArray[np.float64]:
    """Row (0..GRID) of the border in each of the GRID columns."""
    gain = np.zeros((GRID + 1, GRID))
    gain[1:] = np.cumsum(evidence, axis=0)
    gain += 5.0 * contrast
    gain[0] += 1.0
    steps = np.abs(np.arange(GRID + 1)[:, None] - np.arange(GRID + 1)[None, :])
    penalty = np.minimum(0.45 * steps, 5.0)
    total = gain[:, 0]
    back = np.zeros((GRID, GRID + 1), int)
    for column in range(1, GRID):
        paths = total[None, :] - penalty
        back[column] = paths.argmax(axis=1)
        total = paths.max(axis=1) + gain[:, column]
    border = np.zeros(GRID)
    row = int(total.argmax())
    for column in range(GRID - 1, -1, -1):
        border[column] = row
        row = int(back[column, row])
    return border


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
