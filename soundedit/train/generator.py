"""Training of the generator: an autoencoder start, then samples judged on frozen features.

The autoencoder (EfficientNet-Lite0 taps -> W+ code -> synthesis) gives recognisable pictures
within thousands of images, and its encoder supplies the codes that sound inversion is trained on.
Once the warm-up is over, free scenes (draws from the distribution of recent codes, which the
mapping network is fitted to at the end, see `mapping`) are trained against projected discriminators
(Sauer et al. 2021).
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.nets.discriminators import (
    ImageDiscriminator,
    ProjectedDiscriminator,
    hinge_critic,
    hinge_generator,
)
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train.distributed import joined
from soundedit.train.grid import picture_grid
from soundedit.train.latents import CodeBank
from soundedit.train.learner import Learner, NotFinite, update
from soundedit.train.lite0 import TAP_CHANNELS, load_lite0
from soundedit.train.photos import PhotoSet, picture_batches
from soundedit.train.run import Run, RunSettings
from soundedit.train.stills import still_pictures

GRADIENT_NORM = 10.0
"""Largest norm of the gradients of the synthesis network, and of the encoder."""


@dataclass(frozen=True)
class GeneratorSettings(RunSettings):
    """Settings of `train generator`; the shipped TOML file explains each."""

    photos: str = ""
    renders: str = ""
    renders_share: float = 0.35
    out: str = "runs/generator"
    resolution: int = 128
    w_dim: int = 256
    z_dim: int = 256
    channels: tuple[int, ...] = (256, 256, 192, 128, 64, 32)
    mapping_layers: int = 8
    batch: int = 16
    pictures: int = 60_000
    samples_from: int = 26_000
    critic_from: int = 3_000
    critic_full: int = 9_000
    critic_weight: float = 0.15
    sample_weight: float = 0.3
    generator_lr: float = 2.0e-3
    encoder_lr: float = 4.0e-4
    critic_lr: float = 2.0e-4
    ema_pictures: int = 4_000
    code_noise: float = 0.05
    flat_share: float = 0.5
    compile: bool = False


def adam(net: nn.Module, lr: float) -> torch.optim.Adam:
    """The optimiser of StyleGAN2 for what is trained of `net`."""
    parameters = [p for p in net.parameters() if p.requires_grad]
    return torch.optim.Adam(parameters, lr=lr, betas=(0.0, 0.99))


def out_of_range(pictures: Tensor) -> Tensor:
    """Penalty on pixels beyond -1 to 1."""
    return 10 * F.relu(pictures.abs() - 1).square().mean()


def likeness(copies: Tensor, originals: Tensor) -> dict[str, Tensor]:
    """How far copies are from pictures [B, 3, S, S], in pixels and in colours of 8 x 8 areas."""
    return {
        "pixels": (copies - originals).abs().mean(),
        "colours": 2 * (F.avg_pool2d(copies, 8) - F.avg_pool2d(originals, 8)).abs().mean(),
    }


def apart(a: Sequence[Tensor], b: Sequence[Tensor], levels: Tensor) -> Tensor:
    """Mean distance of two pictures' taps, each relative to its level."""
    return torch.stack(
        [(x - y).abs().mean() / level for x, y, level in zip(a, b, levels, strict=True)]
    ).mean()


@dataclass(frozen=True)
class View:
    """What critics see of pictures: frozen `taps`, and the pictures of 32 pixels, `small`."""

    taps: list[Tensor]
    small: Tensor

    def rows(self, which: slice | list[int]) -> "View":
        """The same of some of the pictures."""
        return View([tap[which] for tap in self.taps], self.small[which])

    def detached(self) -> "View":
        """The same without gradients."""
        return View([tap.detach() for tap in self.taps], self.small.detach())


def judge(
    critics: nn.ModuleList, seen: View, levels: Tensor, kinds: Tensor | None = None
) -> list[Tensor]:
    """Score maps of a pair of critics, of taps and of small pictures, as ones of `kinds` [B]."""
    scores: list[Tensor] = critics[0](seen.taps, list(levels), kinds)
    return [score.float() for score in (*scores, critics[1](seen.small, kinds))]


def learning(critics: nn.ModuleList) -> None:
    """Let a pair of critics learn, but for what stays random."""
    for critic in critics:
        for name, parameter in critic.named_parameters():
            parameter.requires_grad_(not name.startswith("mix_"))


def criticism(critics: nn.ModuleList, real: View, fake: View, levels: Tensor) -> Tensor:
    """Hinge loss of a pair of critics; only they get its gradient."""
    learning(critics)
    pair = (judge(critics, seen.detached(), levels) for seen in (real, fake))
    return hinge_critic(*pair)


