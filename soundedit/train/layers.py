"""Networks and latents for a generator of another size, which has more or fewer style layers.

Those added act as the last did; those that are too many are the last.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

LAYERED = {
    "inversion": ("heads.fine.mix.4.",),
    "frames": ("cells.fine.to_target.2.",),
    "directions": ("up", "centre", "spread", "radius"),
    "encoder": ("to_offsets.1.", "mean"),
    "photo encoder": ("to_offsets.",),
}
"""What of each network has style layers for rows; linear layers, ending in a full stop, have
`w_dim` rows for each.
"""


def repeat_last(w: Tensor, num_ws: int) -> Tensor:
    """Latents [..., L, D] -> [..., num_ws, D], the last layer repeated."""
    more = num_ws - w.shape[-2]
    return torch.cat([w, w[..., -1:, :].expand(*w.shape[:-2], more, w.shape[-1])], dim=-2)


def refit(name: str, state: Mapping[str, Tensor], added: int, w_dim: int) -> dict[str, Tensor]:
    """Weights of a network of `LAYERED` for so many more style layers of `w_dim` values.

    For fewer where `added` is below 0.
    """
    found = dict(state)
    for key, tensor in state.items():
        for part in LAYERED[name]:
            linear = part.endswith(".")
            if key == part or (linear and key.startswith(part)):
                found[key] = _rows(tensor, added, w_dim, linear=linear)
    return found


def fitted(
    name: str, config: Mapping[str, Any], state: Mapping[str, Tensor], num_ws: int
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Configuration and weights of a pack's part for a generator of `num_ws` style layers.

    As they are where they are for so many already.
    """
    added = num_ws - int(config["num_ws"])
    if not added:
        return dict(config), dict(state)
    return {**config, "num_ws": num_ws}, refit(name, state, added, int(config["w_dim"]))


def _rows(tensor: Tensor, added: int, w_dim: int, *, linear: bool) -> Tensor:
    layers = tensor.unflatten(0, (-1, w_dim)) if linear else tensor
    if added < 0:
        layers = layers[:added]
    else:
        layers = torch.cat([layers, layers[-1:].expand(added, *layers.shape[1:])])
    return layers.flatten(0, 1) if linear else layers
