"""Training of a finished generator on, while its latents keep their meaning.

The styles (affine layers) and the photo encoder stay, and with them whatever was trained on the
generator's latents; the convolutions learn on. Beside copies of photos and stills, what videos show
is judged: latents that sounds' walks pass through, which no photo was encoded to. Those pictures
keep their composition, and are to show their sound's class (see `walkcritics`). Free scenes have
critics of their own that know photos alone, as weather comes of sounds, not of seeds; the mapping
network can learn along, and then draws other scenes of the same latents (Projected GAN, Sauer et
al. 2021). Free scenes can be brought nearer to the photos as a whole, by Frechet distance (see
`transport`): critics of single pictures hardly miss what is seldom drawn. What the skip connection
has one block before the last becomes the picture made smaller, as it is shown where there is no
time for more. The noise inputs can be held at a share of their strength: what is made of noise
alone looks embossed. Critics that know nothing yet learn first, or they would spoil what others
taught the generator.
"""

import copy
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from soundedit.errors import TrainingError
from soundedit.nets.stylegan2 import Generator
from soundedit.train.checkpoint import read_checkpoint
from soundedit.train.distributed import joined
from soundedit.train.generator import (
    GRADIENT_NORM,
    GeneratorSettings,
    GeneratorTrainer,
    adam,
    apart,
    likeness,
    out_of_range,
)
from soundedit.train.learner import WARM_UP, Learner, update
from soundedit.train.mapping import effective_rates
from soundedit.train.photos import PhotoSet, picture_batches
from soundedit.train.polishcritics import Drawn, PolishCritics
from soundedit.train.run import Run, RunSettings
from soundedit.train.stills import still_pictures
from soundedit.train.transport import LOOKED, Likeness, keep_statistics, statistics
from soundedit.train.walkpictures import WalkPictures

log = logging.getLogger(__name__)
COPIES = 3 / 8
"""Copies drawn for each photo."""
REFRESH = 100
"""Steps between those that find the way of free scenes to the photos anew."""


@dataclass(frozen=True)
class PolishSettings(RunSettings):
    """Settings of `train polish`; the shipped TOML file explains each."""

    start: str = "runs/generator/generator-final.pt"
    photos: str = ""
    renders: str = ""
    renders_share: float = 0.45
    walks: str = ""
    stills: str = ""
    out: str = "runs/polish"
    batch: int = 16
    pictures: int = 40_000
    critics_first: int = 6_000
    free_share: float = 0.25
    walked_share: float = 0.5
    generator_lr: float = 9.0e-4
    mapping_lr: float = 0.0
    critic_lr: float = 2.0e-4
    texture_lr: float = 2.0e-3
    feature_weight: float = 0.6
    copy_weight: float = 0.15
    free_weight: float = 0.25
    walk_weight: float = 0.4
    texture_weight: float = 0.3
    frechet_weight: float = 0.0
    frechet_samples: int = 4096
    class_weight: float = 0.12
    keep_weight: float = 2.5
    preview_weight: float = 4.0
    ema_pictures: int = 2_500
    code_noise: float = 0.04
    flat_share: float = 0.35
    noise_share: float = 1.0
    compile: bool = False


