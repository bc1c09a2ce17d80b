"""TensorFlow's checkpoints of version 2, read as arrays without TensorFlow.

An `.index` file is a table of sorted keys (LevelDB's table format) whose values are protocol
buffers that say where in the `.data` file a tensor lies (tensorflow's `tensor_bundle.proto`).
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_FOOTER = 48
_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_FLOAT32 = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TYPE, _SHAPE, _OFFSET, _SIZE = 1, 2, 4, 5
"""Fields of a BundleEntryProto."""


def read_bundle(index: Path) -> dict[str, NDArray[np.float32]]:
    """The float32 tensors of a checkpoint in one shard, by their keys.

    ValueError where it is damaged, compressed or in several shards; OSError where it is missing.
    """
    table = index.read_bytes()
    data = index.with_suffix(".data-00000-of-00001").read_bytes()
    if table[-8:] != _MAGIC:
        raise ValueError("no checkpoint index")
    try:
        return _tensors(table, data)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise ValueError("a damaged checkpoint") from error


def _tensors(table: bytes, data: bytes) -> dict[str, NDArray[np.float32]]:
    footer, at = table[-_FOOTER:], 0
    for _ in range(2):
        _, at = _varint(footer, at)
    found = {}
    for _, handle in _block(table, footer[at:]):
        for key, value in _block(table, handle):
            if not key:
                continue
            entry = dict(_fields(value))
            if entry.get(_TYPE) != _FLOAT32:
                continue
            start, size = int(entry.get(_OFFSET, 0)), int(entry[_SIZE])
            shape = [
                int(dict(_fields(dimension)).get(1, 0))
                for field, dimension in _fields(bytes(entry.get(_SHAPE, b"")))
                if field == 2 and isinstance(dimension, bytes)
            ]
            raw = data[start : start + size]
            if len(raw) != size or size != 4 * int(np.prod(shape)):
                raise ValueError("a truncated checkpoint")
            found[key.decode()] = np.frombuffer(raw, "<f4").reshape(shape)
    return found


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _block(table: bytes, handle: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of the block at a handle (offset and size)."""
    start, at = _varint(handle, 0)
    size, _ = _varint(handle, at)
    if table[start + size] != 0:
        raise ValueError("a compressed checkpoint index")
    block = table[start : start + size]
    (restarts,) = struct.unpack("<I", block[-4:])
    at, key = 0, b""
    while at < len(block) - 4 - 4 * restarts:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + length]
        at += length


def _fields(raw: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of a protocol buffer's fields."""
    at = 0
    while at < len(raw):
        tag, at = _varint(raw, at)
        kind = tag & 7
        value: int | bytes
        if kind == _VARINT:
            value, at = _varint(raw, at)
        else:
            length = {_FIXED64: 8, _FIXED32: 4}.get(kind, 0)
            if kind == _BYTES:
                length, at = _varint(raw, at)
            value = raw[at : at + length]
            at += length
        yield tag >> 3, value
