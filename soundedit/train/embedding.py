"""Training of the joint embedding of sound, image and text.

First small heads over locked teachers (aiSFX, MiniLM, EfficientNet-Lite0) are trained with
symmetric InfoNCE over sound-text, sound-image and image-text pairs: that space has meaning beyond
the few thousand files at hand. Then the towers that ship are distilled into it: a ResNet-18 on
log-mels (with InfoNCE to text and to its own augmented copy), and the image and text towers of an
open_clip model.
"""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from soundedit.errors import TrainingError
from soundedit.nets.audio_tower import AudioTower
from soundedit.nets.clip import build_clip, clip_tokens, embed_text
from soundedit.train.augment import augment_mels
from soundedit.train.checkpoint import load_checkpoint, save_checkpoint
from soundedit.train.embedding_data import EmbeddingData
from soundedit.train.prompts import CLASSES, PROMPTS, UNSEEN_SYNONYMS
from soundedit.train.sounds import MelSettings, SoundSet

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EmbeddingSettings:
    """Settings of `train embedding`; the shipped TOML file explains each."""

    photos: str = ""
    sounds: str = ""
    renders: str = ""
    out: str = "runs/embedding"
    embed_dim: int = 256
    audio_width: int = 32
    image_size: int = 128
    image_width: int = 24
    text_width: int = 64
    text_layers: int = 3
    head_steps: int = 600
    text_steps: int = 2500
    image_steps: int = 1200
    audio_steps: int = 2000
    batch: int = 64
    lr: float = 1.0e-3
    temperature: float = 0.07
    seed: int = 1


