"""A finished generator doubled in size, while its latents and its pictures stay what they were.

As in progressive growing (Karras et al. 2018) a block is added on top; all below is frozen, so that
whatever was trained on the generator goes on working. The new block learns what large photos have
and their copies lack, by a projected discriminator (Sauer et al. 2021) on copies, free scenes and
what walks pass through; scaled down, its pictures are to be those of the block before.
"""

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR

from soundedit.errors import TrainingError
from soundedit.nets.discriminators import (
    ProjectedDiscriminator,
    hinge_critic,
    hinge_generator,
)
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator, SynthesisBlock
from soundedit.train.checkpoint import read_checkpoint
from soundedit.train.distributed import joined
from soundedit.train.generator import adam, out_of_range
from soundedit.train.grid import picture_grid
from soundedit.train.latents import CodeBank
from soundedit.train.layers import more_layers, repeat_last
from soundedit.train.learner import WARM_UP, Learner, update
from soundedit.train.lite0 import TAP_CHANNELS, load_lite0
from soundedit.train.photos import PhotoSet, picture_batches
from soundedit.train.run import Run, RunSettings
from soundedit.train.showing import jittered
from soundedit.train.walkbank import WalkBank

COPIES, FREE, WALKED = 1 / 2, 1 / 4, 1 / 2
"""Pictures drawn for each photo: copies of photos, free scenes, and what walks pass through."""
_GRADIENT_NORM = 10.0
_AREA = 16
"""Side of the areas in which as much detail is wanted as in the photo, in pixels."""


@dataclass(frozen=True)
class GrowSettings(RunSettings):
    """Settings of `train grow`; the shipped TOML file explains each."""

    start: str = "runs/polish/generator.pt"
    photos: str = ""
    walks: str = ""
    out: str = "runs/grow"
    width: int = 16
    batch: int = 8
    pictures: int = 20_000
    generator_lr: float = 3.0e-3
    critic_lr: float = 2.0e-4
    detail_weight: float = 4.0
    critic_weight: float = 0.5
    keep_weight: float = 4.0
    ema_pictures: int = 1_500
    compile: bool = False


