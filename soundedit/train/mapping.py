"""Fitting of the mapping network to the codes of real photos, so that a seed is a scene."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import LRELU_GAIN, MappingNetwork
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.checkpoint import save_checkpoint
from soundedit.train.distributed import joined
from soundedit.train.fold import Fold, regress_offsets
from soundedit.train.latents import energy_distance
from soundedit.train.learner import WARM_UP, Learner
from soundedit.train.lite0 import load_lite0, look
from soundedit.train.photos import PhotoSet
from soundedit.train.run import Run, RunSettings
from soundedit.train.stills import still_pictures


@torch.inference_mode()
def picture_codes(encoder: PhotoEncoder, pictures: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    """Global latents [N, D] and layer offsets [N, L, D] of pictures uint8 [N, S, S, 3]."""
    net, rows, more = load_lite0(), list[Tensor](), list[Tensor]()
    for i in range(0, len(pictures), 64):
        x = torch.from_numpy(np.array(pictures[i : i + 64])).permute(0, 3, 1, 2).float()
        w, offsets = encoder(look(net, x / 127.5 - 1))
        rows.append(w)
        more.append(offsets)
    return torch.cat(rows).clone(), torch.cat(more).clone()


def effective_rates(mapping: MappingNetwork, lr: float) -> list[dict[str, Any]]:
    """Groups of a mapping network's parameters whose effective weights Adam moves at `lr`.

    Run-time gains shrink every step of Adam.
    """
    groups: list[dict[str, Any]] = []
    for i in range(mapping.num_layers):
        layer = getattr(mapping, f"fc{i}")
        groups += [
            {"params": [layer.weight], "lr": lr / layer.weight_gain},
            {"params": [layer.bias], "lr": lr / layer.bias_gain},
        ]
    return groups


@dataclass(frozen=True)
class FinishSettings(RunSettings):
    """Settings of `train mapping`; the shipped TOML file explains each."""

    generator: str = "runs/generator/generator.pt"
    photos: str = ""
    renders: str = ""
    gaussian_steps: int = 2000
    energy_steps: int = 600
    components: int = 64
    layers: int = 2
    batch: int = 256
    lr: float = 2.0e-3


class MappingTrainer:
    """Trains a mapping network so that noise lands where codes [N, D] lie.

    First by regression to the Gaussian of the codes' principal components, which sets every
    direction's variance, then by energy distance in the whitened components, which bends it to
    the real distribution. The running mean becomes the mean code.
    """

    def __init__(
        self, settings: FinishSettings, run: Run, mapping: MappingNetwork, codes: Tensor
    ) -> None:
        self.settings, self.run = settings, run
        self.mapping, self._codes = mapping.to(run.world.device), codes.to(run.world.device)
        self._mean = self._codes.mean(0)
        _, spread, directions = torch.linalg.svd(self._codes - self._mean, full_matrices=False)
        components = min(settings.components, len(spread), mapping.z_dim)
        self._spread = spread[:components] / (len(codes) - 1) ** 0.5
        self._directions = directions[:components]
        scale = (self._spread / self._spread[0]).sqrt()
        self._to_white = self._directions.T / self._spread.clamp_min(1e-4) * scale
        last = getattr(mapping, f"fc{mapping.num_layers - 1}")
        middle = self._mean / LRELU_GAIN
        last.bias.data.copy_(torch.where(middle < 0, middle / 0.2, middle) / last.bias_gain)
        self._learner = self._make_learner()

    def _make_learner(self) -> Learner:
        groups = effective_rates(self.mapping, self.settings.lr)
        optimiser = torch.optim.Adam(groups, betas=(0.9, 0.99))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, [group["lr"] for group in groups], max(self.steps, 1), pct_start=WARM_UP
        )
        return Learner(optimiser, schedule)

    @property
    def steps(self) -> int:
        """Steps of both kinds together."""
        return self.settings.gaussian_steps + self.settings.energy_steps

    def losses(self, position: int, rows: int) -> dict[str, Tensor]:
        """How far the latents of noise are from the codes.

        Each process takes the whole batch, as the network is small.
        """
        z = torch.randn(rows, self.mapping.z_dim).to(self._codes.device)
        w = self.mapping(z)[:, 0]
        if position < self.settings.gaussian_steps:
            unit = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
            shape = unit[:, : len(self._spread)] * self._spread
            return {"gaussian": F.mse_loss(w, self._mean + shape @ self._directions) * 20}
        some = self._codes[torch.randint(len(self._codes), (rows,)).to(self._codes.device)]
        white = (some - self._mean) @ self._to_white
        return {"energy": energy_distance((w - self._mean) @ self._to_white, white)}

    def train(self) -> bool:
        """Train to the end; False if the time was over before."""
        step = self.run.learning(self._learner, self.settings.batch, self.losses)
        done = self.run.train(
            "mapping", step, self.steps, {"mapping": self._learner}, batch=self.settings.batch
        )
        self.mapping.w_avg.copy_(self._mean)
        return done

    def state(self) -> dict[str, Any]:
        """The network."""
        return {"mapping": self.mapping.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved network."""
        self.mapping.load_state_dict(state["mapping"])


def train_mapping(settings: FinishSettings) -> Path:
    """Make a `train generator` checkpoint ready for a pack: `generator-final.pt` beside it.

    Folds the layer offsets into the generator (see `fold`) and fits a new mapping network to the
    photos' codes, resuming from `mapping/mapping-*.pt`. Two layers, as in the automatic
    configuration of StyleGAN2-ADA, are enough for codes that an encoder has made nearly Gaussian.
    Returns the finished checkpoint, or the one to go on from if the time was over before.
    TrainingError without photos.
    """
    s = settings
    if not s.photos:
        raise TrainingError("Say which photos the generator was trained on: --photos FOLDER.")
    checkpoint = Path(s.generator)
    generator, encoder, shape = load_autoencoder(checkpoint)
    with joined(s.device) as world:
        # Another generator's codes are others, so its run is another one.
        said = [checkpoint.stat().st_mtime_ns, s.photos, s.renders, s.seed, s.layers]
        key = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
        file = checkpoint.parent / "mapping" / f"mapping-{key}.pt"
        run = Run(file, s, world, np.random.default_rng(s.seed))
        with world.first():
            photos = PhotoSet(Path(s.photos), shape["resolution"], checkpoint.parents[1] / "cache")
        w, offsets = picture_codes(encoder, photos.squares)
        every = [(w, offsets)]
        if s.renders:
            stills = still_pictures(Path(s.renders), shape["resolution"])
            every.append(picture_codes(encoder, stills[::3]))
        fold = Fold(
            *regress_offsets(torch.cat([a for a, _ in every]), torch.cat([b for _, b in every]))
        )
        fold.apply_to_synthesis(generator.synthesis)
        fold.apply_to_encoder(encoder)
        torch.manual_seed(s.seed)
        mapping = MappingNetwork(
            shape["z_dim"], shape["w_dim"], generator.num_ws, num_layers=s.layers
        )
        trainer = MappingTrainer(s, run, mapping, w)
        run.resume(trainer)
        if not trainer.train():
            return file
        generator.mapping = trainer.mapping.cpu()
        out = checkpoint.with_name("generator-final.pt")
        if world.main:
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            both = nn.ModuleList([generator, encoder]).state_dict()
            state["averages"] = {k: v.detach().clone() for k, v in both.items()}
            state["settings"]["mapping_layers"] = s.layers
            save_checkpoint(out, state)
    return out
