"""Image and text towers of other makers: models of OpenCLIP, and CLIP as OpenAI published it.

Radford et al. 2021; Ilharco et al., "OpenCLIP". Read are a model's folder as it is on hubs
(`open_clip_config.json` with the weights beside it), OpenCLIP's own checkpoints, and OpenAI's
TorchScript archives. Nothing in them is run, nothing is downloaded.
"""

import importlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from soundedit.errors import PackError
from soundedit.nets.clip import build_clip
from soundedit.packs.checkpoints import load_checkpoint
from soundedit.packs.closedpickle import check_file
from soundedit.packs.modelfiles import CONFIG_NAME, SAFETENSORS, weights_of
from soundedit.packs.torchscript import is_torchscript, load_torchscript

SIZE_LIMIT = 12 * 2**30
"""The largest file that is read, in bytes: that of ViT-bigG."""
_KIND = "model of OpenCLIP"
_LARGEST, _DEEPEST = 2**20, 200
"""Bounds for the sizes and depths that a config may say, beyond those of any model."""
_HALF = 65504.0
"""The largest number in float16, in which a pack keeps them."""
_MEAN = [0.48145466, 0.4578275, 0.40821073]
_STD = [0.26862954, 0.26130258, 0.27577711]
_KEPT = ("embed_dim", "vision_cfg", "text_cfg", "quick_gelu", "custom_text")
_NOT_LOOKED_WITH = ("logit_scale",)
_NOT_WEIGHTS = ("logit_bias", "input_resolution", "context_length", "vocab_size")
_TEXT_PARTS = (
    "text_projection",
    "positional_embedding",
    "token_embedding.",
    "transformer.",
    "ln_final.",
    "cls_emb",
)


@dataclass(frozen=True)
class ForeignClip:
    """Towers of another maker.

    config: what `nets.clip.build_clip` builds them from.
    tensors: float32, by the names of its state dict; they load strictly.
    name: of the architecture, or of the folder where that is not known.
    """

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    name: str


def read_openclip(path: Path, *, model: str | None = None) -> ForeignClip:
    """Read a model's folder, the file of its weights, or its `open_clip_config.json`.

    The architecture is `model` (a name of OpenCLIP, as ViT-B-32), or what the config beside the
    file says, or the one whose parts have just these sizes. PackError, which says what to do, for
    a file that is damaged, unsafe or of another kind, for several architectures of these sizes,
    and for one that needs more than open_clip brings.
    """
    try:
        return _read(path, model)
    except PackError:
        raise
    except Exception as error:  # A config or a file can contradict itself in any place.
        why = str(error).partition("\n")[0] or type(error).__name__
        raise PackError(
            f"{path} is not laid out like a {_KIND} ({why}), so choose another file."
        ) from error


def _read(path: Path, model: str | None) -> ForeignClip:
    weights = weights_of(path)
    tensors, scripted = _load(weights)
    if any(name.startswith("vision_model.") for name in tensors):
        raise PackError(
            f"{path} is CLIP in the layout of Hugging Face's transformers, so get the same model "
            "for OpenCLIP."
        )
    beside = weights.parent / CONFIG_NAME
    if model is not None:
        config, name = _known(model), model
    elif beside.is_file():
        config, name = _described(beside), weights.absolute().parent.name
    else:
        name = _recognised(path, tensors, quick=scripted)
        config = _known(name)
    if scripted:
        # As the only ones who publish such archives, OpenAI trained with this activation.
        config["quick_gelu"] = True
    _refuse_strangers(path, name, config)
    fitting = _fitted(path, name, config, tensors)
    return ForeignClip({k: v for k, v in config.items() if v is not None}, fitting, name)


def _load(file: Path) -> tuple[dict[str, Tensor], bool]:
    """The tensors of a file by their names, and whether it is a TorchScript archive."""
    head = check_file(file, SIZE_LIMIT)
    if file.suffix.lower() == SAFETENSORS:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(file), False
        except (OSError, SafetensorError) as error:
            raise PackError(f"{file} cannot be read ({error}), so get the file again.") from error
    if head.startswith(b"PK") and is_torchscript(file):
        return load_torchscript(file, _KIND, SIZE_LIMIT), True
    data = load_checkpoint(file, _KIND, limit=SIZE_LIMIT)
    if isinstance(data, dict) and isinstance(data.get("state_dict"), dict):
        data = data["state_dict"]
    if not isinstance(data, dict):
        raise PackError(f"{file} holds no {_KIND}, so choose another file.")
    return {str(k): v for k, v in data.items() if isinstance(v, Tensor)}, False


