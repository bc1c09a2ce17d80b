"""A generator read from another program's checkpoint, and the checks that every one passes."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from soundedit.errors import PackError
from soundedit.nets.generators import build_generator
from soundedit.nets.stylegan2 import MappingNetwork

MEAN_LATENTS = 4096
"""How many latents are averaged for a checkpoint that has no mean latent."""


@dataclass(frozen=True)
class ForeignGenerator:
    """Weights of another program's generator, for a generator of ours.

    architecture: "stylegan2" or "stylegan3", the module in `soundedit.nets`.
    config: keyword arguments of that module's `Generator`.
    tensors: float32, by the names of its state dict; they load strictly.
    origin: the architecture and, in brackets, whose program wrote the file.
    labels: classes of a conditional network, one of which was folded into the weights; 0 for none.
    """

    architecture: str
    config: dict[str, Any]
    tensors: dict[str, Tensor]
    origin: str
    labels: int = 0

    @property
    def component(self) -> dict[str, Any]:
        """What a pack says of it; see `nets.generators.build_generator`."""
        # Nothing is known of how it was trained.
        previews = {"previews": False} if self.architecture == "stylegan2" else {}
        return {"architecture": self.architecture, **self.config, **previews}


def unsupported(path: Path, what: str) -> PackError:
    """The error for a network that our generators cannot be."""
    return PackError(f"{path} is a network with {what}, which cannot be used, so choose another.")


def checked(path: Path, found: ForeignGenerator) -> ForeignGenerator:
    """`found` with float32 copies of its tensors.

    PackError unless they have just the names and shapes of its generator, and all numbers are
    finite.
    """
    for name, value in found.config.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise unsupported(path, f"{name} set to {value}")
    with torch.device("meta"):
        wanted = build_generator(found.component).state_dict()
    for name in wanted:
        if name not in found.tensors:
            raise PackError(
                f"{path} lacks {name!r} of a {found.origin} generator, so get the file again."
            )
    for name, tensor in found.tensors.items():
        if name not in wanted:
            raise unsupported(path, f"a part {name!r} that {found.origin} does not have")
        if tensor.shape != wanted[name].shape:
            raise unsupported(
                path,
                f"{name!r} of {_size(tensor)} values where {found.origin} of this kind has "
                f"{_size(wanted[name])}",
            )
        if tensor.is_complex() or not torch.isfinite(tensor).all():
            raise PackError(
                f"{path} holds values in {name!r} that are no numbers, as of a training that "
                "failed, so choose an earlier checkpoint."
            )
    tensors = {
        name: found.tensors[name].detach().to(torch.float32).clone(
            memory_format=torch.contiguous_format
        )
        for name in wanted
    }  # fmt: skip
    return ForeignGenerator(found.architecture, found.config, tensors, found.origin, found.labels)


def no_classes(path: Path, label: int | None) -> None:
    """PackError if a label is asked of a network without classes."""
    if label is not None:
        raise PackError(f"{path} is a network without classes, so leave the class {label} out.")


def mean_latent(tensors: dict[str, Tensor], mapping_layers: int) -> Tensor:
    """The mean [w_dim] of the latents w of `MEAN_LATENTS` seeded z, by the `mapping` in `tensors`.

    ValueError or LookupError if the layers of the mapping are not there or do not fit.
    """
    w_dim, z_dim = tensors["mapping.fc0.weight"].shape
    mapping = MappingNetwork(z_dim, w_dim, 1, num_layers=mapping_layers)
    weights = {
        name: tensors[f"mapping.{name}"].float()
        for name in mapping.state_dict()
        if name != "w_avg"
    }  # fmt: skip
    mapping.load_state_dict({**weights, "w_avg": torch.zeros(w_dim)})
    z = torch.randn(MEAN_LATENTS, z_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        mean: Tensor = mapping(z)[:, 0].mean(0)
    return mean


def _size(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "1"
