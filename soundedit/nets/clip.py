"""Image and text towers: an open_clip model built from a config that the pack carries.

open_clip takes seconds to import, so it is when a model is built or words are cut into tokens.
"""

import importlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def build_clip(config: dict[str, Any]) -> nn.Module:
    """An open_clip `CLIP` with random weights from `embed_dim`, `vision_cfg` and `text_cfg`."""
    model: nn.Module = importlib.import_module("open_clip").CLIP(
        config["embed_dim"], dict(config["vision_cfg"]), dict(config["text_cfg"])
    )
    return model


def clip_tokens(config: dict[str, Any], text: Sequence[str]) -> Tensor:
    """Token ids [n, context_length] by CLIP's byte-pair vocabulary, which open_clip brings."""
    length = int(config["text_cfg"]["context_length"])
    ids: Tensor = _tokenizer(length)(list(text))
    return ids


@cache
def _tokenizer(length: int) -> Any:
    """Made once, since reading the vocabulary takes longer than embedding a phrase."""
    return importlib.import_module("open_clip").SimpleTokenizer(context_length=length)


def clip_pictures(config: dict[str, Any], pictures: Tensor) -> Tensor:
    """Pictures [B, 3, H, W] in [-1, 1], any size -> resized for the image tower."""
    size = int(config["vision_cfg"]["image_size"])
    if pictures.shape[2:] == (size, size):
        return pictures
    smaller = pictures.shape[2] > size
    return F.interpolate(
        pictures, size=(size, size), mode="bilinear", antialias=smaller, align_corners=False
    )


@torch.inference_mode()
def embed_text(model: nn.Module, config: dict[str, Any], text: Sequence[str]) -> Tensor:
    """Unit embeddings [n, E] of phrases."""
    device = next(model.parameters()).device
    out: Tensor = model.encode_text(clip_tokens(config, text).to(device), normalize=True)  # type: ignore[operator]
    return out


def embed_pictures(model: nn.Module, config: dict[str, Any], pictures: Tensor) -> Tensor:
    """Unit embeddings [B, E] of pictures [B, 3, H, W] in [-1, 1]; differentiable."""
    out: Tensor = model.encode_image(clip_pictures(config, pictures), normalize=True)  # type: ignore[operator]
    return out


def picture_features(model: nn.Module, config: dict[str, Any], pictures: Tensor) -> list[Tensor]:
    """Maps of the image tower's stages [B, C_i, H_i, W_i] of pictures in [-1, 1]; differentiable.

    Each is of unit length over its channels, as in LPIPS (Zhang et al. 2018).
    """
    visual: Any = model.visual
    found = visual.forward_intermediates(clip_pictures(config, pictures), intermediates_only=True)
    return [F.normalize(x, dim=1) for x in found["image_intermediates"]]


def feature_distance(a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
    """Distance [B] of pictures by their `picture_features`: 0 for equal ones, at most 4."""
    each = [(x - y).square().sum(1).mean((1, 2)) for x, y in zip(a, b, strict=True)]
    return torch.stack(each).mean(0)
