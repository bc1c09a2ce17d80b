"""Low-pass filters and resampling of the alias-free generator.

Karras et al. 2021, "Alias-Free Generative Adversarial Networks", appendix C: Kaiser-windowed sincs
(separable) and jincs (radially symmetric), and a leaky ReLU computed at a raised sampling rate.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor


def kaiser_window(taps: int, width: float) -> NDArray[np.float64]:
    """Kaiser window for a transition band of `width`, as a fraction of half the sampling rate.

    Kaiser's estimates of the attenuation that `taps` coefficients reach, and of its beta.
    """
    attenuation = 2.285 * (taps - 1) * math.pi * width + 7.95
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation > 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    else:
        beta = 0.0
    return np.kaiser(taps, beta)


def lowpass_filter(taps: int, cutoff: float, width: float, rate: float) -> Tensor:
    """Kaiser-windowed sinc [taps] with a sum of one; frequencies in the unit of `rate`.

    ValueError unless the cutoff lies between 0 and half the rate.
    """
    _check_cutoff(cutoff, rate)
    at = (np.arange(taps) - (taps - 1) / 2) / rate
    kernel = np.sinc(2 * cutoff * at) * kaiser_window(taps, 2 * width / rate)
    return torch.from_numpy(kernel / kernel.sum()).float()


def radial_lowpass_filter(taps: int, cutoff: float, width: float, rate: float) -> Tensor:
    """Radially symmetric jinc under a separable Kaiser window, [taps, taps] with a sum of one.

    `taps` is even, so that no tap falls on the centre; ValueError otherwise, or if the cutoff does
    not lie between 0 and half the rate.
    """
    _check_cutoff(cutoff, rate)
    if taps % 2:
        raise ValueError(f"a radial filter has an even number of taps, not {taps}")
    at = (np.arange(taps) - (taps - 1) / 2) / rate
    radius = np.hypot(at[:, None], at[None, :])
    bessel = torch.special.bessel_j1(torch.from_numpy(2 * math.pi * cutoff * radius)).numpy()
    window = kaiser_window(taps, 2 * width / rate)
    kernel = bessel / radius * np.outer(window, window)
    return torch.from_numpy(kernel / kernel.sum()).float()


def _check_cutoff(cutoff: float, rate: float) -> None:
    if not 0 < cutoff < rate / 2:
        raise ValueError(f"a cutoff lies between 0 and half the rate {rate:g}, not at {cutoff:g}")


def upsample(x: Tensor, taps: Tensor | None, factor: int, pads: tuple[int, int]) -> Tensor:
    """Raise the sampling rate of [B, C, H, W] by `factor` in both directions, with unit gain.

    Every sample is followed by `factor - 1` zeros, `pads` zeros are put before and behind (negative
    ones crop), and what the separable filter `taps` covers whole is kept: `size * factor + sum of
    pads - len(taps) + 1` samples. The transposed convolution never multiplies by these zeros.
    """
    if taps is None:
        return F.pad(x, (*pads, *pads))
    channels = x.shape[1]
    kernel = (taps * factor).to(x.dtype)
    # What the transposed convolution makes too much before and behind what is wanted.
    before, behind = len(taps) - 1 - pads[0], len(taps) - factor - pads[1]
    if behind > before:
        # A tap of zero evens them out, which is cheaper than to crop the result.
        kernel, before = F.pad(kernel, (behind - before, 0)), behind
    crop = max(min(before, behind), 0)
    extra = (before - crop, behind - crop)
    for axis in (3, 2):
        across = axis == 3
        filters = kernel.view(1, 1, 1, -1) if across else kernel.view(1, 1, -1, 1)
        x = F.conv_transpose2d(
            x,
            filters.expand(channels, -1, -1, -1),
            stride=(1, factor) if across else (factor, 1),
            padding=(0, crop) if across else (crop, 0),
            groups=channels,
        )
        if any(extra):
            cut = (-extra[0], -extra[1])
            x = F.pad(x, cut if across else (0, 0, *cut))
    return x


def downsample(x: Tensor, taps: Tensor | None, factor: int) -> Tensor:
    """Filter [B, C, H, W] and keep each `factor`-th sample of where the filter is covered whole.

    `taps` is separable [n] or two-dimensional [n, n].
    """
    if taps is None:
        return x[:, :, ::factor, ::factor]
    channels, length = x.shape[1], len(taps)
    kernel = taps.to(x.dtype)
    if kernel.ndim == 2:
        filters = kernel.flip(0, 1).expand(channels, 1, -1, -1)
        return F.conv2d(x, filters, stride=factor, groups=channels)
    kernel = kernel.flip(0)
    across = kernel.view(1, 1, 1, length).expand(channels, -1, -1, -1)
    x = F.conv2d(x, across, stride=(1, factor), groups=channels)
    along = kernel.view(1, 1, length, 1).expand(channels, -1, -1, -1)
    return F.conv2d(x, along, stride=(factor, 1), groups=channels)
