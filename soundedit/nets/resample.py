"""Upsampling with the [1, 3, 3, 1] filter of StyleGAN2 (Karras et al. 2020, section 4)."""

import torch
import torch.nn.functional as F
from torch import Tensor


def binomial_filter() -> Tensor:
    """The normalised 4 x 4 outer product of [1, 3, 3, 1], the buffer stored in checkpoints."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = torch.outer(taps, taps)
    return kernel / kernel.sum()


def smooth_after_transpose(x: Tensor) -> Tensor:
    """Filter [B, C, 2H+1, 2W+1] from a stride-2 transposed convolution down to [B, C, 2H, 2W].

    Separable form of the 4 x 4 filter with gain 4 and padding 1 on each side, applied as two
    depthwise convolutions: a quarter of the multiplications of the dense filter.
    """
    channels = x.shape[1]
    taps = x.new_tensor([0.25, 0.75, 0.75, 0.25])
    rows = taps.view(1, 1, 4, 1).expand(channels, 1, 4, 1)
    columns = taps.view(1, 1, 1, 4).expand(channels, 1, 1, 4)
    x = F.conv2d(x, rows, padding=(1, 0), groups=channels)
    return F.conv2d(x, columns, padding=(0, 1), groups=channels)


def upsample_picture(x: Tensor) -> Tensor:
    """Double the size of [B, C, H, W] as the skip connection does (zeros, filter, gain 4)."""
    channels = x.shape[1]
    taps = x.new_tensor([0.25, 0.75, 0.75, 0.25])
    kernel = torch.outer(taps, taps).expand(channels, 1, 4, 4)
    return F.conv_transpose2d(x, kernel, stride=2, padding=1, groups=channels)
