"""Which kind of foreign model a file is, by a glance and without torch."""

import zipfile
import zlib
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
_NAMES_LIMIT = 16 * 2**20


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


def looks_like_clip(path: Path) -> bool:
    """Whether a path is rather that of towers than of a generator, by a glance at its content."""
    if path.is_dir() or path.name == CONFIG_NAME or path.suffix == ".safetensors":
        return True
    try:
        names = _names_in(path)
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error):
        # Whoever reads the file tells what is wrong with it.
        return False
    return b"visual." in names or (b"visual" in names and b"token_embedding" in names)


def _names_in(path: Path) -> bytes:
    """The part of a checkpoint that holds the names of its tensors."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            inner = [n for n in archive.namelist() if n.count("/") == 1 and n.endswith("/data.pkl")]
            return archive.open(inner[0]).read(_NAMES_LIMIT) if inner else b""
    with path.open("rb") as stream:
        head = stream.read(len(LEGACY_TORCH_MAGIC))
        return stream.read(_NAMES_LIMIT) if head == LEGACY_TORCH_MAGIC else b""
