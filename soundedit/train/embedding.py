"""Training of the joint embedding of sound, image and text.

First small heads over locked teachers (aiSFX, MiniLM, EfficientNet-Lite0) are trained with
symmetric InfoNCE over sound-text, sound-image and image-text pairs: that space has meaning beyond
the few thousand files at hand. Then the towers that ship are distilled into it: a ResNet-18 on
log-mels (see `audio_stage`), and the image and text towers of an open_clip model.
"""

import io
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.audio_tower import AudioTower
from soundedit.nets.clip import build_clip, clip_tokens, embed_pictures, embed_text
from soundedit.train.audio_settings import AudioSettings
from soundedit.train.audio_stage import AudioStage, mean_of
from soundedit.train.checkpoint import read_checkpoint
from soundedit.train.contrast import unit
from soundedit.train.distributed import joined, read_for_all, share_batch_norms
from soundedit.train.embedding_data import EmbeddingData
from soundedit.train.heads import TeacherHeads, TowersSay
from soundedit.train.learner import Learner
from soundedit.train.matching import Matching
from soundedit.train.procedural import read_procedural
from soundedit.train.prompts import CLASSES, PROMPTS, UNSEEN_SYNONYMS
from soundedit.train.run import Run
from soundedit.train.sounds import MelSettings, SoundSet
from soundedit.train.windows import Windows, make_windows

log = logging.getLogger(__name__)
TEXT_BATCH = 160
"""Phrases in a step of the text tower, three captions to seven single words."""


@dataclass(frozen=True)
class EmbeddingSettings(AudioSettings):
    """Settings of `train embedding`; the shipped TOML file explains each."""

    photos: str = ""
    sounds: str = ""
    renders: str = ""
    generator: str = ""
    drawn: int = 3200
    start: str = ""
    out: str = "runs/embedding"
    image_size: int = 128
    image_width: int = 24
    text_width: int = 64
    text_layers: int = 3
    head_steps: int = 600
    text_steps: int = 2500
    image_steps: int = 1200


_HEAD_WIDTH = 48


