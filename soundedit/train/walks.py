"""The stage of the frame generator: walks through W+ that follow the clips' codes."""

import numpy as np
import torch
from torch import Tensor

from soundedit.nets.clip import embed_pictures
from soundedit.nets.drive import mean_level
from soundedit.nets.frames import NOISE
from soundedit.nets.memory import HeardMean
from soundedit.train.clipset import FPS
from soundedit.train.learner import Learner, NotFinite, update
from soundedit.train.motion_networks import MotionNetworks
from soundedit.train.shownwalks import ShownWalks
from soundedit.train.sync import ChangeGauge, sync_loss

STEP = 10
"""Columns between the segments whose sound latents walks follow."""
SHOW_EVERY = 2
"""Steps between those in which walks are to show their sound's class."""


class WalkStage:
    """Trains the frame generator of `nets`."""

    def __init__(self, nets: MotionNetworks) -> None:
        self.nets = nets

    def train(self) -> bool:
        """Unrolled walks that follow the clips' codes, with critics on decoded small frames."""
        s, d = self.nets.settings, self.nets.data
        self.nets.inversion.requires_grad_(False).eval()
        optimiser = torch.optim.AdamW(self.nets.frames.parameters(), s.frames_lr)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, s.frames_lr, s.frames_steps)
        learner = Learner(optimiser, schedule, clip=1.0)
        critic = Learner(torch.optim.Adam(self.nets.critics.parameters(), 2e-4, betas=(0.0, 0.99)))
        heard = self.heard()
        anchors = self.anchors(heard)
        shown = ShownWalks(self.nets, heard, STEP) if s.walk_class_weight > 0 else None
        # The gauge of a run that goes on is the one that it began with.
        with torch.random.fork_rng():
            torch.manual_seed(s.seed)
            some = d.codes[:: max(len(d.codes) // 170, 1)].to(self.nets.device)
            gauge = ChangeGauge(self.nets.generator.synthesis, some)

        def losses(position: int, rows: int) -> dict[str, Tensor]:
            stride = int(self.nets.rng.choice([1, 1, 2, 3]))
            every = d.codes.shape[1]
            count = min(s.unroll, (every - 1) // stride)
            # Sound latents change every tenth of a second, so stretches begin on every fifth frame.
            first, other = (
                self.nets.rng.integers((every - 1 - (count - 1) * stride) // 5 + 1, size=2) * 5
            )
            before = min(int(self.nets.rng.choice([0, 6, 12, 18])), int(first) // stride)
            clips = torch.from_numpy(self.nets.rng.integers(len(d.codes), size=rows))
            anchor = anchors[int(self.nets.rng.integers(2))]
            # A frame hears only what was before it, so it shows what was heard in the one before.
            times = first + torch.arange(1, count) * stride - 1
            target = d.codes[clips][:, times]
            # Only what changes within a clip is learned here; the rest is sound inversion's part.
            target = target - d.means[clips][:, None] + anchor[clips].float().mean(1)[:, None]
            target = target.to(self.nets.device)
            one, two = (
                self.walk(clips, stride, count, anchor, int(first), before)[:, 1:] for _ in range(2)
            )
            moved = self.energy_score(one.diff(dim=1), two.diff(dim=1), target.diff(dim=1))
            # Another stretch of the same clips: change must follow loudness through a whole clip,
            # not only within a few frames.
            before = min(6, int(other) // stride)
            again = self.walk(clips, stride, count, anchor, int(other), before)[:, 1:]
            changes, levels = [], []
            for begin, part in ((first, one), (other, again)):
                at = d.lead + (int(begin) + torch.arange(1, count) * stride) * 100 // FPS - 1
                changes.append(gauge.change(part)[:, 1:])
                levels.append(d.drive[clips][:, at, 0][:, 2:].to(self.nets.device))
            sync = sync_loss(torch.cat(changes, dim=1), torch.cat(levels, dim=1))
            found = {
                "follow": self.energy_score(one, two, target),
                "motion": 3.0 * moved,
                "sync": s.sync_weight * sync,
            }
            if position % s.critic_every == s.critic_every - 1:
                found |= self.judge(one, clips, times, critic)
            if shown is not None and position % SHOW_EVERY == 0:
                found |= shown.losses(rows)
            return found

        step = self.nets.run.learning(learner, s.batch, losses)
        learners = {"frames": learner, "critics": critic}
        return self.nets.run.train("frames", step, s.frames_steps, learners, batch=s.batch)

    @torch.no_grad()
    def heard(self) -> list[Tensor]:
        """What walks go by [clips, segments, H], without and with look-ahead: as in rendering, what
        was heard of late.
        """
        d, both = self.nets.data, []
        count = d.codes.shape[1] * 100 // FPS // STEP
        for ahead in (0, d.ahead):
            rows = []
            for c in range(len(d.codes)):
                at = torch.arange(count) * STEP
                index = torch.full((count,), c)
                segments = d.segments(index, at, torch.full((count,), ahead))
                now = self.nets.inversion.listen(*self.nets.hear(segments)).cpu()
                rows.append(HeardMean(100 / STEP).follow(now, mean_level(segments)))
            both.append(torch.stack(rows))
        return both

    @torch.no_grad()
    def anchors(self, heard: list[Tensor]) -> list[Tensor]:
        """Sound latents [clips, segments, L, D] of every clip on its own scene."""
        d, both = self.nets.data, []
        for every in heard:
            rows = []
            for c, now in enumerate(every):
                scene = d.scenes[c].expand(len(now), -1, -1).to(self.nets.device)
                placed = self.nets.inversion.place(now.to(self.nets.device), scene)
                rows.append(placed.half().cpu())
            both.append(torch.stack(rows))
        return both

    def energy_score(self, one: Tensor, two: Tensor, target: Tensor) -> Tensor:
        """Energy score of two drawn walks [B, T, L, D] (Gneiting & Raftery 2007).

        A proper score: its best answer has the spread of what really happens, where a squared
        error would freeze whatever the sound does not tell.
        """
        one, two, target = (x / self.nets.data.spread for x in (one, two, target))

        def length(x: Tensor) -> Tensor:
            return (x.square().mean((2, 3)) + 1e-6).sqrt()

        near = length(one - target) + length(two - target)
        return (near - length(one - two)).mean() / 2

    def walk(
        self, clips: Tensor, stride: int, count: int, anchors: Tensor, first: int, before: int = 0
    ) -> Tensor:
        """Unroll the frame generator from frame `first`: latents [B, count, L, D] of clips [B].

        The walk begins `before` steps earlier, unseen and without gradients: the state that a long
        walk is in is the one to follow the sound from. Each process walks its own rows.
        """
        d, world = self.nets.data, self.nets.world
        clips = world.shard(clips)
        scene = d.scenes[clips].to(self.nets.device)
        seconds = torch.full((len(clips),), stride / FPS, device=self.nets.device)
        keep = float(np.exp(-stride / (FPS * 0.6)))
        noise = world.randn(len(clips), NOISE)
        state, out = None, []
        for k in range(-before, count):
            column = (first + k * stride) * 100 // FPS
            anchor = anchors[clips, column // STEP].float().to(self.nets.device)
            if state is None:
                state = self.nets.frames.start(anchor)
            heard = d.drive[clips, d.lead + column - 1].to(self.nets.device)
            with torch.set_grad_enabled(k >= 0 and torch.is_grad_enabled()):
                state = self.nets.frames(state, anchor, scene, heard, noise, seconds)
            if k >= 0:
                out.append(state.w)
            noise = keep * noise + (1 - keep**2) ** 0.5 * world.randn(*noise.shape)
        return world.gather(torch.stack(out, dim=1))

    def judge(
        self, walk: Tensor, clips: Tensor, times: Tensor, critic: Learner
    ) -> dict[str, Tensor]:
        """Least-squares critics and L_CLIP on six decoded frames of four walks.

        `times` are the clips' frames that the walk's frames should match.
        """
        s, d = self.nets.settings, self.nets.data
        some = clips[:4]
        first = int(self.nets.rng.integers(walk.shape[1] - 5))
        part = walk[:4, first : first + 6]
        small = self.nets.generator.synthesis(part.flatten(0, 1), until=32).clamp(-1.2, 1.2)
        fake = small.unflatten(0, (len(some), 6))
        times = times[first : first + 6]
        real = d.small[some][:, times].float().to(self.nets.device) / 127.5 - 1
        picture, video = self.nets.critics
        held = fake.detach()
        lost = (
            (picture(real.flatten(0, 1)) - 1).square().mean()
            + picture(held.flatten(0, 1)).square().mean()
            + (video(real) - 1).square().mean()
            + video(held).square().mean()
        )
        if self.nets.world.any(not bool(torch.isfinite(lost))):
            raise NotFinite("the loss 'critic' is not finite")
        critic.zero()
        self.nets.run.precision.backward(lost)
        update([critic], self.nets.run.precision, self.nets.world)
        self.nets.critics.requires_grad_(False)
        fooling = s.critic_weight * (
            (picture(fake.flatten(0, 1)) - 1).square().mean() + (video(fake) - 1).square().mean()
        )
        self.nets.critics.requires_grad_(True)
        full = self.nets.generator.synthesis(part[:, 3])
        shown = embed_pictures(self.nets.clip, self.nets.clip_config, full.clamp(-1, 1))
        columns = torch.full((len(some),), int(times[3]) * 100 // FPS)
        _, heard = self.nets.hear(d.segments(some, columns, torch.zeros_like(columns)))
        meaning = s.clip_weight * (1 - (shown * heard).sum(1)).mean()
        return {"fooling": fooling, "meaning": meaning, "critic": lost.detach()}
