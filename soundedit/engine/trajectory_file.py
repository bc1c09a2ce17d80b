"""The trajectory as a safetensors file for other tools, written in flat memory.

Tensors: `w` float32 [T, L, D], the latents of each frame with its edits, and `seconds` float64
[T], the time of each frame in the take. The metadata has `pack`, `fps` as a fraction, and more.
The layout is that of https://github.com/huggingface/safetensors: the length of the header as a
64-bit number, the header as JSON, the tensors.
"""

import json
import math
import struct
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import ExportError, shown
from soundedit.media.whole import publish_part, start_part


class TrajectoryWriter:
    """Writes latents of `shape` (T, L, D), the first being frame `first` of the take.

    A context manager; the file is there whole or not at all. Raises `ExportError` if it cannot be
    written.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, int, int],
        fps: Fraction,
        first: int,
        facts: Mapping[str, str],
    ) -> None:
        self.path = path
        self._left = shape[0]
        self._seconds = np.arange(first, first + shape[0]) / float(fps)
        self._part = start_part(path, [".safetensors"])
        bytes_of_w, count = 4 * math.prod(shape), shape[0]
        header = {
            "__metadata__": dict(facts),
            "seconds": {"dtype": "F64", "shape": [count], "data_offsets": [0, 8 * count]},
            "w": {
                "dtype": "F32",
                "shape": list(shape),
                "data_offsets": [8 * count, 8 * count + bytes_of_w],
            },
        }
        text = json.dumps(header).encode()
        # The tensors begin on a multiple of eight.
        self._head = text + b" " * (-len(text) % 8)
        self._file: BinaryIO | None = None

    def write(self, w: NDArray[np.float32]) -> None:
        """Append latents [n, L, D]."""
        assert self._file is not None
        try:
            self._file.write(np.ascontiguousarray(w, "<f4").data)
        except OSError as error:
            raise self._failure(error) from error
        self._left -= len(w)

    def __enter__(self) -> Self:
        try:
            self._file = self._part.open("wb")
            self._file.write(struct.pack("<Q", len(self._head)) + self._head)
            self._file.write(self._seconds.astype("<f8").tobytes())
        except OSError as error:
            self._remove()
            raise self._failure(error) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._file is not None
        try:
            self._file.close()
            if kind is None:
                assert self._left == 0
                publish_part(self._part, self.path)
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self._remove()

    def _remove(self) -> None:
        self._part.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> ExportError:
        return ExportError(
            f"{shown(self.path)} could not be written ({error.strerror}); "
            "check the free space or choose another place."
        )
