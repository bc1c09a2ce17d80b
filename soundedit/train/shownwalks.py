"""Walks on scenes of seeds that are to show their sound's class wherever they have come to."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.frames import NOISE
from soundedit.train.clipset import FPS
from soundedit.train.motion_networks import MotionNetworks
from soundedit.train.showing import ShownClasses, jittered

UNSEEN = (0, 40)
"""Steps that a walk has gone before those with gradients, at least and below."""
_STEPS, _STRIDE, _NOISE_SECONDS = 4, 2, 0.6


class ShownWalks:
    """Short walks that begin anywhere in a clip's sound, on scenes that are not the clip's.

    Following clips' codes says nothing of scenes that no clip has, and a walk that strays from its
    sound latents no longer shows what they did.
    """

    def __init__(self, nets: MotionNetworks, heard: list[Tensor], step: int) -> None:
        """`heard` [clips, segments, H], without and with look-ahead, every `step` columns.

        TrainingError where no clip is of a class that the stills show.
        """
        self.nets, self.heard, self.step = nets, heard, step
        stills = Path(nets.settings.stills)
        self.shown = ShownClasses(stills, nets.generator, nets.encoder, nets.run)
        self.labels = np.array([self.shown.label(kind) for kind in nets.data.kinds])
        known = sorted(set(self.labels[self.labels >= 0].tolist()))
        self.of_class = [np.flatnonzero(self.labels == k) for k in known]
        if not known:
            raise TrainingError("No clip is of a class that the stills show; build both anew.")

    def losses(self, rows: int) -> dict[str, Tensor]:
        """Cross-entropy of the last frame of a quarter of `rows` walks, and how many are right."""
        nets, d, world = self.nets, self.nets.data, self.nets.world
        count = max(rows // 4 // world.size, 1) * world.size
        kinds = nets.rng.integers(len(self.of_class), size=count)
        clips = torch.tensor([int(nets.rng.choice(self.of_class[k])) for k in kinds])
        heard = self.heard[int(nets.rng.integers(len(self.heard)))]
        every = d.codes.shape[1]
        unseen = int(nets.rng.integers(*UNSEEN))
        unseen = min(unseen, (every - 1) // _STRIDE - _STEPS)
        first = int(nets.rng.integers(every - (unseen + _STEPS) * _STRIDE))
        mine = world.shard(clips)
        scenes = nets.any_scenes(count)
        seconds = torch.full((len(mine),), _STRIDE / FPS, device=nets.device)
        keep = float(np.exp(-_STRIDE / (FPS * _NOISE_SECONDS)))
        noise, state = world.randn(len(mine), NOISE), None
        for k in range(unseen + _STEPS):
            column = (first + k * _STRIDE) * 100 // FPS
            with torch.no_grad():
                now = heard[mine, column // self.step].to(nets.device)
                anchor = nets.inversion.place(now, scenes)
            if state is None:
                state = nets.frames.start(anchor)
            drive = d.drive[mine, d.lead + column - 1].to(nets.device)
            with torch.set_grad_enabled(k >= unseen):
                state = nets.frames(state, anchor, scenes, drive, noise, seconds)
            noise = keep * noise + (1 - keep**2) ** 0.5 * world.randn(*noise.shape)
        assert state is not None
        with nets.run.precision.autocast():
            pictures = nets.generator.synthesis(state.w).float().clamp(-1, 1)
        chances = world.shard(torch.from_numpy(nets.rng.random((count, 5))).float())
        rough = world.randn(*pictures.shape)
        logits = world.gather(self.shown.logits(jittered(pictures, chances.to(nets.device), rough)))
        wanted = torch.from_numpy(self.labels[clips.numpy()]).to(nets.device)
        named = F.cross_entropy(logits, wanted)
        right = (logits.argmax(1) == wanted).float().mean()
        return {"class": nets.settings.walk_class_weight * named, "named": right.detach()}
