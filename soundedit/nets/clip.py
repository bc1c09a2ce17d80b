"""Image and text towers: an open_clip model built from a config that the pack carries.

The config is open_clip's own: `embed_dim`, `vision_cfg`, `text_cfg`, where they are set also
`quick_gelu` and `custom_text`; and `preprocess_cfg` of pictures where it is not plainly their
values in [-1, 1]. open_clip takes seconds to import, so it is when a model is built or words are
cut into tokens.
"""

import importlib
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.vocabulary import Vocabulary

CONTEXT_LENGTH = 77
"""Of text towers whose config says none."""
_BEGINS, _ENDS = 3, 4
"""Letters of a word that another one can begin with, and of one that it can end in."""
_ENDINGS = frozenset(
    (
        "s",
        "es",
        "ed",
        "ing",
        "er",
        "ers",
        "y",
        "ly",
        "al",
        "ic",
        "ness",
        "less",
        "ful",
        "ish",
        "lit",
    )
)


def build_clip(config: dict[str, Any]) -> nn.Module:
    """An open_clip `CLIP` or `CustomTextCLIP` with random weights; nothing is downloaded.

    ValueError, TypeError or LookupError for a config of none.
    """
    open_clip = importlib.import_module("open_clip")
    vision, text = dict(config["vision_cfg"]), dict(config["text_cfg"])
    if "timm_model_name" in vision:
        vision["timm_model_pretrained"] = False
    if ":" in str(vision.get("timm_model_name")) or text.get("hf_model_name"):
        raise ValueError("its towers would have to be fetched from a hub")
    kind = open_clip.CustomTextCLIP if config.get("custom_text") else open_clip.CLIP
    model: nn.Module = kind(
        config["embed_dim"],
        vision,
        text,
        quick_gelu=bool(config.get("quick_gelu", False)),
    )
    return model


def clip_tokens(config: dict[str, Any], text: Sequence[str]) -> Tensor:
    """Token ids [n, context_length] by CLIP's byte-pair vocabulary, which open_clip brings."""
    length = int(config["text_cfg"].get("context_length", CONTEXT_LENGTH))
    ids: Tensor = _tokenizer(length)(list(text))
    return ids


def vocabulary() -> tuple[list[str], list[str]]:
    """Words that are one token of that vocabulary, and what begins longer words, in its order."""
    end, tokens = "</w>", list(_tokenizer(CONTEXT_LENGTH).encoder)
    whole = [token.removesuffix(end) for token in tokens if token.endswith(end)]
    return whole, [token for token in tokens if not token.endswith(end)]


def taken_apart(phrases: Iterable[str]) -> list[str]:
    """The words of phrases that are several tokens of that vocabulary, each once."""
    words = dict.fromkeys(word for text in phrases for word in _words(text))
    tokenizer = _tokenizer(CONTEXT_LENGTH)
    return [word for word in words if len(tokenizer.encode(word)) > 1]


def unknown_words(model: nn.Module, text: str, taught: Vocabulary | None = None) -> list[str]:
    """Words of a phrase that a text tower knows nothing of, in their order.

    A token that nothing taught is all zeros (`soundedit train words`). A tower without such tokens
    is taken to know every word. Where it is said which words of several tokens were `taught`, no
    other is known, unless it is a known word with another one or an ending behind it; and neither
    is a phrase without any word.
    """
    embedding = getattr(model, "token_embedding", None)
    if not isinstance(embedding, nn.Embedding):
        return []
    tokenizer = _tokenizer(CONTEXT_LENGTH)

    def said(tokens: list[int]) -> bool:
        return bool(embedding.weight[tokens].any(dim=1).all())

    def whole(piece: str, least: int) -> bool:
        tokens = tokenizer.encode(piece)
        return len(piece) >= least and len(tokens) == 1 and said(tokens)

    def known(word: str) -> bool:
        tokens = tokenizer.encode(word)
        if taught is None or len(tokens) == 1 or not said(tokens):
            return said(tokens)
        if len(tokens) == 2:
            first, last = (tokenizer.decoder[token].removesuffix("</w>") for token in tokens)
            if whole(first, _BEGINS) and (last in _ENDINGS or whole(last, _ENDS)):
                return True
        return taught.knows(word)

    words = _words(text)
    if not words and taught is not None and text.strip():
        return [text.strip()]
    return [word for word in words if not known(word)]


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[^\W\d_]+", text)))


@cache
def _tokenizer(length: int) -> Any:
    """Made once, since reading the vocabulary takes longer than embedding a phrase."""
    return importlib.import_module("open_clip").SimpleTokenizer(context_length=length)


def clip_pictures(config: dict[str, Any], pictures: Tensor) -> Tensor:
    """Pictures [B, 3, H, W] in [-1, 1], any size -> as the image tower wants them."""
    size = image_size(config)
    wanted = config.get("preprocess_cfg", {})
    if pictures.shape[2:] != (size, size):
        smaller = pictures.shape[2] > size
        mode = wanted.get("interpolation", "bilinear")
        pictures = F.interpolate(
            pictures, size=(size, size), mode=mode, antialias=smaller, align_corners=False
        )
    if "mean" in wanted:
        mean, std = (pictures.new_tensor(wanted[key]).view(3, 1, 1) for key in ("mean", "std"))
        pictures = (pictures / 2 + 0.5 - mean) / std
    return pictures


def image_size(config: dict[str, Any]) -> int:
    """Side in pixels of what the image tower looks at, 224 if its config does not say."""
    size = config["vision_cfg"].get("image_size", 224)
    return int(size[0] if isinstance(size, list | tuple) else size)


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
