"""Photos and videos as starts: pictures into W+ by the pack's encoder."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.nets.picture_encoder import PictureEncoder

_BATCH = 16
SMOOTH_SECONDS = 0.06
"""Deviation of the Gaussian that the codes of a video's frames are smoothed with in time."""


def as_pictures(frames: NDArray[np.uint8]) -> Tensor:
    """uint8 [B, H, W, 3] -> [B, 3, H, W] in [-1, 1]."""
    return torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2).float() / 127.5 - 1


@torch.inference_mode()
def encode(
    encoder: PictureEncoder, frames: Iterable[NDArray[np.uint8]], device: torch.device
) -> NDArray[np.float32]:
    """Pictures uint8 [S, S, 3], streamed -> codes [n, L, D]."""
    codes: list[NDArray[np.float32]] = []
    held: list[NDArray[np.uint8]] = []

    def flush() -> None:
        if held:
            codes.append(encoder(as_pictures(np.stack(held)).to(device)).cpu().numpy())
            held.clear()

    for frame in frames:
        held.append(frame)
        if len(held) == _BATCH:
            flush()
    flush()
    return np.concatenate(codes)


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
