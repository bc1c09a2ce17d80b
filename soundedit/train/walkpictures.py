"""What a generator draws where sounds' walks pass, while it is trained on."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train.grid import picture_grid
from soundedit.train.run import Run
from soundedit.train.showing import ShownClasses
from soundedit.train.stills import stills_of_size
from soundedit.train.walkbank import WalkBank


class WalkPictures:
    """Latents of walks; their pictures keep their composition and are to show their class."""

    def __init__(
        self, walks: str, stills: str, before: Generator, encoder: PhotoEncoder, run: Run
    ) -> None:
        """`walks`: folder of trajectories, none if empty; without `stills` no class is looked for.

        `before` is the generator as it was. TrainingError where a folder is missing or unfit.
        """
        self.before, self.run, self.world = before, run, run.world
        self.bank: WalkBank | None = None
        self.shown: ShownClasses | None = None
        self._stills: NDArray[np.uint8] = np.zeros((0, 1, 1, 3), np.uint8)
        if walks:
            self.bank = WalkBank(Path(walks), before.num_ws, before.w_dim)
            if stills:
                self.shown = ShownClasses(Path(stills), before, encoder, run)
                labels = [self.shown.label(kind) for kind in self.bank.classes]
                self._labels = torch.tensor([*labels, -1])
                self._stills, names = stills_of_size(Path(stills), before.resolution)
                self._anything = np.arange(len(names))
                self._of_class = [np.flatnonzero(names == kind) for kind in self.bank.classes]

    @property
    def classes(self) -> list[str]:
        """Of the walks, by their numbers."""
        return [] if self.bank is None else self.bank.classes

    @property
    def has_models(self) -> bool:
        """Whether there are photographs of the classes."""
        return len(self._stills) > 0

    def models(self, kinds: Tensor, photos: NDArray[np.uint8]) -> Tensor:
        """This process's stills [n, 3, S, S] of classes [n], in [-1, 1]; of no class is any.

        A class that has no stills is one of `photos` [N, S, S, 3].
        """
        chances = torch.from_numpy(self.run.rng.random(len(kinds) * self.world.size))
        rows = []
        for kind, chance in zip(kinds.tolist(), self.world.shard(chances).tolist(), strict=True):
            mine = self._anything if kind < 0 else self._of_class[kind]
            pool, which = (self._stills, mine) if len(mine) else (photos, np.arange(len(photos)))
            rows.append(pool[which[int(chance * len(which))]])
        return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float() / 127.5 - 1

    def draw(self, rows: int) -> tuple[Tensor, Tensor]:
        """This process's latents [n, L, D], n about `rows`, and the numbers of their classes [n].

        None at all without walks.
        """
        device = self.world.device
        if self.bank is None:
            shape = (0, self.before.num_ws, self.before.w_dim)
            return torch.zeros(shape, device=device), torch.zeros(0, dtype=torch.long)
        w, kinds = self.bank.draw(max(rows, 1) * self.world.size, self.run.rng)
        return self.world.shard(w).to(device), self.world.shard(kinds)

    def moved(self, pictures: Tensor, w: Tensor) -> Tensor:
        """How far areas of the pictures [n, 3, S, S] of latents are from what they were."""
        with torch.no_grad():
            was = self.before.synthesis(w)
        return F.avg_pool2d(pictures - was, 8).abs().mean()

    def classed(self, taps: list[Tensor], kinds: Tensor) -> dict[str, Tensor]:
        """Cross-entropy of what is seen, from its taps, to the classes; the share named rightly."""
        if self.shown is None:
            return {}
        wanted = self._labels[kinds].to(self.world.device)
        if self.world.any(not bool((wanted >= 0).any())):
            return {}
        logits = self.shown.named(taps)
        named = F.cross_entropy(logits, wanted, ignore_index=-1, label_smoothing=0.05)
        right = (logits.argmax(1) == wanted)[wanted >= 0].float().mean()
        return {"class": named, "named": right.detach()}

    @torch.no_grad()
    def sheet(self, now: Generator) -> Image.Image | None:
        """Rows of walks, before and now."""
        if self.bank is None:
            return None
        w, _ = self.bank.draw(24, np.random.default_rng(0))
        rows = []
        for part in w.to(self.world.device).split(12):
            rows += [net.synthesis(part) for net in (self.before, now)]
        return picture_grid(torch.cat(rows), 12)
