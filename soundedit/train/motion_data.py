"""What sound inversion and the frame generator learn from: codes and spectrograms of clips."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.nets.audio_tower import SEGMENT
from soundedit.nets.drive import CONTEXT, SILENCE, drive_features
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.train.clipset import clip_files, read_clip
from soundedit.train.distributed import World
from soundedit.train.lite0 import load_lite0, look
from soundedit.train.run import RunSettings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MotionSettings(RunSettings):
    """Settings of `train inversion` and `train frames`; the shipped TOML file explains each."""

    generator: str = "runs/generator/generator-final.pt"
    embedding: str = "runs/embedding/embedding.pt"
    clips: str = "runs/clips"
    stills: str = "runs/stills/stills.npz"
    out: str = "runs/motion"
    inversion_steps: int = 3000
    showing_steps: int = 1500
    frames_steps: int = 6000
    batch: int = 32
    unroll: int = 10
    inversion_lr: float = 5.0e-4
    frames_lr: float = 1.0e-3
    critic_every: int = 8
    critic_weight: float = 0.02
    clip_weight: float = 0.05
    class_weight: float = 0.15
    walk_class_weight: float = 0.1
    sync_weight: float = 0.5
    lookahead: float = 1.0


class MotionData:
    """Codes and spectrograms of all clips, in memory."""

    def __init__(self, settings: MotionSettings, encoder: PhotoEncoder, world: World) -> None:
        """Encode every clip once (kept beside the run, by checkpoint time)."""
        self.device = world.device
        files = clip_files(Path(settings.clips))
        stamp = int(Path(settings.generator).stat().st_mtime)
        stamp += int(Path(settings.embedding).stat().st_mtime)
        cache = Path(settings.out) / f"codes-{stamp}-{len(files)}.pt"
        with world.first():
            if not cache.exists():
                cache.parent.mkdir(parents=True, exist_ok=True)
                part = cache.with_suffix(".part")
                torch.save(self._encode(files, encoder), part)
                part.replace(cache)
        state = torch.load(cache, weights_only=True)
        self.scenes: Tensor = state["scenes"].float()
        self.codes: Tensor = state["codes"].float()
        self.small: Tensor = state["small"]
        self.mels: Tensor = state["mels"].float()
        self.kinds: list[str] = state["kinds"]
        self.lead = max(CONTEXT, SEGMENT)
        self.drive = drive_features(self.mels)[:, :-1]
        self.ahead = round(settings.lookahead * 100)
        self.means = self.codes.mean(1)
        spread = self.codes.flatten(0, 1).std((0, 1)).clamp_min(1e-3)
        self.spread = spread.to(self.device)

    def _encode(self, files: list[Path], encoder: PhotoEncoder) -> dict[str, Any]:
        features, encoder = load_lite0().to(self.device), encoder.to(self.device)
        scenes, codes, small, mels, kinds = [], [], [], [], []
        for n, file in enumerate(files):
            clip = read_clip(file)
            pictures = np.concatenate([clip.picture[None], clip.frames])
            x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
            found = []
            with torch.inference_mode():
                for part in x.split(32):
                    w, offsets = encoder(look(features, part.to(self.device)))
                    found.append((w[:, None] + offsets).cpu())
                little = F.avg_pool2d(x[1:], x.shape[2] // 32)
            every = torch.cat(found)
            scenes.append(every[0].clone())
            codes.append(every[1:].half())
            small.append(((little + 1) * 127.5).to(torch.uint8))
            mel = torch.from_numpy(clip.mel.astype(np.float32)).T
            padded = F.pad(mel, (max(CONTEXT, SEGMENT), SEGMENT), value=SILENCE)
            mels.append(padded.half())
            kinds.append(clip.kind)
            if n % 50 == 0:
                log.info("encoded %d of %d clips", n, len(files))
        return {
            "scenes": torch.stack(scenes),
            "codes": torch.stack(codes),
            "small": torch.stack(small),
            "mels": torch.stack(mels),
            "kinds": kinds,
        }

    def segments(self, clips: Tensor, columns: Tensor, lookahead: Tensor) -> Tensor:
        """Log-mels [n, M, SEGMENT] that end at sound columns plus look-ahead, of clips [n]."""
        ends = columns + lookahead + self.lead
        return torch.stack(
            [self.mels[c, :, e - SEGMENT : e] for c, e in zip(clips, ends.tolist(), strict=True)]
        )
