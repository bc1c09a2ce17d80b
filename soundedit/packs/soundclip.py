"""The audio encoder that the authors of sound-guided image manipulation released, from its file.

`resnet18.pth` of Lee et al. 2022: a convolution before timm's ResNet-18, saved with or without the
prefix that training on several GPUs leaves.
"""

import re
from pathlib import Path

import torch
from torch import Tensor

from soundedit.errors import PackError
from soundedit.nets.sound_encoder import SoundEncoder
from soundedit.packs.checkpoints import load_checkpoint

_KIND = "audio encoder of sound-guided image manipulation"
_LIMIT = 2**30
_NAMES = (
    (r"^module\.", ""),
    (r"^feature_extractor\.conv1\.", "stem.0."),
    (r"^feature_extractor\.bn1\.", "stem.1."),
    (r"^feature_extractor\.fc\.", "head."),
    (r"^feature_extractor\.layer([1-4])\.", lambda m: f"stages.{int(m[1]) - 1}."),
    (r"\.bn([12])\.", r".norm\1."),
    (r"\.downsample\.", ".skip."),
)
_COUNTED, _VARIANCE = "num_batches_tracked", "running_var"
_FITTED = ("neutral", "said_neutral", "gain")


def read_sound_encoder(path: Path) -> dict[str, Tensor]:
    """The tensors of a `SoundEncoder`, float32, without what is fitted to a pack.

    PackError for a file that is damaged, unsafe or of another kind.
    """
    data = load_checkpoint(path, _KIND, limit=_LIMIT)
    if isinstance(data, dict) and isinstance(data.get("state_dict"), dict):
        data = data["state_dict"]
    found = {}
    if isinstance(data, dict):
        named = {str(name): value for name, value in data.items() if isinstance(value, Tensor)}
        found = {_ours(name): value for name, value in named.items() if _is_plain(value)}
    whole = {}
    for name, wanted in SoundEncoder().state_dict().items():
        if name in _FITTED:
            continue
        value = found.get(name)
        if name.endswith(_COUNTED):
            value = torch.zeros_like(wanted)
        if value is None or value.shape != wanted.shape:
            raise PackError(f"{path} holds no {_KIND}, so choose another file.")
        whole[name] = value = value.to(wanted.dtype)
        negative = name.endswith(_VARIANCE) and bool((value < 0).any())
        if negative or not torch.isfinite(value).all():
            raise PackError(f"{path} holds values that cannot be, so get the file again.")
    return whole


def _is_plain(value: Tensor) -> bool:
    return value.layout == torch.strided and value.device.type == "cpu"


def _ours(name: str) -> str:
    for theirs, ours in _NAMES:
        name = re.sub(theirs, ours, name)
    return name
