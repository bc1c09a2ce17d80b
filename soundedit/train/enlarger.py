"""A network that doubles the size of pictures, taught on large photos and their copies half as big.

Residual blocks without normalisation and sub-pixel shuffling (Lim et al. 2017, "EDSR"; Shi et al.
2016), with a critic of texture beside the distance to the photo (Ledig et al. 2017, "SRGAN"). It
shows a growing generator (see `grow`) what its pictures would look like in more detail: that critic
compares the network's pictures with the very photos they are of, so nothing sets the two apart but
detail.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.discriminators import PatchDiscriminator, hinge_critic, hinge_generator
from soundedit.train.run import Run

AREA = 96
"""Side of the areas of photos that it learns from, in pixels."""
KEPT = 2.0
"""Weight of the distance of what it draws, scaled down, from what it was given."""


class Enlarger(nn.Module):
    """Pictures [B, 3, S, S] in [-1, 1] -> [B, 3, 2S, 2S]; smooth enlarging before it has learned.

    No layer knows where in the picture it is, so any size will do.
    """

    def __init__(self, width: int = 24, blocks: int = 6) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(width, width, 3, padding=1),
                nn.LeakyReLU(0.2),
                nn.Conv2d(width, width, 3, padding=1),
            )
            for _ in range(blocks)
        )
        self.last = nn.Conv2d(width, 12, 3, padding=1)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, pictures: Tensor) -> Tensor:
        """Twice as large."""
        x = self.first(pictures)
        for block in self.blocks:
            x = x + 0.3 * block(x)
        return smooth(pictures.float()) + F.pixel_shuffle(self.last(x).float(), 2)


def smooth(pictures: Tensor) -> Tensor:
    """Pictures [B, 3, S, S] -> [B, 3, 2S, 2S] without any detail added."""
    return F.interpolate(pictures, scale_factor=2, mode="bilinear")


def halved(pictures: Tensor) -> Tensor:
    """Pictures [B, 3, 2S, 2S] -> [B, 3, S, S], as a camera of half the pixels would see them."""
    return F.avg_pool2d(pictures, 2)


def enlarge_losses(
    made: Tensor, wanted: Tensor, small: Tensor, critic: PatchDiscriminator, texture_weight: float
) -> dict[str, Tensor]:
    """What sets enlarged pictures apart from `wanted` and, scaled down, from `small`."""
    critic.requires_grad_(False)
    return {
        "pixels": (made - wanted).abs().mean(),
        "kept": KEPT * (halved(made) - small).abs().mean(),
        "texture": texture_weight * hinge_generator([critic(made).float()]),
    }


def texture_lost(critic: PatchDiscriminator, wanted: Tensor, made: Tensor) -> Tensor:
    """The critic's own hinge loss; `made` gets no gradient."""
    critic.requires_grad_(True)
    return hinge_critic([critic(wanted).float()], [critic(made.detach()).float()])


def areas(pictures: Tensor, side: int, run: Run) -> Tensor:
    """An area of this side out of pictures [B, 3, S, S], at a place drawn for all of them."""
    last = (pictures.shape[-1] - side) // 2
    y, x = (int(n) * 2 for n in run.rng.integers(last + 1, size=2))
    return pictures[:, :, y : y + side, x : x + side]
