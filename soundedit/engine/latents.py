"""Files of latents: a saved direction, a refined start, the trajectory of a live take.

One safetensors file with the tensor `w`, float32 [L, D] or [T, L, D], and as metadata the `pack`
it belongs to, by name and version, its `latent_space`, which another version of the pack may share
(see `Manifest.latents`), and for a trajectory its `fps` as a fraction.
"""

import json
import os
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from soundedit.errors import ExportError, MediaError
from soundedit.media.whole import write_whole

SUFFIX = ".latents"


@dataclass(frozen=True)
class Latents:
    """`w` float32 [L, D] or [T, L, D]; `pack` by name and version; `fps` of a trajectory.

    `space` is the `latent_space` of their pack; older files name none.
    """

    w: NDArray[np.float32]
    pack: str = ""
    fps: Fraction | None = None
    space: str = ""


def write_latents(path: Path, latents: Latents) -> None:
    """Write whole or not at all; ExportError if that fails."""
    facts = {"pack": latents.pack, "latent_space": latents.space}
    if latents.fps is not None:
        facts["fps"] = str(latents.fps)
    data = save({"w": np.ascontiguousarray(latents.w, np.float32)}, facts)
    write_whole(path, data)


def read_latents(path: Path, shape: tuple[int, int], pack: str, space: str = "") -> Latents:
    """Read latents of `shape` (L, D); MediaError if damaged, or made for another pack than `pack`.

    Any version of that pack will do, so will one of the same latent space, as packs that differ in
    their words alone have, and so will latents that name none. Those of a version with
    fewer style layers are carried on as `soundedit train grow` does: layers added act as the last.
    """
    try:
        with safe_open(path, "numpy") as file:
            facts = file.metadata() or {}
            w: NDArray[np.float32] = np.asarray(file.get_tensor("w"), np.float32)
        fps = Fraction(facts["fps"]) if "fps" in facts else None
    except (OSError, SafetensorError, ValueError, ZeroDivisionError) as error:
        raise MediaError(f"The latents {path.name} cannot be read ({error}).") from error
    maker = facts.get("pack", "")
    alike = bool(space) and facts.get("latent_space") == space
    other = not alike and maker not in ("", pack) and not maker.startswith(f"{pack} ")
    more = shape[0] - w.shape[-2] if w.ndim in (2, 3) and maker.startswith(f"{pack} ") else 0
    if more > 0:
        w = np.concatenate([w, np.repeat(w[..., -1:, :], more, axis=-2)], axis=-2)
    fits = w.ndim in (2, 3) and w.shape[-2:] == shape and len(w) and np.isfinite(w).all()
    if other or not fits:
        raise MediaError(
            f"The latents {path.name} were made for another pack "
            f"({maker or 'unknown'}), so open the project with that one."
        )
    return Latents(w, maker, fps, facts.get("latent_space", ""))


def other_maker(path: Path, space: str) -> str | None:
    """The pack, by name and version, whose latents a file holds, where they mean something else.

    None where they are of the latent space `space`, where the file is of an older format that names
    none, and where it cannot be read.
    """
    try:
        stat = path.stat()
    except OSError:
        return None
    pack, named = _maker(path, stat.st_mtime_ns, stat.st_size)
    return pack if named and space and named != space else None


@lru_cache(maxsize=256)
def _maker(path: Path, changed: int, size: int) -> tuple[str, str]:
    try:
        with safe_open(path, "numpy") as file:
            facts = file.metadata() or {}
    except (OSError, SafetensorError):
        return "", ""
    return facts.get("pack", ""), facts.get("latent_space", "")


_HEADER = 1024


class LatentsStream:
    """A trajectory [T, L, D] written frame by frame, in float16; a crash leaves what was written.

    The header is brought up to date by `flush`; `mend` does that for a file a crash left behind.
    """

    def __init__(
        self, path: Path, shape: tuple[int, int], pack: str, fps: Fraction, space: str = ""
    ) -> None:
        """Create `path` for frames of `shape` (L, D); ExportError if it cannot be written."""
        self.path, self.count, self._shape = path, 0, shape
        self._facts = {"pack": pack, "latent_space": space, "fps": str(fps)}
        try:
            self._file = path.open("xb", buffering=0)
            self._file.write(_header(0, self._shape, self._facts))
        except OSError as error:
            raise _not_written(path, error) from error

    def append(self, w: NDArray[np.float32]) -> None:
        """Write one frame [L, D]; ExportError if the disk is full."""
        try:
            self._file.write(np.ascontiguousarray(w, "<f2").tobytes())
        except OSError as error:
            raise _not_written(self.path, error) from error
        self.count += 1

    def flush(self) -> None:
        """Let the header say how many frames there are; ExportError if that fails."""
        try:
            self._file.seek(0)
            self._file.write(_header(self.count, self._shape, self._facts))
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise _not_written(self.path, error) from error

    def finish(self, count: int) -> None:
        """Keep the first `count` frames, the last one again for what is missing, and close."""
        with self._file as file:
            size = 2 * self._shape[0] * self._shape[1]
            if 0 < self.count < count:
                with self.path.open("rb") as written:
                    written.seek(_HEADER + (self.count - 1) * size)
                    last = written.read(size)
                for _ in range(count - self.count):
                    self.append(np.frombuffer(last, "<f2").reshape(self._shape))
            self.count = min(count, self.count)
            file.truncate(_HEADER + self.count * size)
            self.flush()
            os.fsync(file.fileno())


def mend_latents(path: Path) -> int:
    """Make a stream that a crash left readable; returns its frames. MediaError if it is none."""
    try:
        with path.open("r+b") as file:
            length = int.from_bytes(file.read(8), "little")
            said = json.loads(file.read(length)) if length == _HEADER - 8 else None
            if said is None:
                raise ValueError("another kind of file")
            layers, width = said["w"]["shape"][1:]
            size = 2 * layers * width
            count = (file.seek(0, os.SEEK_END) - _HEADER) // size
            file.truncate(_HEADER + count * size)
            file.seek(0)
            file.write(_header(count, (layers, width), said["__metadata__"]))
            os.fsync(file.fileno())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MediaError(f"The latents {path.name} cannot be read ({error}).") from error
    return count


def _header(count: int, shape: tuple[int, int], facts: dict[str, str]) -> bytes:
    """The beginning of a safetensors file: the length of its JSON, then that, of a fixed size."""
    nbytes = 2 * count * shape[0] * shape[1]
    w = {"dtype": "F16", "shape": [count, *shape], "data_offsets": [0, nbytes]}
    said = json.dumps({"__metadata__": facts, "w": w}).encode().ljust(_HEADER - 8)
    return len(said).to_bytes(8, "little") + said


def _not_written(path: Path, error: OSError) -> ExportError:
    return ExportError(
        f"{path} could not be written ({error.strerror}); free some space and record again."
    )
