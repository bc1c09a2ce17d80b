"""Fine directions: optimisation of the joint embedding's loss through synthesis.

Lee et al. 2022 (CVPR), section 3.3: dw minimises the distance of G(w + dw) to the embedding of
words or a sound, plus an L2 penalty of every style layer by a weight that is itself learned
(adaptive layer masking), so that layers that do not help stay as they were.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.engine.directions import Direction
from soundedit.engine.region import Region
from soundedit.engine.synthesis import to_frames
from soundedit.nets.clip import embed_pictures, image_size
from soundedit.nets.generators import SynthesisNetwork
from soundedit.progress import CancelToken, OnPicture, Progress


@dataclass(frozen=True)
class RefineSettings:
    """How long and how carefully to optimise."""

    steps: int = 30
    rate: float = 0.08
    """Step of Adam, relative to the latents' spread."""
    keep: float = 0.2
    """Weight of the L2 penalty against the distance in the joint embedding."""
    stay: float = 0.6
    """Weight of the distance from the fast direction, likewise: what photos with that weather have
    taught keeps the optimisation from textures that please the embedding alone."""
    show_every: int = 6


@dataclass(frozen=True)
class Refined(Direction):
    """A direction, the learned layer weights [L] (mean 1), and the similarity it leads to.

    `before` and `after` are the mean cosines of the scenes' pictures with the target.
    """

    weights: NDArray[np.float32]
    before: float
    after: float


def optimise_direction(
    synthesis: SynthesisNetwork,
    clip: nn.Module,
    clip_config: dict[str, Any],
    region: Region,
    scenes: NDArray[np.float32],
    target: NDArray[np.float32],
    start: NDArray[np.float32],
    *,
    settings: RefineSettings | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    on_picture: OnPicture | None = None,
) -> Refined:
    """Find the dw that turns `scenes` [n, L, D] towards the unit embedding `target` [E].

    `start` [L, D] is the fast direction; `on_picture` gets previews, and the whole picture in the
    end. The result stays in the trusted region around the
    scenes' middle.
    """
    s = settings or RefineSettings()
    device = next(synthesis.parameters()).device
    own = float(np.sqrt(np.square(region.spread).mean()))
    w = torch.from_numpy(np.array(scenes, np.float32)).to(device)
    goal = torch.from_numpy(np.array(target, np.float32)).to(device)
    first = torch.from_numpy(np.array(start, np.float32)).to(device)
    dw = first.clone().requires_grad_(True)
    # Softmax keeps the mean weight at one: a layer is spared at the cost of the others.
    logits = torch.zeros(len(first), device=device, requires_grad=True)
    optimiser = torch.optim.Adam(
        [{"params": [dw], "lr": s.rate * own}, {"params": [logits], "lr": 0.05}], betas=(0.9, 0.99)
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, s.steps, s.rate * own * 0.05)

    def look(offset: Tensor) -> tuple[Tensor, Tensor]:
        pictures = synthesis(w + offset)
        return pictures, embed_pictures(clip, clip_config, pictures.clamp(-1, 1)) @ goal

    # No larger than the tower looks at: quicker, and scenes that were not refined gain more too.
    size = next((s for s in synthesis.preview_sizes if s >= image_size(clip_config)), None)
    middle = scenes.mean(0)
    chance = torch.Generator().manual_seed(0)
    with torch.no_grad():
        before = float(look(torch.zeros_like(first))[1].mean())
    for step in range(s.steps):
        if cancel is not None:
            cancel.check()
        pictures = synthesis(w + dw, until=size)
        seen = views(pictures.clamp(-1, 1), chance)
        likeness = embed_pictures(clip, clip_config, seen) @ goal
        weights = F.softmax(logits, 0) * len(logits)
        moved = (dw / own).square().mean(1)
        away = ((dw - first) / own).square().mean()
        loss = (1 - likeness).mean() + s.keep * (weights * moved).mean() + s.stay * away
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            kept = region.bound(middle + dw.cpu().numpy(), middle)[0] - middle
            dw.copy_(torch.from_numpy(kept))
        if on_picture is not None and step % s.show_every == 0:
            on_picture(to_frames(pictures.detach()[:1])[0])
        if progress is not None:
            progress(
                (step + 1) / s.steps, f"Refining, similarity {float(likeness.detach().mean()):.2f}"
            )
    with torch.no_grad():
        pictures, likeness = look(dw)
        if on_picture is not None:
            on_picture(to_frames(pictures[:1])[0])
        learned = (F.softmax(logits, 0) * len(logits)).detach().cpu().numpy()
    found = dw.detach().cpu().numpy()
    return Refined(found, region.change(found), learned, before, float(likeness.detach().mean()))


def views(pictures: Tensor, chance: torch.Generator) -> Tensor:
    """Two views of each picture [B, 3, S, S], cut somewhat differently, every other mirrored.

    What is like the target from everywhere is there to be seen, not only for the network.
    """
    side = pictures.shape[2]
    found = []
    for mirrored in (False, True):
        share = 1 - 0.25 * float(torch.rand([], generator=chance))
        size = max(round(side * share), 1)
        top, left = (int(torch.randint(side - size + 1, (), generator=chance)) for _ in range(2))
        view = pictures[:, :, top : top + size, left : left + size]
        view = F.interpolate(view, size=(side, side), mode="bilinear", align_corners=False)
        found.append(view.flip(3) if mirrored else view)
    return torch.cat(found)