class GrowTrainer:
    """The new block, its critic, and all that stays."""

    def __init__(self, settings: GrowSettings, run: Run) -> None:
        """TrainingError where the checkpoint or the walks are missing or unfit."""
        file = Path(settings.start)
        if not file.exists():
            raise TrainingError(f"The checkpoint {file} is missing; run: soundedit train mapping.")
        start = read_checkpoint(file, file)
        self.settings, self.run, self.world = settings, run, run.world
        self.device, self.dtype = run.world.device, run.precision.dtype
        torch.manual_seed(settings.seed)
        self.features = load_lite0().to(self.device)
        self.look: Callable[[Tensor], list[Tensor]] = self.features
        if settings.compile:
            self.look = torch.compile(self.features)
        g = start["settings"]
        self.before = int(g["resolution"])
        self.shape = {
            **g,
            "resolution": 2 * self.before,
            "channels": [*g["channels"], settings.width],
        }
        small = _generator(g)
        small_encoder = PhotoEncoder(TAP_CHANNELS, g["w_dim"], small.num_ws)
        torch.nn.ModuleList([small, small_encoder]).load_state_dict(start["averages"])
        self.generator = _generator(self.shape).to(self.device)
        self.generator.load_state_dict(small.state_dict(), strict=False)
        self.added = self.generator.num_ws - small.num_ws
        self.encoder = PhotoEncoder(TAP_CHANNELS, g["w_dim"], self.generator.num_ws)
        self.encoder.load_state_dict(
            more_layers("photo encoder", small_encoder.state_dict(), self.added, int(g["w_dim"]))
        )
        self.encoder.to(self.device).eval().requires_grad_(False)
        self.generator.requires_grad_(False)
        block = self.block
        # It begins as the picture of the block before, enlarged.
        block.torgb.weight.data.mul_(0.05)
        block.requires_grad_(True)
        self.average = copy.deepcopy(block).eval().requires_grad_(False)
        self.critic = ProjectedDiscriminator(TAP_CHANNELS).to(self.device)
        self.bank = CodeBank(4096, g["w_dim"])
        self.bank.restore(start["bank"])
        self.seen = int(start["seen"])
        self.walks: WalkBank | None = None
        if settings.walks:
            self.walks = WalkBank(Path(settings.walks), small.num_ws, g["w_dim"])
        self.learners = {
            "block": self._learner(block, settings.generator_lr, _GRADIENT_NORM),
            "critic": self._learner(self.critic, settings.critic_lr),
        }

    @property
    def block(self) -> SynthesisBlock:
        """The new block."""
        block = getattr(self.generator.synthesis, f"b{self.generator.resolution}")
        assert isinstance(block, SynthesisBlock)
        return block

    def _learner(self, net: torch.nn.Module, lr: float, clip: float = float("inf")) -> Learner:
        optimiser = adam(net, lr)
        steps = max(-(-self.settings.pictures // self.settings.batch), 2)
        schedule = OneCycleLR(optimiser, lr, steps, pct_start=WARM_UP, cycle_momentum=False)
        return Learner(optimiser, schedule, clip)

    def taps(self, pictures: Tensor) -> list[Tensor]:
        """Frozen features of [B, 3, S, S] in the run's precision, returned as float32."""
        with self.run.precision.autocast():
            found = self.look(pictures.contiguous(memory_format=torch.channels_last))
        return [tap.float() for tap in found]

    @torch.no_grad()
    def below(self, ws: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Latents [B, L, D] -> features and picture of the block before, latents of the new one."""
        net, x, picture, first = self.generator.synthesis, None, None, 0
        for size in net.sizes[:-1]:
            block: SynthesisBlock = getattr(net, f"b{size}")
            part = ws[:, first : first + block.num_conv + 1]
            x, picture = block(x, picture, part, "const", net.conv_clamp, self.dtype)
            first += block.num_conv
        assert x is not None and picture is not None
        return x, picture, ws[:, first:]

    def inputs(self, real: Tensor) -> tuple[Tensor, int]:
        """Latents [B, L, D] of copies of photos, of free scenes and of walks; how many copies."""
        rows, size, num_ws = len(real), self.world.size, self.generator.num_ws
        copies = max(int(rows * COPIES), 1)
        small = F.avg_pool2d(real[:copies], 2)
        w, offsets = self.encoder(self.taps(small))
        scenes = self.bank.scenes(max(int(rows * FREE), 1) * size).to(self.device)
        parts = [w[:, None] + offsets, self.world.shard(scenes)[:, None].expand(-1, num_ws, -1)]
        if self.walks is not None:
            walked, _ = self.walks.draw(max(int(rows * WALKED), 1) * size, self.run.rng)
            parts.append(repeat_last(self.world.shard(walked).to(self.device), num_ws))
        return torch.cat(parts), copies

    def step(self, real: Tensor, parts: int = 1) -> dict[str, float]:
        """One update on this process's pictures [B, 3, S, S]; mean losses."""
        for learner in self.learners.values():
            learner.zero()
        sums: dict[str, float] = {}
        for k in range(parts):
            self.compute(real[k::parts].to(self.device), parts, sums)
        for learner in self.learners.values():
            update([learner], self.run.precision, self.world)
        count = len(real) * self.world.size
        self.seen += count
        beta = 0.5 ** (count / max(self.settings.ema_pictures, 1))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.block.parameters(), strict=True)
            for mean, now in pairs:
                mean.lerp_(now, 1 - beta)
        return sums

    def compute(self, real: Tensor, parts: int, sums: dict[str, float]) -> None:
        """Add the gradients of one of `parts` of a batch, and its losses to `sums`."""
        s = self.settings
        with torch.no_grad():
            ws, copies = self.inputs(real)
        x, small, latents = self.below(ws)
        _, fake = self.block(x, small, latents, "off", None, self.dtype)
        losses = {"range": out_of_range(fake)}
        losses["kept"] = s.keep_weight * (F.avg_pool2d(fake, 2) - small).abs().mean()
        losses["detail"] = (
            s.detail_weight * (detail(fake[:copies]) - detail(real[:copies])).abs().mean()
        )
        with torch.no_grad():
            judged = self.taps(self.jitter(real))
            levels = self.world.mean(torch.stack([tap.abs().mean() for tap in judged]))
        self.critic.requires_grad_(False)
        seen = self.taps(self.jitter(fake))
        losses["fooling"] = s.critic_weight * hinge_generator(self.critic(seen, list(levels)))
        self.run.backward(losses, parts, sums)
        for name, parameter in self.critic.named_parameters():
            parameter.requires_grad_(not name.startswith("mix_"))
        lost = hinge_critic(
            self.critic(judged, list(levels)),
            self.critic([tap.detach() for tap in seen], list(levels)),
        )
        self.run.backward({"critic": lost}, parts, sums)

    def jitter(self, pictures: Tensor) -> Tensor:
        """Pictures as the critic sees them."""
        whole = self.run.rng.random((len(pictures) * self.world.size, 5))
        chances = self.world.shard(torch.from_numpy(whole).float()).to(self.device)
        return jittered(pictures, chances, torch.zeros_like(pictures))

    def finished(self) -> Generator:
        """The generator with the averaged block."""
        found = copy.deepcopy(self.generator)
        setattr(found.synthesis, f"b{found.resolution}", copy.deepcopy(self.average))
        return found

    @torch.no_grad()
    def sheet(self, real: Tensor) -> Image.Image:
        """Rows of photos, copies, free scenes and walks; each enlarged, then as it is now."""
        net = self.finished()
        ws, copies = self.inputs(real.to(self.device))
        rows = [real[:6].to(self.device)]
        for part in (ws[:6], ws[copies : copies + 6], ws[-6:]):
            _, small, _ = self.below(part)
            rows += [F.interpolate(small, scale_factor=2, mode="bilinear"), net.synthesis(part)]
        return picture_grid(torch.cat(rows), 6)

    def state(self) -> dict[str, Any]:
        """What a generator's checkpoint has, and where this one began."""
        averages = torch.nn.ModuleList([self.finished(), self.encoder])
        return {
            "settings": dict(self.shape),
            "generator": self.generator.state_dict(),
            "encoder": self.encoder.state_dict(),
            "averages": averages.state_dict(),
            "critics": self.critic.state_dict(),
            "bank": self.bank.state(),
            "seen": self.seen,
            "start": self.settings.start,
            "grow": asdict(self.settings),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved run."""
        self.generator.load_state_dict(state["generator"])
        self.critic.load_state_dict(state["critics"])
        prefix = f"0.synthesis.b{self.generator.resolution}."
        held = {k[len(prefix) :]: v for k, v in state["averages"].items() if k.startswith(prefix)}
        self.average.load_state_dict(held)
        self.bank.restore(state["bank"])
        self.seen = int(state["seen"])


def detail(pictures: Tensor) -> Tensor:
    """How much of pictures [B, 3, S, S] half their size cannot show, in areas of `_AREA` pixels."""
    enlarged = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")
    return F.avg_pool2d((pictures - enlarged).abs().mean(1, keepdim=True), _AREA)


def _generator(settings: dict[str, Any]) -> Generator:
    return Generator(
        settings["z_dim"],
        settings["w_dim"],
        settings["resolution"],
        settings["channels"],
        mapping_layers=settings["mapping_layers"],
    )


def train_grow(settings: GrowSettings) -> Path:
    """Train until `pictures` were seen or `minutes` passed; returns the checkpoint's path.

    Resumes from `out/generator.pt`. TrainingError without photos as large as the new pictures, or
    when losses stay non-finite.
    """
    s = settings
    if not s.photos:
        raise TrainingError("Say which photos to train on: --photos FOLDER.")
    file = Path(s.out) / "generator.pt"
    rng = np.random.default_rng(s.seed)
    with joined(s.device) as world:
        run = Run(file, s, world, rng)
        trainer = GrowTrainer(s, run)
        run.resume(trainer)
        size = trainer.generator.resolution
        with world.first():
            photos = PhotoSet(Path(s.photos), size, file.parents[1] / "cache", least=size)
        batches = picture_batches([photos.squares], [1.0], s.batch, rng)
        shown = next(picture_batches([photos.squares], [1.0], 12, np.random.default_rng(0)))

        def step(seen: int, parts: int) -> dict[str, float]:
            return trainer.step(world.shard(next(batches)), parts)

        run.train(
            "grow",
            step,
            s.pictures,
            trainer.learners,
            batch=s.batch,
            advance=s.batch,
            sheet=lambda: trainer.sheet(shown),
        )
    return file
