"""Looking at a generator's samples with an image tower, to learn what its latents mean."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.engine.region import Region
from soundedit.engine.synthesis import Synthesiser
from soundedit.errors import PackError
from soundedit.nets import stylegan3
from soundedit.nets.bands import BANDS, band_slices
from soundedit.nets.generators import Generator
from soundedit.nets.stylegan2 import MappingNetwork
from soundedit.progress import CancelToken, Progress

LOOKED = 128
"""Size in pixels at which pictures are looked at."""
_LEAST_SAMPLES = 200
_SAMPLES, _SLOW_SAMPLES = 800, 300
"""Pictures looked at by default; large ones, and those of StyleGAN3, take many times as long."""
RANK, RIDGE = 64, 1.0
"""Of directions that are fitted to samples; see `Rows.fit`."""
PICTURES_WEIGHT, WORDS_WEIGHT = 2.0, 1.0
"""What samples, and what each word of the pack that is built on, weigh in that fit."""
_BATCH = 8


class Told:
    """Progress from `start` to `stop` of the whole, which can be cancelled."""

    def __init__(
        self,
        progress: Progress | None,
        cancel: CancelToken | None,
        start: float = 0.0,
        stop: float = 1.0,
    ) -> None:
        self._progress, self._cancel = progress, cancel
        self._start, self._stop = start, stop

    def __call__(self, fraction: float, text: str) -> None:
        if self._cancel is not None:
            self._cancel.check()
        if self._progress is not None and self._stop > self._start:
            self._progress(self._start + fraction * (self._stop - self._start), text)

    def part(self, start: float, stop: float) -> "Told":
        """The same for a part of the whole; an empty one is silent."""
        return Told(self._progress, self._cancel, start, stop)


class Looker:
    """Draws latents, and embeds what is to be seen."""

    def __init__(
        self, draw: Synthesiser, embed: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    ) -> None:
        """`embed`: uint8 pictures [n, H, W, 3] -> unit embeddings [n, E]."""
        self._draw, self._embed = draw, embed

    def look(self, ws: Tensor, told: Told) -> Tensor:
        """Unit embeddings [N, E] of the pictures of latents [N, L, D]."""
        size = min(LOOKED, self._draw.network.resolution)
        rows = []
        for i in range(0, len(ws), _BATCH):
            told(i / len(ws), f"Looking at picture {i + 1} of {len(ws)}")
            frames = list(self._draw.frames([ws[i : i + _BATCH].cpu().numpy()], size=size))
            rows.append(torch.from_numpy(self._embed(np.stack(frames))))
        return torch.cat(rows)

    def words_gain(
        self,
        region: Region,
        scenes: Tensor,
        moves: Iterable[tuple[Tensor, Tensor]],
        told: Told,
    ) -> float:
        """Similarity to words that scenes [n, L, D] gain by `moves`, on average.

        A move is an offset [L, D] and the unit embedding [E] of its word.
        """
        silent = told.part(0.0, 0.0)
        plain = scenes.cpu().numpy()
        before = self.look(scenes, silent)
        gains = []
        for offset, said in moves:
            moved, _ = region.bound(plain + offset.cpu().numpy(), plain)
            after = self.look(torch.from_numpy(moved), silent)
            gains.append(((after - before) @ said.cpu()).mean())
        return round(float(torch.stack(gains).mean()), 3)


def samples_of(generator: Generator, asked: int | None) -> int:
    """How many pictures to look at: as many as are asked for, or the default if None.

    PackError for fewer than 200.
    """
    if asked is None:
        slow = generator.resolution > 256 or isinstance(generator, stylegan3.Generator)
        return _SLOW_SAMPLES if slow else _SAMPLES
    if asked < _LEAST_SAMPLES:
        raise PackError(f"{asked} samples are too few; look at {_LEAST_SAMPLES} or more.")
    return asked


def mixed(bands: Mapping[str, Tensor]) -> Tensor:
    """Layers of each band [N, layers, D] in one latent [N, L, D]."""
    return torch.cat([bands[name] for name in BANDS], dim=1)


def style_mixed(mapping: MappingNetwork, count: int) -> dict[str, Tensor]:
    """Latents [count, layers, D] of samples for each band, each of another z; see `mixed`."""
    found = {}
    device = mapping.w_avg.device
    for i, (name, part) in enumerate(band_slices(mapping.num_ws).items()):
        z = normal(count, mapping.z_dim, 10 + i).to(device)
        found[name] = mapping(z)[:, part].cpu()
    return found


def normal(count: int, width: int, seed: int) -> Tensor:
    """Standard normal numbers [count, width] that are the same each time."""
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))
