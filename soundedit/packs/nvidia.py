"""Generators of NVIDIA's network pickles: StyleGAN2-ADA, StyleGAN2 and StyleGAN3.

Read from the layout that the repositories stylegan2-ada-pytorch and stylegan3 pickle; StyleGAN2
weights keep their names, as our generator has ADA's.
"""

import itertools
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from soundedit.errors import PackError
from soundedit.nets.resample import binomial_filter
from soundedit.nets.stylegan3 import config_from_kwargs, plan_layers
from soundedit.packs.closedpickle import PersistentObject, load_network_pickle
from soundedit.packs.foreigngenerator import (
    ForeignGenerator,
    checked,
    mean_latent,
    no_classes,
    unsupported,
)

MAPPING_LR = 0.01
"""The learning rate multiplier of our mapping layers, which scales their stored weights."""
_DEPTH = 6
_MOST_LAYERS = 4096
_MOST_TAPS = 256
_BLOCK = re.compile(r"synthesis\.b(\d+)")
_MAPPING_LAYER = re.compile(r"mapping\.fc(\d+)")
_STYLEGAN3_LAYER = re.compile(r"synthesis\.(L\d+_\d+_\d+)")


def read_nvidia(path: Path, *, label: int | None = None) -> ForeignGenerator:
    """The generator of a network pickle: its `G_ema`, or `G`, or the one network that it holds.

    Of a conditional network the class `label` (0 if not given) is folded into the first mapping
    layer. PackError if the file cannot be read safely, holds no generator of StyleGAN2 or
    StyleGAN3, or one that ours cannot be.
    """
    network = _generator(path, load_network_pickle(path))
    layers = dict(itertools.islice(_walk(network), _MOST_LAYERS + 1))
    if len(layers) > _MOST_LAYERS:
        raise unsupported(path, f"more than {_MOST_LAYERS} layers")
    tensors = _tensors(layers)
    if "synthesis.input" in layers:
        return _stylegan3(path, layers, tensors, label)
    if "synthesis.b4" in layers:
        return _stylegan2(path, layers, tensors, label)
    raise unsupported(path, f"a {network.class_name} that is neither StyleGAN2 nor StyleGAN3")


def _generator(path: Path, data: Any) -> PersistentObject:
    candidates = [data]
    if isinstance(data, dict):
        candidates = [data.get("G_ema"), data.get("G")]
    for candidate in candidates:
        if isinstance(candidate, PersistentObject):
            return candidate
    raise PackError(
        f"{path} holds no generator (G_ema) of StyleGAN2 or StyleGAN3, so choose a network pickle "
        "of NVIDIA's stylegan2-ada-pytorch or stylegan3 repository."
    )


def _walk(
    network: PersistentObject, name: str = "", depth: int = 0
) -> Iterator[tuple[str, PersistentObject]]:
    """Every layer under `network` with its dotted name, that one ("") first."""
    if depth > _DEPTH:
        raise ValueError("layers are nested too deep")
    yield name, network
    for child, layer in _part(network, "_modules").items():
        if layer is None:
            continue
        if not isinstance(layer, PersistentObject):
            raise TypeError(f"{child} is no layer")
        yield from _walk(layer, f"{name}.{child}" if name else str(child), depth + 1)


def _part(layer: PersistentObject, part: str) -> dict[str, Any]:
    found = layer.state.get(part, {})
    if not isinstance(found, dict):
        raise TypeError(f"{part} is no dictionary")
    return found


def _tensors(layers: dict[str, PersistentObject]) -> dict[str, Tensor]:
    """The state dict of all layers, floating-point tensors as float32."""
    found: dict[str, Tensor] = {}
    for prefix, layer in layers.items():
        for name, tensor in [
            *_part(layer, "_parameters").items(),
            *_part(layer, "_buffers").items(),
        ]:
            if tensor is None:
                continue
            if not isinstance(tensor, Tensor):
                raise TypeError(f"{prefix}.{name} is no tensor")
            found[f"{prefix}.{name}" if prefix else str(name)] = tensor.float()
    return found


