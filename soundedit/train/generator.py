"""Training of the generator: an autoencoder start, then samples judged on frozen features.

The autoencoder (EfficientNet-Lite0 taps -> W+ code -> synthesis) gives recognisable pictures
within thousands of images, and its encoder supplies the codes that sound inversion is trained on.
Once the warm-up is over, free scenes (draws from the distribution of recent codes, which the
mapping network is fitted to at the end, see `mapping`) are trained against projected discriminators
(Sauer et al. 2021).
"""

import copy
import logging
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

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
from soundedit.train.checkpoint import load_checkpoint, save_checkpoint
from soundedit.train.grid import picture_grid
from soundedit.train.latents import CodeBank
from soundedit.train.lite0 import TAP_CHANNELS, load_lite0
from soundedit.train.photos import PhotoSet, picture_batches

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GeneratorSettings:
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
    minutes: float = 0.0
    save_minutes: float = 4.0
    precision: str = "bfloat16"
    compile: bool = False
    device: str = "cpu"
    seed: int = 1


class GeneratorTrainer:
    """All networks, optimisers and the step of generator training."""

    def __init__(self, settings: GeneratorSettings) -> None:
        self.settings = s = settings
        torch.manual_seed(s.seed)
        self.device = torch.device(s.device)
        self.features = load_lite0().to(self.device)
        net = Generator(s.z_dim, s.w_dim, s.resolution, s.channels, mapping_layers=s.mapping_layers)
        for size in net.synthesis.sizes:
            # Full-size ToRGB weights leave [-1, 1] at the start and saturate ReLU6 features.
            getattr(net.synthesis, f"b{size}").torgb.weight.data.mul_(0.15)
        self.generator = net.to(self.device)
        self.encoder = PhotoEncoder(TAP_CHANNELS, s.w_dim, net.num_ws).to(self.device)
        self.averages = nn.ModuleList([copy.deepcopy(self.generator), copy.deepcopy(self.encoder)])
        self.averages.requires_grad_(False).eval()
        self.critics = nn.ModuleList(
            [ProjectedDiscriminator(TAP_CHANNELS), ImageDiscriminator(32)]
        ).to(self.device)
        decay = (0.0, 0.99)
        self.optimisers = {
            "synthesis": torch.optim.Adam(
                net.synthesis.parameters(), lr=s.generator_lr, betas=decay
            ),
            "encoder": torch.optim.Adam(self.encoder.parameters(), lr=s.encoder_lr, betas=decay),
            "critics": torch.optim.Adam(
                [p for p in self.critics.parameters() if p.requires_grad],
                lr=s.critic_lr,
                betas=decay,
            ),
        }
        self.bank = CodeBank(4096, s.w_dim)
        self.seen = 0
        self.dtype = {"bfloat16": torch.bfloat16, "float32": torch.float32}.get(s.precision)
        if self.dtype is None:
            raise TrainingError("The setting 'precision' is bfloat16 or float32.")
        self.synthesise: Callable[..., Tensor] = net.synthesis
        self.look: Callable[[Tensor], list[Tensor]] = self.features
        if s.compile:
            self.synthesise = torch.compile(net.synthesis)
            self.look = torch.compile(self.features)

    def taps(self, pictures: Tensor) -> list[Tensor]:
        """Frozen features of [B, 3, S, S] in the run's precision, returned as float32."""
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            found = self.look(pictures.contiguous(memory_format=torch.channels_last))
        return [tap.float() for tap in found]

    def code(self, taps: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Codes of pictures from their taps: global [B, D] and per layer [B, L, D]."""
        w, offsets = self.encoder(taps)
        return w, w[:, None] + offsets

    def step(self, real: Tensor) -> dict[str, float]:
        """One update of every network on real pictures [B, 3, S, S]; returns the losses."""
        s = self.settings
        real = real.to(self.device)
        losses: dict[str, Tensor] = {}
        with torch.no_grad():
            taps_real = self.taps(real)
        w, ws = self.code(taps_real)
        self.bank.add(w)
        losses["code"] = 1e-3 * w.square().mean() + 0.05 * (ws - w[:, None]).square().mean()
        sampling = self.seen >= s.samples_from
        half = len(real) // 2 if sampling else 0
        # A scene of the mapping network is one latent for all layers: the copies must do without
        # layer offsets as well, or samples will look like nothing that was trained.
        flat = torch.rand(len(w), 1, 1, device=self.device) < s.flat_share
        inputs = torch.where(flat, w[:, None], ws) + s.code_noise * torch.randn_like(w)[:, None]
        if half:
            free = self.bank.scenes(half).to(self.device)[:, None].expand_as(inputs[:half])
            inputs = torch.cat([inputs[half:], free])
        fake = self.synthesise(inputs, noise_mode="random", dtype=self.dtype)
        count = len(real) - half
        target = real[half:]
        copy_ = fake[:count]
        taps_fake = self.taps(fake)
        losses["pixels"] = (copy_ - target).abs().mean()
        losses["colours"] = 2 * (F.avg_pool2d(copy_, 8) - F.avg_pool2d(target, 8)).abs().mean()
        losses["range"] = 10 * F.relu(fake.abs() - 1).square().mean()
        losses["features"] = torch.stack(
            [
                (f[:count] - r[half:]).abs().mean() / r.abs().mean()
                for f, r in zip(taps_fake, taps_real, strict=True)
            ]
        ).mean()
        small_real, small_fake = (
            F.avg_pool2d(real, s.resolution // 32),
            F.avg_pool2d(fake, s.resolution // 32),
        )
        ramp = (self.seen - s.critic_from) / max(s.critic_full - s.critic_from, 1)
        ramp = float(np.clip(ramp, 0, 1))
        if ramp > 0:
            self.critics.requires_grad_(False)
            weight = s.critic_weight * ramp
            scores = self.judge(taps_fake, small_fake)
            losses["fooling"] = weight * hinge_generator([x[:count] for x in scores])
            if half:
                losses["sampling"] = s.sample_weight * hinge_generator([x[count:] for x in scores])
        total = torch.stack([v for v in losses.values() if v.requires_grad]).sum()
        if not torch.isfinite(total):
            raise FloatingPointError("a loss is not finite")
        for name in ("synthesis", "encoder"):
            self.optimisers[name].zero_grad(set_to_none=True)
        total.backward()
        nn.utils.clip_grad_norm_(self.generator.synthesis.parameters(), 10.0)
        nn.utils.clip_grad_norm_(self.encoder.parameters(), 10.0)
        for name in ("synthesis", "encoder"):
            self.optimisers[name].step()
        if ramp > 0:
            for critic in self.critics:
                for name, parameter in critic.named_parameters():
                    parameter.requires_grad_(not name.startswith("mix_"))
            lost = hinge_critic(
                self.judge(taps_real, small_real),
                self.judge([t.detach() for t in taps_fake], small_fake.detach()),
            )
            self.optimisers["critics"].zero_grad(set_to_none=True)
            lost.backward()
            self.optimisers["critics"].step()
            losses["critic"] = lost
        self.seen += len(real)
        self.average(len(real))
        return {k: float(v.detach()) for k, v in losses.items()}

    def judge(self, taps: list[Tensor], small: Tensor) -> list[Tensor]:
        """Score maps of every critic."""
        scores: list[Tensor] = self.critics[0](taps)
        return [*scores, self.critics[1](small)]

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

    def state(self) -> dict[str, object]:
        """Everything that a resumed run needs."""
        return {
            "settings": {
                **asdict(self.settings),
                "channels": list(self.settings.channels),
            },
            "generator": self.generator.state_dict(),
            "encoder": self.encoder.state_dict(),
            "averages": self.averages.state_dict(),
            "critics": self.critics.state_dict(),
            "optimisers": {k: v.state_dict() for k, v in self.optimisers.items()},
            "bank": self.bank.codes[: self.bank.filled],
            "seen": self.seen,
        }

    def restore(self, state: dict[str, object]) -> None:
        """Take up a saved run."""
        for name in ("generator", "encoder", "averages", "critics"):
            getattr(self, name).load_state_dict(state[name])
        for key, value in state["optimisers"].items():  # type: ignore[attr-defined]
            if key not in self.optimisers:
                continue
            rate = self.optimisers[key].param_groups[0]["lr"]
            self.optimisers[key].load_state_dict(value)
            self.optimisers[key].param_groups[0]["lr"] = rate
        self.bank.add(state["bank"])  # type: ignore[arg-type]
        self.seen = int(state["seen"])  # type: ignore[call-overload]

    @torch.no_grad()
    def sheet(self, real: Tensor) -> Image.Image:
        """Rows of photos, their decoded codes, and free scenes."""
        generator, encoder = self.averages
        assert isinstance(generator, Generator)
        real = real[:12].to(self.device)
        w, offsets = encoder(self.features(real))
        copies = generator.synthesis(w[:, None] + offsets)
        scenes = self.bank.scenes(24).to(self.device)[:, None].expand(-1, generator.num_ws, -1)
        samples = [generator.synthesis(part) for part in scenes.split(8)]
        return picture_grid(torch.cat([real, copies, *samples]), 12)


def train_generator(settings: GeneratorSettings) -> Path:
    """Train until `pictures` were seen or `minutes` passed; returns the checkpoint's path.

    Resumes from `out/generator.pt`. TrainingError without photos or when losses stay non-finite.
    """
    if not settings.photos:
        raise TrainingError("Say which photos to train on: --photos FOLDER.")
    out = Path(settings.out)
    out.mkdir(parents=True, exist_ok=True)
    trainer = GeneratorTrainer(settings)
    file = out / "generator.pt"
    state = load_checkpoint(file)
    if state is not None:
        trainer.restore(state)
    photos = PhotoSet(Path(settings.photos), settings.resolution, out.parent / "cache")
    sources, shares = [photos.squares], [1.0]
    if settings.renders:
        sources.append(np.load(settings.renders, mmap_mode="r"))
        shares = [1 - settings.renders_share, settings.renders_share]
    rng = np.random.default_rng(settings.seed + trainer.seen)
    batches = picture_batches(sources, shares, settings.batch, rng)
    shown = next(picture_batches(sources, shares, 12, np.random.default_rng(0)))
    started = saved = reported = time.monotonic()
    before, bad = trainer.seen, 0
    sums: dict[str, float] = {}
    steps = 0
    while trainer.seen < settings.pictures:
        try:
            losses = trainer.step(next(batches))
        except FloatingPointError as error:
            bad += 1
            log.warning("step skipped: %s", error)
            if bad > 20:
                raise TrainingError(
                    "The losses stay non-finite; lower generator_lr and resume."
                ) from error
            continue
        steps += 1
        for key, value in losses.items():
            sums[key] = sums.get(key, 0.0) + value
        now = time.monotonic()
        if now - reported > 30:
            rate = (trainer.seen - before) / (now - started)
            means = " ".join(f"{k} {v / steps:.3f}" for k, v in sums.items())
            log.info("%d pictures, %.1f/s: %s", trainer.seen, rate, means)
            reported, sums, steps = now, {}, 0
        over = settings.minutes > 0 and now - started > settings.minutes * 60
        if now - saved > settings.save_minutes * 60 or over:
            save_checkpoint(file, trainer.state())
            trainer.sheet(shown).save(out / f"sheet-{trainer.seen:07d}.png")
            saved = now
        if over:
            return file
    save_checkpoint(file, trainer.state())
    trainer.sheet(shown).save(out / f"sheet-{trainer.seen:07d}.png")
    return file
