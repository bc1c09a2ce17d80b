"""A joint embedding and a walking generator small enough to train in seconds.

`python -m tests.train.tiny_training FOLDER [KEY=VALUE ...]` trains both, resuming; the values are
settings of the run. `MADE` below FOLDER holds the clips and the generator they need.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from soundedit.nets.photo_encoder import PhotoEncoder
from soundedit.nets.stylegan2 import Generator
from soundedit.train.checkpoint import save_checkpoint
from soundedit.train.distributed import joined
from soundedit.train.embedding import EmbeddingSettings, EmbeddingTrainer
from soundedit.train.inversion import InversionStages
from soundedit.train.lite0 import TAP_CHANNELS
from soundedit.train.motion import resumed
from soundedit.train.motion_data import MotionSettings
from soundedit.train.prompts import CLASSES
from soundedit.train.run import Run
from soundedit.train.walks import WalkStage
from soundedit.train.windows import COLUMNS, Windows

MADE = "made"
STEPS = 4
EMBEDDING: dict[str, Any] = {
    "embed_dim": 16,
    "audio_width": 4,
    "image_size": 32,
    "image_width": 12,
    "text_width": 32,
    "text_layers": 1,
    "head_steps": STEPS,
    "text_steps": STEPS,
    "audio_steps": STEPS,
    "image_steps": STEPS,
    "batch": 8,
    "windows": 0,
    "soft_steps": 5,
    "procedural_steps": STEPS,
}
MOTION: dict[str, Any] = {
    "inversion_steps": STEPS,
    "showing_steps": STEPS,
    "frames_steps": STEPS,
    "batch": 8,
    "unroll": 8,
    "critic_every": 2,
}


class TinySounds:
    """Two recordings of each of three classes, the second kept out of training."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        self.mels = [rng.normal(0, 0.2, (150, 64)).astype(np.float16) for _ in range(6)]

    def __len__(self) -> int:
        return len(self.mels)

    def mel(self, i: int) -> NDArray[np.float16]:
        return self.mels[i]

    def of(self, split: str) -> list[int]:
        return [1, 3, 5] if split == "valid" else [0, 2, 4]


