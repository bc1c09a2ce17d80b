"""Training of the picture encoder that ships: distilled from the autoencoder's.

The autoencoder's encoder stands on EfficientNet-Lite0 features, which a pack must not hold. The
small network learns its codes of photos, of mirrored photos and of weathered stills, the latents of
free samples from their pictures, and that synthesis gives each picture back from its code.
"""

import copy
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.averages import follow
from soundedit.train.checkpoint import read_checkpoint
from soundedit.train.directions_data import picture_ws, style_mixed
from soundedit.train.distributed import joined
from soundedit.train.grid import picture_grid
from soundedit.train.learner import Learner
from soundedit.train.photos import PhotoSet
from soundedit.train.run import Run, RunSettings
from soundedit.train.stills import still_pictures

log = logging.getLogger(__name__)
_BLOCK = 256
_HELD_BACK = 200
"""Photos that judge and are not trained on."""


@dataclass(frozen=True)
class EncoderSettings(RunSettings):
    """Settings of `train encoder`; the shipped TOML file explains each."""

    generator: str = "runs/generator/generator-final.pt"
    photos: str = ""
    renders: str = ""
    out: str = "runs/encoder"
    image_size: int = 128
    samples: int = 4000
    pictures: int = 200_000
    batch: int = 32
    decoded: int = 8
    lr: float = 2.0e-3
    copy_weight: float = 1.0
    ema_pictures: int = 4000


