"""Critics of walks that know which class each picture of a walk is to be of.

A class known to a frozen classifier alone is shown by whatever details please it, which look
embossed; a critic that has seen photographs of the class, and learns on, takes none but theirs.
Photographs under the name of another class are false too (Reed et al. 2016, "Generative Adversarial
Text to Image Synthesis"), or the class would hardly count.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.discriminators import hinge_critic, hinge_generator
from soundedit.train.generator import View, judge, learning

_MISNAMED = 0.5
"""Weight of photographs under another class's name."""


@dataclass(frozen=True)
class WalkSight:
    """What the critics see: pictures of walks, photographs of the same `kinds`, -1 for none."""

    walked: View
    models: View
    kinds: Tensor
    levels: Tensor
    """Of the photographs' taps."""


def walk_score(critics: nn.ModuleList, sight: WalkSight) -> Tensor:
    """What the generator is to lower."""
    return hinge_generator(judge(critics, sight.walked, sight.levels, sight.kinds))


def walk_criticism(critics: nn.ModuleList, sight: WalkSight) -> Tensor:
    """Hinge loss of the critics; only they get its gradient."""
    learning(critics)
    models, walked = (
        judge(critics, seen.detached(), sight.levels, sight.kinds)
        for seen in (sight.models, sight.walked)
    )
    others = sight.kinds.roll(1)
    false = (others != sight.kinds) & (others >= 0) & (sight.kinds >= 0)
    misnamed = judge(critics, sight.models.detached(), sight.levels, others)
    weights = false[:, None, None, None] / max(len(false), 1)
    lost = [(F.relu(1 + score) * weights).sum() / score[0].numel() for score in misnamed]
    return hinge_critic(models, walked) + _MISNAMED * torch.stack(lost).mean()
