"""Words that training had no phrase of."""

import dataclasses
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from soundedit.errors import TrainingError
from soundedit.nets.clip import build_clip, clip_tokens, embed_text
from soundedit.nets.vocabulary import numbers
from soundedit.train.checkpoint import read_checkpoint, save_checkpoint
from soundedit.train.distributed import World, joined
from soundedit.train.embedding import EmbeddingSettings, clip_config
from soundedit.train.run import Run
from soundedit.train.words import WordsSettings, WordTrainer, teach, train_words
from tests.train.tiny_training import EMBEDDING

CONFIG = clip_config(EmbeddingSettings(**EMBEDDING))
KNOWN = [
    "rain",
    "the sound of rain",
    "wind",
    "a storm",
    "crickets",
    "river",
    "a landscape with fire",
]
TOKENS = (
    ["rain", "drizzle", "campfire", "gusts", "moon", "sand", "storm", "moss"],
    ["moon", "sand", "xy"],
)
SETTINGS = WordsSettings(steps=40, batch=32, lr=0.02, device="cpu", precision="float32")


def teacher(phrases: Sequence[str]) -> Tensor:
    """Features of a phrase: those of its words, each its own, added up."""

    return torch.stack([sum((meaning(w) for w in p.split()), torch.zeros(24)) for p in phrases])


@cache
def meaning(word: str) -> Tensor:
    drawn = np.random.default_rng(zlib.crc32(word.encode())).standard_normal(24)
    return torch.from_numpy(drawn).float()


def trainer_of(world: World, file: Path, settings: WordsSettings = SETTINGS) -> WordTrainer:
    torch.manual_seed(1)
    net = build_clip(CONFIG)
    run = Run(file, settings, world, np.random.default_rng(settings.seed))
    towers = {"config": CONFIG, "clip": net.state_dict(), "audio": {}}
    return WordTrainer(settings, run, towers, TOKENS)


def test_what_is_lacking_are_words_of_one_token_and_stems_before_an_ending(
    tmp_path: Path,
) -> None:
    with joined("cpu") as world:
        trainer = trainer_of(world, tmp_path / "embedding.pt")
        found = trainer.lacking(KNOWN)
    # Of KNOWN are rain and storm; sand is both a word and a stem.
    assert found[:6] == ["drizzle", "campfire", "gusts", "moon", "sand", "moss"]
    assert {"sandstorm", "moonland"} <= set(found[6:])
    ids = clip_tokens(CONFIG, found)
    assert (ids != 0).sum(1).tolist() == [3] * 6 + [4] * (len(found) - 6)
    assert len(found[6:]) <= 6
    # The first token of each is to be taught.
    assert set(ids[:, 1].tolist()) == set(trainer.rows.tolist())


def test_new_words_learn_and_nothing_else_changes(tmp_path: Path) -> None:
    probe = ["drizzle", "a photo of campfire", "gusts in nature"]
    with joined("cpu") as world:
        trainer = trainer_of(world, tmp_path / "embedding.pt")
        before = trainer.said(KNOWN)
        words = trainer.lacking(KNOWN)
        goals = trainer.map_of(KNOWN, teacher(KNOWN))(teacher(probe))
        was = trainer.agreement(probe, goals)
        assert trainer.run.resume(trainer) is False
        assert teach(trainer, KNOWN, teacher, False)
        assert torch.equal(trainer.said(KNOWN), before)
        assert trainer.agreement(probe, goals) > was + 0.1
        assert len(words) > 9
    # The checkpoint holds the towers as train pack takes them.
    state = read_checkpoint(tmp_path / "embedding.pt", tmp_path / "embedding.pt")
    net = build_clip(state["config"])
    net.load_state_dict(state["clip"])
    torch.testing.assert_close(embed_text(net.eval(), CONFIG, probe), trainer.said(probe))
    assert state["audio"] == {}
    assert torch.equal(state["vocabulary"], numbers(["crickets"]))


def test_a_run_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    def run(file: Path, settings: WordsSettings) -> WordTrainer:
        with joined("cpu") as world:
            trainer = trainer_of(world, file, settings)
            resumed = trainer.run.resume(trainer)
            teach(trainer, KNOWN, teacher, resumed)
        return trainer

    whole = run(tmp_path / "whole.pt", SETTINGS)
    stopped = dataclasses.replace(SETTINGS, minutes=1e-9)
    first = run(tmp_path / "parted.pt", stopped).said(["drizzle"])
    assert not torch.allclose(first, whole.said(["drizzle"]), atol=1e-2)
    parted = run(tmp_path / "parted.pt", SETTINGS)
    torch.testing.assert_close(parted.said(["drizzle"]), whole.said(["drizzle"]))


def test_what_has_no_text_tower_is_refused(tmp_path: Path) -> None:
    missing = dataclasses.replace(SETTINGS, embedding=str(tmp_path / "no.pt"))
    with pytest.raises(TrainingError, match="missing"):
        train_words(missing)
    file = tmp_path / "other.pt"
    save_checkpoint(file, {"generator": {}})
    with pytest.raises(TrainingError, match="no text tower"):
        train_words(dataclasses.replace(SETTINGS, embedding=str(file), out=str(tmp_path / "out")))
