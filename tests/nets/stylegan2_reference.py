"""StyleGAN2 written out slowly from its equations and a state dict, to test the fast one by.

Karras et al. 2020 (equations 1 to 3, section 4.2) and the conventions of the ADA release: zero
insertion, then padding, then a true convolution with the filter.
"""

import math

import torch
from torch import Tensor

Weights = dict[str, Tensor]


def filter_2d() -> Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64)
    return torch.einsum("i,j->ij", taps, taps) / 64


def upfirdn(x: Tensor, f: Tensor, up: int, pads: tuple[int, int, int, int], gain: float) -> Tensor:
    """[C, H, W]: zeros after every sample, pads (left, right, top, bottom), convolution."""
    channels, height, width = x.shape
    left, right, top, bottom = pads
    padded = x.new_zeros(channels, height * up + top + bottom, width * up + left + right)
    padded[:, top : top + height * up : up, left : left + width * up : up] = x
    rows, columns = f.shape
    out = x.new_zeros(channels, padded.shape[1] - rows + 1, padded.shape[2] - columns + 1)
    for i in range(rows):
        for j in range(columns):
            tap = f[rows - 1 - i, columns - 1 - j]
            out += gain * tap * padded[:, i : i + out.shape[1], j : j + out.shape[2]]
    return out


def correlate(x: Tensor, w: Tensor, pad: int) -> Tensor:
    """[I, H, W] and [O, I, k, k] -> [O, H, W]."""
    k = w.shape[2]
    padded = x.new_zeros(x.shape[0], x.shape[1] + 2 * pad, x.shape[2] + 2 * pad)
    padded[:, pad : pad + x.shape[1], pad : pad + x.shape[2]] = x
    height, width = padded.shape[1] - k + 1, padded.shape[2] - k + 1
    out = x.new_zeros(w.shape[0], height, width)
    for i in range(k):
        for j in range(k):
            part = padded[:, i : i + height, j : j + width]
            out += torch.einsum("oi,ihw->ohw", w[:, :, i, j], part)
    return out


def resampled_convolution(x: Tensor, w: Tensor, up: int) -> Tensor:
    """The generic path of ADA's conv2d_resample: pad and filter first, then convolve."""
    k = w.shape[2]
    if up == 1:
        return correlate(x, w, k // 2)
    f = filter_2d()
    before, after = k // 2 + (len(f) + up - 1) // 2, k // 2 + (len(f) - up) // 2
    x = upfirdn(x, f, up, (before, after, before, after), up**2)
    return correlate(x, w.flip([2, 3]), 0)


def modulated_convolution(x: Tensor, w: Tensor, s: Tensor, up: int, demodulate: bool) -> Tensor:
    """One sample; equations 1 and 3."""
    modulated = w * s[None, :, None, None]
    if demodulate:
        for o in range(len(modulated)):
            modulated[o] = modulated[o] / math.sqrt(float((modulated[o] ** 2).sum()) + 1e-8)
    return resampled_convolution(x, modulated, up)


def leaky(x: Tensor) -> Tensor:
    return torch.where(x < 0, 0.2 * x, x) * math.sqrt(2)


def dense(x: Tensor, weights: Weights, name: str, lr: float = 1.0) -> Tensor:
    w, b = weights[f"{name}.weight"], weights[f"{name}.bias"]
    return w @ x * (lr / math.sqrt(w.shape[1])) + b * lr


def mapping(z: Tensor, weights: Weights, layers: int) -> Tensor:
    """One z -> one w."""
    x = z / math.sqrt(float((z**2).mean()) + 1e-8)
    for i in range(layers):
        x = leaky(dense(x, weights, f"mapping.fc{i}", lr=0.01))
    return x


def layer(x: Tensor, w: Tensor, weights: Weights, name: str, up: int, noise: bool) -> Tensor:
    style = dense(w, weights, f"{name}.affine")
    x = modulated_convolution(x, weights[f"{name}.weight"], style, up, True)
    if noise:
        x = x + weights[f"{name}.noise_const"] * weights[f"{name}.noise_strength"]
    return leaky(x + weights[f"{name}.bias"][:, None, None])


def to_rgb(x: Tensor, w: Tensor, weights: Weights, name: str) -> Tensor:
    weight = weights[f"{name}.weight"]
    style = dense(w, weights, f"{name}.affine") / math.sqrt(weight.shape[1])
    x = modulated_convolution(x, weight, style, 1, False)
    return x + weights[f"{name}.bias"][:, None, None]


def synthesis(ws: Tensor, weights: Weights, resolution: int, noise: bool = True) -> Tensor:
    """One sample's ws [L, D] -> picture [3, R, R]; torgb shares w with the next block's conv0."""
    x = weights["synthesis.b4.const"]
    x = layer(x, ws[0], weights, "synthesis.b4.conv1", 1, noise)
    picture = to_rgb(x, ws[1], weights, "synthesis.b4.torgb")
    at, size = 1, 8
    while size <= resolution:
        block = f"synthesis.b{size}"
        x = layer(x, ws[at], weights, f"{block}.conv0", 2, noise)
        x = layer(x, ws[at + 1], weights, f"{block}.conv1", 1, noise)
        # upfirdn2d.upsample2d: (4 + 2 - 1) // 2 before, (4 - 2) // 2 after.
        picture = upfirdn(picture, filter_2d(), 2, (2, 1, 2, 1), 4)
        picture = picture + to_rgb(x, ws[at + 2], weights, f"{block}.torgb")
        at, size = at + 2, size * 2
    return picture