class TaughtCodes:
    """Pictures of several sources and the codes [N, L, D] that teach them, kept on disk."""

    def __init__(self, pictures: Sequence[NDArray[np.uint8]], codes: NDArray[np.float16]) -> None:
        self.pictures, self.codes = list(pictures), codes
        self._starts = np.cumsum([0, *(len(p) for p in self.pictures)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def draw(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """Pictures [B, 3, S, S] in [-1, 1] and their codes [B, L, D]."""
        rows = []
        for i in indices:
            source = int(np.searchsorted(self._starts, i, side="right")) - 1
            rows.append(self.pictures[source][i - self._starts[source]])
        x = torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float() / 127.5 - 1
        return x, torch.from_numpy(self.codes[indices].astype(np.float32))


def taught_codes(
    settings: EncoderSettings, generator: Generator, teacher: PhotoEncoder, cache: Path
) -> TaughtCodes:
    """Photos, mirrored photos, stills and samples with their codes; made once for a checkpoint."""
    s = settings
    photos = PhotoSet(Path(s.photos), generator.resolution, cache).squares
    sources: list[NDArray[np.uint8]] = [photos, photos[:, :, ::-1]]
    if s.renders:
        sources.append(still_pictures(Path(s.renders), generator.resolution))
    said = [s.generator, Path(s.generator).stat().st_mtime_ns, s.photos, s.renders, s.samples]
    key = hashlib.sha256(repr([*said, len(photos), s.seed]).encode()).hexdigest()[:16]
    file = cache / f"taught-{key}.npz"
    if not file.exists():
        codes = []
        for source in sources:
            for i in range(0, len(source), _BLOCK):
                codes.append(picture_ws(teacher, source[i : i + _BLOCK]).half().numpy())
            log.info("codes of %d pictures", sum(len(part) for part in codes))
        ws = style_mixed(generator, s.samples, s.seed)
        with torch.inference_mode():
            made = [generator.synthesis(part) for part in ws.split(8)]
        samples = ((torch.cat(made) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        part = file.with_suffix(".part.npz")
        np.savez(
            part,
            codes=np.concatenate([*codes, ws.half().numpy()]),
            samples=samples.permute(0, 2, 3, 1).contiguous().numpy(),
        )
        part.replace(file)
    with np.load(file) as found:
        return TaughtCodes([*sources, found["samples"]], found["codes"])


class EncoderTrainer:
    """The network, its running average, and what it is judged by."""

    def __init__(self, settings: EncoderSettings, run: Run, cache: Path) -> None:
        self.settings, self.run = settings, run
        torch.manual_seed(settings.seed)
        generator, teacher, _ = load_autoencoder(Path(settings.generator))
        with run.world.first():
            self.data = taught_codes(settings, generator, teacher, cache)
        self.synthesis = generator.synthesis.to(run.world.device)
        self.config: dict[str, Any] = {
            "w_dim": generator.w_dim,
            "num_ws": generator.num_ws,
            "image_size": settings.image_size,
        }
        net = PictureEncoder(**self.config)
        codes = self.data.codes
        some = np.asarray(codes[:: max(len(codes) // 4096, 1)], np.float32)
        net.mean.copy_(torch.from_numpy(some.mean(0)))
        net.scale.fill_(float((some - some.mean(0)).std()))
        self.network = net.to(run.world.device)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        optimiser = torch.optim.AdamW(net.parameters(), settings.lr, weight_decay=0.01)
        steps = max(settings.pictures // settings.batch, 1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.lr, steps + 1, pct_start=0.05
        )
        self.learner = Learner(optimiser, schedule, clip=5.0)
        photos = len(self.data.pictures[0])
        held = np.arange(photos)[:: max(photos // _HELD_BACK, 1)]
        # The mirrored photos come next, in the same order.
        self.held = held
        self.pool = np.setdiff1d(np.arange(len(self.data)), [*held, *(held + photos)])

    def losses(self, rows: int) -> dict[str, Tensor]:
        """Distance to the taught codes, and of the decoded pictures to their originals."""
        world, s = self.run.world, self.settings
        chosen = self.run.rng.choice(self.pool, size=rows * world.size)[world.rank :: world.size]
        pictures, codes = (x.to(world.device) for x in self.data.draw(chosen))
        with self.run.precision.autocast():
            found = self.network(pictures.contiguous(memory_format=torch.channels_last))
        found = found.float()
        losses = {"code": F.mse_loss(found / self.network.scale, codes / self.network.scale)}
        few = min(s.decoded, rows)
        if few and s.copy_weight > 0:
            size = self.synthesis.resolution // 2
            made = self.synthesis(found[:few], dtype=self.run.precision.dtype, until=size)
            goal = F.interpolate(pictures[:few], size=(size, size), mode="area")
            coarse = (F.avg_pool2d(made, 8) - F.avg_pool2d(goal, 8)).abs().mean()
            losses["copy"] = s.copy_weight * ((made - goal).abs().mean() + coarse)
        return losses

    def follow(self, seen: int) -> None:
        """Move the running average towards the weights."""
        half_life = max(min(self.settings.ema_pictures, seen * 0.1), 1)
        beta = 0.5 ** (self.settings.batch / half_life)
        follow(self.average, self.network, beta)

    @torch.inference_mode()
    def judge(self) -> dict[str, float]:
        """On photos held back: error of the codes, and of copies by this and by the teacher."""
        errors: dict[str, list[float]] = {"code": [], "copy": [], "copy_by_teacher": []}
        for part in np.array_split(self.held, max(len(self.held) // 8, 1)):
            pictures, codes = self.data.draw(part)
            found = self.average(pictures.to(self.run.world.device))
            codes = codes.to(found.device)
            errors["code"].append(float(F.mse_loss(found, codes).sqrt() / self.average.scale))
            for name, ws in (("copy", found), ("copy_by_teacher", codes)):
                made = self.synthesis(ws)
                errors[name].append(float((made - pictures.to(made.device)).abs().mean()))
        return {name: float(np.mean(values)) for name, values in errors.items()}

    def state(self) -> dict[str, Any]:
        """The encoder that ships is `average`, built by `config`."""
        return {
            "settings": asdict(self.settings),
            "config": self.config,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved run."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])

    @torch.no_grad()
    def sheet(self) -> Image.Image:
        """Rows of photos held back, copies by the teacher's codes, and by this encoder's."""
        pictures, codes = self.data.draw(self.held[:: max(len(self.held) // 12, 1)][:12])
        device = self.run.world.device
        copies = [self.synthesis(c.to(device)) for c in (codes, self.average(pictures.to(device)))]
        return picture_grid(torch.cat([pictures, *(c.cpu() for c in copies)]), 12)


def train_encoder(settings: EncoderSettings) -> Path:
    """Train until `pictures` were seen or `minutes` passed; returns the checkpoint's path.

    Resumes from `out/encoder.pt`. TrainingError without photos or a finished generator.
    """
    if not settings.photos:
        raise TrainingError("Say which photos the generator was trained on: --photos FOLDER.")
    file = Path(settings.out) / "encoder.pt"
    with joined(settings.device) as world:
        run = Run(file, settings, world, np.random.default_rng(settings.seed))
        trainer = EncoderTrainer(settings, run, file.parents[1] / "cache")
        run.resume(trainer)
        learn = run.learning(
            trainer.learner,
            settings.batch // world.size,
            lambda position, rows: trainer.losses(rows),
        )

        def step(seen: int, parts: int) -> dict[str, float]:
            losses = learn(seen, parts)
            trainer.follow(seen + settings.batch)
            return losses

        done = run.train(
            "encoder",
            step,
            settings.pictures,
            {"encoder": trainer.learner},
            batch=settings.batch,
            advance=settings.batch,
            sheet=trainer.sheet,
        )
        if done:
            log.info("on photos held back: %s", trainer.judge())
    return file


def load_encoder(file: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Config and weights of the encoder of a checkpoint."""
    if not file.exists():
        raise TrainingError(f"The checkpoint {file} is missing; run: soundedit train encoder.")
    state = read_checkpoint(file, file)
    return state["config"], state["average"]
