"""Words that training had no phrase of: their tokens learn what MiniLM says of them.

The text tower learns from the words of MiniLM's vocabulary. CLIP's has thousands more, drizzle and
campfire among them, whose tokens would stay as they began and say nothing. What the tower says of
words that it knows is close to a linear map of what MiniLM says, which tells what it would say of
these. Their rows of the token embedding alone are trained, so that no other phrase changes. Tokens
that are no word of their own, and that no phrase had, become zeros, and which words of several
tokens phrases had is kept: see `nets.clip.unknown_words`.
"""

import hashlib
import io
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.clip import build_clip, clip_tokens, embed_text, taken_apart, vocabulary
from soundedit.nets.vocabulary import numbers
from soundedit.train.checkpoint import read_checkpoint, save_checkpoint
from soundedit.train.contrast import unit
from soundedit.train.distributed import joined, read_for_all
from soundedit.train.embedding_data import cached, templated
from soundedit.train.learner import Learner
from soundedit.train.prompts import CLASSES, PROMPTS, SCENE_HINTS, SCENES
from soundedit.train.run import Run, RunSettings
from soundedit.train.teachers import TextTeacher

log = logging.getLogger(__name__)
RIDGE = 0.1
NEAR = 2e-4
"""Weight that keeps new rows among those of known words, or they would drown these in a phrase."""
ENDINGS = (
    *("s", "storm", "light", "land", "ing", "lit", "side", "er", "fall", "water", "field", "ed"),
    *("wood", "y", "like", "ly", "time", "beam", "rise", "shine"),
)
"""What stems are taught with."""
_STEM, _COMPOUNDS = 3, 3
_AT_ONCE = 512
_HELD_BACK = 1500
"""Phrases that tell how well the map and the tower do."""

Teacher = Callable[[Sequence[str]], Tensor]
"""Phrases -> features [n, F]."""


@dataclass(frozen=True)
class WordsSettings(RunSettings):
    """Settings of `train words`; the shipped TOML file explains each."""

    embedding: str = "runs/embedding/embedding.pt"
    out: str = "runs/words"
    steps: int = 1200
    batch: int = 384
    lr: float = 0.01


