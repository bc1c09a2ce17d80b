"""Sound inversion and the frame generator, with all that they are trained beside."""

import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.nets.audio_tower import SEGMENT, AudioTower
from soundedit.nets.clip import build_clip, embed_text
from soundedit.nets.discriminators import ImageDiscriminator, VideoDiscriminator
from soundedit.nets.drive import FEATURES, mean_level
from soundedit.nets.frames import FrameGenerator
from soundedit.nets.inversion import SoundInversion
from soundedit.nets.memory import weight_of
from soundedit.train.autoencoder import load_autoencoder
from soundedit.train.clipset import FPS
from soundedit.train.motion_data import MotionData, MotionSettings
from soundedit.train.prompts import CLASSES, PROMPTS
from soundedit.train.run import Run
from soundedit.train.sounds import MelSettings


class MotionNetworks:
    """Both networks over a frozen generator and frozen towers, and the run that trains them."""

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
        self.encoder = encoder
        self.data = MotionData(s, encoder, self.world)
        num_ws = self.generator.num_ws
        # Here, since encoding clips draws numbers too, and is done once only.
        torch.manual_seed(s.seed)
        self.inversion_config = {
            "embed_dim": width,
            "w_dim": g["w_dim"],
            "num_ws": num_ws,
            "classes": len(CLASSES),
            "known_summaries": True,
        }
        self.frames_config = {"w_dim": g["w_dim"], "num_ws": num_ws}
        self.inversion = SoundInversion(self.tower.pyramid_channels, **self.inversion_config)
        self.frames = FrameGenerator(**self.frames_config)
        self.followed: SoundInversion | None = None
        self.shown_by = ""
        self.critics = nn.ModuleList([ImageDiscriminator(32), VideoDiscriminator()])
        nets = (self.generator, self.tower, self.clip, self.inversion, self.frames, self.critics)
        for net in nets:
            net.to(self.device)

    @torch.no_grad()
    def know_classes(self) -> None:
        """Have sound inversion know the classes' words and what it hears of their clips now.

        Of a class without clips its words stand for both, and the mean of the others' summaries.
        """
        d, training = self.data, self.inversion.training
        self.inversion.eval()
        words = [embed_text(self.clip, self.clip_config, PROMPTS[kind]).mean(0) for kind in CLASSES]
        named = F.normalize(torch.stack(words), dim=1)
        sounds = torch.full_like(self.inversion.class_sounds, torch.nan)
        moments = torch.arange(0, d.codes.shape[1], FPS) * 100 // FPS
        for k, kind in enumerate(CLASSES):
            clips = torch.tensor([n for n, one in enumerate(d.kinds) if one == kind])[:40]
            if not len(clips):
                continue
            rows, at = clips.repeat_interleave(len(moments)), moments.repeat(len(clips))
            segments = d.segments(rows, at, torch.full_like(at, SEGMENT))
            loud = weight_of(mean_level(segments))[:, None].to(self.device)
            parts = [self.inversion.listen(*self.hear(part)) for part in segments.split(32)]
            sounds[k] = (torch.cat(parts) * loud).sum(0) / loud.sum()
        silent, width = sounds[:, 0].isnan(), sounds.shape[1] - named.shape[1]
        sounds[silent, :width] = sounds[~silent, :width].mean(0).nan_to_num()
        sounds[silent, width:] = named[silent]
        self.inversion.know(named, sounds)
        self.inversion.train(training)

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

    def any_scenes(self, count: int) -> Tensor:
        """This process's rows of `count` scenes [B, L, D]: two thirds of seeds, others of clips."""
        d, world, mapping = self.data, self.world, self.generator.mapping
        photos = d.scenes[torch.from_numpy(self.rng.integers(len(d.scenes), size=count))]
        share = torch.from_numpy(self.rng.uniform(0.6, 1.0, (count, 1, 1))).float()
        seeded = torch.from_numpy(self.rng.random((count, 1, 1))) < 2 / 3
        z = world.randn(count // world.size, mapping.z_dim)
        with torch.no_grad():
            w = torch.lerp(mapping.w_avg, mapping(z), world.shard(share).to(self.device))
        seeded = world.shard(seeded).to(self.device)
        return torch.where(seeded, w, world.shard(photos).to(self.device))

    def show_by(self, generator: Path) -> None:
        """Have the stages that a generator's pictures taught be gone through again for another."""
        stamp = str(generator.stat().st_mtime_ns)
        if self.shown_by != stamp and "showing" in self.run.done:
            self.run.done = [name for name in self.run.done if name == "inversion"]
            self.followed = None
        self.shown_by = stamp

    def state(self) -> dict[str, Any]:
        """Both networks and the critics."""
        return {
            "inversion_config": self.inversion_config,
            "frames_config": self.frames_config,
            "inversion": self.inversion.state_dict(),
            "frames": self.frames.state_dict(),
            "critics": self.critics.state_dict(),
            "followed": None if self.followed is None else self.followed.state_dict(),
            "shown_by": self.shown_by,
            "settings": asdict(self.settings),
            "features": FEATURES,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up saved networks; those of before sound inversion knew classes learn them."""
        known = {name: getattr(self.inversion, name) for name in ("class_words", "class_sounds")}

        def whole(saved: dict[str, Tensor]) -> dict[str, Tensor]:
            fitting = {k: v for k, v in saved.items() if v.shape == known.get(k, v).shape}
            return {**known, **fitting}

        own = whole(state["inversion"])
        self.inversion.load_state_dict(own)
        if own["class_sounds"] is known["class_sounds"]:
            self.know_classes()
        for name in ("frames", "critics"):
            getattr(self, name).load_state_dict(state[name])
        self.shown_by = state.get("shown_by", "")
        if state["followed"] is not None:
            self.followed = copy.deepcopy(self.inversion)
            self.followed.load_state_dict(whole(state["followed"]))
