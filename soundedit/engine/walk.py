"""The walk through W+: from what each frame hears to a trajectory."""

import math

import numpy as np
import torch
from torch import Tensor

from soundedit.engine.gate import LoudnessGate
from soundedit.engine.hearing import FrameSound
from soundedit.nets.bridge import LatentBridge
from soundedit.nets.frames import NOISE, FrameGenerator, FrameState
from soundedit.nets.inversion import SoundInversion
from soundedit.nets.memory import HeardMean

_NOISE_RATE = 25
_NOISE_SECONDS = 0.6
LIVELY = 1.45
"""Strength of the noise in rendering. The frame generator learned from noise of strength 1, with
which its walks vary less than the clips that it learned from.
"""


class SlowNoise:
    """A seeded Ornstein-Uhlenbeck process, of deviation `strength`, sampled by time, not frame."""

    def __init__(self, seed: int, strength: float = 1.0) -> None:
        self._strength = strength
        self._rng = np.random.default_rng(seed)
        self._keep = float(np.exp(-1 / (_NOISE_RATE * _NOISE_SECONDS)))
        self._step = 0
        self._now = self._rng.standard_normal(NOISE)
        self._next = self._advance(self._now)

    def _advance(self, x: np.ndarray) -> np.ndarray:
        fresh = self._rng.standard_normal(NOISE)
        out: np.ndarray = self._keep * x + (1 - self._keep**2) ** 0.5 * fresh
        return out

    def at(self, seconds: float) -> Tensor:
        """Values [NOISE] at a time not before the last one asked for."""
        place = seconds * _NOISE_RATE
        while self._step < int(place):
            self._now, self._next = self._next, self._advance(self._next)
            self._step += 1
        share = place - int(place)
        value = (1 - share) * self._now + share * self._next
        return torch.from_numpy(self._strength * value).float()


class CalmNoise:
    """Slow noise made slower and smaller, for live: what moves is the sound, not the noise.

    Reaction to the same clap varies with the noise of the moment; at half its strength and a second
    slower it no longer does, and a steady sound moves the picture by less than a level a frame.
    """

    SECONDS = 1.0
    STRENGTH = 0.5

    def __init__(self, seed: int) -> None:
        self._source = SlowNoise(seed)
        self._value: Tensor | None = None
        self._seconds = 0.0
        # A low-pass takes from the variance what this gives back.
        spread = ((_NOISE_SECONDS + self.SECONDS) / _NOISE_SECONDS) ** 0.5
        self._gain = self.STRENGTH * spread

    def at(self, seconds: float) -> Tensor:
        """Values [NOISE] at a time not before the last one asked for."""
        new = self._source.at(seconds)
        if self._value is None:
            self._value = new
        else:
            share = 1 - math.exp(-(seconds - self._seconds) / self.SECONDS)
            self._value = torch.lerp(self._value, new, share)
        self._seconds = seconds
        return self._value * self._gain


class Walk:
    """Holds the recurrent state between blocks of frames; deterministic for a seed.

    The scene is that of what was heard of late (`HeardMean`). The frame generator leads; what is
    shown follows it through a `LoudnessGate`.
    """

    def __init__(
        self,
        inversion: SoundInversion,
        frames: FrameGenerator,
        scene: Tensor,
        fps: float,
        seed: int,
        device: torch.device,
        bridge: LatentBridge | None = None,
    ) -> None:
        """`scene` [L, D]: latents of the scene alone; [T, L, D] where it moves, one a frame.
        `bridge`: to the latents of pictures where those are of another generator than the walk's.
        """
        self.inversion, self.frames, self.device = inversion, frames, device
        self.bridge, self.shape = bridge, scene.shape[-2:]
        self.scenes, self.rests = self._parted(scene if scene.ndim == 3 else scene[None])
        self.since = 0
        self.fps = fps
        self.noise: SlowNoise | CalmNoise = SlowNoise(seed, LIVELY)
        self.state: FrameState | None = None
        self.gate = LoudnessGate(fps)
        self.memory = HeardMean(fps)
        self.shown: Tensor | None = None
        self.count = 0

    def glide(self, scene: Tensor, seconds: float) -> None:
        """Go over to another scene [L, D] within so many seconds, from the next frame on."""
        now = min(self.count - self.since, len(self.scenes) - 1)
        shares = torch.linspace(0, 1, max(round(self.fps * seconds), 1) + 1, device=self.device)
        eased = (shares * shares * (3 - 2 * shares))[:, None, None]
        to, rest = self._parted(scene[None])
        self.scenes = torch.lerp(self.scenes[now, None], to, eased)
        if rest is not None and self.rests is not None:
            self.rests = torch.lerp(self.rests[now, None], rest, eased)
        self.since = self.count

    @torch.inference_mode()
    def _parted(self, scenes: Tensor) -> tuple[Tensor, Tensor | None]:
        """Scenes [T, L, D] in the walk's latents, and what pictures have beside them."""
        scenes = scenes.to(self.device)
        if self.bridge is None:
            return scenes, None
        return self.bridge.to_walk(scenes), self.bridge.rest(scenes)

    @torch.inference_mode()
    def go(self, sound: FrameSound) -> Tensor:
        """What n frames hear -> their latents [n, L, D] on the CPU."""
        n = len(sound.drive)
        if n == 0:
            return torch.zeros(0, *self.shape)
        heard = self.memory.follow(sound.heard, sound.levels).to(self.device)
        last = len(self.scenes) - 1
        at = [min(self.count - self.since + i, last) for i in range(n)]
        same = torch.zeros(n, dtype=torch.long)
        distinct = [0]
        for i in range(1, n):
            if at[i] != at[i - 1] or not torch.equal(heard[i], heard[i - 1]):
                distinct.append(i)
            same[i] = len(distinct) - 1
        placed = torch.cat(
            [
                self.inversion.place(heard[part], self.scenes[[at[i] for i in part]])
                for part in torch.tensor(distinct).split(64)
            ]
        )
        drive = sound.drive.to(self.device)
        seconds = torch.full((1,), 1 / self.fps, device=self.device)
        shares = self.gate.shares(sound.power)
        out = []
        for i in range(n):
            anchor = placed[same[i]][None]
            scene = self.scenes[at[i]][None]
            if self.state is None:
                self.state = self.frames.start(anchor)
            elif last:
                # The walk is relative to the scene, so it follows a moving one without lag.
                moving = self.count - self.since <= last
                moved = scene - self.scenes[max(at[i] - 1, 0)] if moving else 0
                self.state = FrameState(self.state.w + moved, self.state.hidden)
                self.shown = None if self.shown is None else self.shown + moved
            noise = self.noise.at(self.count / self.fps)[None].to(self.device)
            self.state = self.frames(self.state, anchor, scene, drive[i : i + 1], noise, seconds)
            w = self.state.w
            self.shown = w if self.shown is None else torch.lerp(self.shown, w, shares[i])
            out.append(self.shown[0])
            self.count += 1
        walked = torch.stack(out)
        if self.bridge is not None and self.rests is not None:
            walked = self.bridge.to_pictures(walked) + self.rests[at]
        return walked.cpu()


def placed(
    inversion: SoundInversion, bridge: LatentBridge | None, heard: Tensor, scene: Tensor
) -> Tensor:
    """What was heard [B, H] on scenes of pictures [B, L, D] -> sound latents of pictures."""
    if bridge is None:
        return inversion.place(heard, scene)
    found = inversion.place(heard, bridge.to_walk(scene))
    return bridge.to_pictures(found) + bridge.rest(scene)
