"""Checkpoints in the layouts of other programs, written from our own generators and compared."""

import argparse
import contextlib
import math
import pickle
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from soundedit.nets import stylegan2, stylegan3
from soundedit.packs.foreign import ForeignGenerator

MODULE_SOURCE = "raise SystemExit('the source text of a pickled class was run')\n"

Network = TypeVar("Network", bound=nn.Module)

CLASS_NAMES = {"FullyConnected": "FullyConnectedLayer", "ToRGB": "ToRGBLayer"}


def stylegan2_generator(
    *, mapping_layers: int = 2, conv_clamp: float | None = None, **mapping: Any
) -> stylegan2.Generator:
    """A 16 px generator with nothing left at its initial value; `mapping` goes to the mapping."""
    torch.manual_seed(0)
    generator = stylegan2.Generator(
        6, 8, 16, [10, 8, 6], mapping_layers=mapping_layers, conv_clamp=conv_clamp
    )
    if mapping:
        generator.mapping = stylegan2.MappingNetwork(
            6, 8, generator.num_ws, num_layers=mapping_layers, **mapping
        )
    return randomised(generator)


def stylegan3_generator(**design: Any) -> stylegan3.Generator:
    """A 16 px generator of few channels, with nothing left at its initial value."""
    torch.manual_seed(0)
    return randomised(stylegan3.Generator(6, 8, 16, **design))


def randomised(network: Network) -> Network:
    with torch.no_grad():
        for name, value in [*network.named_parameters(), *network.named_buffers()]:
            if name.endswith(("bias", "w_avg", "noise_strength")):
                value += 0.5 * torch.randn_like(value)
            if name.endswith("input.affine.weight"):
                value.normal_(std=0.3)
            if name.endswith("magnitude_ema"):
                value.uniform_(0.5, 1.5)
    return network.eval().requires_grad_(False)


class Persistent:
    """An object of a class whose source text is pickled with it."""

    def __init__(self, class_name: str, state: dict[str, Any]) -> None:
        self.class_name, self.state = class_name, state

    def __reduce__(self) -> tuple[Any, ...]:
        meta = {
            "type": "class",
            "version": 6,
            "module_src": MODULE_SOURCE,
            "class_name": self.class_name,
            "state": self.state,
        }
        function = sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj
        return function, (meta,), None


class EasyDict(dict[str, Any]):
    """As pickled from dnnlib.util."""


EasyDict.__module__, EasyDict.__qualname__ = "dnnlib.util", "EasyDict"


@contextlib.contextmanager
def reference_names(**more: Callable[..., Any]) -> Iterator[None]:
    """While pickling, the modules that the pickles name; `more` go into torch_utils.persistence."""

    def _reconstruct_persistent_obj(meta: Any) -> None: ...

    names = ["torch_utils", "torch_utils.persistence", "dnnlib", "dnnlib.util"]
    modules = {name: types.ModuleType(name) for name in names}
    for function in (_reconstruct_persistent_obj, *more.values()):
        function.__module__, function.__qualname__ = "torch_utils.persistence", function.__name__
        setattr(modules["torch_utils.persistence"], function.__name__, function)
    modules["dnnlib.util"].EasyDict = EasyDict  # type: ignore[attr-defined]
    before = {name: sys.modules.get(name) for name in names}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def write_pickle(path: Path, data: Any, protocol: int = 4) -> Path:
    """Pickle `data` under the names of NVIDIA's repositories."""
    with reference_names():
        path.write_bytes(pickle.dumps(data, protocol))
    return path


def snapshot(network: Any) -> dict[str, Any]:
    """What a training pickles, with `network` as its G_ema."""
    other = Persistent("Discriminator", _state(OrderedDict(weight=torch.zeros(2))))
    return {
        "training_set_kwargs": EasyDict(path="/data/set.zip", max_size=None, xflip=False),
        "G": other,
        "D": other,
        "G_ema": network,
        "augment_pipe": Persistent("AugmentPipe", _state(OrderedDict(p=torch.zeros([])))),
    }


