"""A synthesis network folded for fast inference on a CPU.

The same function as `SynthesisNetwork` with constant noise, which stays the reference it is tested
by. Twice as fast and more: what does not depend on the latents is computed once (energies of the
kernels, noise plus bias, gains), memory is laid out channels last, and activations are changed in
place. Styles scale the activations of small blocks, a batch at a time; in large ones, which are
bound by memory, they scale the few kernels, and every sample goes its way to the end alone, as it
does from where a network is so wide that its convolutions are made in Winograd's domain.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.engine.winograd import tile_kernel, tiled_conv
from soundedit.nets.stylegan2 import (
    LRELU_GAIN,
    SynthesisBlock,
    SynthesisLayer,
    SynthesisNetwork,
    ToRGB,
)
from soundedit.progress import CancelToken

EXACT = 32
"""Up to this size all is float32: that costs little, and every block above carries its errors."""

APART = 128
"""From this size on each sample goes alone, in float32: half the time of 256 x 256 pixels on
processors without arithmetic for bfloat16."""


_LANES = 8
"""Outputs that a convolution makes at once; colours are filled up to as many."""


@dataclass(frozen=True)
class _Layer:
    """One modulated convolution; `offset` is noise plus bias times the activation's gain."""

    affine: Tensor
    affine_bias: Tensor
    energy: Tensor
    kernel: Tensor
    offset: Tensor
    filters: tuple[Tensor, Tensor] | None
    apart: bool
    """Called with one sample only."""
    tiled: bool
    """The kernel is in Winograd's domain."""

    def __call__(self, x: Tensor, w: Tensor, clamp: float | None) -> Tensor:
        styles = F.linear(w, self.affine, self.affine_bias)
        scales = (F.linear(styles.square(), self.energy) + 1e-8).rsqrt() * LRELU_GAIN
        if self.apart and not self.tiled and self.kernel.numel() < x.numel():
            x = self._convolve(x, self._scaled(styles[0], scales[0]))
        else:
            x = self._convolve(x * styles[:, :, None, None].to(x.dtype), self.kernel)
            x = x.mul_(scales[:, :, None, None].to(x.dtype))
        # The gain is already in: a leaky ReLU only passes positive factors through.
        x = F.leaky_relu_(x.add_(self.offset), 0.2)
        return x if clamp is None else x.clamp_(-clamp, clamp)

    def _scaled(self, styles: Tensor, scales: Tensor) -> Tensor:
        """The kernel of one sample, by its styles [I] and scales [O]."""
        if self.filters is None:
            return self.kernel * styles[:, None, None] * scales[:, None, None, None]
        return self.kernel * styles[:, None, None, None] * scales[:, None, None]

    def _convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        if self.tiled:
            padded = F.pad(x[0].permute(1, 2, 0), (0, 0, 1, 1, 1, 1))
            return tiled_conv(padded, kernel).permute(2, 0, 1)[None]
        if self.filters is None:
            return F.conv2d(x, kernel, padding=1)
        x = F.conv_transpose2d(x, kernel, stride=2)
        rows, columns = self.filters
        x = F.conv2d(x, rows, padding=(1, 0), groups=len(rows))
        return F.conv2d(x, columns, padding=(0, 1), groups=len(columns))


@dataclass(frozen=True)
class _Rgb:
    """Features to colours: a product of matrices with a kernel for each sample, or a convolution
    of one with as many outputs as a processor makes at once.
    """

    affine: Tensor
    affine_bias: Tensor
    kernel: Tensor
    bias: Tensor

    def __call__(self, x: Tensor, w: Tensor, clamp: float | None) -> Tensor:
        styles = F.linear(w, self.affine, self.affine_bias)
        kernels = (self.kernel * styles[:, None, :]).to(x.dtype)
        count, channels, height, width = x.shape
        if count == 1 and height >= APART and x.dtype == torch.float32:
            rgb = F.conv2d(x, kernels.view(_LANES, channels, 1, 1))[:, :3]
        else:
            pixels = x.permute(0, 2, 3, 1).reshape(count, height * width, channels)
            rgb = torch.bmm(pixels, kernels[:, :3].transpose(1, 2)).float()
            rgb = rgb.transpose(1, 2).reshape(count, 3, height, width)
        # Colours lie one after another: pixel by pixel doubling them takes three times as long.
        rgb = rgb.contiguous().add_(self.bias)
        return rgb if clamp is None else rgb.clamp_(-clamp, clamp)