def clip_config(settings: EmbeddingSettings) -> dict[str, Any]:
    """The open_clip model config of the image and text towers."""
    return {
        "embed_dim": settings.embed_dim,
        "vision_cfg": {
            "image_size": settings.image_size,
            "layers": [2, 2, 2, 2],
            "width": settings.image_width,
            "head_width": 48,
        },
        "text_cfg": {
            "context_length": 20,
            "vocab_size": 49_408,
            "width": settings.text_width,
            "heads": max(settings.text_width // 32, 1),
            "layers": settings.text_layers,
        },
    }


def info_nce(a: Tensor, b: Tensor, same: Tensor, temperature: float) -> Tensor:
    """Symmetric InfoNCE of unit vectors [N, E], [M, E] with positives `same` [N, M] (boolean)."""
    logits = a @ b.T / temperature
    weights = same.float()
    rows = -(F.log_softmax(logits, 1) * weights).sum(1) / weights.sum(1).clamp_min(1)
    columns = -(F.log_softmax(logits, 0) * weights).sum(0) / weights.sum(0).clamp_min(1)
    return (rows.mean() + columns.mean()) / 2


class TeacherHeads(nn.Module):
    """Small maps from locked teacher features to the joint space."""

    def __init__(self, embed_dim: int) -> None:
        super().__init__()
        self.sound = nn.Sequential(
            nn.Dropout(0.3),
            nn.Linear(1024, 256),
            nn.GELU(),
            nn.Dropout(0.3),
            nn.Linear(256, embed_dim),
        )
        self.image = nn.Sequential(
            nn.Dropout(0.2), nn.Linear(1280, 384), nn.GELU(), nn.Linear(384, embed_dim)
        )
        self.text = nn.Linear(384, embed_dim)


def _unit(x: Tensor) -> Tensor:
    return F.normalize(x, dim=1)


class EmbeddingTrainer:
    """Teachers' features, heads and student towers."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        if not settings.photos or not settings.sounds:
            raise TrainingError("Say what to train on: --photos FOLDER --sounds FOLDER.")
        self.settings = settings
        torch.manual_seed(settings.seed)
        self.rng = np.random.default_rng(settings.seed)
        cache = Path(settings.out).parent / "cache"
        self.sounds = SoundSet(Path(settings.sounds), MelSettings(), cache)
        renders = Path(settings.renders) if settings.renders else None
        self.data = EmbeddingData(
            self.sounds, Path(settings.photos), renders, settings.image_size, cache
        )
        self.heads = TeacherHeads(settings.embed_dim)
        self.audio = AudioTower(MelSettings().n_mels, settings.embed_dim, settings.audio_width)
        self.clip: Any = build_clip(clip_config(settings))

    def train_heads(self) -> None:
        """Align the three teachers by InfoNCE with same-class positives."""
        s, d = self.settings, self.data
        optimiser = torch.optim.AdamW(self.heads.parameters(), 1e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, s.head_steps)
        self.heads.train()
        for step in range(s.head_steps):
            i, kind, t = d.draw_sounds(self.rng, s.batch)
            sound = _unit(self.heads.sound(d.sound_features(i, self.rng)))
            text = _unit(self.heads.text(d.caption_features[t]))
            same = kind[:, None] == d.caption_kinds[t][None]
            loss = info_nce(sound, text, same, s.temperature)
            pictures, captions, kinds = d.draw_images(self.rng, s.batch)
            image = _unit(self.heads.image(d.image_features[pictures]))
            words = _unit(self.heads.text(d.caption_features[captions]))
            alike = d.caption_kinds[captions][:, None] == d.caption_kinds[captions][None]
            loss = loss + info_nce(image, words, alike, s.temperature)
            shown = kinds >= 0
            if int(shown.sum()) > 4:
                pairs = kind[:, None] == kinds[shown][None]
                loss = loss + 0.5 * info_nce(sound, image[shown], pairs, s.temperature)
            # Keep the geometry of sentences, so that unseen words stay near their neighbours.
            some = torch.randint(len(d.word_features), (256,))
            between = d.word_features[some] @ d.word_features[some].T
            mapped = _unit(self.heads.text(d.word_features[some]))
            loss = loss + 1.0 * (mapped @ mapped.T - between).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if step % 250 == 0:
                log.info("heads %d: loss %.3f", step, float(loss.detach()))
        self.heads.eval()
        with torch.inference_mode():
            self.sound_targets = _unit(self.heads.sound(d.mean_sound_features))
            self.image_targets = _unit(self.heads.image(d.image_features))
            self.caption_targets = _unit(self.heads.text(d.caption_features))
            self.word_targets = _unit(self.heads.text(d.word_features))
            self.unseen_targets = _unit(self.heads.text(d.unseen_features))
        self.sound_targets, self.image_targets, self.caption_targets, self.word_targets = (
            x.clone()
            for x in (
                self.sound_targets,
                self.image_targets,
                self.caption_targets,
                self.word_targets,
            )
        )
        log.info("teachers: %s", self.score(self.sound_targets, self.caption_targets))

    def class_vectors(self, captions: Tensor) -> Tensor:
        """Mean unit embedding of each class's prompts [classes, E]."""
        kinds = self.data.caption_kinds
        rows = [_unit(captions[kinds == k].mean(0, keepdim=True)) for k in range(len(CLASSES))]
        return torch.cat(rows)

    def score(self, sound: Tensor, captions: Tensor) -> dict[str, float]:
        """Accuracy by prompts on held-out recordings: overall, balanced, and for each class."""
        valid = torch.tensor(self.sounds.of("valid"))
        kinds = self.data.sound_kinds[valid]
        guess = (sound[valid] @ self.class_vectors(captions).T).argmax(1)
        right = (guess == kinds).float()
        each = {
            CLASSES[k]: round(float(right[kinds == k].mean()), 2)
            for k in range(len(CLASSES))
            if bool((kinds == k).any())
        }
        return {
            "accuracy": float(right.mean()),
            "balanced": float(np.mean(list(each.values()))),
            **each,
        }

    def train_text(self) -> None:
        """Distil the text tower from the mapped sentence teacher, captions and single words."""
        s, d = self.settings, self.data
        config = clip_config(s)
        captions, words = clip_tokens(config, d.captions), clip_tokens(config, d.words)
        net = self.clip
        parameters = [
            p
            for n, p in net.named_parameters()
            if not n.startswith("visual") and n != "logit_scale"
        ]
        optimiser = torch.optim.AdamW(parameters, 2e-3, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, s.text_steps)
        for step in range(s.text_steps):
            i = torch.randint(len(captions), (48,))
            j = torch.randint(len(words), (112,))
            out = net.encode_text(torch.cat([captions[i], words[j]]), normalize=True)
            target = torch.cat([self.caption_targets[i], self.word_targets[j]])
            loss = (1 - (out * target).sum(1)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if step % 250 == 0:
                log.info("text %d: 1 - cosine %.4f", step, float(loss.detach()))
        self.embed_captions()

    def embed_captions(self) -> None:
        """Embed all captions by the text tower that ships."""
        config = clip_config(self.settings)
        self.captions_shipped = embed_text(self.clip, config, self.data.captions).clone()

    def train_image(self) -> None:
        """Distil the image tower from the mapped image teacher on mirrored photos and renders."""
        s, d = self.settings, self.data
        net = self.clip.visual
        optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, s.image_steps)
        net.train()
        for step in range(s.image_steps):
            i = self.rng.integers(len(d.image_features), size=s.batch)
            pictures = d.pictures(i, self.rng)
            with torch.autocast("cpu", torch.bfloat16):
                out = net(pictures)
            target = self.image_targets[torch.from_numpy(i)]
            loss = (1 - (_unit(out.float()) * target).sum(1)).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            if step % 100 == 0:
                log.info("image %d: 1 - cosine %.4f", step, float(loss.detach()))
        net.eval()

    def train_audio(self) -> None:
        """Train the audio tower: distillation, InfoNCE to text and to its own augmented copy."""
        s, d = self.settings, self.data
        net = self.audio
        optimiser = torch.optim.AdamW(net.parameters(), s.lr, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, s.lr, s.audio_steps)
        net.train()
        started = time.monotonic()
        for step in range(s.audio_steps):
            i, kind, t = d.draw_sounds(self.rng, s.batch)
            length = int(self.rng.choice([100, 100, 150, 250]))
            mels = d.windows(i, length, self.rng)
            mixed, partner, share = augment_mels(mels, self.rng)
            with torch.autocast("cpu", torch.bfloat16):
                out = net(mixed)
            out = out.float()
            goal = self.sound_targets[torch.from_numpy(i)]
            goal = _unit(share[:, None] * goal + (1 - share[:, None]) * goal[partner])
            loss = 2 * (1 - (out * goal).sum(1)).mean()
            clean = share > 0.8
            same = (kind[:, None] == d.caption_kinds[t][None]) & clean[:, None]
            if bool(clean.any()):
                loss = loss + info_nce(
                    out[clean], self.captions_shipped[t], same[clean], s.temperature
                )
            if step % 4 == 0:
                again, _, _ = augment_mels(mels, self.rng, mix=False)
                with torch.autocast("cpu", torch.bfloat16):
                    twin = net(again).float()
                own = torch.eye(len(out), dtype=torch.bool)
                loss = loss + 0.3 * info_nce(out, twin, own, s.temperature)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            if step % 100 == 0:
                rate = (step + 1) / (time.monotonic() - started)
                log.info("audio %d (%.1f/s): loss %.3f", step, rate, float(loss.detach()))
            if step % 500 == 499:
                log.info("audio %d: %s", step, self.judge_audio())
                self.save()
        net.eval()

    @torch.inference_mode()
    def judge_audio(self) -> dict[str, float]:
        """Accuracy of the shipped towers on held-out recordings, whole clips and 1 s windows."""
        self.audio.eval()
        whole = torch.zeros(len(self.sounds), self.settings.embed_dim)
        short = torch.zeros_like(whole)
        for i in self.sounds.of("valid"):
            mel = torch.from_numpy(np.asarray(self.sounds.mel(i), np.float32)).T[None]
            whole[i] = self.audio(mel)[0]
            start = max((mel.shape[2] - 100) // 2, 0)
            short[i] = self.audio(mel[:, :, start : start + 100])[0]
        self.audio.train()
        scores = self.score(whole, self.captions_shipped)
        return {"1 s": self.score(short, self.captions_shipped)["accuracy"], **scores}

    @torch.inference_mode()
    def judge_unseen(self) -> float:
        """Accuracy of the shipped towers by synonyms that no caption has, held-out recordings."""
        config = clip_config(self.settings)
        rows = [
            _unit(embed_text(self.clip, config, UNSEEN_SYNONYMS[c]).mean(0, keepdim=True))
            for c in CLASSES
        ]
        classes = torch.cat(rows)
        right = []
        self.audio.eval()
        for i in self.sounds.of("valid"):
            mel = torch.from_numpy(np.asarray(self.sounds.mel(i), np.float32)).T[None]
            guess = int((self.audio(mel) @ classes.T).argmax())
            right.append(guess == int(self.data.sound_kinds[i]))
        return float(np.mean(right))

    def save(self) -> Path:
        """Write towers and heads to `out/embedding.pt`."""
        out = Path(self.settings.out)
        out.mkdir(parents=True, exist_ok=True)
        save_checkpoint(
            out / "embedding.pt",
            {
                "config": clip_config(self.settings),
                "clip": self.clip.state_dict(),
                "audio": self.audio.state_dict(),
                "audio_width": self.settings.audio_width,
                "heads": self.heads.state_dict(),
                "prompts": {k: list(v) for k, v in PROMPTS.items()},
                "done": self.done,
            },
        )
        return out / "embedding.pt"

    done: tuple[str, ...] = ()


def train_embedding(settings: EmbeddingSettings) -> Path:
    """Train all towers; finished stages are not repeated when resumed. Returns the checkpoint."""
    trainer = EmbeddingTrainer(settings)
    state = load_checkpoint(Path(settings.out) / "embedding.pt")
    if state is not None:
        trainer.heads.load_state_dict(state["heads"])
        trainer.clip.load_state_dict(state["clip"])
        trainer.audio.load_state_dict(state["audio"])
        trainer.done = tuple(state["done"])
    trainer.train_heads()
    for name in ("text", "audio", "image"):
        if name not in trainer.done:
            getattr(trainer, f"train_{name}")()
            trainer.done = (*trainer.done, name)
            trainer.save()
        elif name == "text":
            trainer.embed_captions()
    log.info("shipped towers: %s", trainer.judge_audio())
    log.info("by unseen synonyms: %.3f", trainer.judge_unseen())
    return trainer.save()