def _state(
    parameters: "OrderedDict[str, Any]",
    buffers: "OrderedDict[str, Any] | None" = None,
    modules: "OrderedDict[str, Any] | None" = None,
    **attributes: Any,
) -> dict[str, Any]:
    return {
        "training": False,
        "_parameters": parameters,
        "_buffers": buffers or OrderedDict(),
        "_non_persistent_buffers_set": set(),
        "_backward_hooks": OrderedDict(),
        "_is_full_backward_hook": None,
        "_modules": modules or OrderedDict(),
        **attributes,
        "_init_args": (),
        "_init_kwargs": EasyDict(),
    }


def persistent(network: nn.Module, **init_kwargs: Any) -> Persistent:
    """A network of ours as NVIDIA's code pickles its own, with the attributes theirs have."""
    modules = OrderedDict((name, persistent(child)) for name, child in network.named_children())
    class_name = type(network).__name__
    made = Persistent(
        CLASS_NAMES.get(class_name, class_name),
        _state(
            OrderedDict(network._parameters),
            OrderedDict(network._buffers),
            modules,
            **_attributes(network),
        ),
    )
    made.state["_init_kwargs"] = EasyDict(init_kwargs)
    if isinstance(network, stylegan2.SynthesisNetwork):
        for _, layer in walk(made):
            if layer.class_name in ("SynthesisLayer", "ToRGBLayer"):
                layer.state["conv_clamp"] = network.conv_clamp
    return made


def _attributes(network: nn.Module) -> dict[str, Any]:
    if isinstance(network, stylegan2.FullyConnected):
        return {
            "activation": "lrelu" if network.activate else "linear",
            "weight_gain": np.float64(network.bias_gain / math.sqrt(network.weight.shape[1])),
            "bias_gain": network.bias_gain,
        }
    if isinstance(network, stylegan2.SynthesisLayer):
        return {"activation": "lrelu", "use_noise": True, "up": 1 + network.up}
    if isinstance(network, stylegan2.SynthesisBlock):
        return {"architecture": "skip", "resolution": network.resolution}
    if isinstance(network, stylegan3.SynthesisInput):
        return {"size": np.array([network.size] * 2), "bandwidth": np.float64(network.bandwidth)}
    if isinstance(network, stylegan2.Generator | stylegan3.Generator):
        mapping = network.mapping
        return {
            "z_dim": mapping.z_dim,
            "c_dim": mapping.c_dim,
            "w_dim": mapping.w_dim,
            "img_resolution": network.resolution,
            "img_channels": 3,
        }
    return {}


def walk(network: Persistent, name: str = "") -> Iterator[tuple[str, Persistent]]:
    """Every layer with its dotted name, `network` itself ("") first."""
    yield name, network
    for child, layer in network.state["_modules"].items():
        yield from walk(layer, f"{name}.{child}".strip("."))


def ada(generator: stylegan2.Generator) -> Persistent:
    """As stylegan2-ada-pytorch pickles it."""
    return persistent(generator, **_common(generator), synthesis_kwargs=EasyDict(channel_max=10))


def flat(generator: stylegan2.Generator) -> Persistent:
    """StyleGAN2 as the stylegan3 repository pickles it."""
    return persistent(generator, **_common(generator), channel_max=10)


def third(generator: stylegan3.Generator, **design: Any) -> Persistent:
    """StyleGAN3 as its repository pickles it; `design` are the generator's settings."""
    settings = {"magnitude_ema_beta": 0.998, **design}
    return persistent(generator, **_common(generator), **settings)


def _common(generator: stylegan2.Generator | stylegan3.Generator) -> dict[str, Any]:
    return {
        "z_dim": generator.z_dim,
        "c_dim": generator.mapping.c_dim,
        "w_dim": generator.w_dim,
        "img_resolution": generator.resolution,
        "img_channels": 3,
        "mapping_kwargs": EasyDict(num_layers=generator.mapping.num_layers),
    }


