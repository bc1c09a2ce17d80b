"""A pack taken apart into checkpoints, so that training goes on from what somebody else trained.

All parts are in the pack but the photo encoder of training, which stands on EfficientNet-Lite0
features that a pack must not hold: it is taught anew what the pack's own encoder says of photos.
Critics begin anew.
"""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR

from soundedit.errors import TrainingError
from soundedit.nets.discriminators import (
    ImageDiscriminator,
    ProjectedDiscriminator,
    VideoDiscriminator,
)
from soundedit.nets.drive import FEATURES
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.picture_encoder import PictureEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.packs.pack import Pack, open_pack
from soundedit.train.checkpoint import save_checkpoint
from soundedit.train.distributed import joined
from soundedit.train.generator import GeneratorSettings
from soundedit.train.grid import picture_grid
from soundedit.train.latents import CodeBank
from soundedit.train.layers import fitted
from soundedit.train.learner import WARM_UP, Learner
from soundedit.train.lite0 import TAP_CHANNELS, load_lite0, look
from soundedit.train.photos import PhotoSet
from soundedit.train.run import Run, RunSettings
from soundedit.train.stills import still_pictures

log = logging.getLogger(__name__)
BANK = 4096
"""Codes of pictures that free scenes are drawn from."""


@dataclass(frozen=True)
class UnpackSettings(RunSettings):
    """Settings of `train unpack`; the shipped TOML file explains each."""

    pack: str = "landscapes"
    photos: str = ""
    renders: str = ""
    out: str = "runs"
    resolution: int = 0
    pictures: int = 40_000
    batch: int = 32
    lr: float = 1.0e-3