def _stylegan2(
    path: Path,
    layers: dict[str, PersistentObject],
    tensors: dict[str, Tensor],
    label: int | None,
) -> ForeignGenerator:
    sizes = sorted(int(found[1]) for name in layers if (found := _BLOCK.fullmatch(name)))
    _refuse_other_stylegan2(path, layers, tensors, sizes)
    for prefix in (name for name in layers if re.search(r"\.conv[01]$", name)):
        if layers[prefix].state.get("use_noise") is False:
            size = int(prefix.split(".")[1][1:])
            tensors[f"{prefix}.noise_strength"] = torch.zeros([])
            tensors[f"{prefix}.noise_const"] = torch.zeros(size, size)
    mapping_layers, labels = _mapping(path, layers, tensors, label)
    kwargs = layers[""].state.get("_init_kwargs", {})
    config = {
        "z_dim": tensors["mapping.fc0.weight"].shape[1],
        "w_dim": tensors["mapping.w_avg"].shape[0],
        "resolution": sizes[-1],
        "channels": [tensors[f"synthesis.b{size}.torgb.weight"].shape[1] for size in sizes],
        "mapping_layers": mapping_layers,
        "conv_clamp": _conv_clamp(path, layers),
    }
    origin = "StyleGAN2-ADA (NVIDIA)" if "synthesis_kwargs" in kwargs else "StyleGAN2 (NVIDIA)"
    return checked(path, ForeignGenerator("stylegan2", config, tensors, origin, labels))


def _refuse_other_stylegan2(
    path: Path,
    layers: dict[str, PersistentObject],
    tensors: dict[str, Tensor],
    sizes: list[int],
) -> None:
    for layer in layers.values():
        architecture = layer.state.get("architecture", "skip")
        if architecture != "skip":
            raise unsupported(path, f"the architecture {architecture!r} instead of 'skip'")
    _refuse_activations(path, layers)
    colours = layers[""].state.get("img_channels", 3)
    if colours != 3:
        raise unsupported(path, f"{colours} colour channels instead of 3")
    resolution = layers[""].state.get("img_resolution", sizes[-1])
    const = tensors.get("synthesis.b4.const")
    square = const is None or const.shape[1:] == (4, 4)
    if not square or resolution != sizes[-1] or sizes != [4 << i for i in range(len(sizes))]:
        raise unsupported(path, "pictures that are not square with a power of two as their size")
    kernel = binomial_filter()
    for name, tensor in tensors.items():
        if name.endswith(".resample_filter") and not (
            tensor.shape == kernel.shape and torch.allclose(tensor, kernel, atol=1e-5)
        ):
            raise unsupported(path, "a resampling filter other than [1, 3, 3, 1]")


def _refuse_activations(path: Path, layers: dict[str, PersistentObject]) -> None:
    for name, layer in layers.items():
        usual = "linear" if name.endswith((".affine", ".embed")) else "lrelu"
        activation = layer.state.get("activation", usual)
        if activation != usual:
            raise unsupported(path, f"the activation {activation!r} in {name!r} (not {usual!r})")


def _conv_clamp(path: Path, layers: dict[str, PersistentObject]) -> float | None:
    clamps = {
        layer.state["conv_clamp"]
        for name, layer in layers.items()
        if name.startswith("synthesis.") and "conv_clamp" in layer.state
    }
    if len(clamps) > 1:
        raise unsupported(path, "different limits for the values of its layers")
    clamp = next(iter(clamps), None)
    return None if clamp is None else float(clamp)


