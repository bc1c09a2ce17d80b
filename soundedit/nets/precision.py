"""The number format that a processor computes in."""

import torch


def processor_dtype() -> torch.dtype:
    """bfloat16 on a processor with arithmetic for it, else float32: emulated it is many times
    slower.
    """
    able = torch.cpu.get_capabilities()
    native = able.get("avx512_bf16") or able.get("amx_bf16")
    return torch.bfloat16 if native and torch.backends.mkldnn.is_available() else torch.float32
