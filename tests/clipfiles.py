"""Small image and text towers, in the files that other programs keep them in."""

import json
from pathlib import Path
from typing import Any

import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from soundedit.nets.clip import build_clip

MODEL: dict[str, Any] = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 48, "patch_size": 16, "width": 32, "layers": 2, "head_width": 16},
    "text_cfg": {"context_length": 20, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
WIDE: dict[str, Any] = {
    "embed_dim": 512,
    "vision_cfg": {**MODEL["vision_cfg"], "image_size": 64, "patch_size": 32},
    "quick_gelu": True,
}
"""What towers say of themselves that the authors' audio encoder goes with."""
MEAN, STD = [0.5, 0.4, 0.3], [0.3, 0.25, 0.2]


def towers(**more: Any) -> nn.Module:
    """Towers of `MODEL` with random weights, the same each time."""
    torch.manual_seed(7)
    return build_clip({**MODEL, **more}).eval().requires_grad_(False)


def write_folder(folder: Path, model: nn.Module, **more: Any) -> Path:
    """A model's folder as it is on hubs."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "model_cfg": {**MODEL, **more},
        "preprocess_cfg": {"mean": MEAN, "std": STD, "interpolation": "bicubic"},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(told))
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def write_checkpoint(path: Path, model: nn.Module, *, zipped: bool = True) -> Path:
    """A checkpoint as OpenCLIP's training writes it."""
    state = {f"module.{name}": value for name, value in model.state_dict().items()}
    torch.save(
        {"epoch": 3, "name": "rain", "state_dict": state},
        path,
        _use_new_zipfile_serialization=zipped,
    )
    return path


class PaperEncoder(nn.Module):
    """The audio encoder as its authors' program builds it, with random weights and statistics."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(11)
        self.conv = nn.Conv2d(1, 3, (3, 3))
        self.feature_extractor = timm.create_model("resnet18", num_classes=512, pretrained=False)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert module.running_mean is not None and module.running_var is not None
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 2)
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.feature_extractor(self.conv(x))
        return out


def write_sound_encoder(path: Path, model: nn.Module, prefix: str = "module.") -> Path:
    """The file in which its authors released it."""
    torch.save({f"{prefix}{name}": value for name, value in model.state_dict().items()}, path)
    return path


class _Bag(nn.Module):
    """What TorchScript keeps of a module: parameters, parts and a method."""

    def forward(self) -> int:
        return 0


def write_script(path: Path, model: nn.Module, dtype: torch.dtype = torch.float16) -> Path:
    """An archive of TorchScript with the parameters in half precision, as OpenAI's are."""
    bag = _Bag()
    for name, value in model.state_dict().items():
        *parts, last = name.split(".")
        at = bag
        for part in parts:
            if not hasattr(at, part):
                at.add_module(part, _Bag())
            at = getattr(at, part)
        at.register_buffer(last, _as(value, dtype))
    for name in ("input_resolution", "context_length", "vocab_size"):
        bag.register_buffer(name, torch.tensor(48))
    torch.jit.script(bag).save(str(path))
    return path


def _as(value: Tensor, dtype: torch.dtype) -> Tensor:
    return value.to(dtype) if value.is_floating_point() else value
