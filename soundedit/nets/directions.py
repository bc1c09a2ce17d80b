"""Linear map from differences in the joint embedding to offsets in W+, and where W+ is trusted."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

MEMORY_TEMPERATURE = 0.1
NEUTRAL = ("a landscape", "a photo of a landscape", "a picture of a landscape", "scenery")
"""Phrases that say nothing in particular; their mean is the neutral of words."""
_FLOOR = 0.1
"""Least deviation along an axis, relative to the root mean square over the axes."""


class DirectionMap(nn.Module):
    """What a word or a sound says beyond its neutral -> an offset of every style layer.

    Low rank: offsets [L, D] = up @ (down @ difference). The neutral of a modality is what it says
    of nothing in particular. Recordings lie elsewhere in the joint space than words even so, and
    are first brought among the meanings of the pack's words: a mean of them, each weighted by how
    like the recording it is (projection onto a support memory; Li et al. 2023, "DeCap"). Offsets
    of a clear meaning are brought to one length, so that strength 1 is as visible for each; what
    says little moves little.

    The trusted region is, for each layer, a ball around `centre` after whitening by `axes` (shared
    principal axes, in rows) and `spread` (deviation of each layer along them).
    """

    down: Tensor
    up: Tensor
    neutral_text: Tensor
    neutral_sound: Tensor
    keys: Tensor
    meanings: Tensor
    length: Tensor
    floor: Tensor
    centre: Tensor
    axes: Tensor
    spread: Tensor
    radius: Tensor

    def __init__(self, embed_dim: int, num_ws: int, w_dim: int, rank: int, words: int) -> None:
        """`words`: size of the memory; its `keys` are unit vectors less their mean, unit again,
        and its `meanings` differences from the neutral of words. Without any, sounds are taken to
        lie among words already (see `SoundAdapter`).
        """
        super().__init__()
        self.shape = (embed_dim, num_ws, w_dim)
        self.register_buffer("down", torch.zeros(rank, embed_dim))
        self.register_buffer("up", torch.zeros(num_ws, w_dim, rank))
        self.register_buffer("neutral_text", torch.zeros(embed_dim))
        self.register_buffer("neutral_sound", torch.zeros(embed_dim))
        self.register_buffer("keys", torch.zeros(words, embed_dim))
        self.register_buffer("meanings", torch.zeros(words, embed_dim))
        self.register_buffer("length", torch.ones([]))
        self.register_buffer("floor", torch.zeros([]))
        self.register_buffer("centre", torch.zeros(num_ws, w_dim))
        self.register_buffer("axes", torch.eye(w_dim))
        self.register_buffer("spread", torch.ones(num_ws, w_dim))
        self.register_buffer("radius", torch.ones(num_ws))

    @property
    def config(self) -> dict[str, int]:
        """The arguments that make one like it."""
        sizes = (*self.shape, len(self.down), len(self.keys))
        names = ("embed_dim", "num_ws", "w_dim", "rank", "words")
        return dict(zip(names, sizes, strict=True))

    def take(self, down: Tensor, up: Tensor, codes: Tensor, length: float, floor: float) -> None:
        """Take the fitted factors [rank, E] and [L * D, rank], and trust the region of codes
        [N, L, D]; `length` and `floor` are relative to the root mean square of its spread.
        """
        region = principal_region(codes.numpy())
        for name, value in zip(("centre", "axes", "spread", "radius"), region, strict=True):
            getattr(self, name).copy_(torch.from_numpy(value))
        own = float(self.spread.square().mean().sqrt())
        self.length.fill_(length * own)
        self.floor.fill_(floor * own)
        self.down.copy_(down)
        self.up.copy_(up.view(self.up.shape))

    def text_difference(self, embedding: Tensor) -> Tensor:
        """What unit embeddings of phrases [B, E] say beyond the neutral [B, E]."""
        return embedding - self.neutral_text

    def sound_difference(self, embedding: Tensor) -> Tensor:
        """What unit embeddings of sounds [B, E] say, as words would say it [B, E]."""
        if not len(self.keys):
            return self.text_difference(embedding)
        return recalled(embedding - self.neutral_sound, self.keys, self.meanings)

    def forward(self, difference: Tensor) -> Tensor:
        """Differences [B, E] -> offsets [B, L, D] of strength 1."""
        return self.evened(self.linear(difference))

    def linear(self, difference: Tensor) -> Tensor:
        """Differences [B, E] -> offsets [B, L, D] as they were fitted."""
        return torch.einsum("ldr,br->bld", self.up, difference @ self.down.T)

    def evened(self, offsets: Tensor) -> Tensor:
        """Offsets [B, L, D] brought towards `length` (root mean square); short ones less."""
        size = offsets.square().mean((1, 2), keepdim=True)
        return offsets * self.length / (size + self.floor.square()).sqrt().clamp_min(1e-8)


def recalled(said: Tensor, keys: Tensor, meanings: Tensor) -> Tensor:
    """What is said [B, E], as a mean of meanings [W, F] by the likeness to their keys [W, E]."""
    likeness = F.normalize(said, dim=1) @ keys.T
    return torch.softmax(likeness / MEMORY_TEMPERATURE, dim=1) @ meanings


def principal_region(
    codes: NDArray[np.float32], percentile: float = 99.0
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Centre [L, D], axes [D, D] in rows, spread [L, D] and radius [L] of codes [N, L, D].

    Axes are the principal ones of all layers together; the radius of a layer holds `percentile`
    of its codes.
    """
    centre = codes.mean(0, dtype=np.float64)
    moved = codes - centre
    flat = moved.reshape(-1, moved.shape[2])
    _, axes = np.linalg.eigh(flat.T @ flat)
    axes = axes.T[::-1]
    along = moved @ axes.T
    variance = np.square(along).mean(0)
    spread = np.sqrt(variance + _FLOOR**2 * variance.mean(1, keepdims=True) + 1e-12)
    radius = np.percentile(np.linalg.norm(along / spread, axis=2), percentile, axis=0)
    found = (centre, axes, spread, radius)
    a, b, c, d = (np.ascontiguousarray(x, np.float32) for x in found)
    return a, b, c, d