def _stylegan3(
    path: Path,
    layers: dict[str, PersistentObject],
    tensors: dict[str, Tensor],
    label: int | None,
) -> ForeignGenerator:
    _refuse_activations(path, layers)
    mapping_layers, labels = _mapping(path, layers, tensors, label)
    kwargs = dict(_part(layers[""], "_init_kwargs"))
    # The class is folded in and the mapping rescaled by now.
    kwargs["c_dim"], kwargs["mapping_kwargs"] = 0, {"num_layers": mapping_layers}
    names = [found[1] for name in layers if (found := _STYLEGAN3_LAYER.fullmatch(name))]
    if kwargs.get("num_layers", 14) != len(names) - 1:
        raise ValueError("the layers are not as many as it says")
    try:
        config = config_from_kwargs(kwargs)
        design = {
            name: value
            for name, value in config.items()
            if name not in ("z_dim", "w_dim", "resolution", "mapping_layers", "conv_clamp",
                            "output_scale")
        }  # fmt: skip
        plans = plan_layers(config["resolution"], **design)
    except ValueError as error:
        raise PackError(f"{path} cannot be used: {error} Choose another network.") from error
    if [plan.name for plan in plans] != names:
        raise unsupported(path, "layers of other sizes than StyleGAN3 has")
    if max(max(plan.up_taps, plan.down_taps) for plan in plans) > _MOST_TAPS:
        raise unsupported(path, "longer filters than StyleGAN3 has")
    # A viewer may have left the picture rotated or moved.
    tensors["synthesis.input.transform"] = torch.eye(3)
    radial = bool(config.get("use_radial_filters", False))
    origin = f"StyleGAN3-{'R' if radial else 'T'} (NVIDIA)"
    return checked(path, ForeignGenerator("stylegan3", config, tensors, origin, labels))


def _mapping(
    path: Path,
    layers: dict[str, PersistentObject],
    tensors: dict[str, Tensor],
    label: int | None,
) -> tuple[int, int]:
    """Bring the mapping in `tensors` into our form; the number of its layers and of classes."""
    count = sum(1 for name in layers if _MAPPING_LAYER.fullmatch(name))
    if not count:
        raise unsupported(path, "no mapping layers")
    _equalise(layers, tensors)
    labels = _fold_label(path, tensors, label)
    if "mapping.w_avg" not in tensors:
        tensors["mapping.w_avg"] = mean_latent(tensors, count)
    return count, labels


def _equalise(layers: dict[str, PersistentObject], tensors: dict[str, Tensor]) -> None:
    """Scale fully connected layers so that our run-time gains give what theirs give."""
    for name, layer in layers.items():
        weight = tensors.get(f"{name}.weight")
        if weight is None or not {"weight_gain", "bias_gain"} <= layer.state.keys():
            continue
        rate = MAPPING_LR if _MAPPING_LAYER.fullmatch(name) else 1.0
        gain = float(layer.state["weight_gain"]) * math.sqrt(weight.shape[1]) / rate
        for part, ratio in (("weight", gain), ("bias", float(layer.state["bias_gain"]) / rate)):
            # Weights in the usual scale stay as they are, to the last bit.
            if abs(ratio - 1) > 1e-6 and f"{name}.{part}" in tensors:
                tensors[f"{name}.{part}"] = tensors[f"{name}.{part}"] * ratio


def _fold_label(path: Path, tensors: dict[str, Tensor], label: int | None) -> int:
    """Make one class part of the first mapping layer; the number of classes, 0 for none.

    The embedding of a fixed class is constant, so its part of the layer's input becomes bias.
    """
    embedding = tensors.pop("mapping.embed.weight", None)
    shift = tensors.pop("mapping.embed.bias", None)
    if embedding is None or shift is None:
        no_classes(path, label)
        return 0
    features, classes = embedding.shape
    chosen = 0 if label is None else label
    if not 0 <= chosen < classes:
        raise PackError(
            f"{path} is a network of {classes} classes and has no class {chosen}, so choose one "
            f"from 0 to {classes - 1}."
        )
    weight, bias = tensors["mapping.fc0.weight"].double(), tensors["mapping.fc0.bias"].double()
    inputs = weight.shape[1]
    z_dim = inputs - features
    if z_dim < 1:
        raise unsupported(path, "no latent z")
    y = embedding.double()[:, chosen] / math.sqrt(classes) + shift.double()
    y = y * (y.square().mean() + 1e-8).rsqrt()
    tensors["mapping.fc0.bias"] = (bias + weight[:, z_dim:] @ y / math.sqrt(inputs)).float()
    tensors["mapping.fc0.weight"] = (weight[:, :z_dim] * math.sqrt(z_dim / inputs)).float()
    return int(classes)
