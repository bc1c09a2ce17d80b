"""The number format that a device computes fast in."""

from contextlib import AbstractContextManager
from typing import Any

import torch


def processor_dtype() -> torch.dtype:
    """bfloat16 on a processor with arithmetic for it, else float32: emulated it is many times
    slower.
    """
    able = torch.cpu.get_capabilities()
    native = able.get("avx512_bf16") or able.get("amx_bf16")
    return torch.bfloat16 if native and torch.backends.mkldnn.is_available() else torch.float32


def fast_dtype(device_type: str) -> torch.dtype:
    """bfloat16 on a GPU ("cuda"), what `processor_dtype` says on a "cpu"."""
    return processor_dtype() if device_type == "cpu" else torch.bfloat16


def fast_autocast(device_type: str) -> AbstractContextManager[Any]:
    """Compute in `fast_dtype` where it is safe."""
    dtype = fast_dtype(device_type)
    return torch.autocast(device_type, dtype, enabled=dtype is not torch.float32)
