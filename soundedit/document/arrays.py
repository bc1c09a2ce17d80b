"""Arrays as media of a project: latents of a live take, refined or saved directions.

Stored as NumPy's .npz, which any Python reads; nothing in it is ever executed.
"""

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from soundedit.document.archive import BROKEN
from soundedit.document.whole import written_whole
from soundedit.errors import ProjectError, shown

ARRAYS_LIMIT = 4 << 30
"""Bytes that the arrays of one file may take."""

_KINDS = "biufU"


def save_arrays(path: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write named arrays of numbers or texts as an uncompressed .npz, whole or not at all.

    Raises `ProjectError` if it cannot be written.
    """
    for name, array in arrays.items():
        if array.dtype.kind not in _KINDS:
            raise TypeError(f"{name} has dtype {array.dtype}, which cannot be stored")
    with written_whole(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def load_arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    """Read the named arrays of an .npz, or the one of an .npy under the name "".

    Raises `ProjectError` if the file cannot be read, is damaged, holds Python objects or numbers
    that are not finite, or more than `ARRAYS_LIMIT` bytes.
    """
    try:
        with path.open("rb") as file:
            arrays = dict(_read(file))
        for array in arrays.values():
            if array.dtype.kind not in _KINDS:
                raise ValueError(f"dtype {array.dtype}")
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ValueError("not finite")
    except (OSError, ValueError, TypeError, MemoryError, *BROKEN) as error:
        raise ProjectError(
            f"{shown(path)} cannot be read or is damaged; make or record it anew."
        ) from error
    return arrays


def _read(file: BinaryIO) -> Iterator[tuple[str, NDArray[np.generic]]]:
    if not zipfile.is_zipfile(file):
        file.seek(0)
        yield "", np.lib.format.read_array(file, allow_pickle=False)
        return
    with zipfile.ZipFile(file) as archive:
        # Compressed zeros can grow a thousandfold.
        if sum(member.file_size for member in archive.infolist()) > ARRAYS_LIMIT:
            raise ValueError("too large")
        for info in archive.infolist():
            with archive.open(info) as member:
                array = np.lib.format.read_array(member, allow_pickle=False)
            yield info.filename.removesuffix(".npy"), array
