"""The closed table of what a network pickle may name, each name with a checked stand-in.

The stand-ins take what NVIDIA's pickles give the functions of these names, and nothing else. None
of the real functions is handed out, so a file cannot change them either.
"""

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

_DTYPE = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248])")
_BYTE_ORDERS = ("<", ">", "=", "|")
_NAMED_BY_TORCH = re.compile(r"GLOBAL\s+([A-Za-z_][\w.]*\.\w+)")


@dataclass(frozen=True)
class PersistentObject:
    """A pickled network or layer: the name of its class and its attributes, no code.

    `state` is the `__dict__` of the torch module: `_parameters`, `_buffers`, `_modules`, plain
    attributes, `_init_args` and `_init_kwargs`.
    """

    class_name: str
    state: dict[str, Any]


class RefusedGlobalError(Exception):
    """A name outside the closed table, within a storage; the message is the name."""


@dataclass
class DType:
    """A NumPy dtype: kind and size, with a byte order once that is known."""

    code: str

    def order(self, state: Any) -> None:
        """Take the byte order of a dtype's pickled state; ValueError if there is none."""
        if state[1] not in _BYTE_ORDERS:
            raise ValueError("a byte order is unknown")
        self.code = state[1] + self.code.lstrip("".join(_BYTE_ORDERS))

    def array(self, data: Any, shape: Any, order: str) -> "np.ndarray[Any, Any]":
        """The values that `data` holds, copied; ValueError unless it holds just `shape`."""
        if not isinstance(data, bytes | bytearray):
            raise TypeError("an array is no bytes")
        sizes = _sizes(shape)
        flat = np.frombuffer(data, np.dtype(self.code))
        if flat.size != prod(sizes):
            raise ValueError("an array is not as large as its shape")
        return flat.reshape(sizes, order="F" if order == "F" else "C").copy()


class EmptyArray:
    """A NumPy array whose contents follow; `slots` are its places in the pickle's memo."""

    def __init__(self) -> None:
        self.slots: list[int] = []

    def fill(self, state: Any) -> "np.ndarray[Any, Any]":
        """The array of an ndarray's pickled state (version, shape, dtype, Fortran order, data)."""
        _, shape, dtype, fortran, data = state
        return _dtype_of(dtype).array(data, shape, "F" if fortran is True else "C")


def _persistent(meta: Any) -> PersistentObject:
    if not isinstance(meta, dict):
        raise TypeError("a network is no dictionary")
    name, state = meta.get("class_name"), meta.get("state")
    if meta.get("type") != "class" or not isinstance(name, str) or not isinstance(state, dict):
        raise TypeError("a network lacks its class name or state")
    return PersistentObject(name, state)


def _dictionary(*pairs: Any) -> dict[Any, Any]:
    if not pairs:
        return {}
    (entries,) = pairs
    items = entries.items() if isinstance(entries, dict) else entries
    return {key_of(key): value for key, value in items}


def key_of(key: Any) -> Any:
    """A dictionary's key or a set's member as it is; TypeError if it is no plain value."""
    # Not tuples: nested deep enough, hashing one overflows the C stack.
    if not isinstance(key, str | int | float | bytes | None):
        raise TypeError("a key is no plain value")
    return key


def set_of(values: Any = ()) -> set[Any]:
    """A set of plain values; TypeError if one of `values` is none."""
    return {key_of(value) for value in values}


def _storage(data: Any) -> torch.storage.TypedStorage:
    if not isinstance(data, bytes):
        raise TypeError("a storage is no bytes")
    try:
        loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # The bytes are a second pickle, which may break in any way.
        named = named_by_torch(error)
        if named:
            raise RefusedGlobalError(named) from error
        raise ValueError("a storage cannot be read") from error
    if not isinstance(loaded, torch.storage.TypedStorage):
        raise TypeError("a storage holds something else")
    return loaded


def named_by_torch(error: Exception) -> str:
    """The name that a torch.load with `weights_only` refused, or nothing."""
    found = _NAMED_BY_TORCH.search(str(error))
    return found[1] if found else ""


def _tensor(
    storage: Any,
    offset: Any,
    size: Any,
    stride: Any,
    requires_grad: Any = False,
    backward_hooks: Any = None,
    metadata: Any = None,
) -> Tensor:
    if not isinstance(storage, torch.storage.TypedStorage):
        raise TypeError("a tensor has no storage")
    # TypedStorage's public ways to its bytes warn that the class is deprecated.
    raw = storage._untyped_storage
    count = raw.nbytes() // storage.dtype.itemsize
    sizes, strides = _sizes(size), _sizes(stride)
    if prod(sizes) > count:
        # Strides of 0 would let one number stand for any amount of memory.
        raise ValueError("a tensor is larger than its storage")
    flat = torch.empty(0, dtype=storage.dtype).set_(raw, 0, (count,), (1,))
    return flat.as_strided(sizes, strides, _sizes((offset,))[0])


def _parameter(data: Any, requires_grad: Any = False, backward_hooks: Any = None) -> Tensor:
    if not isinstance(data, Tensor):
        raise TypeError("a parameter is no tensor")
    return data


def _sizes(values: Any) -> tuple[int, ...]:
    if not isinstance(values, tuple) or not all(type(value) is int for value in values):
        raise TypeError("a shape is no whole numbers")
    if any(value < 0 for value in values):
        raise ValueError("a shape is negative")
    return values


def _dtype(code: Any, align: Any = False, copy: Any = False) -> DType:
    if not isinstance(code, str) or not _DTYPE.fullmatch(code):
        raise ValueError("an array holds something else than numbers")
    return DType(code)


def _dtype_of(dtype: Any) -> DType:
    if not isinstance(dtype, DType):
        raise TypeError("an array has no dtype")
    return dtype


def _scalar(dtype: Any, data: Any) -> Any:
    return _dtype_of(dtype).array(data, (), "C").item()


def _reconstructed(kind: Any, shape: Any, code: Any) -> EmptyArray:
    # NumPy's pickles give an empty array here; kind can only be the stand-in for ndarray.
    return EmptyArray()


def _from_buffer(data: Any, dtype: Any, shape: Any, order: Any) -> "np.ndarray[Any, Any]":
    return _dtype_of(dtype).array(data, shape, order)


def _not_called(*_: Any) -> Any:
    raise TypeError("an array class is called")


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1", "iso-8859-1"):
        raise TypeError("a text is encoded in an odd way")
    return text.encode("latin1")


TABLE: dict[str, Callable[..., Any]] = {
    "torch_utils.persistence._reconstruct_persistent_obj": _persistent,
    "dnnlib.util.EasyDict": _dictionary,
    "dnnlib.EasyDict": _dictionary,
    "collections.OrderedDict": _dictionary,
    "builtins.set": set_of,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch.storage._load_from_bytes": _storage,
    "numpy.dtype": _dtype,
    "numpy.ndarray": _not_called,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.multiarray._reconstruct": _reconstructed,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy._core.multiarray._reconstruct": _reconstructed,
    "numpy.core.numeric._frombuffer": _from_buffer,
    "numpy._core.numeric._frombuffer": _from_buffer,
    "_codecs.encode": _encoded,
}
"""What a pickle may name, with what stands in for it."""