class PolishTrainer(GeneratorTrainer):
    """The generator's training with its latents kept."""

    def __init__(self, settings: PolishSettings, run: Run) -> None:
        """TrainingError where the checkpoint, the walks or the stills are missing or unfit."""
        file = Path(settings.start)
        if not file.exists():
            raise TrainingError(f"The checkpoint {file} is missing; run: soundedit train mapping.")
        start = read_checkpoint(file, file)
        s = start["settings"]
        own = GeneratorSettings(
            resolution=s["resolution"],
            w_dim=s["w_dim"],
            z_dim=s["z_dim"],
            channels=tuple(s["channels"]),
            mapping_layers=s["mapping_layers"],
            ema_pictures=settings.ema_pictures,
            precision=settings.precision,
            device=settings.device,
            seed=settings.seed,
        )
        super().__init__(own, run)
        self.polish = settings
        self.averages.load_state_dict(start["averages"])
        generator, encoder = self.averages
        self.generator.load_state_dict(generator.state_dict())
        self.encoder.load_state_dict(encoder.state_dict())
        self.critics.load_state_dict(start["critics"])
        self.bank.restore(start["bank"])
        self.seen = int(start["seen"])
        self.before = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.walks = WalkPictures(settings.walks, settings.stills, self.before, self.encoder, run)
        self.likeness: Likeness | None = None
        self.encoder.requires_grad_(False)
        self.generator.mapping.requires_grad_(settings.mapping_lr > 0)
        self.judges = PolishCritics(self, self.walks)
        self.critics_taught = self.judges.restore(start)
        net = self.generator.synthesis
        self.skips = torch.compile(net.skips) if settings.compile else net.skips
        for name, parameter in net.named_parameters():
            parameter.requires_grad_("affine" not in name)
        if settings.noise_share != 1:
            averaged = generator.get_submodule("synthesis")
            for one in (*noise_strengths(net), *noise_strengths(averaged)):
                one.data.mul_(settings.noise_share)
                one.requires_grad_(False)
        self.learners = {
            "synthesis": self._learner(adam(net, settings.generator_lr), GRADIENT_NORM),
            "critics": self.critics_learner(settings.pictures),
        }
        if settings.mapping_lr > 0:
            rates = effective_rates(self.generator.mapping, settings.mapping_lr)
            optimiser = torch.optim.Adam(rates, betas=(0.0, 0.99))
            self.learners["mapping"] = self._learner(optimiser, GRADIENT_NORM)

    def critics_learner(self, pictures: int) -> Learner:
        """An optimiser of all critics for a stage over so many pictures."""
        optimiser = adam(self.judges.pairs, self.polish.critic_lr)
        texture = list(self.judges.texture.parameters())
        optimiser.add_param_group({"params": texture, "lr": self.polish.texture_lr})
        return self._learner(optimiser, pictures=pictures)

    def _learner(
        self, optimiser: torch.optim.Adam, clip: float = float("inf"), pictures: int = 0
    ) -> Learner:
        steps = max(-(-(pictures or self.polish.pictures) // self.polish.batch), 2)
        rates = [group["lr"] for group in optimiser.param_groups]
        schedule = OneCycleLR(optimiser, rates, steps, pct_start=WARM_UP, cycle_momentum=False)
        return Learner(optimiser, schedule, clip)

    def compute(self, real: Tensor, parts: int, sums: dict[str, float]) -> None:
        """Add the gradients of one of `parts` of a batch, and its losses to `sums`."""
        s = self.polish
        drawn = self.draw(real)
        fake, copies = drawn.pictures, drawn.copies
        losses = {"range": out_of_range(fake), **likeness(fake[:copies], real[:copies])}
        losses["features"] = s.feature_weight * apart(
            self.taps(fake[:copies]), [tap[:copies] for tap in drawn.taps_real], drawn.levels
        )
        small = F.avg_pool2d(fake.detach(), 2)
        losses["preview"] = s.preview_weight * (drawn.halves - small).abs().mean()
        sight = self.judges.see(real, drawn)
        weights = {
            "texture": s.texture_weight,
            "copies": s.copy_weight,
            "free": s.free_weight,
            "walked": s.walk_weight,
            "kept": s.keep_weight,
            "class": s.class_weight,
        }
        judged = self.judges.losses(sight, copies)
        if len(drawn.walked):
            judged["kept"] = self.walks.moved(fake[drawn.from_walks], drawn.walked)
            judged |= self.walks.classed(sight.all.rows(drawn.from_walks).taps, drawn.kinds)
        losses |= {name: weights.get(name, 1.0) * loss for name, loss in judged.items()}
        if self.likeness is not None:
            kept = self.statistics(sight.loose.taps)
            losses["frechet"] = s.frechet_weight * self.likeness.loss(kept)
            self.likeness.add([self.world.gather(part.detach()) for part in kept])
        self.run.backward(losses, parts, sums)
        self.judges.criticise(sight, parts, sums)

    def draw(self, real: Tensor) -> Drawn:
        """Pictures of copies of some of `real`, of free scenes and of walks, in that order."""
        s, size = self.polish, self.world.size
        copies = max(int(len(real) * COPIES), 1)
        with torch.no_grad():
            taps_real = self.taps(real)
            levels = self.levels(taps_real)
            w, ws = self.code([tap[:copies] for tap in taps_real])
            flat = self.world.shard(torch.rand(copies * size, 1, 1, device=self.device))
            codes = torch.where(flat < s.flat_share, w[:, None], ws)
            walked, kinds = self.walks.draw(int(len(real) * s.walked_share))
            around = s.code_noise * self.world.randn(copies + len(walked), 1, codes.shape[2])
            walked = walked + around[copies:]
        free = self.free(max(int(len(real) * s.free_share), 1))
        inputs = torch.cat([codes + around[:copies], free, walked])
        *_, halves, fake = self.skips(inputs, noise_mode=self.noise, dtype=self.dtype)
        return Drawn(fake, halves, copies, len(free), walked, kinds, taps_real, levels)

    def teach_critics(self, learner: Learner, real: Tensor, parts: int) -> dict[str, float]:
        """One update of the critics alone, over photos [B, 3, S, S]; their mean losses."""
        learner.zero()
        sums: dict[str, float] = {}
        for k in range(parts):
            some = real[k::parts].to(self.device)
            with torch.no_grad():
                drawn = self.draw(some)
                sight = self.judges.see(some, drawn)
            self.judges.criticise(sight, parts, sums)
        update([learner], self.run.precision, self.world)
        return sums

    def free(self, rows: int) -> Tensor:
        """This process's latents [rows, L, D] of seeds."""
        mapping = self.generator.mapping
        w: Tensor = mapping(self.world.randn(rows, mapping.z_dim).to(self.device))
        if w.requires_grad:
            mean = self.world.gather(w[:, 0].detach()).mean(0)
            mapping.w_avg.lerp_(mean, 1 - mapping.w_avg_beta)
        return w

    def step(self, real: Tensor, parts: int = 1) -> dict[str, float]:
        """As the generator's; from time to time with the way to the photos found anew."""
        if self.likeness is not None:
            if not self.likeness.count:
                self._begin_likeness(self.likeness)
            elif (self.seen // self.polish.batch) % REFRESH == 0:
                self.likeness.refresh()
        return super().step(real, parts)

    def statistics(self, taps: list[Tensor]) -> list[Tensor]:
        """What pictures are compared by as a whole, from their taps."""
        return statistics(taps, self.features.pooled(taps))

    def compare(self, photos: NDArray[np.uint8]) -> None:
        """Take photos [N, S, S, 3] as what free scenes are to be like as a whole.

        What is found of them is kept beside the run.
        """
        file = self.run.file.parent / f"likeness-{len(photos)}.pt"
        with self.world.first():
            keep_statistics(file, photos, self.look)
        known = torch.load(file, weights_only=True)
        groups = [group.to(self.device) for group in known]
        self.likeness = Likeness(groups, self.polish.frechet_samples)

    @torch.no_grad()
    def look(self, pictures: Tensor) -> list[Tensor]:
        """What pictures [B, 3, S, S] are compared by as a whole."""
        return self.statistics(self.taps(pictures.to(self.device)))

    @torch.no_grad()
    def _begin_likeness(self, likeness: Likeness) -> None:
        while likeness.count < self.polish.frechet_samples:
            pictures = self.generator.synthesis(
                self.free(LOOKED), noise_mode=self.noise, dtype=self.dtype
            )
            found = self.look(self.judges.jitter(pictures.float()))
            likeness.add([self.world.gather(part) for part in found])
        log.info("Frechet distances, as shares of the photos' variance: %s", likeness.refresh())

    @torch.no_grad()
    def sheet(self, real: Tensor) -> Image.Image:
        """Rows of photos, their copies and free scenes; then walks, before and now."""
        above = super().sheet(real)
        now, _encoder = self.averages
        assert isinstance(now, Generator)
        below = self.walks.sheet(now)
        if below is None:
            return above
        whole = Image.new("RGB", (above.width, above.height + below.height))
        whole.paste(above, (0, 0))
        whole.paste(below, (0, above.height))
        return whole

    def scenes(self, count: int) -> Tensor:
        """Latents of seeds [count, L, D]."""
        mapping = self.averages[0].get_submodule("mapping")
        w: Tensor = mapping(torch.randn(count, self.settings.z_dim).to(self.device))
        return w

    def state(self) -> dict[str, Any]:
        """What a generator's checkpoint has, and where this one began."""
        found = {
            **super().state(),
            "start": self.polish.start,
            **self.judges.state(),
        }
        if self.likeness is not None:
            found["likeness"] = self.likeness.state()
        return found

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved run."""
        super().restore(state)
        self.judges.restore(state)
        if self.likeness is not None:
            self.likeness.restore(state["likeness"])


def noise_strengths(net: nn.Module) -> Iterator[nn.Parameter]:
    """How strongly each layer of a synthesis network takes its noise input."""
    for name, parameter in net.named_parameters():
        if name.endswith("noise_strength"):
            yield parameter


def train_polish(settings: PolishSettings) -> Path:
    """Train until `pictures` were seen or `minutes` passed; returns the checkpoint's path.

    Resumes from `out/generator.pt`, which takes the place of `start` in all other trainings.
    TrainingError without photos, or when losses stay non-finite.
    """
    s = settings
    if not s.photos:
        raise TrainingError("Say which photos to train on: --photos FOLDER.")
    file = Path(s.out) / "generator.pt"
    rng = np.random.default_rng(s.seed)
    with joined(s.device) as world:
        run = Run(file, s, world, rng)
        trainer = PolishTrainer(s, run)
        size = trainer.settings.resolution
        with world.first():
            photos = PhotoSet(Path(s.photos), size, file.parents[1] / "cache")
        trainer.judges.photos = photos.squares
        if s.frechet_weight > 0:
            trainer.compare(photos.squares)
        run.resume(trainer)
        sources, shares = [photos.squares], [1.0]
        if s.renders:
            sources.append(still_pictures(Path(s.renders), size))
            shares = [1 - s.renders_share, s.renders_share]
        batches = picture_batches(sources, shares, s.batch, rng)
        shown = next(picture_batches(sources, shares, 12, np.random.default_rng(0)))

        def step(seen: int, parts: int) -> dict[str, float]:
            return trainer.step(world.shard(next(batches)), parts)

        if not trainer.critics_taught and s.critics_first:
            learner = trainer.critics_learner(s.critics_first)
            done = run.train(
                "critics",
                lambda seen, parts: trainer.teach_critics(
                    learner, world.shard(next(batches)), parts
                ),
                s.critics_first,
                {"critics": learner},
                batch=s.batch,
                advance=s.batch,
            )
            if not done:
                return file
        run.train(
            "polish",
            step,
            s.pictures,
            trainer.learners,
            batch=s.batch,
            advance=s.batch,
            sheet=lambda: trainer.sheet(shown),
        )
    return file
