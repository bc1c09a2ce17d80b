"""Training of the audio tower that ships, against the teachers' targets and the shipped words.

The loss that tells classes apart is taken against the very words that the pack will hear by. Pitch
and pace of recordings are changed, as a few hundred of them are all there is to learn from, and
what ships is a running mean of the weights. Where there are windows that two teachers heard, see
`matching`, the tower learns from those, and in a last stretch from sounds made from nothing too.
"""

import copy
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from soundedit.nets.audio_tower import AudioTower
from soundedit.train.audio_settings import AudioSettings
from soundedit.train.augment import augment_mels, stretch_mels
from soundedit.train.averages import follow
from soundedit.train.contrast import info_nce, mixed_cross_entropy, unit
from soundedit.train.learner import WARM_UP, Learner
from soundedit.train.matching import Matching, Words
from soundedit.train.run import Run, Step

if TYPE_CHECKING:
    from soundedit.train.embedding_data import EmbeddingData

WINDOWS = (100, 100, 150, 220)
"""Columns of the windows that are heard, one length a step: live hears a second."""
TEXT_WEIGHT, TWIN_WEIGHT = 0.5, 0.3
TWIN_EVERY = 4
"""Steps from one comparison of sounds with their own augmented copies to the next."""


class AudioStage:
    """The tower that is trained, `net`, and the running mean of its weights, `mean`, that ships."""

    def __init__(
        self,
        settings: AudioSettings,
        run: Run,
        data: "EmbeddingData",
        net: AudioTower,
        mean: AudioTower,
        matching: Matching | None = None,
    ) -> None:
        """`matching`: what the tower learns from instead of single teachers, if given."""
        self._settings, self._run, self._data = settings, run, data
        self._world, self._device = run.world, run.world.device
        self.net, self.mean, self.matching = net, mean, matching
        self._learner = self._new_learner(settings.lr, settings.audio_steps, WARM_UP, 25.0)

    def _new_learner(self, lr: float, steps: int, rise: float, below: float) -> Learner:
        weights = [*self.net.parameters()]
        if self.matching is not None:
            weights += self.matching.guess.parameters()
        optimiser = torch.optim.AdamW(weights, lr, weight_decay=self._settings.decay)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, lr, max(steps, 1), pct_start=rise, div_factor=below
        )
        return Learner(optimiser, schedule, clip=5.0)

    def train(self, targets: Tensor, captions: Tensor, judge: Callable[[int], None]) -> bool:
        """Run the stage; False if the time was over before.

        Args:
            targets: the teachers' unit embeddings of all clips [clips, E].
            captions: the shipped text tower's of all captions [captions, E].
            judge: called with the position before each step.
        """
        s = self._settings
        kinds = self._data.caption_kinds
        present = sorted({int(k) for k in self._data.sound_kinds} & {int(k) for k in kinds})
        classes = torch.cat([unit(captions[kinds == k].mean(0, keepdim=True)) for k in present])
        place = torch.zeros(max(present) + 1, dtype=torch.long)
        place[present] = torch.arange(len(present))

        def losses(position: int, rows: int) -> Mapping[str, Tensor]:
            judge(position)
            if self.matching is None:
                return self._losses(position, rows, targets, captions, classes, place)
            return self.matching.losses(self.net, rows, words)

        words = Words(targets, captions, classes, kinds, present)
        step = self._averaging(self._run.learning(self._learner, s.batch, losses))
        self.net.train()
        done = self._run.train(
            "audio", step, s.audio_steps, {"audio": self._learner}, batch=s.batch
        )
        if done and self.matching is not None and s.procedural and s.procedural_steps:
            done = self._train_last(self.matching, words)
        self.net.eval()
        return done

    def _train_last(self, matching: Matching, words: Words) -> bool:
        """The last stretch, which begins at the mean of the weights."""
        s = self._settings

        def losses(_position: int, rows: int) -> Mapping[str, Tensor]:
            return matching.last_losses(self.net, rows, words)

        learner = self._new_learner(s.procedural_lr, s.procedural_steps, 0.05, 5.0)
        follow_step = self._averaging(self._run.learning(learner, s.batch, losses))

        def step(position: int, parts: int) -> dict[str, float]:
            if position == 0:
                self.net.load_state_dict(self.mean.state_dict())
                matching.keep(self.mean)
            return follow_step(position, parts)

        return self._run.train(
            "procedural", step, s.procedural_steps, {"audio": learner}, batch=s.batch
        )

    def _losses(
        self,
        position: int,
        rows: int,
        targets: Tensor,
        captions: Tensor,
        classes: Tensor,
        place: Tensor,
    ) -> dict[str, Tensor]:
        s, d, rng = self._settings, self._data, self._run.rng
        clips, kinds, told = d.draw_sounds(rng, rows)
        mels = d.windows(clips, int(rng.choice(WINDOWS)), rng)
        mels = stretch_mels(mels, rng, time=s.stretch_time, bands=s.stretch_bands)
        mixed, partner, share = augment_mels(mels, rng)
        out = self._embed(mixed)
        goal = targets[torch.from_numpy(clips)]
        clean = (share > 0.8).to(self._device)
        share, partner = share.to(self._device), partner.to(self._device)
        goal = unit(share[:, None] * goal + (1 - share[:, None]) * goal[partner])
        found = {
            "teacher": (1 - (out * goal).sum(1)).mean(),
            "classes": mixed_cross_entropy(
                out @ classes.T / s.class_temperature,
                place[kinds].to(self._device),
                partner,
                share,
                s.smoothing,
            ),
        }
        same = (kinds[:, None] == d.caption_kinds[told][None]).to(self._device) & clean[:, None]
        if bool(clean.any()):
            found["text"] = TEXT_WEIGHT * info_nce(
                out[clean], captions[told.to(captions.device)], same[clean], s.temperature
            )
        if position % TWIN_EVERY == 0:
            again, _, _ = augment_mels(mels, rng, mix=False)
            own = torch.eye(len(out), dtype=torch.bool, device=self._device)
            found["twin"] = TWIN_WEIGHT * info_nce(out, self._embed(again), own, s.temperature)
        return found

    def _embed(self, mels: Tensor) -> Tensor:
        with self._run.precision.autocast():
            out = self.net(self._world.shard(mels).to(self._device))
        gathered: Tensor = self._world.gather(out.float())
        return gathered

    def _averaging(self, step: Step) -> Step:
        """The step, after which the mean follows the weights, at first as their plain mean."""

        def averaged(position: int, parts: int) -> dict[str, float]:
            found = step(position, parts)
            follow(self.mean, self.net, min(self._settings.average, 1 - 1 / (position + 2)))
            return found

        return averaged


def mean_of(net: AudioTower) -> AudioTower:
    """A copy that a running mean can be kept in; it is never trained itself."""
    mean = copy.deepcopy(net).eval()
    mean.requires_grad_(False)
    return mean
