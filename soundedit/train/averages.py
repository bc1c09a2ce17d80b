"""Running means of networks, which are better than the weights of any one step."""

import torch
from torch import nn


@torch.no_grad()
def follow(mean: nn.Module, net: nn.Module, keep: float) -> None:
    """Move every weight and running statistic of `mean` by 1 - `keep` towards that of `net`."""
    now = net.state_dict()
    for name, value in mean.state_dict().items():
        if value.is_floating_point():
            value.lerp_(now[name], 1 - keep)
        else:
            value.copy_(now[name])
