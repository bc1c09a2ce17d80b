"""A finished generator doubled in size, while its latents and its pictures stay what they were.

As in progressive growing (Karras et al. 2018) a block is added on top; all below is frozen, so that
whatever was trained on the generator goes on working. An enlarger (see `enlarger`) first learns
from large photos what detail their small copies lack; the new block then learns to draw what the
enlarger makes of the block before, for copies of photos, free scenes and what walks pass through.
"""

import copy
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR

from soundedit.errors import TrainingError
from soundedit.nets.discriminators import PatchDiscriminator
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator, SynthesisBlock
from soundedit.packs.pack import open_pack
from soundedit.train.checkpoint import read_checkpoint
from soundedit.train.distributed import joined
from soundedit.train.enlarger import (
    AREA,
    Enlarger,
    areas,
    enlarge_losses,
    halved,
    smooth,
    texture_lost,
)
from soundedit.train.generator import adam
from soundedit.train.grid import picture_grid
from soundedit.train.latents import CodeBank
from soundedit.train.layers import refit, repeat_last
from soundedit.train.learner import WARM_UP, Learner, update
from soundedit.train.lite0 import TAP_CHANNELS, load_lite0
from soundedit.train.photos import PhotoSet, picture_batches
from soundedit.train.run import Run, RunSettings
from soundedit.train.walkbank import WalkBank

