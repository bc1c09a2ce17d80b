"""Augmentation of log-mel spectrograms: mixing, gain, equaliser, reverb and SpecAugment."""

import numpy as np
import torch
from torch import Tensor

BELS_TO_UNITS = 10 / 50
"""Log-mels are decibels / 50 + 1 (`LogMel`), so one bel of power is 0.2."""


def mix(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """Add two sounds in power: `share` [B] of `a`, the rest of `b`; log-mels [B, M, T]."""
    to_power = float(np.log(10) / BELS_TO_UNITS)
    wide = share[:, None, None].clamp(1e-4, 1 - 1e-4)
    return torch.logaddexp(a * to_power + wide.log(), b * to_power + (1 - wide).log()) / to_power


def augment_mels(
    mels: Tensor, rng: np.random.Generator, *, mix: bool = True
) -> tuple[Tensor, Tensor, Tensor]:
    """Augment log-mels [B, M, T]; returns them, each one's partner [B] and its own share [B].

    A third of the batch is mixed with another of the batch. Then gain up to +-12 dB, a smooth
    equaliser curve up to +-6 dB, a reverberant tail, and two masks each in time (<= 30 %) and
    frequency (<= 15 %) (SpecAugment, Park et al. 2019; widths from Lee et al. 2022).
    """
    count, bands, columns = mels.shape
    partner = torch.from_numpy(rng.permutation(count))
    share = torch.ones(count)
    out = mels
    if mix:
        mixed = torch.from_numpy(rng.random(count) < 0.33)
        share = torch.where(mixed, torch.from_numpy(rng.uniform(0.5, 1, count)).float(), share)
        out = torch.where(mixed[:, None, None], _mix(mels, mels[partner], share), mels)
    gain = torch.from_numpy(rng.uniform(-12, 12, (count, 1, 1))).float() / 50
    knots = torch.from_numpy(rng.uniform(-6, 6, (count, 1, 5))).float() / 50
    curve = torch.nn.functional.interpolate(knots, size=bands, mode="linear", align_corners=True)
    out = out + gain + curve.transpose(1, 2)
    if rng.random() < 0.3:
        decay = float(rng.uniform(0.1, 0.5))
        tail = out.clone()
        for lag in range(1, min(12, columns)):
            tail[:, :, lag:] = torch.maximum(tail[:, :, lag:], out[:, :, :-lag] - decay * lag * 0.2)
        out = tail
    floor = out.amin((1, 2), keepdim=True)
    keep = torch.ones(count, bands, columns, dtype=torch.bool)
    for i in range(count):
        for _ in range(2):
            width = int(rng.uniform(0, 0.3 / 2) * columns)
            start = int(rng.integers(0, columns - width + 1))
            keep[i, :, start : start + width] = False
            height = int(rng.uniform(0, 0.15) * bands)
            low = int(rng.integers(0, bands - height + 1))
            keep[i, low : low + height] = False
    return torch.where(keep, out, floor), partner, share


_mix = mix


def stretch_mels(
    mels: Tensor, rng: np.random.Generator, *, time: float = 1.25, bands: float = 1.08
) -> Tensor:
    """Change pace and pitch of log-mels [B, M, T], the same for the whole batch.

    Time is stretched by a factor of 1/`time` to `time`, and frequency moved by one of 1/`bands` to
    `bands`; what then lacks above the highest band is held. Returns [B, M, T'].
    """
    pace = float(np.exp(rng.uniform(-np.log(time), np.log(time))))
    pitch = float(np.exp(rng.uniform(-np.log(bands), np.log(bands))))
    count = mels.shape[1]
    height, width = max(round(count * pitch), 1), max(round(mels.shape[2] * pace), 1)
    out = torch.nn.functional.interpolate(mels[:, None], size=(height, width), mode="bilinear")[
        :, 0
    ]
    if height < count:
        out = torch.nn.functional.pad(out, (0, 0, 0, count - height), mode="replicate")
    return out[:, :count].contiguous()
