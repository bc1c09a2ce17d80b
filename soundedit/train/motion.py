"""Training of sound inversion and the frame generator on rendered clips.

Every clip's photo and frames are encoded into W+ by the photo encoder that was trained with the
generator. The two networks then follow those codes from the sound alone: sound latents w_a move
the photo's code to the weathered one, and the recurrent bands follow it frame by frame, driven by
every segment. A latent regulariser keeps them near codes of real pictures, and short clips of
decoded frames are judged by an image and a video discriminator (Lee et al. 2022, section 3.4).
"""

import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.nets.audio_tower import AudioTower
from soundedit.nets.clip import build_clip, embed_pictures
from soundedit.nets.discriminators import ImageDiscriminator, VideoDiscriminator
from soundedit.nets.drive import CONTEXT, FEATURES, SILENCE, drive_features
from soundedit.nets.frames import NOISE, FrameGenerator
from soundedit.nets.inversion import SoundInversion
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.checkpoint import load_checkpoint, save_checkpoint
from soundedit.train.clipset import FPS, clip_files, read_clip
from soundedit.train.lite0 import load_lite0
from soundedit.train.sounds import MelSettings
from soundedit.train.sync import ChangeGauge, sync_loss

log = logging.getLogger(__name__)
SEGMENT, STEP = 100, 10


@dataclass(frozen=True)
class MotionSettings:
    """Settings of `train inversion` and `train frames`; the shipped TOML file explains each."""

    generator: str = "runs/generator/generator-final.pt"
    embedding: str = "runs/embedding/embedding.pt"
    clips: str = "runs/clips"
    out: str = "runs/motion"
    inversion_steps: int = 3000
    frames_steps: int = 6000
    batch: int = 32
    unroll: int = 10
    inversion_lr: float = 5.0e-4
    frames_lr: float = 1.0e-3
    critic_every: int = 8
    critic_weight: float = 0.02
    clip_weight: float = 0.05
    sync_weight: float = 0.3
    lookahead: float = 0.5
    seed: int = 1


class MotionData:
    """Codes and spectrograms of all clips, in memory."""

    def __init__(self, settings: MotionSettings, encoder: PhotoEncoder) -> None:
        """Encode every clip once (kept beside the run, by checkpoint time)."""
        files = clip_files(Path(settings.clips))
        stamp = int(Path(settings.generator).stat().st_mtime)
        stamp += int(Path(settings.embedding).stat().st_mtime)
        cache = Path(settings.out) / f"codes-{stamp}-{len(files)}.pt"
        if not cache.exists():
            cache.parent.mkdir(parents=True, exist_ok=True)
            torch.save(self._encode(files, encoder), cache)
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
        self.spread = self.codes.flatten(0, 1).std((0, 1)).clamp_min(1e-3)

    def _encode(self, files: list[Path], encoder: PhotoEncoder) -> dict[str, Any]:
        features = load_lite0()
        scenes, codes, small, mels, kinds = [], [], [], [], []
        for n, file in enumerate(files):
            clip = read_clip(file)
            pictures = np.concatenate([clip.picture[None], clip.frames])
            x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
            found = []
            with torch.inference_mode():
                for part in x.split(32):
                    with torch.autocast("cpu", torch.bfloat16):
                        taps = features(part.contiguous(memory_format=torch.channels_last))
                    w, offsets = encoder([t.float() for t in taps])
                    found.append(w[:, None] + offsets)
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


