"""The two stages of sound inversion: follow the clips' codes, then show the sound's class."""

import copy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.drive import LEVEL_OF_SECOND
from soundedit.nets.memory import weight_of
from soundedit.train.clipset import FPS
from soundedit.train.learner import Learner
from soundedit.train.motion_networks import MotionNetworks
from soundedit.train.run import Step
from soundedit.train.showing import ShownClasses, jittered

KNOW_EVERY = 250
"""Steps between those that hear the classes' sounds anew."""
CLEARED = 0.5
"""Least share of what is heard that is cleared while classes are shown."""


class InversionStages:
    """Trains the sound inversion of `nets`."""

    def __init__(self, nets: MotionNetworks) -> None:
        self.nets = nets

    def follow(self) -> bool:
        """Sound latents of a segment on a photo's code -> the mean code of what it should show."""
        s, d = self.nets.settings, self.nets.data
        optimiser = torch.optim.AdamW(self.nets.inversion.parameters(), s.inversion_lr)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, s.inversion_lr, s.inversion_steps)
        learner = Learner(optimiser, schedule, clip=1.0)

        def losses(_: int, rows: int) -> dict[str, Tensor]:
            clips = torch.from_numpy(self.nets.rng.integers(len(d.codes), size=rows))
            segments, near = self.moments(clips)
            maps, embedding = self.nets.hear(self.nets.world.shard(segments))
            scenes = d.scenes[clips].to(self.nets.device)
            w = self.nets.inversion(maps, embedding, self.nets.world.shard(scenes))
            return {
                "distance": self.nets.distance(self.nets.world.gather(w), near),
                "photo alone": self.nets.distance(scenes, near),
            }

        step = self.knowing(self.nets.run.learning(learner, s.batch, losses), s.inversion_steps)
        learners = {"inversion": learner}
        return self.nets.run.train("inversion", step, s.inversion_steps, learners, batch=s.batch)

    def show(self) -> bool:
        """Sound inversion that also shows the sound's class, on photos and on seeds' scenes.

        Codes are followed as before. Pictures of other scenes are named by a classifier, and kept
        near what sound inversion made of them before this stage.
        """
        s, d, world = self.nets.settings, self.nets.data, self.nets.world
        if self.nets.followed is None:
            self.nets.followed = copy.deepcopy(self.nets.inversion)
        followed = self.nets.followed.eval().requires_grad_(False)
        shown = ShownClasses(Path(s.stills), self.nets.generator, self.nets.encoder, self.nets.run)
        labels = np.array([shown.label(kind) for kind in d.kinds])
        of_class = [np.flatnonzero(labels == k) for k in sorted(set(labels[labels >= 0].tolist()))]
        if not of_class:
            raise TrainingError("No clip is of a class that the stills show; build both anew.")
        optimiser = torch.optim.AdamW(self.nets.inversion.parameters(), s.inversion_lr)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, s.inversion_lr, s.showing_steps)
        learner = Learner(optimiser, schedule, clip=1.0)

        def losses(_: int, rows: int) -> dict[str, Tensor]:
            clips = torch.from_numpy(self.nets.rng.integers(len(d.codes), size=rows))
            segments, near = self.moments(clips)
            maps, embedding = self.nets.hear(world.shard(segments))
            heard = self.nets.inversion.listen(maps, embedding)
            scenes = world.shard(d.scenes[clips].to(self.nets.device))
            w = self.nets.inversion.place(heard, scenes, self.shares(rows))
            distance = self.nets.distance(world.gather(w), near)
            # A decoded picture costs much more than a latent.
            count = max(rows // 4 // world.size, 1) * world.size
            kinds = self.nets.rng.integers(len(of_class), size=count)
            clips = torch.tensor([int(self.nets.rng.choice(of_class[k])) for k in kinds])
            segments, _near = self.moments(clips, loud=True)
            maps, embedding = self.nets.hear(world.shard(segments))
            heard = self.nets.inversion.listen(maps, embedding)
            scenes = self.nets.any_scenes(count)
            w = self.nets.inversion.place(heard, scenes, self.shares(count))
            kept = self.nets.distance(
                world.gather(w), world.gather(followed(maps, embedding, scenes))
            )
            with self.nets.run.precision.autocast():
                pictures = self.nets.generator.synthesis(w).float().clamp(-1, 1)
            chances = world.shard(torch.from_numpy(self.nets.rng.random((count, 5))).float())
            noise = world.randn(*pictures.shape)
            logits = shown.logits(jittered(pictures, chances.to(self.nets.device), noise))
            wanted = torch.from_numpy(labels[clips.numpy()]).to(self.nets.device)
            named = F.cross_entropy(world.gather(logits), wanted)
            return {
                "distance": distance,
                "kept": 0.25 * kept,
                "class": s.class_weight * named,
                "named": (world.gather(logits).argmax(1) == wanted).float().mean().detach(),
            }

        step = self.knowing(self.nets.run.learning(learner, s.batch, losses), s.showing_steps)
        return self.nets.run.train(
            "showing", step, s.showing_steps, {"inversion": learner}, batch=s.batch
        )

    def moments(self, clips: Tensor, *, loud: bool = False) -> tuple[Tensor, Tensor]:
        """Segments of clips [n] at random moments, and the mean codes [n, L, D] around these.

        `loud`: moments as likely as much as they count where a clip is heard as a whole; silence
        says nothing of a clip's class.
        """
        d, rows, rng = self.nets.data, len(clips), self.nets.rng
        count = d.codes.shape[1] // 5
        ahead = torch.from_numpy(rng.choice([0, d.ahead], size=rows))
        if loud:
            ends = (torch.arange(count) * 5 * 100 // FPS + d.lead - 1)[None] + ahead[:, None]
            chances = weight_of(d.drive[clips[:, None], ends, LEVEL_OF_SECOND]).cumsum(1)
            drawn = torch.from_numpy(rng.random((rows, 1))).float() * chances[:, -1:]
            at = torch.searchsorted(chances, drawn)[:, 0].clamp_max(count - 1) * 5
        else:
            at = torch.from_numpy(rng.integers(0, count, size=rows)) * 5
        segments = d.segments(clips, at * 100 // FPS, ahead)
        gain = torch.from_numpy(self.nets.rng.uniform(-8, 8, (rows, 1, 1))).float() / 50
        near = torch.stack(
            [
                d.codes[c, max(a - 12, 0) : a + 13].mean(0)
                for c, a in zip(clips.tolist(), at.tolist(), strict=True)
            ]
        )
        return segments + gain, near.to(self.nets.device)

    def shares(self, rows: int) -> Tensor:
        """How much is cleared of what each of this process's segments of `rows` says, [n, 1]."""
        drawn = torch.from_numpy(self.nets.rng.uniform(CLEARED, 1, (rows, 1))).float()
        return self.nets.world.shard(drawn).to(self.nets.device)

    def knowing(self, step: Step, steps: int) -> Step:
        """The step; classes' sounds are heard anew from time to time, as listening is learned."""

        def known(position: int, parts: int) -> dict[str, float]:
            if position % KNOW_EVERY == 0:
                self.nets.know_classes()
            found = step(position, parts)
            if position + 1 >= steps:
                self.nets.know_classes()
            return found

        return known
