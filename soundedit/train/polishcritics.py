"""The critics of `polish`: of copies, of free scenes, of walks, and of texture.

What is judged is mirrored, shifted and lightened at random (Zhao et al. 2020, "DiffAugment"), but
for texture, which a shift by parts of a pixel would blur.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.nets.discriminators import PatchDiscriminator, hinge_critic, hinge_generator
from soundedit.train.generator import GeneratorTrainer, View, criticism, judge
from soundedit.train.photos import picture_batches
from soundedit.train.showing import jittered
from soundedit.train.walkcritics import WalkSight, walk_criticism, walk_score
from soundedit.train.walkpictures import WalkPictures


@dataclass(frozen=True)
class Drawn:
    """A batch that was drawn: first `copies` copies of photos, then `free` scenes, then walks.

    `walked` [n, L, D] are the latents of the walks, `kinds` [n] their classes; `taps_real` are
    those of the photos, `levels` their mean absolute values; `halves` are the same pictures as the
    skip connection has them one block before.
    """

    pictures: Tensor
    halves: Tensor
    copies: int
    free: int
    walked: Tensor
    kinds: Tensor
    taps_real: list[Tensor]
    levels: Tensor

    @property
    def from_walks(self) -> slice:
        """Where in `pictures` walks are."""
        return slice(self.copies + self.free, None)


@dataclass(frozen=True)
class Sight:
    """What critics see of a batch: photos and what was drawn, as they are and jittered.

    `all` is what was drawn, `held` copies of it, with walks where no critics know their classes,
    `loose` free scenes; `given` are the photos jittered, and `photos` what free scenes are held
    against. `walks` are what those critics see.
    """

    real: Tensor
    fake: Tensor
    given: Tensor
    all: View
    held: View
    loose: View
    photos: View
    levels: Tensor
    photo_levels: Tensor
    walks: WalkSight | None


class PolishCritics:
    """Judges what a trainer draws; that of copies is the trainer's own."""

    def __init__(self, trainer: GeneratorTrainer, walks: WalkPictures) -> None:
        self.trainer, self.run, self.world = trainer, trainer.run, trainer.run.world
        self._walks = walks
        self.free = trainer.critic_pair()
        self.walks = trainer.critic_pair(len(walks.classes)) if walks.has_models else None
        self.texture = PatchDiscriminator().to(trainer.device)
        size = trainer.settings.resolution
        self.photos: NDArray[np.uint8] = np.zeros((0, size, size, 3), np.uint8)
        """What free scenes are to look like."""

    @property
    def networks(self) -> nn.ModuleList:
        """All of them."""
        return nn.ModuleList([*self.pairs, self.texture])

    @property
    def pairs(self) -> nn.ModuleList:
        """Those of frozen features and of small pictures."""
        pairs = [self.trainer.critics, self.free, self.walks]
        return nn.ModuleList([pair for pair in pairs if pair is not None])

    def jitter(self, pictures: Tensor) -> Tensor:
        """Pictures as the critics see them."""
        whole = self.run.rng.random((len(pictures) * self.world.size, 5))
        chances = self.world.shard(torch.from_numpy(whole).float()).to(self.trainer.device)
        return jittered(pictures, chances, torch.zeros_like(pictures))

    def some_photos(self, rows: int) -> Tensor:
        """This process's photos [rows, 3, S, S] for the critics of free scenes."""
        batches = picture_batches([self.photos], [1.0], rows * self.world.size, self.run.rng)
        return self.world.shard(next(batches)).to(self.trainer.device)

    def see(self, real: Tensor, drawn: Drawn) -> Sight:
        """What they see of a batch."""
        trainer = self.trainer
        fake = drawn.pictures
        seen = trainer.view(self.jitter(fake))
        first = drawn.from_walks.start
        with torch.no_grad():
            photos = trainer.view(self.jitter(self.some_photos(drawn.free)))
        walks = None
        held = [*range(drawn.copies), *range(first, len(fake))]
        if self.walks is not None and len(drawn.walked):
            walks = self._see_walks(seen.rows(drawn.from_walks), drawn.kinds)
            held = held[: drawn.copies]
        return Sight(
            real=real,
            fake=fake,
            given=self.jitter(real),
            all=seen,
            held=seen.rows(held),
            loose=seen.rows(slice(drawn.copies, first)),
            photos=photos,
            levels=drawn.levels,
            photo_levels=trainer.levels(photos.taps),
            walks=walks,
        )

    def _see_walks(self, walked: View, kinds: Tensor) -> WalkSight:
        device = self.trainer.device
        with torch.no_grad():
            models = self._walks.models(kinds, self.photos).to(device)
            seen = self.trainer.view(self.jitter(models))
        return WalkSight(walked, seen, kinds.to(device), self.trainer.levels(seen.taps))

    def losses(self, sight: Sight, copies: int) -> dict[str, Tensor]:
        """What the generator is to lower: of textures, copies, free scenes and, if any, walks."""
        self.networks.requires_grad_(False)
        with self.run.precision.autocast():
            scores = judge(self.trainer.critics, sight.held, sight.levels)
            free = judge(self.free, sight.loose, sight.photo_levels)
            textures = self.texture(sight.fake).float()
        found = {
            "texture": hinge_generator([textures]),
            "copies": hinge_generator([score[:copies] for score in scores]),
            "free": hinge_generator(free),
        }
        if sight.walks is not None and self.walks is not None:
            with self.run.precision.autocast():
                found["walked"] = walk_score(self.walks, sight.walks)
        elif len(sight.held.small) > copies:
            found["walked"] = hinge_generator([score[copies:] for score in scores])
        return found

    def criticise(self, sight: Sight, parts: int, sums: dict[str, float]) -> None:
        """Add their own gradients for one of `parts` of a batch, and their losses to `sums`."""
        with torch.no_grad():
            real = self.trainer.view(sight.given)
        with self.run.precision.autocast():
            lost = {
                "critic": criticism(self.trainer.critics, real, sight.held, sight.levels),
                "free critic": criticism(self.free, sight.photos, sight.loose, sight.photo_levels),
                "texture critic": self._criticise_texture(sight.real, sight.fake.detach()),
            }
            if sight.walks is not None and self.walks is not None:
                lost["walk critic"] = walk_criticism(self.walks, sight.walks)
        self.run.backward(lost, parts, sums)

    def _criticise_texture(self, real: Tensor, fake: Tensor) -> Tensor:
        self.texture.requires_grad_(True)
        scores = [self.texture(pictures).float() for pictures in (real, fake)]
        return hinge_critic(scores[:1], scores[1:])

    def state(self) -> dict[str, Any]:
        """Those that the trainer does not hold itself."""
        return {name: critic.state_dict() for name, critic in self._named().items()}

    def restore(self, state: Mapping[str, Any]) -> bool:
        """Take up what an earlier polish taught them; False where there was none."""
        critics = self._named()
        if not all(
            name in state and _fits(critic, state[name]) for name, critic in critics.items()
        ):
            return False
        for name, critic in critics.items():
            critic.load_state_dict(state[name])
        return True

    def _named(self) -> dict[str, nn.Module]:
        named = {"free_critics": self.free, "texture": self.texture}
        return named if self.walks is None else {**named, "walk_critics": self.walks}


def _fits(critic: nn.Module, state: Mapping[str, Tensor]) -> bool:
    """Whether a state is of such a critic; those of walks have as many classes as these had."""
    return {k: v.shape for k, v in critic.state_dict().items()} == {
        k: v.shape for k, v in state.items()
    }
