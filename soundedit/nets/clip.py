"""Image and text towers: a CLIP (Radford et al. 2021) from an open_clip config in the pack."""

import importlib
import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.clip_picture import PictureTower
from soundedit.nets.clip_text import TextTransformer, causal_mask
from soundedit.nets.clip_tokens import tokenizer

_VISION = {"image_size", "layers", "width", "head_width"}
_TEXT = {"context_length", "vocab_size", "width", "heads", "layers"}


class Clip(nn.Module):
    """Both towers, with the parameters and the arithmetic of open_clip's `CLIP`."""

    def __init__(
        self, embed_dim: int, vision_cfg: dict[str, Any], text_cfg: dict[str, Any]
    ) -> None:
        """Random weights; TypeError for a config of towers of another kind."""
        super().__init__()
        self.visual = _picture_tower(embed_dim, **vision_cfg)
        self._build_text(embed_dim, **text_cfg)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def _build_text(
        self,
        embed_dim: int,
        context_length: int = 77,
        vocab_size: int = 49_408,
        width: int = 512,
        heads: int = 8,
        layers: int = 12,
    ) -> None:
        self.transformer = TextTransformer(width, heads, layers)
        self.token_embedding = nn.Embedding(vocab_size, width)
        self.positional_embedding = nn.Parameter(torch.empty(context_length, width))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.empty(width, embed_dim))
        self.register_buffer("attn_mask", causal_mask(context_length), persistent=False)
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        nn.init.normal_(self.positional_embedding, std=0.01)
        nn.init.normal_(self.text_projection, std=width**-0.5)

    def encode_image(self, pictures: Tensor) -> Tensor:
        """Pictures [B, 3, S, S] in [-1, 1] -> [B, E], not of unit length."""
        found: Tensor = self.visual(pictures)
        return found

    def encode_text(self, ids: Tensor) -> Tensor:
        """Token ids [n, context_length] -> [n, E], not of unit length."""
        x = self.token_embedding(ids) + self.positional_embedding
        x = self.ln_final(self.transformer(x, self.attn_mask))
        # The end has the highest id of all tokens.
        return x[torch.arange(len(x), device=x.device), ids.argmax(1)] @ self.text_projection


def _picture_tower(
    embed_dim: int,
    layers: Sequence[int] = (3, 4, 6, 3),
    image_size: int = 224,
    width: int = 64,
    head_width: int = 64,
) -> PictureTower:
    heads = width * 32 // head_width
    return PictureTower(layers, embed_dim, heads, image_size, width)


def build_clip(config: dict[str, Any]) -> nn.Module:
    """A CLIP with random weights from `embed_dim`, `vision_cfg` and `text_cfg`.

    Towers of another kind than `Clip` has are open_clip's own, which takes seconds to import.
    """
    vision, text = dict(config["vision_cfg"]), dict(config["text_cfg"])
    if isinstance(vision.get("layers"), int) or vision.keys() - _VISION or text.keys() - _TEXT:
        other: nn.Module = importlib.import_module("open_clip").CLIP(
            config["embed_dim"], vision, text
        )
        return other
    return Clip(config["embed_dim"], vision, text)


def clip_tokens(config: dict[str, Any], text: Sequence[str]) -> Tensor:
    """Token ids [n, context_length] by CLIP's byte-pair vocabulary."""
    return tokenizer()(text, int(config["text_cfg"]["context_length"]))


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
    ids = clip_tokens(config, text).to(device)
    return F.normalize(model.encode_text(ids), dim=-1)  # type: ignore[operator]


def embed_pictures(model: nn.Module, config: dict[str, Any], pictures: Tensor) -> Tensor:
    """Unit embeddings [B, E] of pictures [B, 3, H, W] in [-1, 1]; differentiable."""
    found = model.encode_image(clip_pictures(config, pictures))  # type: ignore[operator]
    return F.normalize(found, dim=-1)


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