class WordTrainer:
    """The towers of a checkpoint, the text tower of which learns more words."""

    def __init__(
        self,
        settings: WordsSettings,
        run: Run,
        towers: dict[str, Any],
        tokens: tuple[Sequence[str], Sequence[str]] | None = None,
    ) -> None:
        """`towers`: content of a checkpoint of `train embedding`.

        `tokens`: what there is to learn, all of `nets.clip.vocabulary` where None.
        """
        self.settings, self.run, self.towers = settings, run, towers
        self.tokens = tokens or vocabulary()
        self.config: dict[str, Any] = towers["config"]
        self.net: Any = build_clip(self.config)
        self.net.load_state_dict(towers["clip"])
        self.net.to(run.world.device).eval().requires_grad_(False)
        self.vocabulary = towers.get("vocabulary", torch.zeros(0, dtype=torch.int64))

    def said(self, phrases: Sequence[str]) -> Tensor:
        """What the text tower says of phrases: unit embeddings [n, E], on the CPU."""
        parts = [phrases[i : i + _AT_ONCE] for i in range(0, len(phrases), _AT_ONCE)]
        return torch.cat([embed_text(self.net, self.config, part).cpu() for part in parts]).clone()

    def lacking(self, known: Sequence[str]) -> list[str]:
        """Words that the `known` phrases lack: whole tokens, and stems before an ending.

        Of these there are a few compounds each, as "sandstorm", of two tokens.
        """
        taught = torch.zeros(len(self.net.token_embedding.weight), dtype=torch.bool)
        taught[clip_tokens(self.config, known).flatten()] = True
        self.taught = taught
        rows = self.net.token_embedding.weight[taught]
        self.middle, self.spread = rows.mean(0), rows.std(0).clamp_min(1e-6)
        whole, begun = self.tokens
        words = [w for w in whole if w.isascii() and w.isalpha()]
        tokens = clip_tokens(self.config, words)[:, 1]
        found = [word for word, token in zip(words, tokens, strict=True) if not taught[token]]
        rows_of = [tokens[~taught[tokens]]]
        stems = sorted({w for w in words if len(w) >= _STEM} & set(begun))
        for ending, end in zip(ENDINGS, clip_tokens(self.config, ENDINGS)[:, 1], strict=True):
            if not stems:
                break
            ids = clip_tokens(self.config, [stem + ending for stem in stems])
            parted = (ids[:, 2] == end) & (ids[:, 3] == ids[0].max()) & ~taught[ids[:, 1]]
            rows_of.append(ids[parted, 1])
            found += [stems[i] + ending for i in torch.nonzero(parted).flatten().tolist()]
            enough = torch.cat(rows_of).bincount(minlength=len(taught)) >= _COMPOUNDS
            stems = [s for s, own in zip(stems, ids[:, 1], strict=True) if not enough[own]]
        self.rows = torch.cat(rows_of).unique()
        return found

    def begin(self) -> None:
        """Have new words begin as the mean of the known ones, and all other tokens say nothing."""
        weight = self.net.token_embedding.weight
        weight[~self.taught] = 0
        weight[self.rows] = self.middle

    def agreement(self, phrases: Sequence[str], goals: Tensor) -> float:
        """Mean cosine of what some of the phrases say with their `goals` [n, E]."""
        every = -(-len(phrases) // _HELD_BACK)
        return float(F.cosine_similarity(self.said(phrases[::every]), goals[::every]).mean())

    def map_of(self, known: Sequence[str], features: Tensor) -> Callable[[Tensor], Tensor]:
        """From the teacher's features to embeddings, by ridge regression on `known` phrases."""
        said, wide = self.said(known), _with_one(features)
        penalty = RIDGE * torch.eye(wide.shape[1])

        def fitted(rows: Tensor) -> Tensor:
            return torch.linalg.solve(
                wide[rows].T @ wide[rows] + penalty, wide[rows].T @ said[rows]
            )

        order = torch.from_numpy(np.random.default_rng(0).permutation(len(known)))
        if len(order) > 2 * _HELD_BACK:
            back = order[:_HELD_BACK]
            found = wide[back] @ fitted(order[_HELD_BACK:])
            cosine = F.cosine_similarity(found, said[back]).mean()
            log.info("known words held back: cosine %.3f of map and tower", cosine)
        whole = fitted(order)
        return lambda rows: unit(_with_one(rows) @ whole)

    def train(self, phrases: Sequence[str], goals: Tensor) -> bool:
        """Have `phrases` of one new word each say `goals` [n, E]; False if time was over before."""
        s, world, rows = self.settings, self.run.world, self.rows
        weight = self.net.token_embedding.weight
        ids = clip_tokens(self.config, phrases)
        free = torch.zeros(len(weight), 1, device=world.device)
        free[rows] = 1
        weight.requires_grad_(True)
        held = weight.register_hook(lambda gradient: gradient * free)
        optimiser = torch.optim.Adam([weight], s.lr)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(s.steps, 1))
        learner = Learner(optimiser, schedule)

        def losses(_: int, count: int) -> dict[str, Tensor]:
            i = torch.from_numpy(self.run.rng.integers(len(phrases), size=count))
            mine = world.shard(ids[i]).to(world.device)
            with self.run.precision.autocast():
                out = self.net.encode_text(mine, normalize=True)
            said = world.gather(out.float())
            away = ((weight[rows] - self.middle) / self.spread).square().mean()
            apart = 1 - (said * goals[i].to(world.device)).sum(1)
            return {"distance": apart.mean(), "near": NEAR * away}

        step = self.run.learning(learner, s.batch, losses)
        done = self.run.train("words", step, s.steps, {"words": learner}, batch=s.batch)
        held.remove()
        weight.requires_grad_(False)
        return done

    def state(self) -> dict[str, Any]:
        """A checkpoint of `train embedding` whose text tower knows more words."""
        kept = {k: v for k, v in self.towers.items() if k not in ("run", "random", "clip")}
        return {**kept, "clip": self.net.state_dict(), "vocabulary": self.vocabulary}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved text tower."""
        self.net.load_state_dict(state["clip"])
        self.vocabulary = state.get("vocabulary", self.vocabulary)


def words_known(teacher_words: Sequence[str]) -> list[str]:
    """Phrases of which training had the words: captions, and words alone and in a template."""
    rng = np.random.default_rng(0)
    scenes = [*SCENES, *(name for names in SCENE_HINTS.values() for name in names)]
    captions = [*(prompt for kind in CLASSES for prompt in PROMPTS[kind]), *scenes]
    return list(dict.fromkeys([*captions, *teacher_words, *templated(teacher_words[::3], rng)]))


def _with_one(features: Tensor) -> Tensor:
    return torch.cat([features, torch.ones(len(features), 1)], dim=1)


def teach(trainer: WordTrainer, known: Sequence[str], teacher: Teacher, resumed: bool) -> bool:
    """Teach what `known` phrases lack of the vocabulary; False if time was over before."""
    words = trainer.lacking(known)
    trainer.vocabulary = numbers(taken_apart(known))
    if not words:
        log.info("there is no word that training had no phrase of")
        return True
    if not resumed:
        trainer.begin()
    mapped = trainer.map_of(known, teacher(known))
    phrases = [*words, *templated(words, np.random.default_rng(1))]
    goals = mapped(teacher(phrases))
    log.info("%d new words: cosine %.3f before", len(words), trainer.agreement(phrases, goals))
    done = trainer.train(phrases, goals)
    log.info("%d new words: cosine %.3f", len(words), trainer.agreement(phrases, goals))
    return done


def train_words(settings: WordsSettings) -> Path:
    """Teach the text tower of a checkpoint, resuming from `out/embedding.pt`, which it returns.

    TrainingError where the checkpoint is missing, damaged, or has no such tower.
    """
    file, source = Path(settings.out) / "embedding.pt", Path(settings.embedding)
    with joined(settings.device) as world:
        content = read_for_all(world, source)
        if content is None:
            raise TrainingError(f"The checkpoint {source} is missing; check its name.")
        towers = read_checkpoint(io.BytesIO(content), source)
        if not {"clip", "config"} <= set(towers):
            raise TrainingError(
                f"The checkpoint {source} has no text tower; give one of soundedit train embedding."
            )
        run = Run(file, settings, world, np.random.default_rng(settings.seed))
        trainer = WordTrainer(settings, run, towers)
        cache = file.parents[1] / "cache"
        with world.first():
            cache.mkdir(parents=True, exist_ok=True)
            minilm = TextTeacher(cache)

        def teacher(phrases: Sequence[str]) -> Tensor:
            with world.first():
                return cached_features(phrases, minilm, cache)

        resumed = run.resume(trainer)
        teach(trainer, words_known(minilm.words), teacher, resumed)
        if world.main and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            save_checkpoint(file, trainer.state())
    return file


def cached_features(phrases: Sequence[str], teacher: TextTeacher, cache: Path) -> Tensor:
    """The teacher's features [n, 384] of phrases, computed once."""
    key = hashlib.sha256("\n".join(phrases).encode()).hexdigest()[:16]
    return cached(cache / f"phrases-{key}.pt", lambda: teacher.embed(phrases).clone())
