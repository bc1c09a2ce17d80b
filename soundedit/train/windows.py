"""Augmented windows of recordings, and what locked teachers say of exactly those.

Function matching (Beyer et al., CVPR 2022): a student learns most when it sees the very input that
its teachers saw, augmented and mixed, over and over. aiSFX, SoundNet and YAMNet hear each window
once.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
import torchaudio
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.media.sound import read_sound
from soundedit.train.audioset import AudioSetClasses
from soundedit.train.embedding_data import draw_clip, recordings_by_class
from soundedit.train.prompts import CLASSES
from soundedit.train.soundnet import SoundNetTeacher
from soundedit.train.sounds import MelSettings, SoundSet
from soundedit.train.teachers import SoundTeacher
from soundedit.train.waveforms import SILENCE, Samples, colour, cut, draw_pace, level, loudness, mix
from soundedit.train.yamnet import YamnetTeacher

log = logging.getLogger(__name__)
COLUMNS = 470
"""Columns of a window: 4.7 s."""
TEACHERS = "aisfx soundnet yamnet"
PART = 400
"""Windows in a file; making them goes on after the last whole file."""
MIXED = 0.35
"""Share of the windows into which another is mixed."""
COMPONENTS = 384
SMOOTHING = 0.05
CALLED = 0.35
"""Weight of what windows are called without having learned from their labels."""
TRIES = 100
"""Silent windows in a row that are drawn before giving up."""


class Listener(Protocol):
    """What hears the windows."""

    def __call__(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Mono samples [N] at the pack's rate -> features [F], shares of the classes [classes]."""


