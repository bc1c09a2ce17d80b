"""Files of latents: a saved direction, a refined start, the trajectory of a live take.

One safetensors file with the tensor `w`, float32 [L, D] or [T, L, D], and as metadata the `pack`
it belongs to, by name and version, and for a trajectory its `fps` as a fraction.
"""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from soundedit.errors import ExportError, MediaError

SUFFIX = ".latents"


@dataclass(frozen=True)
class Latents:
    """`w` float32 [L, D] or [T, L, D]; `pack` by name and version; `fps` of a trajectory."""

    w: NDArray[np.float32]
    pack: str = ""
    fps: Fraction | None = None


def write_latents(path: Path, latents: Latents) -> None:
    """Write whole or not at all; ExportError if that fails."""
    facts = {"pack": latents.pack}
    if latents.fps is not None:
        facts["fps"] = str(latents.fps)
    data = save({"w": np.ascontiguousarray(latents.w, np.float32)}, facts)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise ExportError(f"{path} could not be written ({error.strerror}).") from error
    finally:
        part.unlink(missing_ok=True)


def read_latents(path: Path, shape: tuple[int, int]) -> Latents:
    """Read latents of `shape` (L, D); MediaError if damaged, or made for another pack's shape."""
    try:
        with safe_open(path, "numpy") as file:
            facts = file.metadata() or {}
            w: NDArray[np.float32] = np.asarray(file.get_tensor("w"), np.float32)
        fps = Fraction(facts["fps"]) if "fps" in facts else None
    except (OSError, SafetensorError, ValueError, ZeroDivisionError) as error:
        raise MediaError(f"The latents {path.name} cannot be read ({error}).") from error
    if w.ndim not in (2, 3) or w.shape[-2:] != shape or not len(w) or not np.isfinite(w).all():
        raise MediaError(
            f"The latents {path.name} were made for another pack "
            f"({facts.get('pack') or 'unknown'}), so open the project with that one."
        )
    return Latents(w, facts.get("pack", ""), fps)