def _described(file: Path) -> dict[str, Any]:
    """The config that `open_clip_config.json` tells."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        model, pictures = dict(told["model_cfg"]), dict(told.get("preprocess_cfg", {}))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError(f"{file} is no config of OpenCLIP, so get the folder again.") from error
    return _config(model, pictures)


def _known(name: str) -> dict[str, Any]:
    """The config of one of OpenCLIP's architectures."""
    open_clip = importlib.import_module("open_clip")
    # What else get_model_config takes for a name, it would fetch.
    found = open_clip.get_model_config(name) if name in open_clip.list_models() else None
    if found is None:
        raise PackError(
            f"OpenCLIP knows no architecture {name!r}; choose one as ViT-B-32, ViT-B-32-quickgelu, "
            "RN50-quickgelu or ViT-L-14."
        )
    tags = open_clip.list_pretrained_tags_by_model(name)
    pictures = [open_clip.get_pretrained_cfg(name, tag) for tag in tags]
    keys = {(tuple(p.get("mean", _MEAN)), tuple(p.get("std", _STD))) for p in pictures}
    return _config(found, dict(pictures[0]) if len(keys) == 1 else {})


def _config(model: Mapping[str, Any], pictures: Mapping[str, Any]) -> dict[str, Any]:
    config = {key: model[key] for key in _KEPT if key in model}
    if "multimodal_cfg" in model:
        config["multimodal_cfg"] = model["multimodal_cfg"]
    interpolation = pictures.get("interpolation") or "bicubic"
    mean, std = (pictures.get("mean") or _MEAN, pictures.get("std") or _STD)
    for values in (mean, std):
        if len(values) != 3 or not all(math.isfinite(value) for value in values):
            raise ValueError("mean or deviation of its pictures is no three numbers")
    if min(std) <= 0:
        raise ValueError("a deviation of its pictures is not above 0")
    config["preprocess_cfg"] = {
        "mean": list(mean),
        "std": list(std),
        "interpolation": interpolation if interpolation == "bilinear" else "bicubic",
    }
    # What a pack's manifest cannot hold, and sizes that no model has.
    json.dumps(config, allow_nan=False, ensure_ascii=False).encode()
    for part in (config, config["vision_cfg"], config["text_cfg"]):
        sizes = [v for v in part.values() if isinstance(v, int)]
        if sizes and max(sizes) > _LARGEST:
            raise ValueError(f"it says {max(sizes)} of something")
    for part in (config["vision_cfg"], config["text_cfg"]):
        layers = part.get("layers") or 1
        if max(layers if isinstance(layers, list) else [layers]) > _DEEPEST:
            raise ValueError("its towers are deeper than any")
    return config


def _refuse_strangers(path: Path, name: str, config: Mapping[str, Any]) -> None:
    """PackError for what needs more than open_clip brings, or is no pair of plain towers."""
    text, vision = dict(config["text_cfg"]), dict(config["vision_cfg"])
    other = "choose a model with OpenCLIP's own text tower, as ViT-B-32"
    if text.get("hf_model_name") or text.get("hf_tokenizer_name"):
        raise PackError(
            f"{path} is {name}, whose words are cut by a tokenizer that open_clip does not bring, "
            f"so {other}."
        )
    if "multimodal_cfg" in config:
        raise PackError(f"{path} is {name}, which writes captions (CoCa), so {other}.")
    size = vision.get("image_size", 224)
    if isinstance(size, list) and len(set(size)) > 1:
        raise PackError(f"{path} is {name}, whose pictures are not square, so {other}.")