class PreparedSynthesis:
    """ws [B, num_ws, w_dim] float32 -> pictures [B, 3, S, S] float32, with constant noise."""

    def __init__(self, network: SynthesisNetwork, dtype: torch.dtype = torch.float32) -> None:
        """Fold a network as it is now; `dtype` is that of activations and kernels above `EXACT`."""
        self.sizes, self._clamp = network.sizes, network.conv_clamp
        wide = [size for size in network.sizes if _is_wide(getattr(network, f"b{size}").conv1)]
        alone = min([APART, *wide])
        with torch.no_grad():
            self._blocks: list[tuple[list[_Layer], _Rgb]] = []
            for size in network.sizes:
                kind = torch.float32 if size <= EXACT else dtype
                block: SynthesisBlock = getattr(network, f"b{size}")
                if block.first:
                    self._const = block.const.detach().to(kind)[None]
                layers = [block.conv1] if block.first else [block.conv0, block.conv1]
                apart = kind == torch.float32 and size >= alone
                folded = [_fold(layer, kind, apart) for layer in layers]
                self._blocks.append((folded, _fold_rgb(block.torgb)))

    @torch.inference_mode()
    def __call__(
        self, ws: Tensor, until: int | None = None, cancel: CancelToken | None = None
    ) -> Tensor:
        """Synthesise; `until` stops at that size and returns the smaller skip picture. `cancel` is
        checked before each block.
        """
        x = self._const.expand(len(ws), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        count = len(self.sizes) if until is None else self.sizes.index(until) + 1
        # The first block is 4 x 4, so there is one at least that goes together.
        together = sum(not layers[0].apart for layers, _ in self._blocks[:count])
        x, picture = self._run(x, None, ws, range(together), cancel)
        if together == count:
            return picture
        apart = range(together, count)
        pictures = []
        for i in range(len(ws)):
            one = slice(i, i + 1)
            pictures.append(self._run(x[one], picture[one], ws[one], apart, cancel)[1])
        return torch.cat(pictures)

    def _run(
        self,
        x: Tensor,
        picture: Tensor | None,
        ws: Tensor,
        blocks: range,
        cancel: CancelToken | None,
    ) -> tuple[Tensor, Tensor]:
        for number in blocks:
            if cancel is not None:
                cancel.check()
            layers, rgb = self._blocks[number]
            x = x.to(layers[0].kernel.dtype)
            # Of a block's layers the last shares its latent with the next block's first.
            at = max(2 * number - 1, 0)
            for layer in layers:
                x = layer(x, ws[:, at], self._clamp)
                at += 1
            colours = rgb(x, ws[:, at], self._clamp)
            picture = colours if picture is None else _double(picture).add_(colours)
        assert picture is not None
        return x, picture


def _is_wide(layer: SynthesisLayer) -> bool:
    """Whether Winograd's domain is worth the way there, on a processor and at this size."""
    least = 128 if layer.resolution >= APART else 256
    return layer.resolution > EXACT and min(layer.weight.shape[:2]) >= least


def _fold(layer: SynthesisLayer, dtype: torch.dtype, apart: bool) -> _Layer:
    kernel = layer.weight.detach().to(dtype)
    tiled = apart and not layer.up and _is_wide(layer)
    filters = None
    if layer.up:
        kernel = kernel.transpose(0, 1)
        taps = torch.tensor([0.25, 0.75, 0.75, 0.25], dtype=dtype, device=kernel.device)
        channels = layer.weight.shape[0]
        filters = (
            taps.view(1, 1, 4, 1).repeat(channels, 1, 1, 1),
            taps.view(1, 1, 1, 4).repeat(channels, 1, 1, 1),
        )
    noise = layer.noise_const * layer.noise_strength
    offset = (noise + layer.bias[:, None, None])[None] * LRELU_GAIN
    return _Layer(
        affine=layer.affine.weight.detach() * layer.affine.weight_gain,
        affine_bias=layer.affine.bias.detach(),
        energy=layer.weight.detach().square().sum((2, 3)),
        kernel=tile_kernel(kernel)
        if tiled
        else kernel.contiguous(memory_format=torch.channels_last),
        offset=offset.to(dtype).contiguous(memory_format=torch.channels_last),
        filters=filters,
        apart=apart,
        tiled=tiled,
    )


def _fold_rgb(layer: ToRGB) -> _Rgb:
    gain = layer.weight_gain
    return _Rgb(
        affine=layer.affine.weight.detach() * (layer.affine.weight_gain * gain),
        affine_bias=layer.affine.bias.detach() * gain,
        kernel=F.pad(layer.weight.detach()[:, :, 0, 0], (0, 0, 0, _LANES - 3)),
        bias=layer.bias.detach()[:, None, None],
    )


def _double(picture: Tensor) -> Tensor:
    """Twice the size: [1, 3, 3, 1] on inserted zeros is bilinear, but for zeros beyond the edge."""
    padded = F.pad(picture, (1, 1, 1, 1))
    doubled = F.interpolate(padded, scale_factor=2, mode="bilinear", align_corners=False)
    return doubled[:, :, 2:-2, 2:-2]
