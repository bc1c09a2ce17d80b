"""Sounds of one joint embedding among the words of another."""

import pytest
import torch
import torch.nn.functional as F

from soundedit.nets.adapter import SoundAdapter
from soundedit.nets.directions import DirectionMap


@pytest.fixture
def adapter() -> SoundAdapter:
    """Three words that are heard along the first axes, and said along the last ones."""
    made = SoundAdapter(4, 6, words=3, classes=3)
    made.keys.copy_(torch.eye(4)[:3])
    made.meanings.copy_(0.5 * torch.eye(6)[3:])
    made.said_neutral.copy_(torch.tensor([1.0, 0, 0, 0, 0, 0]))
    made.neutral.copy_(torch.tensor([0, 0, 0, 0.5]))
    return made


def test_a_sound_says_what_its_word_says(adapter: SoundAdapter) -> None:
    heard = adapter.neutral + torch.eye(4)[:3]
    said = adapter(heard)
    torch.testing.assert_close(said.norm(dim=1), torch.ones(3))
    words = F.normalize(adapter.said_neutral + adapter.meanings, dim=1)
    torch.testing.assert_close(said, words, atol=2e-3, rtol=0)
    between = adapter(heard[:2].sum(0, keepdim=True) - adapter.neutral)
    torch.testing.assert_close(between @ words[0], between @ words[1])


def test_a_map_without_memory_takes_sounds_for_words() -> None:
    torch.manual_seed(0)
    plain = DirectionMap(6, 4, 5, rank=2, words=0)
    plain.neutral_text.normal_()
    said = torch.randn(3, 6)
    assert torch.equal(plain.sound_difference(said), plain.text_difference(said))
    remembering = DirectionMap(6, 4, 5, rank=2, words=2)
    remembering.keys.copy_(torch.eye(6)[:2])
    remembering.meanings.normal_()
    heard = remembering.sound_difference(torch.eye(6)[:1])
    torch.testing.assert_close(heard[0], remembering.meanings[0], atol=1e-3, rtol=1e-3)
