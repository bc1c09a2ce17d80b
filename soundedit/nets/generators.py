"""Generators of every architecture, told apart by what a pack says of them."""

from collections.abc import Mapping
from typing import Any

from soundedit.nets import stylegan2, stylegan3

Generator = stylegan2.Generator | stylegan3.Generator
SynthesisNetwork = stylegan2.SynthesisNetwork | stylegan3.SynthesisNetwork


def build_generator(config: Mapping[str, Any]) -> Generator:
    """A generator of its keyword arguments and "architecture": "stylegan2", which is what one
    without that is, or "stylegan3".

    ValueError or TypeError for what there is not.
    """
    arguments = dict(config)
    architecture = arguments.pop("architecture", "stylegan2")
    if architecture == "stylegan3":
        return stylegan3.Generator(**arguments)
    if architecture != "stylegan2":
        raise ValueError(f"there is no generator {architecture!r}")
    return stylegan2.Generator(**arguments)
