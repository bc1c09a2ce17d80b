"""The basic block of residual networks (He et al. 2016)."""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def merged(conv: nn.Module, norm: nn.Module) -> nn.Conv2d:
    """A convolution and the batch norm after it, in evaluation mode, as one convolution."""
    assert isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
    return fuse_conv_bn_eval(conv, norm)


class Residual(nn.Module):
    """Two 3x3 convolutions beside a skip."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.norm1: nn.Module = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm2: nn.Module = nn.BatchNorm2d(width)
        self.skip: nn.Module = nn.Identity()
        if stride != 1 or inputs != width:
            self.skip = nn.Sequential(
                nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width)
            )

    def forward(self, x: Tensor) -> Tensor:
        """Maps [B, inputs, H, W] -> maps [B, width, H / stride, W / stride]."""
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.skip(x))

    def fold(self) -> None:
        """Merge the batch norms into the convolutions before them: the same function, faster."""
        self.conv1, self.norm1 = merged(self.conv1, self.norm1), nn.Identity()
        self.conv2, self.norm2 = merged(self.conv2, self.norm2), nn.Identity()
        if isinstance(self.skip, nn.Sequential):
            self.skip = merged(self.skip[0], self.skip[1])
