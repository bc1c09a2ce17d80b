"""What the engine hands out for a sound: a picture's latents, or a path of them over time."""

import errno
import math
import mmap
import os
import shutil
import tempfile
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import SoundeditError

IN_MEMORY = 32 * 2**20
"""Bytes of latents beyond which they lie in a temporary file."""


@dataclass(frozen=True)
class Inversion:
    """The inverted picture of a sound: latents [L, D] float32 and uint8 [H, W, 3]."""

    w: NDArray[np.float32]
    picture: NDArray[np.uint8]


@dataclass(frozen=True)
class Trajectory:
    """Latents [T, L, D] float32 of consecutive frames (a memory map when long)."""

    w: NDArray[np.float32]
    fps: Fraction
    seed: int
    start: float

    @property
    def seconds(self) -> float:
        """Length of the video."""
        return float(len(self.w) / self.fps)


def frame_rate(fps: float | Fraction) -> Fraction:
    """An exact frame rate; 23.976 and the like become their fractions over 1001.

    SoundeditError outside 1 to 120 frames a second.
    """
    if not 0 < float(fps) < 1000:
        raise SoundeditError(f"The frame rate {float(fps):g} is out of range; use 1 to 120.")
    rate = Fraction(fps).limit_denominator(1001)
    nearest = Fraction(round(float(fps) * 1.001) * 1000, 1001)
    if abs(float(nearest) - float(fps)) < 1e-3 and rate.denominator != 1:
        rate = nearest
    if not 1 <= rate <= 120:
        raise SoundeditError(f"The frame rate {float(fps):g} is out of range; use 1 to 120.")
    return rate


def room_for(shape: tuple[int, int, int]) -> NDArray[np.float32]:
    """An array to fill; beyond `IN_MEMORY` in a temporary file that goes when the array does.

    SoundeditError where there is no room for that file.
    """
    size = math.prod(shape) * 4
    if size <= IN_MEMORY:
        return np.empty(shape, np.float32)
    try:
        with tempfile.NamedTemporaryFile(prefix="soundedit-", suffix=".latents") as file:
            _reserve(file.fileno(), size)
            return np.memmap(file, np.float32, "w+", shape=shape)
    except OSError as error:
        raise SoundeditError(
            f"There is no room for {size / 1e6:.0f} MB of temporary data ({error.strerror}); free "
            "some space in the folder for temporary files, or let TMPDIR name another."
        ) from error


def _reserve(file: int, size: int) -> None:
    """Take the room on the disk now: a page without any would end the process when it is touched.

    OSError where there is none.
    """
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file, 0, size)
        except OSError as error:
            # Some file systems cannot.
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
    elif shutil.disk_usage(tempfile.gettempdir()).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def put_away(w: NDArray[np.float32]) -> None:
    """Give back the memory of what was just written to or read from an array in a file.

    Its pages would stay with this process until another one is short of memory.
    """
    mapped = getattr(w, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
