"""Latents that sounds' videos pass through, by the class of the sound."""

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file
from torch import Tensor

from soundedit.errors import TrainingError

EACH = 24
"""Moments kept of a trajectory: its neighbours are nearly alike."""


class WalkBank:
    """Moments of trajectories, as `soundedit render SOUND -o NAME.safetensors` writes them."""

    def __init__(self, folder: Path, num_ws: int, w_dim: int) -> None:
        """Read the trajectories of `folder`, one folder a class.

        TrainingError if there is none, or one is damaged or of another generator's shape.
        """
        parts, kinds = [], []
        files = sorted(folder.glob("*/*.safetensors"))
        if not files:
            raise TrainingError(
                f"There are no trajectories in {folder}; render some of each class into a folder "
                "of its name: soundedit render SOUND -o FOLDER/CLASS/NAME.safetensors."
            )
        for file in files:
            try:
                w = load_file(file)["w"]
            except (OSError, KeyError, SafetensorError) as error:
                raise TrainingError(f"{file} is not a trajectory; render it anew.") from error
            if w.ndim != 3 or w.shape[1:] != (num_ws, w_dim):
                raise TrainingError(
                    f"{file} holds latents of another generator; render it with a pack of this one."
                )
            moments = np.unique(np.linspace(0, len(w) - 1, EACH).round().astype(int))
            parts.append(w[moments].astype(np.float16))
            kinds += [file.parent.name] * len(moments)
        self._w = torch.from_numpy(np.concatenate(parts))
        self.classes = sorted(set(kinds))
        self._of_class = [
            np.flatnonzero(np.array(kinds) == name).astype(np.int64) for name in self.classes
        ]

    def __len__(self) -> int:
        return len(self._w)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Latents [count, L, D] and the numbers of their classes [count], classes evenly.

        One in three lies on the way to another moment of any class, up to the middle: a walk
        passes there as well. What is far on its way is of no class, -1.
        """
        kinds = rng.integers(len(self.classes), size=count)
        here = np.array([int(rng.choice(self._of_class[k])) for k in kinds])
        there = rng.integers(len(self), size=count)
        way = np.where(rng.random(count) < 1 / 3, rng.uniform(0, 0.5, count), 0.0)
        share = torch.from_numpy(way)[:, None, None].float()
        w = torch.lerp(self._w[here].float(), self._w[there].float(), share)
        return w, torch.from_numpy(np.where(way > 0.15, -1, kinds))