def _recognised(path: Path, tensors: Mapping[str, Tensor], *, quick: bool) -> str:
    """The name of the one architecture of OpenCLIP that has parts of just these sizes.

    `quick`: of two that differ in the activation alone, the one of CLIP's first paper.
    """
    open_clip = importlib.import_module("open_clip")
    plain = _renamed(tensors, custom=False)
    if "token_embedding.weight" not in plain or not any(n.startswith("visual.") for n in plain):
        raise PackError(f"{path} holds no {_KIND}, so choose another file.")
    found = []
    for name in open_clip.list_models():
        config = open_clip.get_model_config(name)
        if _may_be(config, plain) and not _misfit(config, tensors):
            found.append(name)
    if quick:
        found = [n for n in found if n.endswith("-quickgelu")] or found
    if len(found) == 1:
        return str(found[0])
    if not found:
        raise PackError(
            f"{path} does not say by its sizes which architecture it is, so put its {CONFIG_NAME} "
            "beside it, or name the architecture (--model)."
        )
    raise PackError(
        f"{path} may be any of {', '.join(found)}, which differ in nothing that is in the file: "
        f"say which (--model {found[0]}), or put its {CONFIG_NAME} beside it."
    )


def _may_be(config: Mapping[str, Any], plain: Mapping[str, Tensor]) -> bool:
    """Whether what costs nothing to compare is the same."""
    text, vision = config["text_cfg"], config["vision_cfg"]
    if "multimodal_cfg" in config or "hf_model_name" in text or "hf_tokenizer_name" in text:
        return False
    size = (text.get("vocab_size", 49408), text.get("width", 512))
    if tuple(plain["token_embedding.weight"].shape) != size:
        return False
    projection = plain.get("text_projection")
    if projection is not None and projection.shape[-1] != config["embed_dim"]:
        return False
    stem = plain.get("visual.conv1.weight")
    if stem is None or "timm_model_name" in vision:
        # Building every one of timm's towers to compare it would take minutes.
        return False
    if isinstance(vision.get("layers"), list):
        return True
    width, patch = vision.get("width", 768), vision.get("patch_size", 16)
    return tuple(stem.shape) == (width, 3, patch, patch)


def _renamed(tensors: Mapping[str, Tensor], *, custom: bool) -> dict[str, Tensor]:
    """By the names of `CLIP`, or of `CustomTextCLIP`, whose text tower is a part of its own."""
    found = {}
    for name, tensor in tensors.items():
        key = name.removeprefix("module.").removeprefix("_orig_mod.").removeprefix("text.")
        if key in _NOT_WEIGHTS or key.endswith(("attn_mask", "num_batches_tracked")):
            continue
        if custom and key.startswith(_TEXT_PARTS):
            key = f"text.{key}"
        found[key] = tensor
    return found


def _empty(config: Mapping[str, Any]) -> dict[str, Tensor]:
    """Names and shapes of a model; timm's towers cannot be built without memory."""
    wide = "timm_model_name" in config["vision_cfg"]
    with torch.device("cpu" if wide else "meta"):
        return dict(build_clip(dict(config)).state_dict())


def _misfit(config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """The first part that is missing, one too many, or of another size; nothing if all fit."""
    wanted = _empty(config)
    given = _renamed(tensors, custom=bool(config.get("custom_text")))
    for name, tensor in wanted.items():
        if name.endswith("num_batches_tracked") or name in _NOT_LOOKED_WITH:
            continue
        if name not in given:
            return f"it lacks {name!r}"
        if given[name].shape != tensor.shape:
            return f"{name!r} is of another size"
    strange = next((name for name in given if name not in wanted), None)
    return f"it has a part {strange!r} besides" if strange else ""


def _fitted(
    path: Path, name: str, config: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The tensors of the model of `config`, float32; PackError unless they are just its own."""
    wrong = _misfit(config, tensors)
    if wrong:
        raise PackError(
            f"{path} is no {name} ({wrong}), so name another architecture (--model) or get the "
            "model again."
        )
    given = _renamed(tensors, custom=bool(config.get("custom_text")))
    wanted, fitting = _empty(config), {}
    if 4 * sum(tensor.numel() for tensor in wanted.values()) > SIZE_LIMIT:
        # Strides of 0 let one number of a file stand for any amount of memory.
        raise ValueError("it is larger than its file")
    for key, empty in wanted.items():
        if key in given and given[key].shape == empty.shape:
            tensor = given[key].detach().to(torch.float32)
            if not (tensor.abs() <= _HALF).all():
                raise PackError(
                    f"{path} holds values in {key!r} that are no numbers, or larger than those of "
                    "any model, as of a training that failed, so choose an earlier checkpoint."
                )
        else:
            tensor = torch.zeros(empty.shape, dtype=empty.dtype)
        fitting[key] = tensor.clone(memory_format=torch.contiguous_format)
    return fitting
