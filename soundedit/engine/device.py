"""Choice of the compute device and its precision."""

import os
import platform
from pathlib import Path

import torch

from soundedit.errors import DeviceError
from soundedit.nets.precision import processor_dtype


def choose_device(wanted: str = "auto") -> torch.device:
    """Resolve 'auto', 'cpu', 'cuda' or 'cuda:N'; DeviceError if it is not there."""
    if wanted == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise DeviceError(f"The device {wanted!r} is not known; use auto, cpu or cuda.") from error
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise DeviceError("No CUDA device was found; choose the CPU, or install its driver.")
        if (device.index or 0) >= torch.cuda.device_count():
            count = torch.cuda.device_count()
            raise DeviceError(f"The device {wanted} is not there; this machine has {count}.")
        return torch.device("cuda", device.index or 0)
    if device.type != "cpu":
        raise DeviceError(f"The device {wanted!r} is not supported; use auto, cpu or cuda.")
    return device


def device_name(device: torch.device) -> str:
    """A name for the status bar: the GPU's, or the processor's with its cores."""
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    return f"cpu {name}, {os.cpu_count()} cores"


def synthesis_dtype(device: torch.device) -> torch.dtype:
    """float16 on a GPU, bfloat16 on a CPU that computes in it, else float32.

    Frames stay within a level or two of float32, the reference that the others are tested by.
    """
    if device.type == "cuda":
        return torch.float16
    return processor_dtype()


def hearing_dtype(device: torch.device) -> torch.dtype:
    """What a whole sound is heard in: bfloat16 on a CPU that computes in it, else float32.

    Its embedding stays within a cosine of 0.9999 of float32's.
    """
    return processor_dtype() if device.type == "cpu" else torch.float32
