"""What fast directions are fitted to: what is said of pictures, and how their codes differ."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.nets.audio_tower import SEGMENT, STRETCH, AudioTower
from soundedit.nets.clip import build_clip, embed_pictures, embed_text
from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train.mapping import picture_codes
from soundedit.train.photos import PhotoSet
from soundedit.train.prompts import CLASSES, PROMPTS, SCENE_HINTS
from soundedit.train.sounds import MelSettings, SoundSet
from soundedit.train.weather import STILL_KINDS, render_still, scene_hints
from soundedit.train.weather.captions import SCENES

log = logging.getLogger(__name__)

_FEW = 40
"""Photos of a scene below which their mean code says more of the photos than of the scene."""


class Towers:
    """The joint embedding of a `train embedding` checkpoint."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            raise TrainingError(
                f"The checkpoint {file} is missing; run: soundedit train embedding."
            )
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        self.config = state["config"]
        self.clip: nn.Module = build_clip(self.config)
        self.clip.load_state_dict(state["clip"])
        self.audio = AudioTower(
            MelSettings().n_mels, self.config["embed_dim"], state["audio_width"]
        )
        self.audio.load_state_dict(state["audio"])
        self.clip.eval().requires_grad_(False)
        self.audio.eval().requires_grad_(False)

    def text(self, phrases: Sequence[str]) -> Tensor:
        """Unit embeddings [n, E] of phrases."""
        return embed_text(self.clip, self.config, phrases).clone()

    @torch.inference_mode()
    def pictures(self, frames: NDArray[np.uint8]) -> Tensor:
        """Unit embeddings [n, E] of uint8 pictures [n, S, S, 3]."""
        rows = []
        for i in range(0, len(frames), 64):
            x = torch.from_numpy(np.array(frames[i : i + 64])).permute(0, 3, 1, 2).float()
            rows.append(embed_pictures(self.clip, self.config, x / 127.5 - 1))
        return torch.cat(rows).clone()

    @torch.inference_mode()
    def sound(self, mel: NDArray[np.float16]) -> Tensor:
        """Unit embedding [E] of a recording's log-mel [columns, M], as the engine hears it."""
        if len(mel) < SEGMENT:
            mel = np.tile(mel, (-(-SEGMENT // len(mel)), 1))[:SEGMENT]
        columns = torch.from_numpy(np.asarray(mel, np.float32)).T[None]
        total = torch.zeros(self.config["embed_dim"])
        for stretch in columns.split(STRETCH, dim=2):
            # A remainder of less than a second is not heard, as in the engine.
            if stretch.shape[2] >= SEGMENT:
                total += self.audio(stretch)[0] * stretch.shape[2]
        return F.normalize(total, dim=0).clone()


def picture_ws(encoder: PhotoEncoder, pictures: NDArray[np.uint8]) -> Tensor:
    """Codes [N, L, D] of pictures uint8 [N, S, S, 3] by the autoencoder's encoder."""
    w, offsets = picture_codes(encoder, pictures)
    return w[:, None] + offsets


@dataclass(frozen=True)
class Shown:
    """How pictures of a kind differ from others: offsets [n, L, D], embeddings [n, E], phrases."""

    offsets: Tensor
    differences: Tensor
    phrases: tuple[str, ...]


def weathers(
    encoder: PhotoEncoder, towers: Towers, photos: PhotoSet, each: int, rng: np.random.Generator
) -> dict[str, Shown]:
    """`each` photos with every kind of weather rendered on, against the same photos without."""
    found = {}
    size = photos.squares.shape[1]
    for kind in dict.fromkeys([*CLASSES, *STILL_KINDS]):
        if kind == "other":
            continue
        hints = set(scene_hints(kind))
        fitting = [i for i, hint in enumerate(photos.hints) if hint in hints]
        before, after = [], []
        for n in range(each):
            pool = fitting if fitting and n % 2 == 0 else range(len(photos))
            photo = np.array(photos.squares[int(rng.choice(pool))])
            strength, seed = float(rng.uniform(0.6, 1.0)), int(rng.integers(1 << 31))
            before.append(photo)
            after.append(render_still(photo, kind, strength, seed, size))
        a, b = np.stack(before), np.stack(after)
        found[kind] = Shown(
            picture_ws(encoder, b) - picture_ws(encoder, a),
            towers.pictures(b) - towers.pictures(a),
            (*PROMPTS.get(kind, ()), *SCENES[kind]),
        )
        log.info("rendered %s", kind)
    return found


def scenes(codes: Tensor, embeddings: Tensor, hints: Sequence[str]) -> dict[str, Shown]:
    """Photos of each kind of scene, against the mean of all; codes [N, L, D], embeddings [N, E]."""
    found = {}
    for hint, phrases in SCENE_HINTS.items():
        chosen = [i for i, other in enumerate(hints) if other == hint]
        if hint and len(chosen) >= _FEW:
            found[hint] = Shown(
                codes[chosen] - codes.mean(0), embeddings[chosen] - embeddings.mean(0), phrases
            )
    return found


def recorded(
    towers: Towers, sounds: SoundSet, split: str, most: int, rng: np.random.Generator
) -> dict[str, Tensor]:
    """Unit embeddings [n, E] of recordings of each class, `most` or fewer of one."""
    chosen: dict[str, list[int]] = {}
    for i in rng.permutation(sounds.of(split)):
        found = chosen.setdefault(sounds.clips[i].label, [])
        if len(found) < most:
            found.append(int(i))
    return {
        label: torch.stack([towers.sound(sounds.mel(i)) for i in some])
        for label, some in chosen.items()
    }


@torch.inference_mode()
def style_mixed(generator: Generator, count: int, seed: int) -> Tensor:
    """Latents [count, L, D] of free samples, every other one style-mixed of two."""
    draw = torch.Generator().manual_seed(seed)
    z = torch.randn(2, count, generator.z_dim, generator=draw)
    ws, other = generator.mapping(z[0]), generator.mapping(z[1])
    cut = torch.randint(1, generator.num_ws, (count, 1, 1), generator=draw)
    mixed = torch.arange(generator.num_ws)[None, :, None] >= cut
    every_other = torch.arange(count)[:, None, None] % 2 == 0
    return torch.where(mixed & every_other, other, ws).clone()


@torch.inference_mode()
def shown_by(generator: Generator, towers: Towers, ws: Tensor) -> Tensor:
    """Unit embeddings [n, E] of the pictures of latents [n, L, D]."""
    rows = [
        embed_pictures(towers.clip, towers.config, generator.synthesis(part))
        for part in ws.split(8)
    ]
    return torch.cat(rows).clone()
