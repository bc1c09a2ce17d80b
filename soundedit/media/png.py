"""PNG files without a library (ISO/IEC 15948)."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.media.whole import write_whole


def png_bytes(picture: NDArray[np.uint8]) -> bytes:
    """The file of an RGB picture, uint8 [H, W, 3]."""
    height, width, _ = picture.shape
    # Each row begins with its filter type, 0 for none.
    rows = np.zeros((height, 1 + width * 3), np.uint8)
    rows[:, 1:] = picture.reshape(height, width * 3)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6))
        + _chunk(b"IEND", b"")
    )


def write_png(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write an RGB picture, uint8 [H, W, 3], whole or not at all; ExportError if that fails."""
    data = png_bytes(picture)
    write_whole(path, data)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