class Teachers:
    """aiSFX (mean and maximum of its blocks, 1024), SoundNet (1536) and YAMNet (2569), whose
    AudioSet classes tell the classes' shares.
    """

    def __init__(self) -> None:
        """TrainingError if one is not installed."""
        rate = MelSettings().sample_rate
        self.aisfx, self.soundnet, self.yamnet = SoundTeacher(), SoundNetTeacher(), YamnetTeacher()
        self.classes = AudioSetClasses(self.yamnet.names)
        self.to_aisfx = torchaudio.transforms.Resample(rate, self.aisfx.rate)
        self.to_soundnet = torchaudio.transforms.Resample(rate, self.soundnet.rate)
        self.to_yamnet = torchaudio.transforms.Resample(rate, self.yamnet.rate)

    @torch.inference_mode()
    def __call__(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Mono samples [N] at 32 kHz -> features [5129], shares of the classes [classes]."""
        blocks = self.aisfx.blocks(self.to_aisfx(samples))
        second = self.soundnet.features(self.to_soundnet(samples))
        third, probabilities = self.yamnet.heard(self.to_yamnet(samples))
        features = torch.cat([blocks.mean(0), blocks.amax(0), second, third])
        return features, self.classes.shares(probabilities)


@dataclass(frozen=True)
class Windows:
    """Windows of recordings, in parts that stay on disk until they are drawn.

    `kinds`, `mates` [N]: class of each, and of what is mixed in; `shares` [N] of the first;
    `clips` [N]: where it is from; `features` [N, F]: the teachers'; `called` [N, classes]: shares
    of the classes by a teacher that knows them without these labels.
    """

    mels: list[Tensor]
    kinds: Tensor
    mates: Tensor
    shares: Tensor
    clips: Tensor
    features: Tensor
    called: Tensor

    def __len__(self) -> int:
        return len(self.kinds)

    def mel(self, i: int) -> Tensor:
        """Log-mel [M, COLUMNS] of window `i`, float16."""
        return self.mels[i // PART][i % PART]

    def labels(self) -> Tensor:
        """Share of each class [N, classes]."""
        first, second = (F.one_hot(k, len(CLASSES)).float() for k in (self.kinds, self.mates))
        return self.shares[:, None] * first + (1 - self.shares[:, None]) * second


def make_windows(
    sounds: SoundSet,
    count: int,
    seed: int,
    cache: Path,
    listener: Callable[[], Listener] = Teachers,
) -> Windows:
    """Read `count` windows below `cache`, making those that are not there yet.

    TrainingError if a teacher is not installed, or the recordings are silent.
    """
    names = [str(clip.file) for clip in sounds.clips]
    text = json.dumps([names, sounds.lengths.tolist(), count, seed, COLUMNS, TEACHERS])
    key = hashlib.sha256(text.encode()).hexdigest()[:16]
    files = [cache / f"windows-{key}-{n}.pt" for n in range(-(-count // PART))]
    maker: _Maker | None = None
    for n, file in enumerate(files):
        if file.exists():
            continue
        maker = maker or _Maker(sounds, listener())
        save_whole(file, maker.part(min(PART, count - n * PART), np.random.default_rng([seed, n])))
        log.info("windows: %d of %d", min((n + 1) * PART, count), count)
    parts = [torch.load(file, weights_only=True, mmap=True) for file in files]
    rest = {k: torch.cat([p[k] for p in parts]) for k in parts[0] if k != "mels"}
    return Windows([p["mels"] for p in parts], **rest)


def save_whole(file: Path, content: dict[str, Tensor]) -> None:
    """Write tensors to a file that appears whole or not at all."""
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        torch.save(content, out)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


class _Maker:
    def __init__(self, sounds: SoundSet, listener: Listener) -> None:
        self.sounds, self.listener = sounds, listener
        self.recordings = recordings_by_class(sounds)
        self.heard: dict[int, Samples] = {}
        settings = MelSettings()
        self.mel, self.rate = settings.build(), settings.sample_rate
        self.length = COLUMNS * settings.hop_length

    def draw(self, rng: np.random.Generator) -> tuple[int, int, Samples]:
        """A class, one of its clips, and a window of that which is not silent."""
        for _ in range(TRIES):
            kind = int(rng.choice(list(self.recordings)))
            clip = draw_clip(self.recordings[kind], rng)
            if clip not in self.heard:
                file = self.sounds.clips[clip].file
                self.heard[clip] = read_sound(file, sample_rate=self.rate, mono=True).mono()
            found = cut(self.heard[clip], self.length, rng, pace=draw_pace(rng))
            if loudness(found) >= SILENCE:
                return kind, clip, found
        raise TrainingError("The sounds to train on are silent; give recordings that are not.")

    @torch.inference_mode()
    def part(self, count: int, rng: np.random.Generator) -> dict[str, Tensor]:
        mels, features, called, kinds, mates, shares, clips = [], [], [], [], [], [], []
        for _ in range(count):
            kind, clip, x = self.draw(rng)
            mate, share = kind, 1.0
            if rng.random() < MIXED:
                mate, _, other = self.draw(rng)
                share = float(rng.uniform(0.5, 1))
                x = mix(x, other, share)
            x = level(colour(x, self.rate, rng), rng)
            samples = torch.from_numpy(x)
            mels.append(self.mel(samples[None])[0].half())
            heard, told = self.listener(samples)
            features.append(heard.half())
            called.append(told)
            kinds.append(kind)
            mates.append(mate)
            shares.append(share)
            clips.append(clip)
        return {
            "mels": torch.stack(mels).clone(),
            "features": torch.stack(features).clone(),
            "called": torch.stack(called).clone(),
            "kinds": torch.tensor(kinds),
            "mates": torch.tensor(mates),
            "shares": torch.tensor(shares),
            "clips": torch.tensor(clips),
        }


def standardised(features: Tensor) -> Tensor:
    """Features [N, F] with mean 0 and spread 1 in each column, within +-8."""
    wide = features.float()
    return ((wide - wide.mean(0)) / (wide.std(0) + 1e-3)).clamp(-8, 8)


def soft_labels(features: Tensor, labels: Tensor, called: Tensor, seed: int, steps: int) -> Tensor:
    """Half what the teachers say, half `labels` [N, K], smoothed.

    Teachers say what a linear head makes of standardised `features` [N, F], and `CALLED` of it what
    the windows are `called` [N, K]. The head is trained here on the labels, with dropout and much
    decay.
    """
    classes = labels.shape[1]
    smooth = labels * (1 - SMOOTHING) + SMOOTHING / classes
    with torch.random.fork_rng(devices=[]), torch.inference_mode(False), torch.enable_grad():
        torch.manual_seed(seed)
        head = nn.Linear(features.shape[1], classes)
        optimiser = torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=1.0)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        for _ in range(steps):
            i = torch.randint(len(features), (256,))
            loss = F.cross_entropy(head(F.dropout(features[i], 0.5)), smooth[i])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    with torch.no_grad():
        said = torch.lerp(head(features).softmax(1), called, CALLED)
        return 0.5 * said + 0.5 * smooth


def principal(features: Tensor, seed: int, count: int = COMPONENTS) -> Tensor:
    """Leading principal components [N, at most `count`], of mean spread 1, within +-12."""
    centred = features - features.mean(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _, _, axes = torch.svd_lowrank(centred, min(count, *centred.shape), niter=3)
    found = centred @ axes
    return (found / found.std(0).mean()).clamp(-12, 12)