class EncoderLessons:
    """Teaches a photo encoder on Lite0 features the codes [N, L, D] that pictures have already."""

    def __init__(
        self, settings: UnpackSettings, run: Run, pictures: NDArray[np.uint8], codes: Tensor
    ) -> None:
        self.settings, self.run, self.pictures, self.codes = settings, run, pictures, codes
        self.device = run.world.device
        torch.manual_seed(settings.seed)
        self.features = load_lite0().to(self.device)
        net = PhotoEncoder(TAP_CHANNELS, codes.shape[2], codes.shape[1])
        net.to_w.bias.data.copy_(codes.mean((0, 1)))
        self.encoder = net.to(self.device)
        self.spread = (codes - codes.mean(0)).square().mean().sqrt().to(self.device)
        optimiser = torch.optim.AdamW(net.parameters(), settings.lr)
        steps = max(settings.pictures // settings.batch, 2)
        schedule = OneCycleLR(optimiser, settings.lr, steps + 1, pct_start=WARM_UP)
        self.learner = Learner(optimiser, schedule, clip=5.0)

    def losses(self, rows: int) -> dict[str, Tensor]:
        """Distance of the codes, and of the global latent to their mean over the layers."""
        world = self.run.world
        chosen = self.run.rng.integers(len(self.pictures), size=rows * world.size)
        chosen = chosen[world.rank :: world.size]
        x = torch.from_numpy(self.pictures[np.sort(chosen)]).permute(0, 3, 1, 2)
        with torch.no_grad():
            taps = look(self.features, x.to(self.device).float() / 127.5 - 1)
        w, offsets = self.encoder(taps)
        goal = self.codes[np.sort(chosen)].to(self.device)
        return {
            "code": F.mse_loss((w[:, None] + offsets) / self.spread, goal / self.spread),
            "global": F.mse_loss(w / self.spread, goal.mean(1) / self.spread),
        }

    def state(self) -> dict[str, Any]:
        """The encoder."""
        return {"settings": asdict(self.settings), "encoder": self.encoder.state_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved run."""
        self.encoder.load_state_dict(state["encoder"])

    @torch.no_grad()
    def sheet(self, generator: Generator) -> Image.Image:
        """Rows of pictures, copies by the pack's encoder, and by the one that learns."""
        some = np.linspace(0, len(self.pictures) - 1, 12).astype(int)
        x = torch.from_numpy(self.pictures[some]).permute(0, 3, 1, 2).float() / 127.5 - 1
        w, offsets = self.encoder(look(self.features, x.to(self.device)))
        copies = (self.codes[some], (w[:, None] + offsets).cpu())
        return picture_grid(torch.cat([x, *(generator.synthesis(ws) for ws in copies)]), 12)


def unpack(settings: UnpackSettings) -> Path:
    """Write checkpoints of every part of a pack below `out`; returns that folder.

    They stand where the other trainings look for them. Resumes from `out/unpack/encoder.pt`.
    TrainingError without photos, for a pack without an encoder of photos or with imported networks,
    or for a `resolution` its generator does not pass through; PackError for one that is missing or
    damaged.
    """
    s = settings
    if not s.photos:
        raise TrainingError("Say on which photos training is to go on: --photos FOLDER.")
    pack, out = open_pack(s.pack), Path(s.out)
    parts = pack.manifest.components
    if "encoder" not in parts or "generator" not in parts:
        raise TrainingError(
            f"The pack {pack.manifest.name} has no generator with an encoder of photos to go on "
            "from; choose another pack, or begin with: soundedit train generator."
        )
    if {"adapter", "bridge"} & parts.keys():
        raise TrainingError(
            f"The pack {pack.manifest.name} holds imported networks, which its own do not fit; "
            "unpack the one that it was built on."
        )
    generator = _generator(pack, s.resolution)
    file = out / "unpack" / "encoder.pt"
    with joined(s.device) as world:
        run = Run(file, s, world, np.random.default_rng(s.seed))
        with world.first():
            photos = PhotoSet(Path(s.photos), generator.resolution, out / "cache")
        sources: list[NDArray[np.uint8]] = [photos.squares]
        if s.renders:
            sources.append(still_pictures(Path(s.renders), generator.resolution))
        pictures = np.concatenate(sources)
        codes = _codes(pack, pictures)[:, : generator.num_ws]
        lessons = EncoderLessons(s, run, pictures, codes)
        run.resume(lessons)
        learn = run.learning(
            lessons.learner, s.batch // world.size, lambda position, rows: lessons.losses(rows)
        )
        done = run.train(
            "encoder",
            learn,
            s.pictures,
            {"encoder": lessons.learner},
            batch=s.batch,
            advance=s.batch,
            sheet=lambda: lessons.sheet(generator),
        )
        if done and world.main:
            _save_generator(pack, generator, lessons.encoder.cpu(), codes, out)
            _save_others(pack, generator.num_ws, out)
    return out


def _generator(pack: Pack, resolution: int) -> Generator:
    """The generator without the blocks above `resolution`, where that is not 0."""
    config = dict(pack.manifest.components["generator"].config)
    sizes = [4 << i for i in range(len(config["channels"]))]
    size = resolution or sizes[-1]
    if size not in sizes[1:]:
        known = ", ".join(str(one) for one in sizes[1:])
        raise TrainingError(
            f"The pack {pack.manifest.name} has no generator of {size} pixels; it has {known}."
        )
    config |= {"resolution": size, "channels": config["channels"][: sizes.index(size) + 1]}
    generator = Generator(**config)
    mine = generator.state_dict()
    generator.load_state_dict({k: v for k, v in _weights(pack, "generator").items() if k in mine})
    return generator.eval().requires_grad_(False)


def _weights(pack: Pack, component: str) -> dict[str, Tensor]:
    return pack.tensors(component, torch.float32)


@torch.inference_mode()
def _codes(pack: Pack, pictures: NDArray[np.uint8]) -> Tensor:
    """What the pack's encoder says of pictures uint8 [N, S, S, 3]: codes [N, L, D]."""
    net = PictureEncoder(**pack.manifest.components["encoder"].config)
    net.load_state_dict(_weights(pack, "encoder"))
    net.eval()
    rows = []
    for i in range(0, len(pictures), 64):
        x = torch.from_numpy(pictures[i : i + 64]).permute(0, 3, 1, 2).float() / 127.5 - 1
        rows.append(net(x))
    return torch.cat(rows).clone()


def _save_generator(
    pack: Pack, generator: Generator, encoder: PhotoEncoder, codes: Tensor, out: Path
) -> None:
    """`generator/generator-final.pt`, as `train mapping` leaves it."""
    config = pack.manifest.components["generator"].config
    channels = config["channels"][: len(generator.synthesis.sizes)]
    shape = {"resolution": generator.resolution, "channels": channels}
    settings = GeneratorSettings(**{**config, **shape, "out": str(out / "generator")})
    bank = CodeBank(BANK, generator.w_dim)
    order = np.random.default_rng(0).permutation(len(codes))[:BANK]
    bank.add(codes[order].mean(1))
    critics = nn.ModuleList([ProjectedDiscriminator(TAP_CHANNELS), ImageDiscriminator(32)])
    _save(
        out / "generator" / "generator-final.pt",
        {
            "settings": {**asdict(settings), "channels": list(settings.channels)},
            "generator": generator.state_dict(),
            "encoder": encoder.state_dict(),
            "averages": nn.ModuleList([generator, encoder]).state_dict(),
            "critics": critics.state_dict(),
            "bank": bank.state(),
            "seen": int(pack.manifest.figures.get("pictures_seen_by_the_generator", 0)),
        },
    )


def _save_others(pack: Pack, num_ws: int, out: Path) -> None:
    """Checkpoints of the towers, of motion, of directions and of the encoder, where there are."""
    parts = pack.manifest.components

    def part(name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
        return fitted(name, parts[name].config, _weights(pack, name), num_ws)

    if {"clip", "audio"} <= set(parts):
        state = {
            "config": parts["clip"].config,
            "clip": _weights(pack, "clip"),
            "audio": _weights(pack, "audio"),
            "audio_width": parts["audio"].config["width"],
            "prompts": {k: list(v) for k, v in pack.manifest.prompts.items()},
        }
        if "vocabulary" in parts:
            state["vocabulary"] = pack.tensors("vocabulary")["words"]
        if pack.manifest.teachers:
            state["teachers"] = list(pack.manifest.teachers)
        _save(out / "embedding" / "embedding.pt", state)
    if {"inversion", "frames"} <= set(parts):
        critics = nn.ModuleList([ImageDiscriminator(32), VideoDiscriminator()])
        inversion_config, inversion = part("inversion")
        frames_config, frames = part("frames")
        motion = {
            "inversion_config": inversion_config,
            "frames_config": frames_config,
            "inversion": inversion,
            "frames": frames,
            "critics": critics.state_dict(),
            "followed": None,
            "features": FEATURES,
            # Sound inversion stays as it is; `train frames` goes on from the pack's.
            "run": {"done": ["inversion", "showing"], "stage": "", "parts": 1},
        }
        _save(out / "motion" / "motion.pt", motion)
    if "directions" in parts:
        config, directions = part("directions")
        found = {"config": config, "directions": directions}
        _save(out / "directions" / "directions.pt", found)
    config, average = part("encoder")
    _save(out / "encoder" / "encoder.pt", {"config": config, "average": average})


def _save(file: Path, state: dict[str, Any]) -> None:
    if file.exists():
        log.info("%s is there already and stays", file)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    save_checkpoint(file, state)
    log.info("wrote %s", file)