COPIES, FREE, WALKED = 1 / 2, 1 / 4, 1 / 2
"""Pictures drawn for each photo: copies of photos, free scenes, and what walks pass through."""
_GRADIENT_NORM = 10.0
Learners = dict[str, Learner]
Compute = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""Photos -> pictures drawn, what they should be, and what they should be scaled down."""


@dataclass(frozen=True)
class GrowSettings(RunSettings):
    """Settings of `train grow`; the shipped TOML file explains each."""

    start: str = "runs/polish/generator.pt"
    photos: str = ""
    walks: str = ""
    block: str = ""
    out: str = "runs/grow"
    width: int = 16
    batch: int = 8
    pictures: int = 16_000
    generator_lr: float = 3.0e-3
    critic_lr: float = 2.0e-3
    texture_weight: float = 0.005
    ema_pictures: int = 1_500
    enlarger_pictures: int = 48_000
    enlarger_batch: int = 16
    enlarger_lr: float = 1.0e-3


class GrowTrainer:
    """The enlarger, the new block, their critic, and all that stays."""

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
            refit("photo encoder", small_encoder.state_dict(), self.added, int(g["w_dim"]))
        )
        self.encoder.to(self.device).eval().requires_grad_(False)
        self.generator.requires_grad_(False)
        block = self.block
        if settings.block:
            block.load_state_dict(_last_block(settings.block, block))
        else:
            # It begins as the picture of the block before, enlarged.
            block.torgb.weight.data.mul_(0.05)
        block.requires_grad_(True)
        self.average = copy.deepcopy(block).eval().requires_grad_(False)
        self.enlarger = Enlarger().to(self.device)
        self.critic = PatchDiscriminator().to(self.device)
        self.bank = CodeBank(4096, g["w_dim"])
        self.bank.restore(start["bank"])
        self.seen = int(start["seen"])
        self.walks: WalkBank | None = None
        if settings.walks:
            self.walks = WalkBank(Path(settings.walks), small.num_ws, g["w_dim"])

    @property
    def block(self) -> SynthesisBlock:
        """The new block."""
        block = getattr(self.generator.synthesis, f"b{self.generator.resolution}")
        assert isinstance(block, SynthesisBlock)
        return block

    def learners(self, net: torch.nn.Module, lr: float, pictures: int, batch: int) -> Learners:
        """Optimisers of a network and of the critic for a stage over so many pictures."""
        steps = max(-(-pictures // batch), 2)
        found = {}
        for name, part, rate, clip in (
            ("drawing", net, lr, _GRADIENT_NORM),
            ("critic", self.critic, self.settings.critic_lr, float("inf")),
        ):
            optimiser = adam(part, rate)
            schedule = OneCycleLR(optimiser, rate, steps, pct_start=WARM_UP, cycle_momentum=False)
            found[name] = Learner(optimiser, schedule, clip)
        return found

    def taps(self, pictures: Tensor) -> list[Tensor]:
        """Frozen features of [B, 3, S, S] in the run's precision, returned as float32."""
        with self.run.precision.autocast():
            found = self.features(pictures.contiguous(memory_format=torch.channels_last))
        return [tap.float() for tap in found]

    def enlarged(self, pictures: Tensor) -> Tensor:
        """What the enlarger makes of pictures [B, 3, S, S], in the run's precision."""
        with self.run.precision.autocast():
            found: Tensor = self.enlarger(pictures.contiguous(memory_format=torch.channels_last))
        return found

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

    @torch.no_grad()
    def inputs(self, real: Tensor) -> tuple[Tensor, int]:
        """Latents [B, L, D] of copies of photos, of free scenes and of walks; how many copies."""
        rows, size, num_ws = len(real), self.world.size, self.generator.num_ws
        copies = max(int(rows * COPIES), 1)
        w, offsets = self.encoder(self.taps(halved(real[:copies])))
        scenes = self.bank.scenes(max(int(rows * FREE), 1) * size).to(self.device)
        parts = [w[:, None] + offsets, self.world.shard(scenes)[:, None].expand(-1, num_ws, -1)]
        if self.walks is not None:
            walked, _ = self.walks.draw(max(int(rows * WALKED), 1) * size, self.run.rng)
            parts.append(repeat_last(self.world.shard(walked).to(self.device), num_ws))
        return torch.cat(parts), copies

    def step(
        self, learners: Learners, real: Tensor, parts: int, compute: Compute
    ) -> dict[str, float]:
        """One update on this process's pictures [B, 3, S, S]; mean losses."""
        for learner in learners.values():
            learner.zero()
        sums: dict[str, float] = {}
        for k in range(parts):
            made, wanted, small = compute(real[k::parts].to(self.device))
            with self.run.precision.autocast():
                losses = enlarge_losses(
                    made, wanted, small, self.critic, self.settings.texture_weight
                )
            self.run.backward(losses, parts, sums)
            with self.run.precision.autocast():
                lost = {"critic": texture_lost(self.critic, wanted, made)}
            self.run.backward(lost, parts, sums)
        for learner in learners.values():
            update([learner], self.run.precision, self.world)
        return sums

    def enlarging(self, real: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Areas of photos: as the enlarger draws them, as they are, and half as large."""
        wanted = areas(real, min(AREA, real.shape[-1]), self.run)
        small = halved(wanted)
        return self.enlarged(small), wanted, small

    def growing(self, real: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures of the new block, of the enlarger, and of the block before."""
        ws, _ = self.inputs(real)
        x, small, latents = self.below(ws)
        _, made = self.block(x, small, latents, "off", None, self.dtype)
        with torch.no_grad():
            wanted = self.enlarged(small)
        return made, wanted, small

    def grow(self, learners: Learners, real: Tensor, parts: int) -> dict[str, float]:
        """One update of the new block, and of its average."""
        sums = self.step(learners, real, parts, self.growing)
        count = len(real) * self.world.size
        self.seen += count
        beta = 0.5 ** (count / max(self.settings.ema_pictures, 1))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.block.parameters(), strict=True)
            for mean, now in pairs:
                mean.lerp_(now, 1 - beta)
        return sums

    def finished(self) -> Generator:
        """The generator with the averaged block."""
        found = copy.deepcopy(self.generator)
        setattr(found.synthesis, f"b{found.resolution}", copy.deepcopy(self.average))
        return found

    @torch.no_grad()
    def enlarger_sheet(self, real: Tensor) -> Image.Image:
        """Rows of photos, of their halves smoothly enlarged, and as the enlarger draws them."""
        wanted = real[:6].to(self.device)
        small = halved(wanted)
        return picture_grid(torch.cat([wanted, smooth(small), self.enlarged(small)]), 6)

    @torch.no_grad()
    def sheet(self, real: Tensor) -> Image.Image:
        """Rows of copies, free scenes and walks: smoothly enlarged, by the enlarger, as now."""
        net = self.finished()
        ws, copies = self.inputs(real.to(self.device))
        rows = []
        for part in (ws[:6], ws[copies : copies + 6], ws[-6:]):
            _, small, _ = self.below(part)
            rows += [smooth(small), self.enlarged(small), net.synthesis(part)]
        return picture_grid(torch.cat(rows), 6)

    def state(self) -> dict[str, Any]:
        """What a generator's checkpoint has, and where this one began."""
        averages = torch.nn.ModuleList([self.finished(), self.encoder])
        return {
            "settings": dict(self.shape),
            "generator": self.generator.state_dict(),
            "encoder": self.encoder.state_dict(),
            "averages": averages.state_dict(),
            "enlarger": self.enlarger.state_dict(),
            "critics": self.critic.state_dict(),
            "bank": self.bank.state(),
            "seen": self.seen,
            "start": self.settings.start,
            "grow": asdict(self.settings),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved run."""
        self.generator.load_state_dict(state["generator"])
        self.enlarger.load_state_dict(state["enlarger"])
        self.critic.load_state_dict(state["critics"])
        prefix = f"0.synthesis.b{self.generator.resolution}."
        held = {k[len(prefix) :]: v for k, v in state["averages"].items() if k.startswith(prefix)}
        self.average.load_state_dict(held)
        self.bank.restore(state["bank"])
        self.seen = int(state["seen"])


def _last_block(pack: str, like: SynthesisBlock) -> dict[str, Tensor]:
    """Weights of the last block of a pack's generator; TrainingError unless of the shape `like`."""
    weights = open_pack(pack).tensors("generator", torch.float32)
    prefix = f"synthesis.b{like.resolution}."
    found = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
    wanted = {k: v.shape for k, v in like.state_dict().items()}
    if {k: v.shape for k, v in found.items()} != wanted:
        raise TrainingError(
            f"The generator of the pack {pack} has no block of {like.resolution} pixels and "
            f"{like.conv1.weight.shape[0]} channels that this generator could begin with."
        )
    return found


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
        shown = next(picture_batches([photos.squares], [1.0], 12, np.random.default_rng(0)))
        learners = trainer.learners(
            trainer.enlarger, s.enlarger_lr, s.enlarger_pictures, s.enlarger_batch
        )
        batches = picture_batches([photos.squares], [1.0], s.enlarger_batch, rng)
        done = run.train(
            "enlarger",
            lambda seen, parts: trainer.step(
                learners, world.shard(next(batches)), parts, trainer.enlarging
            ),
            s.enlarger_pictures,
            learners,
            batch=s.enlarger_batch,
            advance=s.enlarger_batch,
            sheet=lambda: trainer.enlarger_sheet(shown),
        )
        if done:
            trainer.enlarger.requires_grad_(False)
            growing = trainer.learners(trainer.block, s.generator_lr, s.pictures, s.batch)
            photos_drawn = picture_batches([photos.squares], [1.0], s.batch, rng)
            run.train(
                "grow",
                lambda seen, parts: trainer.grow(growing, world.shard(next(photos_drawn)), parts),
                s.pictures,
                growing,
                batch=s.batch,
                advance=s.batch,
                sheet=lambda: trainer.sheet(shown),
            )
    return file