class TinyData:
    """What `EmbeddingData` gives, without the teachers, which take minutes."""

    captions = ("rain falls", "the sea", "thunder rolls", "a forest")
    words = ("storm", "calm", "night", "water", "leaf")
    drawn = np.array([0, 2])

    def __init__(self) -> None:
        self.sounds = TinySounds()
        made = torch.Generator().manual_seed(2)
        self.sound_kinds = torch.tensor([0, 0, 1, 1, 2, 2])
        self.caption_kinds = torch.tensor([0, 1, 2, 100])
        self.mean_sound_features = torch.randn(6, 1024, generator=made)
        self.image_features = torch.randn(5, 1280, generator=made)
        self.caption_features = torch.randn(4, 384, generator=made)
        self.word_features = torch.randn(5, 384, generator=made)
        self.squares = torch.rand(5, 3, 32, 32, generator=made) * 2 - 1
        assert len(CLASSES) > 3

    def draw_sounds(
        self, rng: np.random.Generator, count: int
    ) -> tuple[NDArray[np.int64], Tensor, Tensor]:
        kinds = rng.integers(3, size=count)
        return 2 * kinds, torch.from_numpy(kinds), torch.from_numpy(kinds)

    def draw_images(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor, Tensor]:
        kinds = torch.from_numpy(rng.integers(3, size=count))
        return torch.from_numpy(rng.integers(5, size=count)), kinds, kinds

    def sound_features(self, clips: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        return self.mean_sound_features[torch.from_numpy(clips)] + float(rng.normal())

    def pictures(
        self, indices: NDArray[np.int64], rng: np.random.Generator, *, drawn: bool = False
    ) -> Tensor:
        assert not drawn or np.isin(indices, self.drawn).all()
        shade = 0.5 if drawn else 1.0
        return self.squares[torch.from_numpy(indices)] * shade * float(rng.choice([-1, 1]))

    def whole_pictures(self, indices: Iterable[int]) -> Tensor:
        return self.squares[torch.tensor(list(indices))]

    def windows(self, clips: NDArray[np.int64], length: int, rng: np.random.Generator) -> Tensor:
        rows = [np.resize(self.sounds.mel(int(i)), (length, 64)).T for i in clips]
        return torch.from_numpy(np.stack(rows).astype(np.float32)) + float(rng.normal())


def tiny_windows(count: int) -> tuple[Windows, dict[str, Tensor]]:
    """Noise in place of windows of recordings and of procedural ones."""
    made = torch.Generator().manual_seed(6)
    kinds = torch.arange(count) % 3
    mels = torch.randn(count, 64, COLUMNS, generator=made).half()
    features = torch.randn(count, 20, generator=made)
    called = torch.rand(count, len(CLASSES), generator=made).softmax(1)
    shares = torch.linspace(0.5, 1, count)
    windows = Windows([mels], kinds, kinds.roll(1), shares, kinds, features, called)
    return windows, {"mels": mels[:3].clone(), "labels": torch.eye(len(CLASSES))[:3]}


def make_parts(folder: Path) -> Path:
    """Write four clips of two seconds, stills and an untrained generator below `folder`."""
    made = folder / MADE
    (made / "clips").mkdir(parents=True)
    rng = np.random.default_rng(3)
    for n in range(4):
        frames = rng.integers(0, 255, (50, 32, 32, 3), dtype=np.uint8)
        mel = rng.normal(0, 0.2, (201, 64)).astype(np.float16)
        np.savez(
            made / "clips" / f"{n}.npz", kind="rain", picture=frames[0], frames=frames, mel=mel
        )
    pictures = rng.integers(0, 255, (6, 32, 32, 3), dtype=np.uint8)
    np.savez(made / "stills.npz", pictures=pictures, kinds=np.array(["rain", "fire", "night"] * 2))
    torch.manual_seed(4)
    shape = {"z_dim": 16, "w_dim": 16, "resolution": 32, "channels": [8, 8, 8, 8]}
    generator = Generator(16, 16, 32, [8, 8, 8, 8], mapping_layers=2)
    encoder = PhotoEncoder(TAP_CHANNELS, 16, generator.num_ws)
    averages = nn.ModuleList([generator, encoder]).state_dict()
    state = {"settings": {**shape, "mapping_layers": 2}, "averages": averages}
    save_checkpoint(made / "generator.pt", state)
    return made


def train_embedding(out: Path, **settings: Any) -> Path:
    """As `soundedit.train.embedding.train_embedding`, on `TinyData`."""
    file = out / "embedding" / "embedding.pt"
    s = EmbeddingSettings(**(EMBEDDING | settings))
    with joined("cpu") as world:
        run = Run(file, s, world, np.random.default_rng(s.seed))
        data: Any = TinyData()
        windows, made = tiny_windows(s.windows) if s.windows else (None, None)
        trainer = EmbeddingTrainer(s, run, data, windows, made)
        if not run.resume(trainer) and s.start:
            trainer.begin()
        trainer.train()
    return file


def train_motion(
    out: Path, made: Path, embedding: Path, *, dropout: bool = True, **settings: Any
) -> None:
    """Sound inversion, then the frame generator.

    Without `dropout`, which each process draws for its own rows, all numbers of processes agree.
    """
    s = MotionSettings(
        generator=str(made / "generator.pt"),
        clips=str(made / "clips"),
        stills=str(made / "stills.npz"),
        embedding=str(embedding),
        out=str(out / "motion"),
        **(MOTION | settings),
    )
    with resumed(s) as nets:
        for module in nets.inversion.modules():
            if not dropout and isinstance(module, nn.Dropout):
                module.p = 0.0
            if not dropout and isinstance(module, nn.MultiheadAttention):
                module.dropout = 0.0
        stages = InversionStages(nets)
        stages.follow()
        stages.show()
        WalkStage(nets).train()


def train_all(out: Path, made: Path, **settings: Any) -> None:
    """Both, one after the other."""
    train_motion(out, made, train_embedding(out, **settings), **settings)


if __name__ == "__main__":
    pairs = [word.split("=") for word in sys.argv[3:]]
    numbers = {key: value if key == "precision" else float(value) for key, value in pairs}
    slow = {key: numbers.pop(key) for key in ("inversion_lr", "frames_lr") if key in numbers}
    only = numbers.pop("windows", 0)
    folder, parts = Path(sys.argv[1]), Path(sys.argv[2])
    with joined("cpu"):
        common: dict[str, Any] = {"record_steps": 1, "device": "cpu", **numbers}
        embedding = train_embedding(folder, **common, windows=int(only))
        if not only:
            train_motion(folder, parts, embedding, dropout=not slow, **common, **slow)