def clip_config(settings: EmbeddingSettings) -> dict[str, Any]:
    """The open_clip model config of the image and text towers; TrainingError for odd widths."""
    pooled = 32 * settings.image_width
    heads = max(settings.text_width // 32, 1)
    for name, width, among, multiple in (
        ("image_width", pooled, pooled // _HEAD_WIDTH, 3),
        ("text_width", settings.text_width, heads, 32),
    ):
        if width < 1 or among < 1 or width % among:
            raise TrainingError(
                f"{name} = {getattr(settings, name)} cannot be shared out among attention heads; "
                f"choose a multiple of {multiple}."
            )
    return {
        "embed_dim": settings.embed_dim,
        "vision_cfg": {
            "image_size": settings.image_size,
            "layers": [2, 2, 2, 2],
            "width": settings.image_width,
            "head_width": _HEAD_WIDTH,
        },
        "text_cfg": {
            "context_length": 20,
            "vocab_size": 49_408,
            "width": settings.text_width,
            "heads": heads,
            "layers": settings.text_layers,
        },
    }


class EmbeddingTrainer:
    """Teachers' features, heads and student towers; one stage of the run trains each."""

    def __init__(
        self,
        settings: EmbeddingSettings,
        run: Run,
        data: EmbeddingData,
        windows: Windows | None = None,
        procedural: dict[str, Tensor] | None = None,
    ) -> None:
        """`windows`, `procedural`: what the audio tower learns from (`matching`), if given."""
        self.settings, self.run, self.data = settings, run, data
        self.world, self.rng, self.sounds = run.world, run.rng, data.sounds
        self.device = run.world.device
        torch.manual_seed(settings.seed)
        self.heads = TeacherHeads(settings.embed_dim).to(self.device)
        self.headless = False
        """Whether the towers came from a pack, without heads."""
        net = AudioTower(MelSettings().n_mels, settings.embed_dim, settings.audio_width)
        self.clip: Any = build_clip(clip_config(settings))
        self.audio = mean_of(net).to(self.device)
        for one in (net, self.clip):
            one.to(self.device)
            share_batch_norms(one, self.world)
        matching = None
        if windows is not None:
            matching = Matching(settings, run, windows, procedural, net)
        self.stage = AudioStage(settings, run, data, net, self.audio, matching)

    def train_heads(self) -> bool:
        """Align the three teachers, or have them say what towers without heads do.

        Each process does it whole, as the heads are small and dropout is drawn for all rows.
        """
        s, d = self.settings, self.data
        optimiser = torch.optim.AdamW(self.heads.parameters(), 1e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(s.head_steps, 1))
        learner = Learner(optimiser, schedule)
        towers = self.towers_say() if self.headless and "heads" not in self.run.done else None

        def losses(_: int, rows: int) -> dict[str, Tensor]:
            if towers is not None:
                return self.heads.agree(d, rows, self.rng, self.device, towers)
            return self.heads.align(d, rows, self.rng, self.device, s.temperature)

        self.heads.train()
        step = self.run.learning(learner, s.batch, losses)
        done = self.run.train("heads", step, s.head_steps, {"heads": learner}, batch=s.batch)
        self.heads.eval()
        if done:
            self.map_targets()
            log.info("teachers: %s", self.score(self.sound_targets, self.caption_targets))
        return done

    @torch.inference_mode()
    def towers_say(self) -> TowersSay:
        """What the towers as they are say of everything at hand."""
        d, config, count = self.data, clip_config(self.settings), len(self.data.image_features)
        net = self.clip.eval()

        def written(phrases: list[str]) -> Tensor:
            parts = range(0, len(phrases), 1024)
            return torch.cat([embed_text(net, config, phrases[i : i + 1024]).cpu() for i in parts])

        def shown(first: int) -> Tensor:
            pictures = d.whole_pictures(range(first, min(first + 64, count)))
            return embed_pictures(net, config, pictures.to(self.device)).cpu()

        sounds = [self.hear(self.sounds.mel(i)) for i in range(len(self.sounds))]
        pictures = [shown(first) for first in range(0, count, 64)]
        found = (torch.stack(sounds), written(d.captions), written(d.words), torch.cat(pictures))
        return TowersSay(*(part.clone() for part in found))

    @torch.no_grad()
    def map_targets(self) -> None:
        """Map the teachers' features to the joint space by the trained heads."""
        d = self.data
        self.sound_targets = unit(self.heads.sound(d.mean_sound_features.to(self.device)))
        self.image_targets = unit(self.heads.image(d.image_features.to(self.device)))
        self.caption_targets = unit(self.heads.text(d.caption_features.to(self.device)))
        self.word_targets = unit(self.heads.text(d.word_features.to(self.device)))

    def class_vectors(self, captions: Tensor) -> Tensor:
        """Mean unit embedding of each class's prompts [classes, E]."""
        kinds = self.data.caption_kinds
        rows = [unit(captions[kinds == k].mean(0, keepdim=True)) for k in range(len(CLASSES))]
        return torch.cat(rows)

    def score(self, sound: Tensor, captions: Tensor) -> dict[str, float]:
        """Accuracy by prompts on held-out recordings: overall, balanced, and for each class."""
        valid = torch.tensor(self.sounds.of("valid"))
        kinds = self.data.sound_kinds[valid]
        guess = (sound.cpu()[valid] @ self.class_vectors(captions.cpu()).T).argmax(1)
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

    def train_text(self) -> bool:
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
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, max(s.text_steps, 1))
        learner = Learner(optimiser, schedule)

        def losses(_: int, rows: int) -> dict[str, Tensor]:
            some = rows * 3 // 10
            i = torch.randint(len(captions), (some,))
            j = torch.randint(len(words), (rows - some,))
            tokens = self.world.shard(torch.cat([captions[i], words[j]])).to(self.device)
            out = self.world.gather(net.encode_text(tokens, normalize=True))
            target = torch.cat([self.caption_targets[i], self.word_targets[j]])
            return {"distance": (1 - (out * target).sum(1)).mean()}

        step = self.run.learning(learner, TEXT_BATCH, losses)
        done = self.run.train("text", step, s.text_steps, {"text": learner}, batch=TEXT_BATCH)
        self.embed_captions()
        return done

    def embed_captions(self) -> None:
        """Embed all captions by the text tower that ships."""
        config = clip_config(self.settings)
        self.captions_shipped = embed_text(self.clip, config, self.data.captions).clone()

    def train_image(self) -> bool:
        """Distil the image tower from the mapped image teacher on mirrored photos and renders.

        Where a generator was given, half of the pictures are drawn by it, and told what the teacher
        says of the originals: the tower is to know what is meant however it is drawn.
        """
        s, d = self.settings, self.data
        net = self.clip.visual
        optimiser = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, max(s.image_steps, 1))
        learner = Learner(optimiser, schedule)

        def losses(_: int, rows: int) -> dict[str, Tensor]:
            i = self.rng.integers(len(d.image_features), size=rows)
            seen = d.pictures(i, self.rng)
            if len(d.drawn):
                half = rows // 2
                i[:half] = self.rng.choice(d.drawn, size=half)
                seen[:half] = d.pictures(i[:half], self.rng, drawn=True)
            pictures = self.world.shard(seen).to(self.device)
            with self.run.precision.autocast():
                out = net(pictures)
            out = self.world.gather(unit(out.float()))
            target = self.image_targets[torch.from_numpy(i)]
            return {"distance": (1 - (out * target).sum(1)).mean()}

        net.train()
        step = self.run.learning(learner, s.batch, losses)
        done = self.run.train("image", step, s.image_steps, {"image": learner}, batch=s.batch)
        net.eval()
        return done

    def train_audio(self) -> bool:
        """Train the audio tower against the mapped teachers and the text tower that ships."""

        def judge(position: int) -> None:
            if position % 500 == 0 and position and self.world.main:
                log.info("audio %d: %s", position, self.judge_audio())

        return self.stage.train(self.sound_targets, self.captions_shipped, judge)

    @torch.inference_mode()
    def hear(self, mel: NDArray[np.float16]) -> Tensor:
        """The audio tower's embedding [E] of a log-mel [columns, M]."""
        found: Tensor = self.audio(
            torch.from_numpy(np.asarray(mel, np.float32)).T[None].to(self.device)
        )
        return found[0].cpu()

    def judge_audio(self) -> dict[str, float]:
        """Accuracy of the shipped towers on held-out recordings, whole clips and 1 s windows."""
        whole = torch.zeros(len(self.sounds), self.settings.embed_dim)
        short = torch.zeros_like(whole)
        for i in self.sounds.of("valid"):
            mel = self.sounds.mel(i)
            whole[i] = self.hear(mel)
            start = max((len(mel) - 100) // 2, 0)
            short[i] = self.hear(mel[start : start + 100])
        scores = self.score(whole, self.captions_shipped)
        return {"1 s": self.score(short, self.captions_shipped)["accuracy"], **scores}

    def judge_unseen(self) -> float:
        """Accuracy of the shipped towers by synonyms that no caption has, held-out recordings."""
        config = clip_config(self.settings)
        rows = [
            unit(embed_text(self.clip, config, UNSEEN_SYNONYMS[c]).mean(0, keepdim=True))
            for c in CLASSES
        ]
        classes = torch.cat(rows).cpu()
        right = []
        for i in self.sounds.of("valid"):
            guess = int((self.hear(self.sounds.mel(i)) @ classes.T).argmax())
            right.append(guess == int(self.data.sound_kinds[i]))
        return float(np.mean(right))

    def state(self) -> dict[str, Any]:
        """Towers and heads."""
        found: dict[str, Any] = {
            "config": clip_config(self.settings),
            "clip": self.clip.state_dict(),
            "audio": self.audio.state_dict(),
            "audio_trained": self.stage.net.state_dict(),
            "audio_width": self.settings.audio_width,
            "heads": self.heads.state_dict(),
            "headless": self.headless,
            "prompts": {k: list(v) for k, v in PROMPTS.items()},
        }
        if self.stage.matching is not None:
            found["audio_guess"] = self.stage.matching.guess.state_dict()
            found["audio_anchor"] = self.stage.matching.anchor.state_dict()
        return found

    def restore(self, state: dict[str, Any]) -> None:
        """Take up saved towers and heads; TrainingError if the audio tower learned otherwise."""
        matched = "audio_guess" in state
        if matched is not (self.stage.matching is not None):
            recipe = "windows" if matched else "whole recordings"
            raise TrainingError(
                f"The checkpoint {self.run.file} learned from {recipe} and cannot go on with "
                f"windows = {self.settings.windows} in the settings; choose another out folder to "
                "begin anew, with this checkpoint as start to keep what it learned."
            )
        self.headless = bool(state.get("headless"))
        for name in ("heads", "clip", "audio"):
            getattr(self, name).load_state_dict(state[name])
        self.stage.net.load_state_dict(state.get("audio_trained", state["audio"]))
        if self.stage.matching is not None:
            self.stage.matching.guess.load_state_dict(state["audio_guess"])
            self.stage.matching.anchor.load_state_dict(state.get("audio_anchor", state["audio"]))

    def begin(self) -> None:
        """Take the towers and heads of the settings' `start`, however they were trained.

        Towers that `train unpack` took from a pack have no heads. TrainingError if the checkpoint
        is missing, damaged, or of other widths.
        """
        file = Path(self.settings.start)
        content = read_for_all(self.world, file)
        if content is None:
            raise TrainingError(f"The checkpoint {file} to start from is missing; check its name.")
        state = read_checkpoint(io.BytesIO(content), file)
        try:
            self.headless = "heads" not in state
            for name in ("clip", "audio") if self.headless else ("heads", "clip", "audio"):
                getattr(self, name).load_state_dict(state[name])
            self.stage.net.load_state_dict(state["audio"])
        except (KeyError, RuntimeError) as error:
            raise TrainingError(
                f"The checkpoint {file} has towers of other widths or none; start from one that "
                "these settings fit, or from nothing."
            ) from error

    def train(self) -> bool:
        """Train all stages; False if the time was over before."""
        stages = (self.train_heads, self.train_text, self.train_audio, self.train_image)
        if not all(stage() for stage in stages):
            return False
        log.info("shipped towers: %s", self.judge_audio())
        log.info("by unseen synonyms: %.3f", self.judge_unseen())
        return True


def train_embedding(settings: EmbeddingSettings) -> Path:
    """Train all towers, resuming from `out/embedding.pt`; returns the checkpoint.

    Where there is none yet they begin as those of `start`. TrainingError without photos or sounds,
    and where a checkpoint does not fit the settings.
    """
    s = settings
    if not s.photos or not s.sounds:
        raise TrainingError("Say what to train on: --photos FOLDER --sounds FOLDER.")
    file = Path(s.out) / "embedding.pt"
    cache = file.parents[1] / "cache"
    with joined(s.device) as world:
        run = Run(file, s, world, np.random.default_rng(s.seed))
        with world.first():
            sounds = SoundSet(Path(s.sounds), MelSettings(), cache)
            renders = Path(s.renders) if s.renders else None
            data = EmbeddingData(sounds, Path(s.photos), renders, s.image_size, cache)
            if s.generator:
                data.draw(Path(s.generator), s.drawn, s.seed, cache)
            windows = make_windows(sounds, s.windows, s.seed, cache) if s.windows else None
            made = (
                read_procedural(s.procedural, s.seed, cache) if s.windows and s.procedural else None
            )
        trainer = EmbeddingTrainer(s, run, data, windows, made)
        if not run.resume(trainer) and s.start:
            trainer.begin()
        trainer.train()
    return file