class GeneratorTrainer:
    """All networks, optimisers and the step of generator training."""

    def __init__(self, settings: GeneratorSettings, run: Run) -> None:
        self.settings = s = settings
        self.run, self.world = run, run.world
        torch.manual_seed(s.seed)
        self.device, self.dtype = run.world.device, run.precision.dtype
        self.features = load_lite0().to(self.device)
        net = Generator(s.z_dim, s.w_dim, s.resolution, s.channels, mapping_layers=s.mapping_layers)
        for size in net.synthesis.sizes:
            # Full-size ToRGB weights leave [-1, 1] at the start and saturate ReLU6 features.
            getattr(net.synthesis, f"b{size}").torgb.weight.data.mul_(0.15)
        self.generator = net.to(self.device)
        self.encoder = PhotoEncoder(TAP_CHANNELS, s.w_dim, net.num_ws).to(self.device)
        self.averages = nn.ModuleList([copy.deepcopy(self.generator), copy.deepcopy(self.encoder)])
        self.averages.requires_grad_(False).eval()
        self.critics = self.critic_pair()
        self.learners = {
            "synthesis": Learner(adam(net.synthesis, s.generator_lr), clip=GRADIENT_NORM),
            "encoder": Learner(adam(self.encoder, s.encoder_lr), clip=GRADIENT_NORM),
            "critics": Learner(adam(self.critics, s.critic_lr)),
        }
        self.bank = CodeBank(4096, s.w_dim)
        self.seen = 0
        self.synthesise: Callable[..., Tensor] = net.synthesis
        if s.compile:
            self.synthesise = torch.compile(net.synthesis)

    def taps(self, pictures: Tensor) -> list[Tensor]:
        """Frozen features of [B, 3, S, S] in the run's precision, returned as float32."""
        with self.run.precision.autocast():
            found = self.features(pictures.contiguous(memory_format=torch.channels_last))
        return [tap.float() for tap in found]

    def view(self, pictures: Tensor, taps: list[Tensor] | None = None) -> View:
        """What critics see of pictures [B, 3, S, S], whose taps may be at hand."""
        small = F.avg_pool2d(pictures, self.settings.resolution // 32)
        return View(self.taps(pictures) if taps is None else taps, small)

    def code(self, taps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Codes of pictures from their taps: global [B, D] and per layer [B, L, D]."""
        w, offsets = self.encoder(taps)
        return w, w[:, None] + offsets

    def step(self, real: Tensor, parts: int = 1) -> dict[str, float]:
        """One update of every network on this process's pictures [B, 3, S, S]; mean losses.

        `parts`: in how many parts the batch is computed, to save memory.
        """
        for learner in self.learners.values():
            learner.zero()
        sums: dict[str, float] = {}
        for k in range(parts):
            self.compute(real[k::parts].to(self.device), parts, sums)
        # All that was computed stood on the weights before, so the order of steps is free.
        made = [learner for name, learner in self.learners.items() if name != "critics"]
        update(made, self.run.precision, self.world)
        if "critic" in sums:
            update([self.learners["critics"]], self.run.precision, self.world)
        count = len(real) * self.world.size
        self.seen += count
        self.average(count)
        return sums

    def compute(self, real: Tensor, parts: int, sums: dict[str, float]) -> None:
        """Add the gradients of one of `parts` of a batch, and its losses to `sums`."""
        s = self.settings
        losses: dict[str, Tensor] = {}
        with torch.no_grad():
            taps_real = self.taps(real)
        w, ws = self.code(taps_real)
        codes = self.world.gather(w.detach())
        if not bool(torch.isfinite(codes).all()):
            raise NotFinite("the code of a picture is not finite")
        self.bank.add(codes)
        losses["code"] = 1e-3 * w.square().mean() + 0.05 * (ws - w[:, None]).square().mean()
        sampling = self.seen >= s.samples_from
        half = len(real) // 2 if sampling else 0
        # A scene of the mapping network is one latent for all layers: the copies must do without
        # layer offsets as well, or samples will look like nothing that was trained.
        flat = self.world.shard(torch.rand(len(codes), 1, 1, device=self.device)) < s.flat_share
        noise = self.world.randn(*w.shape)
        inputs = torch.where(flat, w[:, None], ws) + s.code_noise * noise[:, None]
        if half:
            scenes = self.bank.scenes(half * self.world.size).to(self.device)
            free = self.world.shard(scenes)[:, None].expand_as(inputs[:half])
            inputs = torch.cat([inputs[half:], free])
        fake = self.synthesise(inputs, noise_mode=self.noise, dtype=self.dtype)
        count = len(real) - half
        taps_fake = self.taps(fake)
        levels = self.levels(taps_real)
        losses["range"] = out_of_range(fake)
        losses |= likeness(fake[:count], real[half:])
        losses["features"] = apart(
            [tap[:count] for tap in taps_fake], [tap[half:] for tap in taps_real], levels
        )
        ramp = (self.seen - s.critic_from) / max(s.critic_full - s.critic_from, 1)
        ramp = float(np.clip(ramp, 0, 1))
        if ramp > 0:
            self.critics.requires_grad_(False)
            weight = s.critic_weight * ramp
            scores = judge(self.critics, self.view(fake, taps_fake), levels)
            losses["fooling"] = weight * hinge_generator([x[:count] for x in scores])
            if half:
                losses["sampling"] = s.sample_weight * hinge_generator([x[count:] for x in scores])
        self.run.backward(losses, parts, sums)
        if ramp > 0:
            both = self.view(real, taps_real), self.view(fake, taps_fake)
            lost = criticism(self.critics, *both, levels)
            self.run.backward({"critic": lost}, parts, sums)

    def noise(self, features: Tensor, size: int) -> Tensor:
        """Noise of a synthesis layer, [B, 1, size, size] for features [B, C, size, size]."""
        return self.world.randn(len(features), 1, size, size, dtype=features.dtype)

    def levels(self, taps: list[Tensor]) -> Tensor:
        """Mean absolute value of each tap over the whole batch."""
        return self.world.mean(torch.stack([tap.abs().mean() for tap in taps]))

    def critic_pair(self, classes: int = 0) -> nn.ModuleList:
        """Critics of frozen features and of pictures of 32 pixels, untrained."""
        pair = [
            ProjectedDiscriminator(TAP_CHANNELS, classes=classes),
            ImageDiscriminator(32, classes=classes),
        ]
        return nn.ModuleList(pair).to(self.device)

    @torch.no_grad()
    def average(self, pictures: int) -> None:
        """Move the running averages towards the weights (half-life `ema_pictures`, ramped up)."""
        half_life = max(min(self.settings.ema_pictures, self.seen * 0.1), 1)
        beta = 0.5 ** (pictures / half_life)
        for mean, now in zip(self.averages, (self.generator, self.encoder), strict=True):
            for a, b in zip(mean.parameters(), now.parameters(), strict=True):
                a.lerp_(b, 1 - beta)
            for held, buffer in zip(mean.buffers(), now.buffers(), strict=True):
                held.copy_(buffer)

    def state(self) -> dict[str, Any]:
        """The networks, and the codes that the mapping network is fitted to."""
        s = self.settings
        return {
            "settings": {**asdict(s), "channels": list(s.channels)},
            "generator": self.generator.state_dict(),
            "encoder": self.encoder.state_dict(),
            "averages": self.averages.state_dict(),
            "critics": self.critics.state_dict(),
            "bank": self.bank.state(),
            "seen": self.seen,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved run."""
        for name in ("generator", "encoder", "averages", "critics"):
            getattr(self, name).load_state_dict(state[name])
        self.bank.restore(state["bank"])
        self.seen = int(state["seen"])

    @torch.no_grad()
    def sheet(self, real: Tensor) -> Image.Image:
        """Rows of photos, their decoded codes, and free scenes."""
        generator, encoder = self.averages
        assert isinstance(generator, Generator)
        real = real[:12].to(self.device)
        w, offsets = encoder(self.features(real))
        copies = generator.synthesis(w[:, None] + offsets)
        samples = [generator.synthesis(part) for part in self.scenes(24).split(8)]
        return picture_grid(torch.cat([real, copies, *samples]), 12)

    def scenes(self, count: int) -> Tensor:
        """Latents of free scenes [count, L, D] for a sheet."""
        found = self.bank.scenes(count).to(self.device)
        return found[:, None].expand(-1, self.generator.num_ws, -1)


def train_generator(settings: GeneratorSettings) -> Path:
    """Train until `pictures` were seen or `minutes` passed; returns the checkpoint's path.

    Resumes from `out/generator.pt`. TrainingError without photos, for sizes that do not fit each
    other, or when losses stay non-finite.
    """
    if not settings.photos:
        raise TrainingError("Say which photos to train on: --photos FOLDER.")
    _check_sizes(settings)
    file = Path(settings.out) / "generator.pt"
    rng = np.random.default_rng(settings.seed)
    with joined(settings.device) as world:
        run = Run(file, settings, world, rng)
        trainer = GeneratorTrainer(settings, run)
        run.resume(trainer)
        with world.first():
            photos = PhotoSet(Path(settings.photos), settings.resolution, file.parents[1] / "cache")
        sources, shares = [photos.squares], [1.0]
        if settings.renders:
            sources.append(still_pictures(Path(settings.renders), settings.resolution))
            shares = [1 - settings.renders_share, settings.renders_share]
        batches = picture_batches(sources, shares, settings.batch, rng)
        shown = next(picture_batches(sources, shares, 12, np.random.default_rng(0)))

        def step(seen: int, parts: int) -> dict[str, float]:
            return trainer.step(world.shard(next(batches)), parts)

        run.train(
            "generator",
            step,
            settings.pictures,
            trainer.learners,
            batch=settings.batch,
            advance=settings.batch,
            start=trainer.seen,
            sheet=lambda: trainer.sheet(shown),
        )
    return file


def _check_sizes(settings: GeneratorSettings) -> None:
    size, widths = settings.resolution, len(settings.channels)
    if size < 8 or size & (size - 1):
        raise TrainingError(f"A resolution of {size} is no power of two; set 64, 128 or 256.")
    blocks = size.bit_length() - 2
    if widths != blocks:
        raise TrainingError(
            f"{size} pixels need {blocks} numbers of channels, one for each size from 4 x 4 up, "
            f"and there are {widths}; set channels in a settings file (--config)."
        )
