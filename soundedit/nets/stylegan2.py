"""StyleGAN2 mapping and synthesis networks, parameter for parameter those of StyleGAN2-ADA.

Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN" and "Training Generative
Adversarial Networks with Limited Data". Names, shapes and arithmetic follow the ADA release, so
its weights load strictly; widths and resolution are free, so that small networks can ship.
"""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.resample import (
    binomial_filter,
    smooth_after_transpose,
    upsample_picture,
)

NoiseMode = Literal["const", "random", "off"] | Callable[[Tensor, int], Tensor]
"""A function makes the noise [B, 1, size, size] for features [B, C, size, size] and their size."""
LRELU_GAIN = float(np.sqrt(2.0))


def num_ws_for(resolution: int) -> int:
    """Number of style layers, `2 * log2(resolution) - 2`; ValueError unless a power of two >= 4."""
    levels = resolution.bit_length() - 1
    if resolution < 4 or resolution != 1 << levels:
        raise ValueError(f"a StyleGAN2 resolution is a power of two from 4 up, not {resolution}")
    return 2 * levels - 2


def lrelu(x: Tensor, gain: float = LRELU_GAIN, clamp: float | None = None) -> Tensor:
    """Leaky ReLU (slope 0.2) with gain, then an optional clamp to [-clamp, clamp]."""
    x = F.leaky_relu(x, 0.2) * gain
    return x if clamp is None else x.clamp(-clamp, clamp)


