"""Which class the generator's pictures show, with gradients back to their latents.

Frozen EfficientNet-Lite0 features and a linear classifier on them, taught by weathered stills and
by what the generator makes of the same stills: one that knew photographs alone would be led by how
the generator draws rather than by what it drew.
"""

import hashlib
import logging
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train.classifier import SceneClassifier
from soundedit.train.drawings import redrawn
from soundedit.train.lite0 import load_lite0
from soundedit.train.prompts import CLASSES
from soundedit.train.run import Run
from soundedit.train.stills import read_stills

log = logging.getLogger(__name__)
EACH = 240
"""Stills of a class to learn from, at most."""


class ShownClasses:
    """A frozen classifier of pictures, for classes of sounds that a picture can show."""

    def __init__(self, stills: Path, generator: Generator, encoder: PhotoEncoder, run: Run) -> None:
        """`stills`: what `data build` wrote; features are kept beside the run. TrainingError."""
        world, self._precision = run.world, run.precision
        self._world = world
        self._net = load_lite0().to(world.device)
        file = run.file.parent / f"shown-{_stamp(stills)}-{_fingerprint(generator)}.pt"
        with world.first():
            if not file.exists():
                part = file.with_suffix(".part")
                torch.save(self._look(stills, generator, encoder, world.device), part)
                part.replace(file)
        known = torch.load(file, weights_only=True)
        self.classifier = SceneClassifier(known["features"].numpy(), known["kinds"])
        self.classifier.to(world.device)

    def label(self, kind: str) -> int:
        """Column of a class in the logits; -1 for one that cannot be shown."""
        classes = self.classifier.classes
        return classes.index(kind) if kind in classes else -1

    def logits(self, pictures: Tensor) -> Tensor:
        """Pictures [B, 3, S, S] in [-1, 1] of this process -> [B, classes]."""
        return self._name(self._features(pictures))

    def named(self, taps: list[Tensor]) -> Tensor:
        """The same of pictures whose EfficientNet-Lite0 taps are at hand."""
        return self._name(self._net.pooled(taps))

    def _name(self, features: Tensor) -> Tensor:
        """Logits by a random half of the features, other ones for each picture.

        All of them together can be pleased by details that no other judge takes for the class.
        """
        kept = (self._world.randn(*features.shape) > 0).to(features.device)
        return self.classifier.logits(features.float(), 2 * kept)

    def _features(self, pictures: Tensor) -> Tensor:
        x = pictures.contiguous(memory_format=torch.channels_last)
        with self._precision.autocast():
            return self._net.pooled(self._net(x))

    @torch.inference_mode()
    def _look(
        self, stills: Path, generator: Generator, encoder: PhotoEncoder, device: torch.device
    ) -> dict[str, object]:
        pictures, kinds = read_stills(stills, EACH, CLASSES)
        encoder = encoder.to(device)
        found, names = [], []
        for n in range(0, len(pictures), 16):
            x = torch.from_numpy(pictures[n : n + 16]).permute(0, 3, 1, 2).float() / 127.5 - 1
            x = x.to(device)
            for part in (x, redrawn(generator, encoder, self._net(x))):
                found.append(self._features(part).float().cpu())
                names += kinds[n : n + 16].tolist()
            if n % 640 == 0:
                log.info("looked at %d of %d stills", n, len(pictures))
        return {"features": torch.cat(found).clone(), "kinds": names}


def jittered(pictures: Tensor, chances: Tensor, noise: Tensor) -> Tensor:
    """Pictures [B, 3, S, S] mirrored, shifted, lightened and roughened by `chances` [B, 5] in 0..1.

    `noise` is standard normal and of their shape. What a picture shows must not hang on these.
    """
    mirror = torch.where(chances[:, 0] < 0.5, -1.0, 1.0)
    theta = pictures.new_zeros(len(pictures), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = mirror, 1.0
    theta[:, :, 2] = 0.1 * (2 * chances[:, 1:3] - 1)
    grid = F.affine_grid(theta, list(pictures.shape), align_corners=False)
    moved = F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)
    gain, shift = 0.85 + 0.3 * chances[:, 3], 0.2 * chances[:, 4] - 0.1
    return moved * gain[:, None, None, None] + shift[:, None, None, None] + 0.03 * noise


def _fingerprint(net: Generator) -> str:
    """Tells generators apart: a polished one draws the same stills otherwise."""
    found = hashlib.sha256()
    for tensor in net.synthesis.state_dict().values():
        found.update(tensor.cpu().numpy().tobytes())
    return found.hexdigest()[:12]


def _stamp(stills: Path) -> int:
    try:
        return int(stills.stat().st_mtime)
    except OSError as error:
        raise TrainingError(
            f"The stills {stills} are missing; make them with: soundedit data build."
        ) from error
