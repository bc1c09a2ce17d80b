"""What drives frames besides the sound latents: loudness, bands and onsets by column."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

FEATURES = 8
LEVEL_OF_SECOND = 1
"""Place of the level of the last second among the features."""
CONTEXT = 128
"""Columns of spectrogram before the first one asked for that the features look back on."""
SILENCE = -1.0
_SLOW, _FAST, _HOLD = 100, 4, 16


def _trailing_mean(x: Tensor, columns: int) -> Tensor:
    """Mean over the last `columns` columns of [B, C, T]; the first value stands for the past."""
    padded = F.pad(x, (columns - 1, 0), mode="replicate")
    return F.avg_pool1d(padded, columns, stride=1)


def band_power(mel: Tensor) -> Tensor:
    """Log-mels (decibels / 50, 1 is full scale) -> power of each band and column."""
    return torch.pow(10.0, 5 * (mel.clamp_min(SILENCE) - 1))


def mean_level(mel: Tensor) -> Tensor:
    """Log-mels [B, M, T] -> level [B] of the whole of each, decibels / 50 + 1."""
    return torch.log10(band_power(mel).mean((1, 2))) / 5 + 1


def drive_features(mel: Tensor) -> Tensor:
    """Log-mel [B, M, T] (10 ms columns) -> [B, T, FEATURES]; column j uses columns <= j only.

    In order: level, level of the last second, held onset strength, low, mid and high level, level
    above the last second, rise over 0.1 s. All are about -1 .. 1 (decibels / 50). An onset is a
    spectral flux (rise of the bands over the mean of the 50 ms before); it is held for 150 ms and
    fades, so that a low frame rate does not miss it.
    """
    bands = mel.shape[1]
    edges = (0, bands // 4, bands * 5 // 8, bands)

    def level(part: Tensor) -> Tensor:
        power = band_power(part).mean(1, keepdim=True)
        return torch.log10(power) / 5 + 1

    raw = level(mel)
    fast = _trailing_mean(raw, _FAST)
    slow = _trailing_mean(raw, _SLOW)
    before = F.pad(_trailing_mean(mel, 5), (1, 0), mode="replicate")[:, :, :-1]
    flux = F.relu(mel - before - 0.08).mean(1, keepdim=True)
    audible = (raw + 0.4).clamp(0, 0.4) / 0.4
    flux = flux * audible * 4
    held = F.pad(flux, (_HOLD - 1, 0)).unfold(2, _HOLD, 1)
    lags = torch.arange(_HOLD - 1, -1, -1, device=mel.device, dtype=mel.dtype)
    onset = (held * torch.exp(-lags / 8)).amax(-1)
    thirds = [_trailing_mean(level(mel[:, a:b]), _FAST) for a, b in pairwise(edges)]
    rise = fast - F.pad(fast, (10, 0), mode="replicate")[:, :, :-10]
    stacked = torch.cat([fast, slow, onset.clamp(0, 1.5), *thirds, fast - slow, rise], dim=1)
    return stacked.transpose(1, 2)
