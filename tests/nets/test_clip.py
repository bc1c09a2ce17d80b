"""Image and text towers, built from nothing but a config."""

from typing import Any

import pytest
import torch
from torch import nn

from soundedit.nets.clip import (
    build_clip,
    clip_pictures,
    clip_tokens,
    embed_pictures,
    embed_text,
    taken_apart,
    unknown_words,
    vocabulary,
)
from soundedit.nets.vocabulary import Vocabulary, numbers

CONFIG: dict[str, Any] = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": 32, "patch_size": 16, "width": 16, "layers": 1, "head_width": 8},
    "text_cfg": {
        "context_length": 16,
        "vocab_size": 49408,
        "width": 16,
        "heads": 2,
        "layers": 1,
    },
}


@pytest.fixture(scope="module")
def model() -> nn.Module:
    torch.manual_seed(1)
    return build_clip(CONFIG).eval().requires_grad_(False)


def test_text(model: nn.Module) -> None:
    found = embed_text(model, CONFIG, ["rain on a roof", "a storm at sea"])
    assert found.shape == (2, 12)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))
    assert not torch.allclose(found[0], found[1], atol=1e-3)


def test_tokens_are_clips() -> None:
    ids = clip_tokens(CONFIG, ["a dog", "word " * 99])
    assert ids.shape == (2, 16)
    # Start, "a", "dog", end, padding: the byte-pair vocabulary of CLIP.
    assert ids[0, :5].tolist() == [49406, 320, 1929, 49407, 0]
    assert int(ids[1, -1]) == 49407


def test_pictures_of_any_size(model: nn.Module) -> None:
    torch.manual_seed(2)
    for size in ((32, 32), (64, 64), (20, 48)):
        pictures = torch.rand(2, 3, *size) * 2 - 1
        assert clip_pictures(CONFIG, pictures).shape == (2, 3, 32, 32)
        found = embed_pictures(model, CONFIG, pictures)
        assert found.shape == (2, 12)
        torch.testing.assert_close(found.norm(dim=1), torch.ones(2))


def test_pictures_are_differentiable(model: nn.Module) -> None:
    pictures = torch.zeros(1, 3, 64, 64, requires_grad=True)
    embed_pictures(model, CONFIG, pictures)[0, 0].backward()
    assert pictures.grad is not None and float(pictures.grad.abs().sum()) > 0


def test_the_config_is_left_alone() -> None:
    before = str(CONFIG)
    build_clip(CONFIG)
    assert str(CONFIG) == before


def test_words_whose_tokens_nothing_taught_are_unknown() -> None:
    torch.manual_seed(2)
    net: Any = build_clip(CONFIG).eval().requires_grad_(False)
    assert unknown_words(net, "a gewitter, drizzle") == []
    for word in ("drizzle", "gewitter"):
        net.token_embedding.weight[clip_tokens(CONFIG, [word])[0, 1]] = 0
    found = unknown_words(net, "Drizzle and rain, drizzle 24 gewitter")
    assert found == ["Drizzle", "drizzle", "gewitter"]
    assert unknown_words(net, "rain and wind, 24 ...") == []
    assert unknown_words(nn.Linear(1, 1), "drizzle") == []


def test_of_words_taken_apart_those_that_were_taught_are_known() -> None:
    torch.manual_seed(2)
    net: Any = build_clip(CONFIG).eval().requires_grad_(False)
    apart = taken_apart(["Crickets and rain", "crickets chirping"])
    assert apart == ["Crickets", "crickets", "chirping"]
    taught = Vocabulary(2)
    taught.words.copy_(numbers(apart))
    # Two words in one, and a word with an ending, say what their parts do.
    assert unknown_words(net, "crickets, Chirping, a sandstorm, thundering rain", taught) == []
    found = unknown_words(net, "strong wnid, litghning and Gewitter", taught)
    assert found == ["wnid", "litghning", "Gewitter"]
    assert unknown_words(net, "wnid", None) == []
    assert unknown_words(net, " \U0001f30a ", taught) == ["\U0001f30a"]
    assert unknown_words(net, " ", taught) == []


def test_vocabulary_has_words_of_one_token_and_what_begins_others() -> None:
    words, stems = vocabulary()
    assert {"rain", "drizzle", "campfire"} <= set(words)
    assert {"sand", "moon"} <= set(stems)
    assert (clip_tokens(CONFIG, ["drizzle"])[0] != 0).sum() == 3
