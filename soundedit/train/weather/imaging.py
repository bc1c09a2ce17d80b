"""Small picture operations on float32 arrays in 0..1: blur, sample, blend, grade."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)


def to_float(picture: NDArray[np.uint8]) -> Floats:
    return picture.astype(np.float32) / np.float32(255)


def to_bytes(picture: Floats) -> NDArray[np.uint8]:
    return (np.clip(picture, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def luma(picture: Floats) -> Floats:
    """Rec. 709 luma of (H, W, 3), as (H, W)."""
    return picture @ LUMA


def colour(red: float, green: float, blue: float) -> Floats:
    return np.array([red, green, blue], np.float32)


def mix(below: Floats, above: Floats, amount: Floats | float) -> Floats:
    """`below` where amount is 0, `above` where it is 1; an (H, W) amount goes over the colours."""
    if isinstance(amount, np.ndarray) and amount.ndim == 2:
        amount = amount[..., None]
    return below + (above - below) * amount


def screen(below: Floats, light: Floats) -> Floats:
    """Light added without burning out: 1 - (1 - a)(1 - b)."""
    return 1 - (1 - below) * (1 - np.minimum(light, 1))


def smoothstep(low: float, high: float, values: Floats) -> Floats:
    ramp = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def saturate(picture: Floats, amount: float) -> Floats:
    """Colourfulness times `amount`: 0 is grey, 1 leaves it."""
    grey = luma(picture)[..., None]
    return grey + (picture - grey) * np.float32(amount)


def contrast(picture: Floats, amount: float, pivot: float = 0.5) -> Floats:
    return (picture - np.float32(pivot)) * np.float32(amount) + np.float32(pivot)


def box_blur(picture: Floats, radius: int) -> Floats:
    """Mean over a square of side 2 * radius + 1, edges repeated; (H, W) or (H, W, C)."""
    if radius < 1:
        return picture
    for axis in (0, 1):
        pad = [(0, 0)] * picture.ndim
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(picture, pad, mode="edge"), axis=axis, dtype=np.float64)
        side = 2 * radius + 1
        upper, lower = (
            (sums[side:], sums[:-side]) if axis == 0 else (sums[:, side:], sums[:, :-side])
        )
        picture = ((upper - lower) / side).astype(np.float32)
    return picture


def blur(picture: Floats, radius: int) -> Floats:
    """Two box blurs, close to a Gaussian."""
    return box_blur(box_blur(picture, radius), radius)


def guided_filter(guide: Floats, mask: Floats, radius: int, eps: float = 1e-3) -> Floats:
    """Smooth `mask` (H, W) along the edges of the grey `guide` (H, W); He et al. 2010."""
    mean_g, mean_m = box_blur(guide, radius), box_blur(mask, radius)
    covariance = box_blur(guide * mask, radius) - mean_g * mean_m
    variance = box_blur(guide * guide, radius) - mean_g * mean_g
    slope = np.divide(covariance, variance + eps, dtype=np.float32)
    offset = (mean_m - slope * mean_g).astype(np.float32, copy=False)
    return np.clip(box_blur(slope, radius) * guide + box_blur(offset, radius), 0, 1)


@lru_cache(maxsize=8)
def grid(size: int) -> tuple[Floats, Floats]:
    """Rows and columns (size, size) of pixel centres in 0..1."""
    line = (np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size)
    rows, columns = np.meshgrid(line, line, indexing="ij")
    return rows, columns


def sample(picture: Floats, rows: Floats, columns: Floats, wrap: bool = False) -> Floats:
    """Bilinear look-up at pixel positions (row, column); beyond the edge repeats, or wraps."""
    height, width = picture.shape[:2]
    if wrap:
        rows, columns = np.mod(rows, height), np.mod(columns, width)
    else:
        rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    top, left = rows.astype(np.int32), columns.astype(np.int32)
    down, right = rows - top, columns - left
    if wrap:
        top, left = top % height, left % width
        below, beside = (top + 1) % height, (left + 1) % width
    else:
        below, beside = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    flat = picture.reshape(height * width, -1) if picture.ndim == 3 else picture.reshape(-1)
    if picture.ndim == 3:
        down, right = down[..., None], right[..., None]
    upper_row, lower_row = top * width, below * width
    upper = flat.take(upper_row + left, axis=0)
    upper += (flat.take(upper_row + beside, axis=0) - upper) * right
    lower = flat.take(lower_row + left, axis=0)
    lower += (flat.take(lower_row + beside, axis=0) - lower) * right
    upper += (lower - upper) * down
    result: Floats = upper.astype(np.float32, copy=False)
    return result


def zoom(
    picture: Floats, factor: float, shift_rows: float = 0.0, shift_columns: float = 0.0
) -> Floats:
    """Enlarge about the middle by `factor` >= 1 and shift by pixels."""
    size = picture.shape[0]
    rows, columns = grid(size)
    middle = (size - 1) / 2
    scale = np.float32(size / factor)
    return sample(
        picture,
        (rows - np.float32(0.5)) * scale + np.float32(middle + shift_rows),
        (columns - np.float32(0.5)) * scale + np.float32(middle + shift_columns),
    )


def stamp(picture: Floats, row: float, column: float, radius: float, light: Floats) -> None:
    """Add a soft round light of colour `light` (3,) in place, centred at a pixel position."""
    size_r, size_c = picture.shape[:2]
    reach = int(np.ceil(radius * 2.5)) + 1
    r0, r1 = max(0, int(row) - reach), min(size_r, int(row) + reach + 1)
    c0, c1 = max(0, int(column) - reach), min(size_c, int(column) + reach + 1)
    if r0 >= r1 or c0 >= c1:
        return
    dr = (np.arange(r0, r1, dtype=np.float32) - np.float32(row))[:, None]
    dc = (np.arange(c0, c1, dtype=np.float32) - np.float32(column))[None, :]
    glow = np.exp(-(dr * dr + dc * dc) / np.float32(2 * radius * radius / 2.2))
    picture[r0:r1, c0:c1] += glow[..., None] * light