class MotionTrainer:
    """Both networks over a frozen generator and frozen towers."""

    def __init__(self, settings: MotionSettings) -> None:
        self.settings = s = settings
        torch.manual_seed(s.seed)
        self.rng = np.random.default_rng(s.seed)
        self.generator, encoder, g = load_autoencoder(Path(s.generator))
        embedding = torch.load(s.embedding, map_location="cpu", weights_only=True)
        self.clip_config = embedding["config"]
        width = self.clip_config["embed_dim"]
        self.tower = AudioTower(MelSettings().n_mels, width, embedding["audio_width"])
        self.tower.load_state_dict(embedding["audio"])
        self.clip = build_clip(self.clip_config)
        self.clip.load_state_dict(embedding["clip"])
        for net in (self.tower, self.clip):
            net.eval().requires_grad_(False)
        self.data = MotionData(s, encoder)
        num_ws = self.generator.num_ws
        self.inversion_config = {"embed_dim": width, "w_dim": g["w_dim"], "num_ws": num_ws}
        self.frames_config = {"w_dim": g["w_dim"], "num_ws": num_ws}
        self.inversion = SoundInversion(self.tower.pyramid_channels, **self.inversion_config)
        self.frames = FrameGenerator(**self.frames_config)
        self.critics = nn.ModuleList([ImageDiscriminator(32), VideoDiscriminator()])
        self.done: tuple[str, ...] = ()

    @torch.no_grad()
    def hear(self, segments: Tensor) -> tuple[list[Tensor], Tensor]:
        """Frozen pyramid and embedding of segments [n, M, SEGMENT]."""
        with torch.autocast("cpu", torch.bfloat16):
            maps = self.tower.pyramid(segments)
        maps = [m.float() for m in maps]
        return maps, self.tower.embed(maps)

    def distance(self, w: Tensor, target: Tensor) -> Tensor:
        """Mean squared distance of latents in units of the codes' spread."""
        return ((w - target) / self.data.spread).square().mean()

    def train_inversion(self) -> None:
        """Sound latents of a segment on a photo's code -> the mean code of what it should show."""
        s, d = self.settings, self.data
        optimiser = torch.optim.AdamW(self.inversion.parameters(), s.inversion_lr)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, s.inversion_lr, s.inversion_steps)
        frames = d.codes.shape[1]
        started, total = time.monotonic(), 0.0
        for step in range(s.inversion_steps):
            clips = torch.from_numpy(self.rng.integers(len(d.codes), size=s.batch))
            at = torch.from_numpy(self.rng.integers(0, frames // 5, size=s.batch)) * 5
            ahead = torch.from_numpy(self.rng.choice([0, d.ahead], size=s.batch))
            segments = d.segments(clips, at * 100 // FPS, ahead)
            gain = torch.from_numpy(self.rng.uniform(-8, 8, (s.batch, 1, 1))).float() / 50
            maps, embedding = self.hear(segments + gain)
            w = self.inversion(maps, embedding, d.scenes[clips])
            near = torch.stack(
                [
                    d.codes[c, max(a - 12, 0) : a + 13].mean(0)
                    for c, a in zip(clips.tolist(), at.tolist(), strict=True)
                ]
            )
            loss = self.distance(w, near)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.inversion.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
            if step % 100 == 99:
                still = float(self.distance(d.scenes[clips], near))
                rate = (step + 1) / (time.monotonic() - started)
                log.info(
                    "inversion %d (%.1f/s): %.3f, photo alone %.3f", step, rate, total / 100, still
                )
                total = 0.0
            if step % 500 == 499:
                self.save()

    def train_frames(self) -> None:
        """Unrolled walks that follow the clips' codes, with critics on decoded small frames."""
        s, d = self.settings, self.data
        self.inversion.requires_grad_(False).eval()
        optimiser = torch.optim.AdamW(self.frames.parameters(), s.frames_lr)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, s.frames_lr, s.frames_steps)
        critic_optimiser = torch.optim.Adam(self.critics.parameters(), 2e-4, betas=(0.0, 0.99))
        anchors = self.anchors()
        gauge = ChangeGauge(self.generator.synthesis, d.codes)
        started, sums = (
            time.monotonic(),
            dict.fromkeys(("follow", "motion", "sync", "critic"), 0.0),
        )
        for step in range(s.frames_steps):
            stride = int(self.rng.choice([1, 1, 2]))
            every = d.codes.shape[1]
            count = min(s.unroll, (every - 1) // stride)
            first = int(self.rng.integers(0, (every - 1 - (count - 1) * stride) // 5 + 1)) * 5
            clips = torch.from_numpy(self.rng.integers(len(d.codes), size=s.batch))
            anchor = anchors[int(self.rng.integers(2))]
            # A frame hears only what was before it, so it shows what was heard in the one before.
            times = first + torch.arange(1, count) * stride - 1
            target = d.codes[clips][:, times]
            # Only what changes within a clip is learned here; the rest is sound inversion's part.
            target = target - d.means[clips][:, None] + anchor[clips].float().mean(1)[:, None]
            one, two = (self.walk(clips, stride, count, anchor, first)[:, 1:] for _ in range(2))
            follow = self.energy_score(one, two, target)
            moved = self.energy_score(one.diff(dim=1), two.diff(dim=1), target.diff(dim=1))
            sums["follow"] += float(follow.detach())
            sums["motion"] += float(moved.detach())
            at = d.lead + (first + torch.arange(1, count) * stride) * 100 // FPS - 1
            loudness = d.drive[clips][:, at, 0]
            sync = sync_loss(gauge.change(one)[:, 1:], loudness[:, 2:])
            sums["sync"] += float(sync.detach())
            loss = follow + 3.0 * moved + s.sync_weight * sync
            walk = one
            if step % s.critic_every == s.critic_every - 1:
                extra, critic = self.judge(walk, clips, times, critic_optimiser)
                loss = loss + extra
                sums["critic"] += critic
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.frames.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            if step % 50 == 49:
                rate = (step + 1) / (time.monotonic() - started)
                text = ", ".join(f"{k} {v / 50:.4f}" for k, v in sums.items())
                log.info("frames %d (%.2f/s): %s", step, rate, text)
                sums = dict.fromkeys(sums, 0.0)
            if step % 250 == 249:
                self.save()

    @torch.no_grad()
    def anchors(self) -> list[Tensor]:
        """Sound latents [clips, segments, L, D] of every clip, without and with look-ahead."""
        d, both = self.data, []
        count = d.codes.shape[1] * 100 // FPS // STEP
        for ahead in (0, d.ahead):
            rows = []
            for c in range(len(d.codes)):
                at = torch.arange(count) * STEP
                index = torch.full((count,), c)
                maps, embedding = self.hear(d.segments(index, at, torch.full((count,), ahead)))
                scene = d.scenes[c].expand(count, -1, -1)
                rows.append(self.inversion(maps, embedding, scene).half())
            both.append(torch.stack(rows))
        return both

    def energy_score(self, one: Tensor, two: Tensor, target: Tensor) -> Tensor:
        """Energy score of two drawn walks [B, T, L, D] (Gneiting & Raftery 2007).

        A proper score: its best answer has the spread of what really happens, where a squared
        error would freeze whatever the sound does not tell.
        """
        one, two, target = (x / self.data.spread for x in (one, two, target))

        def length(x: Tensor) -> Tensor:
            return (x.square().mean((2, 3)) + 1e-6).sqrt()

        near = length(one - target) + length(two - target)
        return (near - length(one - two)).mean() / 2

    def walk(self, clips: Tensor, stride: int, count: int, anchors: Tensor, first: int) -> Tensor:
        """Unroll the frame generator from frame `first`: latents [B, count, L, D]."""
        d = self.data
        scene = d.scenes[clips]
        seconds = torch.full((len(clips),), stride / FPS)
        keep = float(np.exp(-stride / (FPS * 0.6)))
        noise = torch.randn(len(clips), NOISE)
        state, out = None, []
        for k in range(count):
            column = (first + k * stride) * 100 // FPS
            anchor = anchors[clips, column // STEP].float()
            if state is None:
                state = self.frames.start(anchor)
            heard = d.drive[clips, d.lead + column - 1]
            state = self.frames(state, anchor, scene, heard, noise, seconds)
            out.append(state.w)
            noise = keep * noise + (1 - keep**2) ** 0.5 * torch.randn_like(noise)
        return torch.stack(out, dim=1)

    def judge(
        self, walk: Tensor, clips: Tensor, times: Tensor, optimiser: torch.optim.Optimizer
    ) -> tuple[Tensor, float]:
        """Least-squares critics and L_CLIP on six decoded frames of four walks.

        `times` are the clips' frames that the walk's frames should match.
        """
        s, d = self.settings, self.data
        some = clips[:4]
        first = int(self.rng.integers(walk.shape[1] - 5))
        part = walk[:4, first : first + 6]
        small = self.generator.synthesis(part.flatten(0, 1), until=32).clamp(-1.2, 1.2)
        fake = small.unflatten(0, (len(some), 6))
        times = times[first : first + 6]
        real = d.small[some][:, times].float() / 127.5 - 1
        picture, video = self.critics
        held = fake.detach()
        lost = (
            (picture(real.flatten(0, 1)) - 1).square().mean()
            + picture(held.flatten(0, 1)).square().mean()
            + (video(real) - 1).square().mean()
            + video(held).square().mean()
        )
        optimiser.zero_grad()
        lost.backward()
        optimiser.step()
        self.critics.requires_grad_(False)
        loss = s.critic_weight * (
            (picture(fake.flatten(0, 1)) - 1).square().mean() + (video(fake) - 1).square().mean()
        )
        self.critics.requires_grad_(True)
        full = self.generator.synthesis(part[:, 3])
        shown = embed_pictures(self.clip, self.clip_config, full.clamp(-1, 1))
        columns = torch.full((len(some),), int(times[3]) * 100 // FPS)
        _, heard = self.hear(d.segments(some, columns, torch.zeros_like(columns)))
        loss = loss + s.clip_weight * (1 - (shown * heard).sum(1)).mean()
        return loss, float(lost.detach())

    def save(self) -> Path:
        """Write both networks to `out/motion.pt`."""
        file = Path(self.settings.out) / "motion.pt"
        save_checkpoint(
            file,
            {
                "inversion_config": self.inversion_config,
                "frames_config": self.frames_config,
                "inversion": self.inversion.state_dict(),
                "frames": self.frames.state_dict(),
                "settings": asdict(self.settings),
                "features": FEATURES,
                "done": list(self.done),
            },
        )
        return file


def _resumed(settings: MotionSettings) -> MotionTrainer:
    trainer = MotionTrainer(settings)
    state = load_checkpoint(Path(settings.out) / "motion.pt")
    if state is not None:
        trainer.inversion.load_state_dict(state["inversion"])
        trainer.frames.load_state_dict(state["frames"])
        trainer.done = tuple(state["done"])
    return trainer


def train_inversion(settings: MotionSettings) -> Path:
    """Train sound inversion; returns the checkpoint. The frame generator must follow."""
    trainer = _resumed(settings)
    trainer.train_inversion()
    trainer.done = ("inversion",)
    return trainer.save()


def train_frames(settings: MotionSettings) -> Path:
    """Train the frame generator on a trained inversion; returns the checkpoint.

    TrainingError if sound inversion is not trained yet.
    """
    trainer = _resumed(settings)
    if "inversion" not in trainer.done:
        raise TrainingError("The frame generator needs sound inversion: soundedit train inversion.")
    trainer.train_frames()
    trainer.done = ("inversion", "frames")
    return trainer.save()
