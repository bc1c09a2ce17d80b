"""Finished frames kept on disk: found again by what they were made from, whatever stops the job.

A folder of files of records, each file written by one process only and only at its end. A record
is a header (magic, key, size, length, CRC-32 of the data) and the frame, lossless: differences
along the rows and from green, coded by zlib's Huffman code alone, which halves it in 3 ms. A record
cut short by a crash, or damaged, is as if it were not there.
"""

import contextlib
import hashlib
import os
import struct
import threading
import time
import uuid
import zlib
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

KEY_BYTES = 16
_HEADER = struct.Struct("<4s16sHHII")
_MAGIC = b"SEf1"
_SUFFIX = ".frames"
# A new file now and then, so that old frames can be let go by whole files.
_FILE_BYTES = 128 << 20


def frame_key(*parts: bytes) -> bytes:
    """A key of `KEY_BYTES` for what a frame is made from."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.digest()[:KEY_BYTES]


class FrameStore:
    """The frames kept in `folder`, at most about `most_bytes` of them, the oldest let go first.

    A context manager; threads may share it, and processes the folder. Where the disk is full or
    refuses, frames are no longer kept, and `kept` says so. Raises OSError if the folder cannot be
    made.
    """

    def __init__(self, folder: Path, most_bytes: int = 4 << 30) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.kept = True
        self._most = most_bytes
        self._lock = threading.Lock()
        self._places: dict[bytes, tuple[Path, int]] = {}
        self._out: BinaryIO | None = None
        self._open: dict[Path, BinaryIO] = {}
        for file in folder.glob("*" + _SUFFIX):
            with contextlib.suppress(OSError):
                self._places.update(_records(file))

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: bytes) -> bool:
        return key in self._places

    def get(self, key: bytes) -> NDArray[np.uint8] | None:
        """The frame of that key, uint8 (H, W, 3); None if there is none or it is damaged."""
        with self._lock:
            place = self._places.get(key)
            if place is None:
                return None
            try:
                data, height, width = self._read(*place)
            except (OSError, ValueError, struct.error):
                del self._places[key]
                return None
        try:
            return _decoded(data, height, width)
        except (zlib.error, ValueError):
            return None

    def put(self, key: bytes, frame: NDArray[np.uint8]) -> None:
        """Keep a frame, uint8 (H, W, 3), each side up to 65535."""
        if not self.kept or key in self._places:
            return
        data = _encoded(frame)
        height, width, _ = frame.shape
        header = _HEADER.pack(_MAGIC, key, height, width, len(data), zlib.crc32(data))
        with self._lock:
            try:
                if self._out is None or self._out.tell() > _FILE_BYTES:
                    self._next_file(len(data))
                assert self._out is not None
                place = (Path(self._out.name), self._out.tell())
                self._out.write(header + data)
                self._out.flush()
                self._places[key] = place
            except OSError:
                self.kept = False

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for file in (*self._open.values(), *([self._out] if self._out else [])):
                with contextlib.suppress(OSError):
                    file.close()
            self._open.clear()
            self._out = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next_file(self, coming: int) -> None:
        if self._out is not None:
            self._out.close()
        sizes = {file: file.stat() for file in self.folder.glob("*" + _SUFFIX)}
        total = sum(stat.st_size for stat in sizes.values()) + coming
        # Names begin with the time too, as clocks of file systems are coarse.
        for file in sorted(sizes, key=lambda file: (sizes[file].st_mtime_ns, file.name)):
            if total + _FILE_BYTES <= self._most:
                break
            total -= sizes[file].st_size
            self._forget(file)
        name = f"{time.time_ns():020}-{uuid.uuid4().hex}{_SUFFIX}"
        self._out = (self.folder / name).open("xb")

    def _forget(self, file: Path) -> None:
        reader = self._open.pop(file, None)
        if reader is not None:
            reader.close()
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)
        self._places = {key: place for key, place in self._places.items() if place[0] != file}

    def _read(self, file: Path, at: int) -> tuple[bytes, int, int]:
        if file not in self._open:
            self._open[file] = file.open("rb")
            # What is used again is not the first to go.
            with contextlib.suppress(OSError):
                os.utime(file)
        reader = self._open[file]
        reader.seek(at)
        _, _, height, width, length, check = _HEADER.unpack(reader.read(_HEADER.size))
        data = reader.read(length)
        if len(data) != length or zlib.crc32(data) != check:
            raise ValueError("damaged")
        return data, height, width


def _records(file: Path) -> dict[bytes, tuple[Path, int]]:
    found: dict[bytes, tuple[Path, int]] = {}
    size = file.stat().st_size
    with file.open("rb") as stream:
        at = 0
        while at + _HEADER.size <= size:
            stream.seek(at)
            magic, key, _, _, length, _ = _HEADER.unpack(stream.read(_HEADER.size))
            if magic != _MAGIC or at + _HEADER.size + length > size:
                break
            found[key] = (file, at)
            at += _HEADER.size + length
    return found


def _encoded(frame: NDArray[np.uint8]) -> bytes:
    planes = np.ascontiguousarray(frame.transpose(2, 0, 1))
    planes[:, :, 1:] -= planes[:, :, :-1].copy()
    planes[0] -= planes[1]
    planes[2] -= planes[1]
    coder = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_HUFFMAN_ONLY)
    return coder.compress(planes.tobytes()) + coder.flush()


def _decoded(data: bytes, height: int, width: int) -> NDArray[np.uint8]:
    planes = np.frombuffer(zlib.decompress(data), np.uint8).reshape(3, height, width).copy()
    planes[0] += planes[1]
    planes[2] += planes[1]
    rows = np.cumsum(planes, axis=2, dtype=np.uint8)
    frame: NDArray[np.uint8] = np.ascontiguousarray(rows.transpose(1, 2, 0))
    return frame
