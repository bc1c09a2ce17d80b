"""Photos and videos as starts: pictures into W+, by the pack's encoder and by optimisation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.engine.region import Region
from soundedit.engine.synthesis import to_frames
from soundedit.nets.clip import feature_distance, picture_features
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.nets.stylegan2 import SynthesisNetwork
from soundedit.progress import CancelToken, OnPicture, Progress

_BATCH = 16
_SHOW_EVERY = 8
SMOOTH_SECONDS = 0.06
"""Deviation of the Gaussian that the codes of a video's frames are smoothed with in time."""


@dataclass(frozen=True)
class PictureFit:
    """Latents [L, D] of a picture and how far their picture is from it, by the pack's features.

    `before` is the distance of the encoder's own code; 0 is the same picture, unlike ones are
    about 1.
    """

    w: NDArray[np.float32]
    before: float
    distance: float


def as_pictures(frames: NDArray[np.uint8]) -> Tensor:
    """uint8 [B, H, W, 3] -> [B, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.inference_mode()
def encode(encoder: PictureEncoder, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures uint8 [n, S, S, 3] -> codes [n, L, D]."""
    codes: NDArray[np.float32] = encoder(as_pictures(frames).to(encoder.mean.device)).cpu().numpy()
    return codes


def batches(frames: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.uint8]]:
    """A stream of pictures in arrays of a few."""
    held: list[NDArray[np.uint8]] = []
    for frame in frames:
        held.append(frame)
        if len(held) == _BATCH:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)


def smooth(path: NDArray[np.float32], fps: float, seconds: float) -> NDArray[np.float32]:
    """A path [T, L, D] under a Gaussian window in time; its ends are mirrored."""
    width = seconds * fps
    reach = min(int(np.ceil(3 * width)), len(path) - 1)
    if reach < 1:
        return path
    weights = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / width))
    weights /= weights.sum()
    padded = np.pad(path, ((reach, reach), (0, 0), (0, 0)), mode="reflect")
    smoothed = np.zeros_like(path)
    for i, weight in enumerate(weights):
        smoothed += np.float32(weight) * padded[i : i + len(path)]
    return smoothed


class Fitter:
    """Moves codes so that synthesis gives pictures back, within the trusted region.

    The distance is that of the image tower's features, of pixels, and of their blurred colours.
    """

    def __init__(
        self,
        synthesis: SynthesisNetwork,
        clip: nn.Module,
        clip_config: dict[str, Any],
        region: Region,
    ) -> None:
        self._synthesis, self._clip, self._config = synthesis, clip, clip_config
        self._region = region
        self._own = float(np.sqrt(np.square(region.spread).mean()))
        self._device = next(synthesis.parameters()).device

    def distance(self, w: NDArray[np.float32], frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Feature distances [n] of the pictures of codes [n, L, D] from uint8 [n, S, S, 3]."""
        with torch.no_grad():
            made = self._synthesis(torch.from_numpy(w).to(self._device))
            goal = self._goal(frames)
            found: NDArray[np.float32] = (
                feature_distance(self._features(made), self._features(goal)).cpu().numpy()
            )
        return found

    def fit(
        self,
        w: NDArray[np.float32],
        frames: NDArray[np.uint8],
        steps: int,
        *,
        rate: float = 0.05,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        on_picture: OnPicture | None = None,
    ) -> NDArray[np.float32]:
        """Codes [n, L, D] nearer to pictures uint8 [n, S, S, 3] after so many steps of Adam."""
        goal = self._goal(frames)
        with torch.no_grad():
            wanted = self._features(goal)
        first = torch.from_numpy(np.array(w, np.float32)).to(self._device)
        found = first.clone().requires_grad_(True)
        optimiser = torch.optim.Adam([found], lr=rate * self._own, betas=(0.9, 0.99))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, rate * self._own, total_steps=steps + 1, pct_start=0.1
        )
        for step in range(steps):
            if cancel is not None:
                cancel.check()
            made = self._synthesis(found)
            distance = feature_distance(self._features(made), wanted)
            coarse = (F.avg_pool2d(made, 8) - F.avg_pool2d(goal, 8)).abs().mean((1, 2, 3))
            pixels = (made - goal).abs().mean((1, 2, 3))
            moved = ((found - first) / self._own).square().mean((1, 2))
            loss = (distance + pixels + coarse + 0.01 * moved).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            with torch.no_grad():
                kept, _ = self._region.bound(found.cpu().numpy(), w)
                found.copy_(torch.from_numpy(kept))
            if on_picture is not None and step % _SHOW_EVERY == 0:
                on_picture(to_frames(made.detach()[:1])[0])
            if progress is not None:
                said = f"Refining the picture, distance {float(distance.detach().mean()):.2f}"
                progress((step + 1) / steps, said)
        result: NDArray[np.float32] = found.detach().cpu().numpy()
        return result

    def follow(
        self,
        codes: NDArray[np.float32],
        frames: NDArray[np.uint8],
        residual: NDArray[np.float32] | None,
        steps: int,
        cancel: CancelToken | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Fit consecutive frames one by one, each from where the one before got to.

        `codes` [n, L, D] are the encoder's; `residual` [L, D] is what fitting added to the last
        frame before these. Returns the fitted codes and the last residual.
        """
        path = np.empty_like(codes)
        for i, code in enumerate(codes):
            begun = code if residual is None else code + residual
            # The first frame has no one to begin from.
            count = steps * 6 if residual is None else steps
            path[i] = self.fit(begun[None], frames[i : i + 1], count, rate=0.03, cancel=cancel)[0]
            residual = path[i] - code
        assert residual is not None
        return path, residual

    def _goal(self, frames: NDArray[np.uint8]) -> Tensor:
        goal = as_pictures(frames).to(self._device)
        side = self._synthesis.resolution
        if goal.shape[2] == side:
            return goal
        return F.interpolate(goal, size=(side, side), mode="bilinear", antialias=True)

    def _features(self, pictures: Tensor) -> list[Tensor]:
        return picture_features(self._clip, self._config, pictures.clamp(-1, 1))
