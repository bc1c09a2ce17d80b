"""Words that a text tower was taught which its tokenizer takes apart."""

import hashlib
from collections.abc import Iterable

import torch
from torch import Tensor, nn


class Vocabulary(nn.Module):
    """Knows words by a number each, so that it stays small. `words`: how many there are."""

    words: Tensor

    def __init__(self, words: int) -> None:
        super().__init__()
        self.register_buffer("words", torch.zeros(words, dtype=torch.int64))

    def knows(self, word: str) -> bool:
        """Whether a word, in letters of either case, was taught."""
        return bool((self.words == _number(word)).any())


def numbers(words: Iterable[str]) -> Tensor:
    """The numbers [n] int64 of words, in order, each once."""
    return torch.tensor(sorted({_number(word) for word in words}), dtype=torch.int64)


def _number(word: str) -> int:
    digest = hashlib.blake2b(word.lower().encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
