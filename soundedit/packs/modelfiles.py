"""Which kind of foreign model a file is, by a glance and without torch."""

import zipfile
from enum import Enum
from pathlib import Path

from soundedit.errors import PackError

CONFIG_NAME = "open_clip_config.json"
"""What says the architecture of an OpenCLIP model in its folder."""
WEIGHTS_NAMES = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
)
LEGACY_TORCH_MAGIC = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""How a file begins that torch.save wrote before it wrote zip archives."""
SAFETENSORS = ".safetensors"
_NAMES_LIMIT = 2**20


class ModelKind(Enum):
    """What can be imported."""

    GENERATOR = "generator"
    TOWERS = "image and text towers"
    SOUND_ENCODER = "sound encoder"


_TELLING = {
    ModelKind.TOWERS: (b"visual.", b"token_embedding", b"vision_model."),
    ModelKind.SOUND_ENCODER: (b"feature_extractor.conv1", b"feature_extractor.layer1"),
}
"""Parts of names of tensors."""


def weights_of(path: Path) -> Path:
    """The file of the weights of a model's folder or config, or the file itself; PackError."""
    folder = path.parent if path.name == CONFIG_NAME else path
    if not folder.is_dir():
        return path
    found = next((folder / n for n in WEIGHTS_NAMES if (folder / n).is_file()), None)
    if found is None:
        raise PackError(
            f"{folder} holds none of {', '.join(WEIGHTS_NAMES)}, so choose the file of the weights."
        )
    return found


def name_of(path: Path) -> str:
    """What a model is called: its file, or where that is called as all are its folder."""
    path = path.absolute()
    return path.parent.name if path.name in (CONFIG_NAME, *WEIGHTS_NAMES) else path.name


def kind_of(path: Path) -> ModelKind:
    """What a path rather is, by a glance at its content; a generator where nothing else is seen."""
    if path.is_dir() or path.name == CONFIG_NAME or path.suffix.lower() == SAFETENSORS:
        return ModelKind.TOWERS
    names = _names_in(path)
    for kind, telling in _TELLING.items():
        if any(name in names for name in telling):
            return kind
    return ModelKind.GENERATOR


def _names_in(path: Path) -> bytes:
    """The part of a checkpoint that holds the names of its tensors, nothing of other files."""
    try:
        return _read_names(path)
    except Exception:  # What a damaged archive sets off; whoever reads the file tells.
        return b""


def _read_names(path: Path) -> bytes:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            inner = [n for n in archive.namelist() if n.count("/") == 1 and n.endswith("/data.pkl")]
            return archive.open(inner[0]).read(_NAMES_LIMIT) if inner else b""
    with path.open("rb") as stream:
        head = stream.read(len(LEGACY_TORCH_MAGIC))
        return stream.read(_NAMES_LIMIT) if head == LEGACY_TORCH_MAGIC else b""