def rosinality_weights(generator: stylegan2.Generator) -> dict[str, Tensor]:
    """The state dict of the same network in rosinality's stylegan2-pytorch."""
    state, made = generator.state_dict(), {}
    kernel = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 16
    for i in range(generator.mapping.num_layers):
        for part in ("weight", "bias"):
            made[f"style.{i + 1}.{part}"] = state[f"mapping.fc{i}.{part}"]
    made["input.input"] = state["synthesis.b4.const"][None]
    convs = ["conv1", *(f"convs.{i}" for i in range(2 * len(generator.synthesis.sizes) - 2))]
    ours = [
        f"synthesis.b{size}.conv{i}"
        for size in generator.synthesis.sizes
        for i in ((0, 1) if size > 4 else (1,))
    ]
    for at, (theirs, layer) in enumerate(zip(convs, ours, strict=True)):
        made[f"{theirs}.conv.weight"] = state[f"{layer}.weight"][None]
        made[f"{theirs}.conv.modulation.weight"] = state[f"{layer}.affine.weight"]
        made[f"{theirs}.conv.modulation.bias"] = state[f"{layer}.affine.bias"]
        made[f"{theirs}.noise.weight"] = state[f"{layer}.noise_strength"][None]
        made[f"{theirs}.activate.bias"] = state[f"{layer}.bias"]
        if layer.endswith("conv0"):
            made[f"{theirs}.conv.blur.kernel"] = kernel
        made[f"noises.noise_{at}"] = state[f"{layer}.noise_const"][None, None]
    for k, size in enumerate(generator.synthesis.sizes):
        layer, theirs = f"synthesis.b{size}.torgb", f"to_rgbs.{k - 1}" if k else "to_rgb1"
        made[f"{theirs}.conv.weight"] = state[f"{layer}.weight"][None]
        made[f"{theirs}.conv.modulation.weight"] = state[f"{layer}.affine.weight"]
        made[f"{theirs}.conv.modulation.bias"] = state[f"{layer}.affine.bias"]
        made[f"{theirs}.bias"] = state[f"{layer}.bias"].view(1, 3, 1, 1)
        if k:
            made[f"{theirs}.upsample.kernel"] = kernel
    return made


def trained(weights: dict[str, Tensor]) -> dict[str, Any]:
    """What rosinality's training saves, with `weights` as g_ema."""
    return {
        "g": {name: torch.zeros_like(value) for name, value in weights.items()},
        "d": {"convs.0.0.weight": torch.zeros(2)},
        "g_ema": weights,
        "g_optim": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": []},
        "args": argparse.Namespace(path="/data", size=16, latent=8),
        "ada_aug_p": 0.2,
    }


def built(found: ForeignGenerator) -> Any:
    module = stylegan3 if found.architecture == "stylegan3" else stylegan2
    generator: Any = module.Generator(**found.config)
    generator.load_state_dict(found.tensors, strict=True)
    return generator.eval()


def latents(generator: Any) -> Tensor:
    return torch.randn(3, generator.num_ws, 8, generator=torch.Generator().manual_seed(1))


def z_of(count: int = 3) -> Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(2))


def assert_same(found: ForeignGenerator, original: Any) -> None:
    """Pictures of z with truncation, and of any latents, are those of `original`."""
    ours = built(found)
    with torch.no_grad():
        for truncation in (1.0, 0.6):
            expected = original(z_of(), truncation=truncation)
            assert expected.std() > 0.05
            torch.testing.assert_close(ours(z_of(), truncation=truncation), expected)
        ws = latents(original)
        torch.testing.assert_close(ours.synthesis(ws), original.synthesis(ws))


def layer_of(network: Persistent, name: str) -> Persistent:
    return dict(walk(network))[name]
