"""Training of sound inversion and the frame generator on rendered clips.

Every clip's photo and frames are encoded into W+ by the photo encoder that was trained with the
generator. The two networks then follow those codes from the sound alone: sound latents w_a move
the photo's code to the weathered one, and the recurrent bands follow it frame by frame, driven by
every segment. A latent regulariser keeps them near codes of real pictures, and short clips of
decoded frames are judged by an image and a video discriminator (Lee et al. 2022, section 3.4).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
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
from soundedit.train.clipset import FPS, clip_files, read_clip
from soundedit.train.distributed import World, joined
from soundedit.train.learner import Learner, NotFinite, update
from soundedit.train.lite0 import load_lite0
from soundedit.train.run import Run, RunSettings
from soundedit.train.sounds import MelSettings
from soundedit.train.sync import ChangeGauge, sync_loss

log = logging.getLogger(__name__)
SEGMENT, STEP = 100, 10


@dataclass(frozen=True)
class MotionSettings(RunSettings):
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
    sync_weight: float = 0.5
    lookahead: float = 0.5


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
                    part = part.to(self.device, memory_format=torch.channels_last)
                    with torch.autocast(self.device.type, torch.bfloat16):
                        taps = features(part)
                    w, offsets = encoder([t.float() for t in taps])
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


class MotionTrainer:
    """Both networks over a frozen generator and frozen towers; one stage of the run trains each."""

    def __init__(self, settings: MotionSettings, run: Run) -> None:
        self.settings, self.run = settings, run
        s, self.world, self.rng, self.device = settings, run.world, run.rng, run.world.device
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
        self.data = MotionData(s, encoder, self.world)
        num_ws = self.generator.num_ws
        # Here, since encoding clips draws numbers too, and is done once only.
        torch.manual_seed(s.seed)
        self.inversion_config = {"embed_dim": width, "w_dim": g["w_dim"], "num_ws": num_ws}
        self.frames_config = {"w_dim": g["w_dim"], "num_ws": num_ws}
        self.inversion = SoundInversion(self.tower.pyramid_channels, **self.inversion_config)
        self.frames = FrameGenerator(**self.frames_config)
        self.critics = nn.ModuleList([ImageDiscriminator(32), VideoDiscriminator()])
        nets = (self.generator, self.tower, self.clip, self.inversion, self.frames, self.critics)
        for net in nets:
            net.to(self.device)

    @torch.no_grad()
    def hear(self, segments: Tensor) -> tuple[list[Tensor], Tensor]:
        """Frozen pyramid and embedding of segments [n, M, SEGMENT]."""
        with self.run.precision.autocast():
            maps = self.tower.pyramid(segments.to(self.device))
        maps = [m.float() for m in maps]
        return maps, self.tower.embed(maps)

    def distance(self, w: Tensor, target: Tensor) -> Tensor:
        """Mean squared distance of latents in units of the codes' spread."""
        return ((w - target) / self.data.spread).square().mean()

    def train_inversion(self) -> bool:
        """Sound latents of a segment on a photo's code -> the mean code of what it should show."""
        s, d = self.settings, self.data
        optimiser = torch.optim.AdamW(self.inversion.parameters(), s.inversion_lr)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, s.inversion_lr, s.inversion_steps)
        learner = Learner(optimiser, schedule, clip=1.0)
        frames = d.codes.shape[1]

        def losses(_: int, rows: int) -> dict[str, Tensor]:
            clips = torch.from_numpy(self.rng.integers(len(d.codes), size=rows))
            at = torch.from_numpy(self.rng.integers(0, frames // 5, size=rows)) * 5
            ahead = torch.from_numpy(self.rng.choice([0, d.ahead], size=rows))
            segments = d.segments(clips, at * 100 // FPS, ahead)
            gain = torch.from_numpy(self.rng.uniform(-8, 8, (rows, 1, 1))).float() / 50
            maps, embedding = self.hear(self.world.shard(segments + gain))
            scenes = d.scenes[clips].to(self.device)
            w = self.inversion(maps, embedding, self.world.shard(scenes))
            near = torch.stack(
                [
                    d.codes[c, max(a - 12, 0) : a + 13].mean(0)
                    for c, a in zip(clips.tolist(), at.tolist(), strict=True)
                ]
            ).to(self.device)
            return {
                "distance": self.distance(self.world.gather(w), near),
                "photo alone": self.distance(scenes, near),
            }

        step = self.run.learning(learner, s.batch, losses)
        learners = {"inversion": learner}
        return self.run.train("inversion", step, s.inversion_steps, learners, batch=s.batch)

    def train_frames(self) -> bool:
        """Unrolled walks that follow the clips' codes, with critics on decoded small frames."""
        s, d = self.settings, self.data
        self.inversion.requires_grad_(False).eval()
        optimiser = torch.optim.AdamW(self.frames.parameters(), s.frames_lr)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, s.frames_lr, s.frames_steps)
        learner = Learner(optimiser, schedule, clip=1.0)
        critic = Learner(torch.optim.Adam(self.critics.parameters(), 2e-4, betas=(0.0, 0.99)))
        anchors = self.anchors()
        # The gauge of a run that goes on is the one that it began with.
        with torch.random.fork_rng():
            torch.manual_seed(s.seed)
            some = d.codes[:: max(len(d.codes) // 170, 1)].to(self.device)
            gauge = ChangeGauge(self.generator.synthesis, some)

        def losses(position: int, rows: int) -> dict[str, Tensor]:
            stride = int(self.rng.choice([1, 1, 2, 3]))
            every = d.codes.shape[1]
            count = min(s.unroll, (every - 1) // stride)
            # Sound latents change every tenth of a second, so stretches begin on every fifth frame.
            first, other = (
                self.rng.integers((every - 1 - (count - 1) * stride) // 5 + 1, size=2) * 5
            )
            before = min(int(self.rng.choice([0, 6, 12, 18])), int(first) // stride)
            clips = torch.from_numpy(self.rng.integers(len(d.codes), size=rows))
            anchor = anchors[int(self.rng.integers(2))]
            # A frame hears only what was before it, so it shows what was heard in the one before.
            times = first + torch.arange(1, count) * stride - 1
            target = d.codes[clips][:, times]
            # Only what changes within a clip is learned here; the rest is sound inversion's part.
            target = target - d.means[clips][:, None] + anchor[clips].float().mean(1)[:, None]
            target = target.to(self.device)
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
                levels.append(d.drive[clips][:, at, 0][:, 2:].to(self.device))
            sync = sync_loss(torch.cat(changes, dim=1), torch.cat(levels, dim=1))
            found = {
                "follow": self.energy_score(one, two, target),
                "motion": 3.0 * moved,
                "sync": s.sync_weight * sync,
            }
            if position % s.critic_every == s.critic_every - 1:
                found |= self.judge(one, clips, times, critic)
            return found

        step = self.run.learning(learner, s.batch, losses)
        learners = {"frames": learner, "critics": critic}
        return self.run.train("frames", step, s.frames_steps, learners, batch=s.batch)

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
                scene = d.scenes[c].expand(count, -1, -1).to(self.device)
                rows.append(self.inversion(maps, embedding, scene).half().cpu())
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

    def walk(
        self, clips: Tensor, stride: int, count: int, anchors: Tensor, first: int, before: int = 0
    ) -> Tensor:
        """Unroll the frame generator from frame `first`: latents [B, count, L, D] of clips [B].

        The walk begins `before` steps earlier, unseen and without gradients: the state that a long
        walk is in is the one to follow the sound from. Each process walks its own rows.
        """
        d, world = self.data, self.world
        clips = world.shard(clips)
        scene = d.scenes[clips].to(self.device)
        seconds = torch.full((len(clips),), stride / FPS, device=self.device)
        keep = float(np.exp(-stride / (FPS * 0.6)))
        noise = world.randn(len(clips), NOISE)
        state, out = None, []
        for k in range(-before, count):
            column = (first + k * stride) * 100 // FPS
            anchor = anchors[clips, column // STEP].float().to(self.device)
            if state is None:
                state = self.frames.start(anchor)
            heard = d.drive[clips, d.lead + column - 1].to(self.device)
            with torch.set_grad_enabled(k >= 0 and torch.is_grad_enabled()):
                state = self.frames(state, anchor, scene, heard, noise, seconds)
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
        s, d = self.settings, self.data
        some = clips[:4]
        first = int(self.rng.integers(walk.shape[1] - 5))
        part = walk[:4, first : first + 6]
        small = self.generator.synthesis(part.flatten(0, 1), until=32).clamp(-1.2, 1.2)
        fake = small.unflatten(0, (len(some), 6))
        times = times[first : first + 6]
        real = d.small[some][:, times].float().to(self.device) / 127.5 - 1
        picture, video = self.critics
        held = fake.detach()
        lost = (
            (picture(real.flatten(0, 1)) - 1).square().mean()
            + picture(held.flatten(0, 1)).square().mean()
            + (video(real) - 1).square().mean()
            + video(held).square().mean()
        )
        if self.world.any(not bool(torch.isfinite(lost))):
            raise NotFinite("the loss 'critic' is not finite")
        critic.zero()
        self.run.precision.backward(lost)
        update([critic], self.run.precision, self.world)
        self.critics.requires_grad_(False)
        fooling = s.critic_weight * (
            (picture(fake.flatten(0, 1)) - 1).square().mean() + (video(fake) - 1).square().mean()
        )
        self.critics.requires_grad_(True)
        full = self.generator.synthesis(part[:, 3])
        shown = embed_pictures(self.clip, self.clip_config, full.clamp(-1, 1))
        columns = torch.full((len(some),), int(times[3]) * 100 // FPS)
        _, heard = self.hear(d.segments(some, columns, torch.zeros_like(columns)))
        meaning = s.clip_weight * (1 - (shown * heard).sum(1)).mean()
        return {"fooling": fooling, "meaning": meaning, "critic": lost.detach()}

    def state(self) -> dict[str, Any]:
        """Both networks and the critics."""
        return {
            "inversion_config": self.inversion_config,
            "frames_config": self.frames_config,
            "inversion": self.inversion.state_dict(),
            "frames": self.frames.state_dict(),
            "critics": self.critics.state_dict(),
            "settings": asdict(self.settings),
            "features": FEATURES,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up saved networks."""
        for name in ("inversion", "frames", "critics"):
            getattr(self, name).load_state_dict(state[name])


@contextmanager
def resumed_trainer(settings: MotionSettings) -> Iterator[MotionTrainer]:
    """Everything at hand, as far as `out/motion.pt` is trained."""
    with joined(settings.device) as world:
        rng = np.random.default_rng(settings.seed)
        run = Run(Path(settings.out) / "motion.pt", settings, world, rng)
        trainer = MotionTrainer(settings, run)
        run.resume(trainer)
        yield trainer


def train_inversion(settings: MotionSettings) -> Path:
    """Train sound inversion, resuming; returns the checkpoint. The frame generator must follow."""
    with resumed_trainer(settings) as trainer:
        trainer.train_inversion()
        return trainer.run.file


def train_frames(settings: MotionSettings) -> Path:
    """Train the frame generator on a trained inversion, resuming; returns the checkpoint.

    TrainingError if sound inversion is not trained yet.
    """
    with resumed_trainer(settings) as trainer:
        if "inversion" not in trainer.run.done:
            raise TrainingError(
                "The frame generator needs sound inversion: soundedit train inversion."
            )
        trainer.train_frames()
        return trainer.run.file