class FullyConnected(nn.Module):
    """Linear layer with an equalised learning rate: weights are scaled at run time."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        activate: bool = False,
        lr_multiplier: float = 1.0,
        bias_init: float = 0.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full((out_features,), bias_init))
        self.weight_gain = lr_multiplier / float(np.sqrt(in_features))
        self.bias_gain = lr_multiplier
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        """[..., in_features] -> [..., out_features]."""
        weight = self.weight.to(x.dtype) * self.weight_gain
        x = F.linear(x, weight, self.bias.to(x.dtype) * self.bias_gain)
        return lrelu(x) if self.activate else x


class MappingNetwork(nn.Module):
    """z [B, z_dim] -> w [B, num_ws, w_dim], with truncation towards the running mean `w_avg`."""

    w_avg: Tensor

    def __init__(
        self,
        z_dim: int,
        w_dim: int,
        num_ws: int,
        *,
        c_dim: int = 0,
        num_layers: int = 8,
        lr_multiplier: float = 0.01,
        w_avg_beta: float = 0.995,
    ) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.w_dim, self.num_ws = z_dim, c_dim, w_dim, num_ws
        self.num_layers, self.w_avg_beta = num_layers, w_avg_beta
        if c_dim > 0:
            self.embed = FullyConnected(c_dim, w_dim)
        for i in range(num_layers):
            first = z_dim + (w_dim if c_dim > 0 else 0)
            layer = FullyConnected(
                first if i == 0 else w_dim,
                w_dim,
                activate=True,
                lr_multiplier=lr_multiplier,
            )
            setattr(self, f"fc{i}", layer)
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        *,
        truncation: float = 1.0,
        truncation_cutoff: int | None = None,
        update_average: bool = False,
    ) -> Tensor:
        """Map z to per-layer latents; `truncation` 1 keeps w, 0 gives the mean latent.

        Layers from `truncation_cutoff` on are left alone. ValueError if the label is missing for
        a conditional network.
        """
        x = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        if self.c_dim > 0:
            if c is None:
                raise ValueError(f"this mapping network needs a label of {self.c_dim} values")
            y = self.embed(c)
            x = torch.cat([x, y * (y.square().mean(1, keepdim=True) + 1e-8).rsqrt()], dim=1)
        for i in range(self.num_layers):
            x = getattr(self, f"fc{i}")(x)
        if update_average:
            self.w_avg.copy_(x.detach().mean(0).lerp(self.w_avg, self.w_avg_beta))
        ws = x.unsqueeze(1).repeat(1, self.num_ws, 1)
        if truncation != 1.0:
            cut = self.num_ws if truncation_cutoff is None else truncation_cutoff
            ws = torch.cat([self.w_avg.lerp(ws[:, :cut], truncation), ws[:, cut:]], dim=1)
        return ws


def modulated_conv(
    x: Tensor,
    weight: Tensor,
    styles: Tensor,
    *,
    up: bool = False,
    demodulate: bool = True,
) -> Tensor:
    """Convolve [B, I, H, W] with `weight` [O, I, k, k] scaled per sample by `styles` [B, I].

    Weight demodulation of StyleGAN2, equation 3. A single sample (or training batch of one) folds
    the scales into the weights; a batch scales activations before and after one shared
    convolution, which equals the grouped convolution and is far faster on a CPU. `up` doubles the
    size by a stride-2 transposed convolution and the separable [1, 3, 3, 1] filter.
    """
    pad = weight.shape[2] // 2
    coefficients = None
    if demodulate and x.dtype == torch.float16:
        # Demodulation takes scales out again; without this large styles overflow, as in ADA.
        fan_in = weight[0].numel()
        weight = weight / (weight.abs().amax((1, 2, 3), keepdim=True) * fan_in**0.5)
        styles = styles / styles.abs().amax(1, keepdim=True).clamp_min(1e-8)
    if demodulate:
        energy = weight.square().sum((2, 3)).to(styles.dtype)
        coefficients = (F.linear(styles.square(), energy) + 1e-8).rsqrt()
    single = x.shape[0] == 1
    if single:
        weight = weight * styles[0, None, :, None, None]
        if coefficients is not None:
            weight = weight * coefficients[0, :, None, None, None]
    else:
        x = x * styles[:, :, None, None].to(x.dtype)
    weight = weight.to(x.dtype)
    if up:
        x = smooth_after_transpose(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2))
    else:
        x = F.conv2d(x, weight, padding=pad)
    if coefficients is not None and not single:
        x = x * coefficients[:, :, None, None].to(x.dtype)
    return x


class SynthesisLayer(nn.Module):
    """Modulated 3 x 3 convolution, optional 2x up, noise, bias and leaky ReLU."""

    noise_const: Tensor
    resample_filter: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        w_dim: int,
        resolution: int,
        *,
        up: bool,
    ) -> None:
        super().__init__()
        self.up, self.resolution = up, resolution
        self.affine = FullyConnected(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))
        self.register_buffer("resample_filter", binomial_filter())

    def forward(
        self,
        x: Tensor,
        w: Tensor,
        noise_mode: NoiseMode = "const",
        clamp: float | None = None,
    ) -> Tensor:
        """x [B, I, H, W], w [B, w_dim] -> [B, O, resolution, resolution]."""
        x = modulated_conv(x, self.weight, self.affine(w), up=self.up)
        if noise_mode == "random":
            noise = torch.randn(
                [x.shape[0], 1, self.resolution, self.resolution],
                device=x.device,
                dtype=x.dtype,
            )
            x = x + noise * self.noise_strength.to(x.dtype)
        elif noise_mode == "const":
            x = x + (self.noise_const * self.noise_strength).to(x.dtype)
        elif callable(noise_mode):
            x = x + noise_mode(x, self.resolution) * self.noise_strength.to(x.dtype)
        return lrelu(x + self.bias.to(x.dtype)[:, None, None], clamp=clamp)


class ToRGB(nn.Module):
    """Modulated 1 x 1 convolution to three channels, without demodulation."""

    def __init__(self, in_channels: int, w_dim: int) -> None:
        super().__init__()
        self.affine = FullyConnected(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(3, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))
        self.weight_gain = 1 / float(np.sqrt(in_channels))

    def forward(self, x: Tensor, w: Tensor, clamp: float | None = None) -> Tensor:
        """x [B, I, H, W], w [B, w_dim] -> [B, 3, H, W]."""
        styles = self.affine(w) * self.weight_gain
        x = modulated_conv(x, self.weight, styles, demodulate=False)
        x = x + self.bias.to(x.dtype)[:, None, None]
        return x if clamp is None else x.clamp(-clamp, clamp)


class SynthesisBlock(nn.Module):
    """One resolution of the skip architecture: conv0 (up), conv1, torgb; const at 4 x 4."""

    resample_filter: Tensor

    def __init__(self, in_channels: int, out_channels: int, w_dim: int, resolution: int) -> None:
        super().__init__()
        self.resolution, self.first = resolution, in_channels == 0
        self.register_buffer("resample_filter", binomial_filter())
        if self.first:
            self.const = nn.Parameter(torch.randn(out_channels, resolution, resolution))
        else:
            self.conv0 = SynthesisLayer(in_channels, out_channels, w_dim, resolution, up=True)
        self.conv1 = SynthesisLayer(out_channels, out_channels, w_dim, resolution, up=False)
        self.torgb = ToRGB(out_channels, w_dim)
        self.num_conv = 1 if self.first else 2

    def forward(
        self,
        x: Tensor | None,
        picture: Tensor | None,
        ws: Tensor,
        noise_mode: NoiseMode,
        clamp: float | None,
        dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        """ws [B, num_conv + 1, w_dim] -> features and the picture so far, both at `resolution`."""
        if x is None:
            x = self.const.to(dtype).unsqueeze(0).repeat(ws.shape[0], 1, 1, 1)
        else:
            x = self.conv0(x.to(dtype), ws[:, 0], noise_mode, clamp)
        x = self.conv1(x, ws[:, self.num_conv - 1], noise_mode, clamp)
        rgb = self.torgb(x, ws[:, self.num_conv], clamp).float()
        picture = rgb if picture is None else upsample_picture(picture) + rgb
        return x, picture


class SynthesisNetwork(nn.Module):
    """ws [B, num_ws, w_dim] -> picture [B, 3, resolution, resolution], nominally in [-1, 1]."""

    def __init__(
        self,
        w_dim: int,
        resolution: int,
        channels: Sequence[int],
        *,
        conv_clamp: float | None = None,
        previews: bool = True,
    ) -> None:
        """`channels`: width of each block from 4 x 4 up; ValueError if its length is off.
        `previews`: whether training saw to it that pictures of the skip connection look like the
        whole one; else they are dim blurs of it.
        """
        super().__init__()
        self.w_dim, self.resolution, self.num_ws = (
            w_dim,
            resolution,
            num_ws_for(resolution),
        )
        self.conv_clamp = conv_clamp
        self.sizes = [4 << i for i in range(resolution.bit_length() - 2)]
        self.preview_sizes = self.sizes if previews else [resolution]
        if len(channels) != len(self.sizes):
            raise ValueError(f"{resolution} px needs {len(self.sizes)} widths, not {len(channels)}")
        for size, before, width in zip(self.sizes, [0, *channels], channels, strict=False):
            setattr(self, f"b{size}", SynthesisBlock(before, width, w_dim, size))

    def forward(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        dtype: torch.dtype = torch.float32,
        until: int | None = None,
    ) -> Tensor:
        """Synthesise; `until` stops at that size and returns the smaller skip picture."""
        return self.skips(ws, noise_mode=noise_mode, dtype=dtype, until=until)[-1]

    def skips(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        dtype: torch.dtype = torch.float32,
        until: int | None = None,
    ) -> list[Tensor]:
        """The pictures of the skip connection, from 4 x 4 up to `until` or the resolution."""
        x: Tensor | None = None
        picture: Tensor | None = None
        found: list[Tensor] = []
        start = 0
        for size in self.sizes:
            block: SynthesisBlock = getattr(self, f"b{size}")
            part = ws[:, start : start + block.num_conv + 1]
            x, picture = block(x, picture, part, noise_mode, self.conv_clamp, dtype)
            start += block.num_conv
            found.append(picture)
            if size == until:
                break
        return found


class Generator(nn.Module):
    """Mapping and synthesis together, with the key names of an ADA `G_ema`."""

    def __init__(
        self,
        z_dim: int,
        w_dim: int,
        resolution: int,
        channels: Sequence[int],
        *,
        mapping_layers: int = 8,
        conv_clamp: float | None = None,
        previews: bool = True,
    ) -> None:
        super().__init__()
        self.z_dim, self.w_dim, self.resolution = z_dim, w_dim, resolution
        self.synthesis = SynthesisNetwork(
            w_dim, resolution, channels, conv_clamp=conv_clamp, previews=previews
        )
        self.num_ws = self.synthesis.num_ws
        self.mapping = MappingNetwork(z_dim, w_dim, self.num_ws, num_layers=mapping_layers)

    def forward(
        self, z: Tensor, *, truncation: float = 1.0, noise_mode: NoiseMode = "const"
    ) -> Tensor:
        """z [B, z_dim] -> picture [B, 3, resolution, resolution]."""
        return self.synthesis(self.mapping(z, truncation=truncation), noise_mode=noise_mode)


def mix_styles(a: Tensor, b: Tensor, crossover: int) -> Tensor:
    """Style mixing: layers [0, crossover) of `a`, the rest of `b`; both [B, num_ws, w_dim]."""
    return torch.cat([a[:, :crossover], b[:, crossover:]], dim=1)
