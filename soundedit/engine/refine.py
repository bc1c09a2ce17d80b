"""Fine directions: optimisation of the joint embedding's loss through synthesis.

Lee et al. 2022 (CVPR), section 3.3: dw minimises the distance of G(w + dw) to the embedding of
words or a sound, plus an L2 penalty of every style layer by a weight that is itself learned
(adaptive layer masking), so that layers that do not help stay as they were.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.engine.region import Region
from soundedit.engine.synthesis import to_frames
from soundedit.nets.clip import embed_pictures
from soundedit.nets.stylegan2 import SynthesisNetwork
from soundedit.progress import CancelToken, Progress

OnPicture = Callable[[NDArray[np.uint8]], None]
"""Called now and then with the picture that a job has come to, uint8 [H, W, 3]."""


@dataclass(frozen=True)
class RefineSettings:
    """How long and how carefully to optimise."""

    steps: int = 60
    rate: float = 0.05
    """Step of Adam, relative to the latents' spread."""
    keep: float = 0.35
    """Weight of the L2 penalty against the distance in the joint embedding."""
    show_every: int = 6


@dataclass(frozen=True)
class Refined:
    """`dw` float32 [L, D], the learned layer weights [L] (mean 1), and similarity gained."""

    dw: NDArray[np.float32]
    weights: NDArray[np.float32]
    before: float
    after: float


def optimise_direction(
    synthesis: SynthesisNetwork,
    clip: nn.Module,
    clip_config: dict[str, object],
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

    `start` [L, D] is the fast direction. `before` and `after` are the mean cosines of the scenes'
    pictures with the target. The result stays in the trusted region of every scene.
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

    with torch.no_grad():
        before = float(look(torch.zeros_like(first))[1].mean())
    best, best_loss = first, float("inf")
    for step in range(s.steps):
        if cancel is not None:
            cancel.check()
        pictures, likeness = look(dw)
        weights = F.softmax(logits, 0) * len(logits)
        moved = (dw / own).square().mean(1)
        loss = (1 - likeness).mean() + s.keep * (weights * moved).mean()
        if float(loss.detach()) < best_loss:
            best, best_loss = dw.detach().clone(), float(loss.detach())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            kept = region.bound((w[0] + dw).cpu().numpy(), scenes[0])[0] - scenes[0]
            dw.copy_(torch.from_numpy(kept))
        if on_picture is not None and step % s.show_every == 0:
            on_picture(to_frames(pictures.detach()[:1])[0])
        if progress is not None:
            progress((step + 1) / s.steps, f"Refining, similarity {float(likeness.mean()):.2f}")
    with torch.no_grad():
        pictures, likeness = look(best)
        if on_picture is not None:
            on_picture(to_frames(pictures[:1])[0])
        learned = (F.softmax(logits, 0) * len(logits)).detach().cpu().numpy()
    return Refined(best.cpu().numpy(), learned, before, float(likeness.mean()))
