"""An alias-free synthesis network folded for fast inference on a CPU.

The same function as `nets.stylegan3.SynthesisNetwork`, which stays the reference it is tested by.
3 x 3 convolutions are made in Winograd's domain, styles scale activations and never kernels, and
both convolutions and filters work on parts that stay in a processor's cache.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.engine.winograd import tile_kernel, tiled_conv
from soundedit.nets.filters import downsample, upsample
from soundedit.nets.stylegan3 import LayerPlan, SynthesisLayer, SynthesisNetwork
from soundedit.progress import CancelToken

LANES = 16
"""Channels are filled up to a multiple of this, for vector instructions."""
RAISED_FLOATS = 1_500_000
"""About how many values of a raised picture are worked on at a time: 6 MB."""


@dataclass(frozen=True)
class _Layer:
    """One layer with its channels filled up; `kernel` is in Winograd's domain if `tiled`."""

    plan: LayerPlan
    affine: Tensor
    affine_bias: Tensor
    gain: float
    energy: Tensor
    kernel: Tensor
    bias: Tensor
    tiled: bool
    up_filter: Tensor | None
    down_filter: Tensor | None

    def scales(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """w [B, w_dim] -> factors of the input [B, I] and of the output [B, O]."""
        styles = F.linear(w, self.affine, self.affine_bias)
        if self.plan.to_rgb:
            after = styles.new_ones(len(w), 3)
        else:
            styles = styles * styles.square().mean(1, keepdim=True).rsqrt()
            after = F.linear(styles.square(), self.energy).rsqrt() * math.sqrt(2)
        return F.pad(styles * self.gain, (0, -styles.shape[1] % LANES)), after

    def convolve(self, x: Tensor) -> Tensor:
        """[H, W, I] with the padding around it -> [H', W', O], or somewhat more than that."""
        if self.tiled:
            return tiled_conv(x, self.kernel)
        return _last(F.conv2d(_first(x), self.kernel))


class PreparedAliasFree:
    """ws [B, num_ws, w_dim] float32 -> pictures [B, 3, S, S] float32."""

    def __init__(self, network: SynthesisNetwork) -> None:
        """Fold a network as it is now; all is float32, as Winograd's domain needs the digits."""
        self.sizes, self._clamp = network.sizes, network.conv_clamp
        self._scale, self._input = network.output_scale, network.input
        with torch.no_grad():
            self._layers = [_fold(layer) for layer in network.layers()]

    @torch.inference_mode()
    def __call__(
        self, ws: Tensor, until: int | None = None, cancel: CancelToken | None = None
    ) -> Tensor:
        """Synthesise; there are no smaller pictures, so `until` changes nothing.

        `cancel` is checked before each layer.
        """
        scales = [layer.scales(ws[:, i]) for i, layer in enumerate(self._layers, 1)]
        pictures = []
        for i in range(len(ws)):
            before = [scale[0][i] for scale in scales]
            after = [scale[1][i] for scale in scales]
            pictures.append(self._one(ws[i : i + 1, 0], before, after, cancel))
        return torch.stack(pictures)

    def _one(
        self, w: Tensor, before: list[Tensor], after: list[Tensor], cancel: CancelToken | None
    ) -> Tensor:
        first = self._layers[0]
        features = _last(self._input(w))
        x = _padded(first, features)
        width = features.shape[2]
        torch.mul(features, before[0][:width], out=_inner(first, x)[:, :, :width])
        for i, layer in enumerate(self._layers[:-1]):
            if cancel is not None:
                cancel.check()
            y = layer.convolve(x)
            following = self._layers[i + 1]
            x = _padded(following, y)
            self._activate(layer, y, after[i], before[i + 1], _inner(following, x))
        last = self._layers[-1]
        rgb = last.convolve(x).permute(2, 0, 1) + last.bias[:, None, None]
        if self._clamp is not None:
            rgb = rgb.clamp_(-self._clamp, self._clamp)
        return rgb.mul_(self._scale)

    def _activate(
        self, layer: _Layer, y: Tensor, after: Tensor, following: Tensor, out: Tensor
    ) -> None:
        """Bias, activation at the raised rate and the next layer's styles, some channels a time."""
        plan = layer.plan
        size = plan.in_size + plan.kernel - 1
        raised = size * plan.up + sum(plan.pads) - plan.up_taps + 1
        step = LANES * max(1, RAISED_FLOATS // (raised * raised * LANES))
        for start in range(0, y.shape[2], step):
            part = slice(start, start + step)
            x = _first(torch.addcmul(layer.bias[part], y[:size, :size, part], after[part]))
            x = upsample(x, layer.up_filter, plan.up, plan.pads)
            x = F.leaky_relu_(x, 0.2)
            if self._clamp is not None:
                x = x.clamp_(-self._clamp, self._clamp)
            x = downsample(x, layer.down_filter, plan.down)
            torch.mul(_last(x), following[part], out=out[:, :, part])


def _first(x: Tensor) -> Tensor:
    """[H, W, C] -> [1, C, H, W]; the batch comes first, or torch takes it for another layout."""
    return x[None].permute(0, 3, 1, 2)


def _last(x: Tensor) -> Tensor:
    """[1, C, H, W] -> [H, W, C]."""
    return x.permute(0, 2, 3, 1)[0]


def _padded(layer: _Layer, like: Tensor) -> Tensor:
    """Zeros for a layer's input, with the padding of its convolution around it."""
    size = layer.plan.in_size + 2 * (layer.plan.kernel - 1)
    if layer.tiled:
        size += -(size - 2) % 4
    return like.new_zeros(size, size, layer.energy.shape[1] + -layer.energy.shape[1] % LANES)


def _inner(layer: _Layer, padded: Tensor) -> Tensor:
    start = layer.plan.kernel - 1
    return padded[start : start + layer.plan.in_size, start : start + layer.plan.in_size]


def _fold(layer: SynthesisLayer) -> _Layer:
    plan = layer.plan
    kernel = layer.kernel().detach()
    energy = kernel.square().sum((2, 3))
    more_out = 0 if plan.to_rgb else -plan.out_channels % LANES
    more_in = -plan.in_channels % LANES
    bias = layer.bias.detach() * (1.0 if plan.to_rgb else math.sqrt(2))
    # Channels filled up have some energy, lest their scale be infinite, and kernels of zero.
    energy = torch.cat([energy, energy.new_ones(more_out, plan.in_channels)])
    kernel = F.pad(kernel, (0, 0, 0, 0, 0, more_in, 0, more_out))
    tiled = plan.kernel == 3
    layout = torch.channels_last
    return _Layer(
        plan=plan,
        affine=layer.affine.weight.detach() * layer.affine.weight_gain,
        affine_bias=layer.affine.bias.detach(),
        gain=float(layer.magnitude_ema.rsqrt()),
        energy=energy,
        kernel=tile_kernel(kernel) if tiled else kernel.contiguous(memory_format=layout),
        bias=F.pad(bias, (0, more_out)),
        tiled=tiled,
        up_filter=layer.up_filter,
        down_filter=layer.down_filter,
    )
