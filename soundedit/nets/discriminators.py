"""Critics of pictures and of clips.

`ProjectedDiscriminator` judges frozen image features (Sauer et al. 2021, "Projected GANs Converge
Faster"); `ImageDiscriminator` and `VideoDiscriminator` judge pixels (2-D and 3-D, Lee et al. 2022,
section 3.3), `PatchDiscriminator` their texture. All return raw scores for a hinge or least-squares
loss. Those of features and of pixels can be told what class a picture is to be of.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

TEXTURE_GAIN = 10.0
"""How much `PatchDiscriminator` amplifies what it sees."""


class _Head(nn.Module):
    """Feature map [B, C, H, W] -> score map [B, 1, h, w], halving the size while it is above 4.

    Of `classes`, each adds a score of its own where it is asked for.
    """

    def __init__(self, channels: int, width: int, halvings: int, classes: int = 0) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = channels
        for _ in range(halvings):
            layers += [
                spectral_norm(nn.Conv2d(inputs, width, 4, 2, 1)),
                nn.LeakyReLU(0.2),
            ]
            inputs = width
        layers += [spectral_norm(nn.Conv2d(inputs, width, 3, 1, 1)), nn.LeakyReLU(0.2)]
        layers.append(spectral_norm(nn.Conv2d(width, 1 + classes, 3, 1, 1)))
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor, kinds: Tensor | None = None) -> Tensor:
        scores: Tensor = self.layers(x)
        common = scores[:, :1]
        if kinds is None:
            return common
        own = scores[torch.arange(len(scores), device=scores.device), 1 + kinds][:, None]
        return common + own * (kinds >= 0)[:, None, None, None]


class ProjectedDiscriminator(nn.Module):
    """Scores feature pyramids through frozen random cross-channel and cross-scale mixing."""

    def __init__(
        self, channels: Sequence[int], width: int = 64, halvings: int = 3, classes: int = 0
    ) -> None:
        """`channels`: widths of the taps from fine to coarse; the finest head halves most often.

        `classes` can be asked for when judging.
        """
        super().__init__()
        self.mix_channels = nn.ModuleList(nn.Conv2d(c, width, 1, bias=False) for c in channels)
        self.mix_scales = nn.ModuleList(
            nn.Conv2d(width, width, 3, 1, 1, bias=False) for _ in channels[:-1]
        )
        for conv in (*self.mix_channels, *self.mix_scales):
            nn.init.kaiming_normal_(conv.weight, nonlinearity="linear")
            conv.requires_grad_(False)
        self.heads = nn.ModuleList(
            _Head(width, width, max(halvings - i, 0), classes) for i in range(len(channels))
        )

    def forward(
        self,
        taps: Sequence[Tensor],
        levels: Sequence[Tensor] | None = None,
        kinds: Tensor | None = None,
    ) -> list[Tensor]:
        """Taps fine to coarse [B, C_i, H_i, W_i] -> one score map [B, 1, h, w] for each tap.

        `levels`: mean absolute value of each tap, where the batch is a part of a larger one.
        `kinds` [B]: the class that each is to be of, -1 for none.
        """
        if levels is None:
            levels = [tap.abs().mean().detach() for tap in taps]
        mixed = [
            conv(tap / (level + 1e-6))
            for conv, tap, level in zip(self.mix_channels, taps, levels, strict=True)
        ]
        for i in range(len(mixed) - 2, -1, -1):
            above = F.interpolate(mixed[i + 1], size=mixed[i].shape[2:], mode="bilinear")
            mixed[i] = self.mix_scales[i]((mixed[i] + above) * 0.5**0.5)
        return [head(x, kinds) for head, x in zip(self.heads, mixed, strict=True)]


class ImageDiscriminator(nn.Module):
    """Pictures [B, 3, S, S] in [-1, 1] -> score map [B, 1, 4, 4]."""

    def __init__(self, resolution: int, width: int = 48, classes: int = 0) -> None:
        super().__init__()
        halvings = max(resolution.bit_length() - 3, 0)
        self.head = _Head(3, width, halvings, classes)

    def forward(self, x: Tensor, kinds: Tensor | None = None) -> Tensor:
        """Score single frames, each as one of the class in `kinds` [B], -1 for none."""
        out: Tensor = self.head(x, kinds)
        return out


class PatchDiscriminator(nn.Module):
    """Pictures [B, 3, S, S] in [-1, 1] -> score map [B, 1, S/4, S/4], each of 30 x 30 pixels.

    It sees texture alone, at full size (Isola et al. 2017, "PatchGAN"): what is finer than a blur
    of 5 pixels, amplified. The slope of its layers is bounded, and texture, so much weaker than
    colour, would not reach its scores.
    """

    def __init__(self, width: int = 48) -> None:
        super().__init__()
        self.head = _Head(3, width, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Score what small areas look like."""
        blurred = F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), 5, 1)
        out: Tensor = self.head(TEXTURE_GAIN * (x - blurred))
        return out


class VideoDiscriminator(nn.Module):
    """Clips [B, T, 3, S, S] in [-1, 1], T >= 4 -> scores [B, 1, t, s, s] by 3-D convolutions."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()

        def conv(inputs: int, outputs: int, time_stride: int) -> nn.Module:
            kernel, stride = (3, 4, 4), (time_stride, 2, 2)
            return spectral_norm(nn.Conv3d(inputs, outputs, kernel, stride, padding=1))

        self.layers = nn.Sequential(
            conv(3, width, 1),
            nn.LeakyReLU(0.2),
            conv(width, width * 2, 2),
            nn.LeakyReLU(0.2),
            conv(width * 2, width * 4, 2),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv3d(width * 4, 1, (1, 3, 3), padding=(0, 1, 1))),
        )

    def forward(self, clip: Tensor) -> Tensor:
        """Score motion and look of short clips."""
        out: Tensor = self.layers(clip.transpose(1, 2))
        return out


def hinge_critic(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Hinge loss of the critic, mean over score maps (Lim & Ye 2017)."""
    losses = [F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(losses).mean()


def hinge_generator(fake: Sequence[Tensor]) -> Tensor:
    """Hinge loss of the generator: minus the mean score."""
    return -torch.stack([f.mean() for f in fake]).mean()
