"""Losses of function matching: the audio tower sees exactly the windows that its teachers saw."""

import copy
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.audio_tower import AudioTower
from soundedit.train.audio_settings import AudioSettings
from soundedit.train.augment import augment_mels
from soundedit.train.contrast import info_nce, unit
from soundedit.train.run import Run
from soundedit.train.windows import (
    COLUMNS,
    SMOOTHING,
    Windows,
    principal,
    soft_labels,
    standardised,
)

LENGTHS = (100, 150, 220, 300)
"""Columns of the windows that are heard, one length a step."""
LAST_LENGTHS = (100, 100, 150, 220, 300, 440)
"""The same in the last stretch."""
FEATURE_WEIGHT, TEACHER_WEIGHT, TEXT_WEIGHT = 1.5, 0.6, 0.5
PROCEDURAL_WEIGHT, ANCHOR_WEIGHT = 0.3, 3.0
PROCEDURAL_SHARE = 24 / 56
"""Part of each batch of the last stretch that is procedural windows."""


@dataclass(frozen=True)
class Words:
    """What is matched besides: `clips` [clips, E] targets, `captions` [captions, E] and classes
    [classes, E] of the shipped text tower, `caption_kinds` and `present`, the classes' numbers.
    """

    clips: Tensor
    captions: Tensor
    classes: Tensor
    caption_kinds: Tensor
    present: list[int]


class Matching:
    """Teachers' features and soft labels of `windows`, and the losses against them."""

    def __init__(
        self,
        settings: AudioSettings,
        run: Run,
        windows: Windows,
        procedural: dict[str, Tensor] | None,
        net: AudioTower,
    ) -> None:
        """`procedural`: see `procedural_windows`; `net`: the tower that is going to learn."""
        self._settings, self._run = settings, run
        self._windows, self._procedural = windows, procedural
        features = standardised(windows.features)
        self._soft = soft_labels(
            features, windows.labels(), windows.called, settings.seed, settings.soft_steps
        )
        self._goals = principal(features, settings.seed)
        self.guess = nn.Sequential(
            nn.Linear(net.head.in_features, 512), nn.GELU(), nn.Linear(512, self._goals.shape[1])
        ).to(run.world.device)
        """Predicts the features' principal components from the tower's pooled map."""
        self.anchor = copy.deepcopy(net).to(run.world.device).eval().requires_grad_(False)
        """The tower as the last stretch found it."""

    def keep(self, net: AudioTower) -> None:
        """Take the weights that the last stretch stays near to."""
        self.anchor.load_state_dict(net.state_dict())

    def losses(self, net: AudioTower, rows: int, words: Words) -> dict[str, Tensor]:
        """Losses of `rows` windows against the teachers' features and labels."""
        s, w = self._settings, self._windows
        device = self._run.world.device
        i = self._draw(rows)
        pooled = self._pooled(net, self._seen([w.mel(int(k)) for k in i], LENGTHS))
        out = unit(net.head(pooled))
        found = self._told(out, out @ words.classes.T / s.class_temperature, i, words)
        goals = self._goals[i].to(device)
        found["features"] = FEATURE_WEIGHT * F.smooth_l1_loss(self.guess(pooled), goals)
        mapped = words.clips[w.clips[i].to(words.clips.device)]
        near = 1 - (out * mapped).sum(1)
        found["teacher"] = TEACHER_WEIGHT * (near * (w.shares[i] > 0.75).to(device)).mean()
        return found

    def last_losses(self, net: AudioTower, rows: int, words: Words) -> dict[str, Tensor]:
        """Losses of the last stretch: `PROCEDURAL_SHARE` of the `rows` were made from nothing.

        Windows that the tower heard rightly before it are to be heard no differently.
        """
        s, w = self._settings, self._windows
        device = self._run.world.device
        assert self._procedural is not None
        made = round(rows * PROCEDURAL_SHARE)
        i = self._draw(rows - made)
        j = torch.from_numpy(self._run.rng.integers(len(self._procedural["mels"]), size=made))
        recorded = [w.mel(int(k)) for k in i]
        seen = self._seen([*recorded, *self._procedural["mels"][j]], LAST_LENGTHS)
        out = unit(net.head(self._pooled(net, seen)))
        with torch.no_grad():
            was = unit(self.anchor.head(self._pooled(self.anchor, seen)))[: rows - made]
        logits = out @ words.classes.T / s.class_temperature
        labels = self._procedural["labels"][j]
        labels = labels * (1 - SMOOTHING) + SMOOTHING / labels.shape[1]
        goal = _among(labels, words.present).to(device)
        out, last = out[: rows - made], logits[rows - made :]
        found = self._told(out, logits[: rows - made], i, words)
        found["procedural"] = PROCEDURAL_WEIGHT * F.cross_entropy(last, goal)
        kinds = torch.tensor(words.present)[(was @ words.classes.T).argmax(1).cpu()]
        right = ((kinds == w.kinds[i]) & (w.shares[i] > 0.6)).to(device)
        found["anchor"] = ANCHOR_WEIGHT * ((1 - (out * was).sum(1)) * right).mean()
        return found

    def _draw(self, rows: int) -> Tensor:
        return torch.from_numpy(self._run.rng.integers(len(self._windows), size=rows))

    def _seen(self, whole: list[Tensor], lengths: tuple[int, ...]) -> Tensor:
        """Augmented parts of mels, one length for all."""
        rng = self._run.rng
        length = int(rng.choice(lengths))
        starts = rng.integers(0, COLUMNS - length + 1, size=len(whole))
        mels = [m[:, a : a + length] for m, a in zip(whole, starts.tolist(), strict=True)]
        return augment_mels(torch.stack(mels).float(), rng, mix=False)[0]

    def _told(self, out: Tensor, logits: Tensor, i: Tensor, words: Words) -> dict[str, Tensor]:
        """Losses of windows `i` against their soft labels and the words of their classes."""
        w, device = self._windows, self._run.world.device
        soft = _among(self._soft[i], words.present).to(device)
        found = {"classes": F.cross_entropy(logits, soft)}
        clean, kinds = w.shares[i] > 0.8, w.kinds[i]
        told = torch.tensor([self._caption(int(k), words) for k in kinds])
        if bool(clean.any()):
            same = (kinds[:, None] == words.caption_kinds[told][None]) & clean[:, None]
            found["text"] = TEXT_WEIGHT * info_nce(
                out[clean.to(device)],
                words.captions[told.to(words.captions.device)],
                same[clean].to(device),
                self._settings.temperature,
            )
        return found

    def _caption(self, kind: int, words: Words) -> int:
        return int(self._run.rng.choice(np.flatnonzero(words.caption_kinds.numpy() == kind)))

    def _pooled(self, net: AudioTower, mels: Tensor) -> Tensor:
        world = self._run.world
        with self._run.precision.autocast():
            maps = net.pyramid(world.shard(mels).to(world.device).contiguous())
        return world.gather(net.pool([maps[-1].float()]))


def _among(labels: Tensor, present: list[int]) -> Tensor:
    """Labels [N, classes] over the classes that are present, as shares of 1."""
    some = labels[:, present]
    return some / some.sum(1, keepdim=True)
