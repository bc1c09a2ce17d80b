"""Losses of function matching: the audio tower sees exactly the windows that its teachers saw."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.audio_tower import AudioTower
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

if TYPE_CHECKING:
    from soundedit.train.audio_stage import AudioSettings

LENGTHS = (100, 150, 220, 300)
"""Columns of the windows that are heard, one length a step."""
FEATURE_WEIGHT, TEACHER_WEIGHT, TEXT_WEIGHT, PROCEDURAL_WEIGHT = 1.5, 0.6, 0.5, 0.2
PROCEDURAL_SHARE = 20 / 56
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
        settings: "AudioSettings",
        run: Run,
        windows: Windows,
        procedural: dict[str, Tensor] | None,
        pooled: int,
    ) -> None:
        """`procedural`: see `procedural_windows`; `pooled`: width of the tower's pooled map."""
        self._settings, self._run = settings, run
        self._windows, self._procedural = windows, procedural
        features = standardised(windows.features)
        self._soft = soft_labels(
            features, windows.labels(), windows.called, settings.seed, settings.soft_steps
        )
        self._goals = principal(features, settings.seed)
        self.guess = nn.Sequential(
            nn.Linear(pooled, 512), nn.GELU(), nn.Linear(512, self._goals.shape[1])
        ).to(run.world.device)
        """Predicts the features' principal components from the tower's pooled map."""

    def losses(
        self, net: AudioTower, rows: int, words: Words, *, procedural: bool
    ) -> dict[str, Tensor]:
        """Losses of `rows` windows; where `procedural`, `PROCEDURAL_SHARE` of them are such."""
        s, rng, w = self._settings, self._run.rng, self._windows
        device = self._run.world.device
        made = round(rows * PROCEDURAL_SHARE) if procedural and self._procedural else 0
        i = torch.from_numpy(rng.integers(len(w), size=rows - made))
        length = int(rng.choice(LENGTHS))
        whole = [w.mel(int(k)) for k in i]
        if made and self._procedural:
            j = torch.from_numpy(rng.integers(len(self._procedural["mels"]), size=made))
            whole += list(self._procedural["mels"][j])
        starts = rng.integers(0, COLUMNS - length + 1, size=rows)
        mels = [m[:, a : a + length] for m, a in zip(whole, starts.tolist(), strict=True)]
        seen, _, _ = augment_mels(torch.stack(mels).float(), rng, mix=False)
        pooled = self._pooled(net, seen)
        out = unit(net.head(pooled))
        found: dict[str, Tensor] = {}
        logits = out @ words.classes.T / s.class_temperature
        if made and self._procedural:
            labels = (
                self._procedural["labels"][j] * (1 - SMOOTHING) + SMOOTHING / self._soft.shape[1]
            )
            goal = _among(labels, words.present).to(device)
            found["procedural"] = PROCEDURAL_WEIGHT * F.cross_entropy(logits[-made:], goal)
        count = rows - made
        pooled, out, logits = pooled[:count], out[:count], logits[:count]
        goals = self._goals[i].to(device)
        found["features"] = FEATURE_WEIGHT * F.smooth_l1_loss(self.guess(pooled), goals)
        shares, kinds = w.shares[i], w.kinds[i]
        mapped = words.clips[w.clips[i].to(words.clips.device)]
        near = 1 - (out * mapped).sum(1)
        found["teacher"] = TEACHER_WEIGHT * (near * (shares > 0.75).to(device)).mean()
        soft = _among(self._soft[i], words.present).to(device)
        found["classes"] = F.cross_entropy(logits, soft)
        clean = shares > 0.8
        told = torch.tensor([self._caption(int(k), words) for k in kinds])
        if bool(clean.any()):
            same = (kinds[:, None] == words.caption_kinds[told][None]) & clean[:, None]
            found["text"] = TEXT_WEIGHT * info_nce(
                out[clean.to(device)],
                words.captions[told.to(words.captions.device)],
                same[clean].to(device),
                s.temperature,
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
