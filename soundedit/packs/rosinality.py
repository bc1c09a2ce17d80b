"""Generators of rosinality's stylegan2-pytorch, renamed to those of our StyleGAN2.

Read from the layout of that repository's checkpoints, both those its training writes and those
its convert_weight.py makes of TensorFlow networks.
"""

import argparse
import re
from pathlib import Path

import torch
from torch import Tensor

from soundedit.errors import PackError
from soundedit.nets.resample import binomial_filter
from soundedit.packs.checkpoints import load_checkpoint
from soundedit.packs.foreigngenerator import (
    ForeignGenerator,
    checked,
    mean_latent,
    no_classes,
    unsupported,
)

_STYLE = re.compile(r"style\.([1-9]\d?)\.(weight|bias)")
_CONV = re.compile(r"conv(?:1|s\.(\d{1,2}))\.(.+)")
_TO_RGB = re.compile(r"to_rgb(?:1|s\.(\d{1,2}))\.(.+)")
_NOISE = re.compile(r"noises\.noise_(\d{1,2})")
_MODULATION = {
    "conv.modulation.weight": "affine.weight",
    "conv.modulation.bias": "affine.bias",
}
_CONV_PARTS = {
    **_MODULATION,
    "conv.weight": "weight",
    "noise.weight": "noise_strength",
    "activate.bias": "bias",
}
_TO_RGB_PARTS = {**_MODULATION, "conv.weight": "weight", "bias": "bias"}
_KERNELS = ("conv.blur.kernel", "upsample.kernel")


def read_rosinality(path: Path, *, label: int | None = None) -> ForeignGenerator:
    """The generator `g_ema` (or `g`, or a bare state dict) of a checkpoint of torch.save.

    A checkpoint without `latent_avg` gets the mean of seeded latents. PackError if the file cannot
    be read safely, is no such checkpoint, a label is given, or a part is missing or unknown.
    """
    no_classes(path, label)
    data = load_checkpoint(path, "checkpoint of StyleGAN2", argparse.Namespace)
    if not isinstance(data, dict):
        raise PackError(f"{path} holds no StyleGAN2 generator, so choose another file.")
    weights = data
    for key in ("g_ema", "g"):
        if isinstance(data.get(key), dict):
            weights = data[key]
            break
    if "style.1.weight" not in weights or "input.input" not in weights:
        raise PackError(
            f"{path} holds no StyleGAN2 generator of rosinality's stylegan2-pytorch, so choose "
            "such a checkpoint or a network pickle of NVIDIA's."
        )
    tensors: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise unsupported(path, f"a part {name!r} that is no tensor")
        ours = _renamed(path, name, tensor)
        if ours:
            tensors[ours] = _reshaped(ours, tensor.detach().float())
    mapping_layers = sum(1 for name in tensors if re.fullmatch(r"mapping\.fc\d+\.weight", name))
    resolution = max(
        int(name.split(".")[1][1:]) for name in tensors if name.startswith("synthesis")
    )
    sizes = [4 << i for i in range(resolution.bit_length() - 2)]
    for size in sizes:
        for layer in ("", ".conv0", ".conv1") if size > 4 else ("", ".conv1"):
            tensors[f"synthesis.b{size}{layer}.resample_filter"] = binomial_filter()
    mean = data.get("latent_avg")
    if isinstance(mean, Tensor):
        tensors["mapping.w_avg"] = mean.detach().float().reshape(-1)
    else:
        tensors["mapping.w_avg"] = mean_latent(tensors, mapping_layers)
    config = {
        "z_dim": tensors["mapping.fc0.weight"].shape[1],
        "w_dim": tensors["mapping.fc0.weight"].shape[0],
        "resolution": resolution,
        "channels": [_width(path, tensors, size) for size in sizes],
        "mapping_layers": mapping_layers,
        "conv_clamp": None,
    }
    origin = "StyleGAN2 (rosinality)"
    return checked(path, ForeignGenerator("stylegan2", config, tensors, origin))


def _renamed(path: Path, name: str, tensor: Tensor) -> str:
    """Our name for a part of theirs, or nothing for a filter; PackError for an unknown part."""
    if name.endswith(_KERNELS):
        kernel = 4 * binomial_filter()
        if tensor.shape != kernel.shape or not torch.allclose(tensor.float(), kernel, atol=1e-5):
            raise unsupported(path, "a resampling filter other than [1, 3, 3, 1]")
        return ""
    if name == "input.input":
        return "synthesis.b4.const"
    if found := _STYLE.fullmatch(name):
        return f"mapping.fc{int(found[1]) - 1}.{found[2]}"
    if found := _NOISE.fullmatch(name):
        return f"{_layer(int(found[1]))}.noise_const"
    if (found := _CONV.fullmatch(name)) and found[2] in _CONV_PARTS:
        at = 0 if found[1] is None else int(found[1]) + 1
        return f"{_layer(at)}.{_CONV_PARTS[found[2]]}"
    if (found := _TO_RGB.fullmatch(name)) and found[2] in _TO_RGB_PARTS:
        size = 4 if found[1] is None else 8 << int(found[1])
        return f"synthesis.b{size}.torgb.{_TO_RGB_PARTS[found[2]]}"
    raise unsupported(path, f"a part {name!r} that rosinality's StyleGAN2 does not have")


def _layer(at: int) -> str:
    """Our name of the convolution at `at`, the first of 4 x 4 pixels, then two of each size."""
    return f"synthesis.b{4 << (at + 1) // 2}.conv{(at + 1) % 2}"


def _reshaped(ours: str, tensor: Tensor) -> Tensor:
    """Without the leading dimensions that only theirs has."""
    if ours.endswith(".noise_strength"):
        return tensor.reshape(())
    if ours.endswith(".torgb.bias"):
        return tensor.reshape(-1)
    if ours.endswith(".noise_const"):
        return tensor[0, 0]
    if ours == "synthesis.b4.const" or (tensor.dim() == 5 and tensor.shape[0] == 1):
        return tensor[0]
    return tensor


def _width(path: Path, tensors: dict[str, Tensor], size: int) -> int:
    weight = tensors.get(f"synthesis.b{size}.torgb.weight")
    if weight is None or weight.dim() != 4:
        raise PackError(
            f"{path} lacks the layer to colours of {size} pixels, so get the file again."
        )
    return weight.shape[1]
