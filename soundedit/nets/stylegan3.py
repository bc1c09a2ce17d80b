"""StyleGAN3 generators T and R for inference, parameter for parameter those of the release.

Karras et al. 2021, "Alias-Free Generative Adversarial Networks". Names, shapes and arithmetic
follow the release's `G_ema`, so its weights load strictly. There is no noise and no skip picture.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.filters import downsample, lowpass_filter, radial_lowpass_filter, upsample
from soundedit.nets.stylegan2 import FullyConnected, MappingNetwork, NoiseMode, lrelu


@dataclass(frozen=True)
class LayerPlan:
    """What one layer does: sizes in pixels, rates and cutoffs in cycles per picture."""

    name: str
    in_channels: int
    out_channels: int
    in_size: int
    out_size: int
    kernel: int
    up: int
    down: int
    up_taps: int
    down_taps: int
    radial: bool
    rate: int
    """The raised sampling rate at which the activation is computed."""
    cutoffs: tuple[float, float]
    widths: tuple[float, float]
    """Whole transition bands of the two filters, as `cutoffs` for input and output."""
    pads: tuple[int, int]
    to_rgb: bool


def plan_layers(
    resolution: int,
    *,
    channel_base: int = 32768,
    channel_max: int = 512,
    num_layers: int = 14,
    num_critical: int = 2,
    first_cutoff: float = 2.0,
    first_stopband: float = 2**2.1,
    last_stopband_rel: float = 2**0.3,
    margin_size: int = 10,
    conv_kernel: int = 3,
    filter_size: int = 6,
    lrelu_upsampling: int = 2,
    use_radial_filters: bool = False,
) -> list[LayerPlan]:
    """The layers after the input, the last one to colours (the paper's section 3.2).

    Cutoffs and stopbands grow geometrically until the last `num_critical` layers, which sample
    critically; each rate is the least power of two that holds the stopband. ValueError unless the
    resolution is a power of two from 16 up and there is a layer before the critical ones.
    """
    if resolution < 16 or resolution & (resolution - 1):
        raise ValueError(f"a StyleGAN3 resolution is a power of two from 16 up, not {resolution}")
    if not 1 <= num_critical < num_layers:
        raise ValueError(
            f"of {num_layers} layers, 1 to {num_layers - 1} can be critical, not {num_critical}"
        )
    last_cutoff = resolution / 2
    last_stopband = last_cutoff * last_stopband_rel
    cutoffs: list[float] = []
    rates: list[int] = []
    widths: list[float] = []
    sizes: list[int] = []
    channels: list[int] = []
    for i in range(num_layers + 1):
        part = min(i / (num_layers - num_critical), 1.0)
        cutoff = first_cutoff * (last_cutoff / first_cutoff) ** part
        stopband = first_stopband * (last_stopband / first_stopband) ** part
        rate = 2 ** math.ceil(math.log2(min(2 * stopband, resolution)))
        cutoffs.append(cutoff)
        rates.append(rate)
        widths.append(2 * (max(stopband, rate / 2) - cutoff))
        sizes.append(rate + 2 * margin_size if i < num_layers - 1 else resolution)
        width = round(min(channel_base / 2 / cutoff, channel_max))
        channels.append(3 if i == num_layers else width)
    plans: list[LayerPlan] = []
    for i in range(num_layers + 1):
        before, to_rgb = max(i - 1, 0), i == num_layers
        rate = max(rates[before], rates[i]) * (1 if to_rgb else lrelu_upsampling)
        up, down = rate // rates[before], rate // rates[i]
        kernel = 1 if to_rgb else conv_kernel
        up_taps = 1 if up == 1 else filter_size * up
        down_taps = 1 if down == 1 else filter_size * down
        # The convolution pads by kernel - 1 on each side, so it grows its input by that.
        raised = (sizes[before] + kernel - 1) * up
        total = (sizes[i] - 1) * down + 1 - raised + up_taps + down_taps - 2
        # A sample lies in the middle of its `up` slots, though the zeros all come behind it.
        low = (total + up) // 2
        plans.append(
            LayerPlan(
                name=f"L{i}_{sizes[i]}_{channels[i]}",
                in_channels=channels[before],
                out_channels=channels[i],
                in_size=sizes[before],
                out_size=sizes[i],
                kernel=kernel,
                up=up,
                down=down,
                up_taps=up_taps,
                down_taps=down_taps,
                radial=use_radial_filters and i < num_layers - num_critical,
                rate=rate,
                cutoffs=(cutoffs[before], cutoffs[i]),
                widths=(widths[before], widths[i]),
                pads=(low, total - low),
                to_rgb=to_rgb,
            )
        )
    return plans


class SynthesisInput(nn.Module):
    """Fourier features on a plane that `w` rotates and shifts, mixed by a square matrix.

    `transform` is the inverse of an affine map of the whole picture (unit: its width), applied
    after the learned one; the paper's equation in appendix F.
    """

    transform: Tensor
    freqs: Tensor
    phases: Tensor

    def __init__(self, w_dim: int, channels: int, size: int, rate: int, bandwidth: float) -> None:
        super().__init__()
        self.channels, self.size, self.rate, self.bandwidth = channels, size, rate, bandwidth
        self.weight = nn.Parameter(torch.randn(channels, channels))
        self.affine = FullyConnected(w_dim, 4)
        with torch.no_grad():
            self.affine.weight.zero_()
            self.affine.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0]))
        # Uniform over a disc: an angle, and the root of a uniform number as the radius.
        angles = 2 * math.pi * torch.rand(channels, 1)
        radii = bandwidth * torch.rand(channels, 1).sqrt()
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", radii * torch.cat([angles.cos(), angles.sin()], dim=1))
        self.register_buffer("phases", torch.rand(channels) - 0.5)

    def waves(self, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """w [B, w_dim] -> frequencies [B, C, 2], phases [B, C] in turns, amplitudes [B, C]."""
        turn = self.affine(w)
        turn = turn / turn[:, :2].norm(dim=1, keepdim=True)
        cosine, sine = turn[:, 0], turn[:, 1]
        rotation = torch.stack([cosine, -sine, sine, cosine], dim=1).view(-1, 2, 2)
        # Picture coordinates go through `transform`, the learned shift, then the rotation.
        shift = self.transform[:2, 2] - turn[:, 2:]
        phases = self.phases + (rotation @ shift[:, :, None])[:, :, 0] @ self.freqs.t()
        freqs = self.freqs @ (rotation @ self.transform[:2, :2])
        # Frequencies that `transform` moves beyond the band fade out up to half the rate.
        room = self.rate / 2 - self.bandwidth
        amplitudes = (1 - (freqs.norm(dim=2) - self.bandwidth) / room).clamp(0, 1)
        return freqs, phases, amplitudes

    def forward(self, w: Tensor) -> Tensor:
        """w [B, w_dim] -> [B, C, size, size]."""
        freqs, phases, amplitudes = self.waves(w)
        at = (torch.arange(self.size, device=w.device, dtype=w.dtype) + 0.5) / self.rate
        at = at - 0.5 * self.size / self.rate
        across = at * freqs[:, :, :1]
        down = at * freqs[:, :, 1:] + phases[:, :, None]
        x = torch.sin(2 * math.pi * (down[:, :, :, None] + across[:, :, None, :]))
        x = x * amplitudes[:, :, None, None]
        weight = self.weight / math.sqrt(self.channels)
        return F.conv2d(x, weight[:, :, None, None])


class SynthesisLayer(nn.Module):
    """Modulated convolution, bias, and a leaky ReLU between an up- and a downsampling filter."""

    magnitude_ema: Tensor
    up_filter: Tensor | None
    down_filter: Tensor | None

    def __init__(self, w_dim: int, plan: LayerPlan) -> None:
        super().__init__()
        self.plan = plan
        self.affine = FullyConnected(w_dim, plan.in_channels, bias_init=1.0)
        self.weight = nn.Parameter(
            torch.randn(plan.out_channels, plan.in_channels, plan.kernel, plan.kernel)
        )
        self.bias = nn.Parameter(torch.zeros(plan.out_channels))
        self.register_buffer("magnitude_ema", torch.ones([]))
        up_filter = down_filter = None
        if plan.up_taps > 1:
            up_filter = lowpass_filter(plan.up_taps, plan.cutoffs[0], plan.widths[0], plan.rate)
        if plan.down_taps > 1:
            design = radial_lowpass_filter if plan.radial else lowpass_filter
            down_filter = design(plan.down_taps, plan.cutoffs[1], plan.widths[1], plan.rate)
        self.register_buffer("up_filter", up_filter)
        self.register_buffer("down_filter", down_filter)

    def kernel(self) -> Tensor:
        """The weight [O, I, k, k]; where demodulation follows, every filter of it has unit norm."""
        if self.plan.to_rgb:
            return self.weight / math.sqrt(self.plan.in_channels)
        return self.weight * self.weight.square().sum((1, 2, 3), keepdim=True).rsqrt()

    def scales(self, w: Tensor, kernel: Tensor) -> tuple[Tensor, Tensor | None]:
        """w [B, w_dim] -> factors of the input [B, I] and, from demodulation, of the output [B, O].

        The mean input magnitude is divided out after demodulation.
        """
        styles = self.affine(w)
        gain = self.magnitude_ema.rsqrt()
        if self.plan.to_rgb:
            return styles * gain, None
        # Demodulation takes the scale of the styles out again; a unit one suits half precision.
        styles = styles * styles.square().mean(1, keepdim=True).rsqrt()
        energy = kernel.square().sum((2, 3))
        return styles * gain, F.linear(styles.square(), energy).rsqrt()

    def forward(self, x: Tensor, w: Tensor, clamp: float | None = None) -> Tensor:
        """x [B, I, in_size, in_size], w [B, w_dim] -> [B, O, out_size, out_size]."""
        kernel = self.kernel()
        before, after = self.scales(w, kernel)
        x = x * before[:, :, None, None].to(x.dtype)
        x = F.conv2d(x, kernel.to(x.dtype), padding=self.plan.kernel - 1)
        if after is not None:
            x = x * after[:, :, None, None].to(x.dtype)
        x = x + self.bias.to(x.dtype)[:, None, None]
        if self.plan.to_rgb:
            return x if clamp is None else x.clamp(-clamp, clamp)
        x = upsample(x, self.up_filter, self.plan.up, self.plan.pads)
        return downsample(lrelu(x, clamp=clamp), self.down_filter, self.plan.down)


class SynthesisNetwork(nn.Module):
    """ws [B, num_ws, w_dim] -> picture [B, 3, resolution, resolution], nominally in [-1, 1].

    The first latent moves the input, each of the others drives one layer.
    """

    def __init__(
        self,
        w_dim: int,
        resolution: int,
        *,
        output_scale: float = 0.25,
        conv_clamp: float | None = 256.0,
        **design: Any,
    ) -> None:
        """`design`: the keywords of `plan_layers`, which says what ValueErrors there are."""
        super().__init__()
        self.w_dim, self.resolution = w_dim, resolution
        self.output_scale, self.conv_clamp = output_scale, conv_clamp
        self.sizes = self.preview_sizes = [resolution]
        plans = plan_layers(resolution, **design)
        self.num_ws = len(plans) + 1
        first = plans[0]
        margin = design.get("margin_size", 10)
        self.input = SynthesisInput(
            w_dim, first.in_channels, first.in_size, first.in_size - 2 * margin, first.cutoffs[0]
        )
        self.layer_names = [plan.name for plan in plans]
        for plan in plans:
            setattr(self, plan.name, SynthesisLayer(w_dim, plan))

    def layers(self) -> list[SynthesisLayer]:
        """The layers in their order, the last one to colours."""
        return [getattr(self, name) for name in self.layer_names]

    def forward(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        dtype: torch.dtype = torch.float32,
        until: int | None = None,
    ) -> Tensor:
        """Synthesise, float32 whatever the `dtype` of the layers.

        `noise_mode` and `until` are those of StyleGAN2 and change nothing: there is no noise, and
        no picture but that of the last layer.
        """
        x = self.input(ws[:, 0]).to(dtype)
        if x.device.type == "cpu":
            # Depthwise filters are far faster there with channels last.
            x = x.contiguous(memory_format=torch.channels_last)
        for i, layer in enumerate(self.layers(), 1):
            x = layer(x, ws[:, i], self.conv_clamp)
        return x.float() * self.output_scale


class Generator(nn.Module):
    """Mapping and synthesis together, with the key names of a StyleGAN3 `G_ema`."""

    def __init__(
        self,
        z_dim: int,
        w_dim: int,
        resolution: int,
        *,
        mapping_layers: int = 2,
        **synthesis: Any,
    ) -> None:
        """`synthesis`: keywords of `SynthesisNetwork`; TypeError for others."""
        super().__init__()
        self.z_dim, self.w_dim, self.resolution = z_dim, w_dim, resolution
        self.synthesis = SynthesisNetwork(w_dim, resolution, **synthesis)
        self.num_ws = self.synthesis.num_ws
        self.mapping = MappingNetwork(
            z_dim, w_dim, self.num_ws, num_layers=mapping_layers, w_avg_beta=0.998
        )

    def forward(
        self, z: Tensor, *, truncation: float = 1.0, noise_mode: NoiseMode = "const"
    ) -> Tensor:
        """z [B, z_dim] -> picture [B, 3, resolution, resolution]."""
        return self.synthesis(self.mapping(z, truncation=truncation), noise_mode=noise_mode)


_NUMBERS: dict[str, type] = {
    "channel_base": int,
    "channel_max": int,
    "num_layers": int,
    "num_critical": int,
    "first_cutoff": float,
    "first_stopband": float,
    "last_stopband_rel": float,
    "margin_size": int,
    "output_scale": float,
    "conv_kernel": int,
    "filter_size": int,
    "lrelu_upsampling": int,
    "use_radial_filters": bool,
}
_TRAINING_ONLY = {"magnitude_ema_beta", "num_fp16_res", "class_name"}


def config_from_kwargs(init_kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The release's constructor keywords -> those of `Generator`, plain enough for JSON.

    ValueError, in a sentence, for what is not supported: labels, other than three colours, a
    keyword that is missing or unknown.
    """
    given = dict(init_kwargs)
    if given.pop("c_dim", 0):
        raise ValueError("This StyleGAN3 network needs class labels, which are not supported.")
    if given.pop("img_channels", 3) != 3:
        raise ValueError("This StyleGAN3 network does not make pictures of three colours.")
    config: dict[str, Any] = {}
    for theirs, ours in (("z_dim", "z_dim"), ("w_dim", "w_dim"), ("img_resolution", "resolution")):
        if theirs not in given:
            raise ValueError(f"This StyleGAN3 network does not say its {theirs}.")
        config[ours] = int(given.pop(theirs))
    mapping = dict(given.pop("mapping_kwargs", None) or {})
    config["mapping_layers"] = int(mapping.pop("num_layers", 2))
    if mapping.pop("lr_multiplier", 0.01) != 0.01:
        raise ValueError("This StyleGAN3 network scales its mapping in an unusual way.")
    mapping.pop("w_avg_beta", None)
    if "conv_clamp" in given:
        clamp = given.pop("conv_clamp")
        config["conv_clamp"] = None if clamp is None else float(clamp)
    for name, kind in _NUMBERS.items():
        if name in given:
            config[name] = kind(given.pop(name))
    unknown = sorted(set(given) - _TRAINING_ONLY) + sorted(mapping)
    if unknown:
        raise ValueError(f"This StyleGAN3 network has unknown settings: {', '.join(unknown)}.")
    return config
