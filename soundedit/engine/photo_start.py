"""Photos and videos as starts: pictures into W+, by the pack's encoder and by optimisation."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.engine.region import Region
from soundedit.nets.clip import feature_distance, picture_features
from soundedit.nets.generators import SynthesisNetwork
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.progress import CancelToken, Progress, part_of

_BATCH = 16
_SHOW_EVERY = 8
FIRST_STEPS = 6
"""So many times as many steps as a video's other frames get, its first one gets."""
KEY_SECONDS = 0.5
MOST_KEYS = 240
"""A video's frames are refined every so many seconds, and at most so many of them."""
SMOOTH_SECONDS = 0.06
"""Deviation of the Gaussian that the codes of a video's frames are smoothed with in time."""
OnFound = Callable[[NDArray[np.float32]], None]
"""Called now and then with the latents that a job has come to."""
Change = Callable[[int], NDArray[np.float32]]
"""What a job adds so far to the latents of a start's frame, [L, D] by the frame's index."""
OnChange = Callable[[Change], None]
"""Called now and then with what a job adds so far."""


@dataclass(frozen=True)
class PictureFit:
    """Latents [L, D] of a picture and how far their picture is from it, by the pack's features.

    `before` is the distance of the encoder's own code; 0 is the same picture, unlike ones are
    about 1.
    """

    w: NDArray[np.float32]
    before: float
    distance: float


@dataclass(frozen=True)
class VideoFit:
    """Latents [T, L, D] of a video; `before` and `distance` as a `PictureFit`'s, on average."""

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


class Sampled:
    """Keeps some of a stream of frames: every half key spacing, and the last one."""

    def __init__(self, count: int, fps: Fraction) -> None:
        """`count` is about how many frames there will be."""
        self._step = max(round(fps * KEY_SECONDS / 2), -(-count // (2 * MOST_KEYS)), 1)
        self._kept: dict[int, NDArray[np.uint8]] = {}
        self._last: NDArray[np.uint8] | None = None
        self._seen = 0

    def see(self, frame: NDArray[np.uint8]) -> None:
        """The next frame, uint8 [S, S, 3]."""
        if self._seen % self._step == 0:
            self._kept[self._seen] = frame
        self._last = frame
        self._seen += 1

    def frames(self) -> tuple[NDArray[np.intp], NDArray[np.uint8]]:
        """Indices [n], ascending, and pictures [n, S, S, 3] of those kept."""
        kept = dict(self._kept)
        if self._last is not None:
            kept[self._seen - 1] = self._last
        return np.array(list(kept), np.intp), np.stack(list(kept.values()))


def between(
    at: NDArray[np.intp], values: NDArray[np.float32], frames: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Values [n, L, D] at frames `at` [n] -> [m, L, D] at `frames` [m], straight between them.

    Frames before the first and after the last have its value.
    """
    place = np.interp(frames, at, np.arange(len(at)))
    low = place.astype(np.intp)
    high = np.minimum(low + 1, len(at) - 1)
    share = (place - low).astype(np.float32)[:, None, None]
    path: NDArray[np.float32] = values[low] + share * (values[high] - values[low])
    return path


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
        on_found: OnFound | None = None,
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
            if on_found is not None and step % _SHOW_EVERY == 0:
                on_found(found.detach().cpu().numpy())
            if progress is not None:
                said = f"Refining the picture, distance {float(distance.detach().mean()):.2f}"
                progress((step + 1) / steps, said)
        result: NDArray[np.float32] = found.detach().cpu().numpy()
        return result

    def follow(
        self,
        codes: NDArray[np.float32],
        frames: NDArray[np.uint8],
        steps: int,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
        on_added: OnFound | None = None,
    ) -> NDArray[np.float32]:
        """What brings the codes [n, L, D] of frames in a row, uint8 [n, S, S, 3], nearer to them.

        Each begins with what was added to the one before; one that comes no nearer stays as it is.
        `on_added` gets what is added [i, L, D] to those begun so far.
        """
        added = np.zeros_like(codes)

        def tell(i: int, code: NDArray[np.float32], now: NDArray[np.float32]) -> None:
            if on_added is not None:
                on_added(np.concatenate([added[:i], now - code]))

        for i, code in enumerate(codes):
            begun = code if i == 0 else code + added[i - 1]
            # The first frame has no one to begin from.
            count = steps * FIRST_STEPS if i == 0 else steps
            report = None
            if progress is not None:
                whole = len(codes) + FIRST_STEPS - 1
                done = i + FIRST_STEPS - 1 if i else 0
                report = part_of(progress, done / whole, (i + FIRST_STEPS) / whole)
            frame = frames[i : i + 1]
            found = self.fit(
                begun[None],
                frame,
                count,
                rate=0.03,
                progress=report,
                cancel=cancel,
                on_found=partial(tell, i, code),
            )
            before, after = (self.distance(w, frame)[0] for w in (code[None], found))
            if after < before:
                added[i] = found[0] - code
            tell(i, code, (code + added[i])[None])
        return added

    def _goal(self, frames: NDArray[np.uint8]) -> Tensor:
        goal = as_pictures(frames).to(self._device)
        side = self._synthesis.resolution
        if goal.shape[2] == side:
            return goal
        return F.interpolate(goal, size=(side, side), mode="bilinear", antialias=True)

    def _features(self, pictures: Tensor) -> list[Tensor]:
        return picture_features(self._clip, self._config, pictures.clamp(-1, 1))
