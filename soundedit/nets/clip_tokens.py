"""CLIP's tokens: byte pairs of cleaned, lower-case text (Radford et al. 2021, section 2.4).

The vocabulary is a file that open_clip brings; it is read without importing that package, which
takes longer than all else that hearing and drawing need.
"""

import gzip
import html
import importlib.util
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import ftfy
import regex
import torch
from torch import Tensor

VOCABULARY_FILE = "bpe_simple_vocab_16e6.txt.gz"
MERGES = 49152 - 256 - 2

_WORD_END = "</w>"
_SPECIAL = ("<start_of_text>", "<end_of_text>")
_WORDS = regex.compile(
    "|".join(_SPECIAL) + r"|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    regex.IGNORECASE,
)


class Tokenizer:
    """Turns phrases into token ids; reading the vocabulary takes a few hundredths of a second."""

    def __init__(self) -> None:
        self._letters = _byte_letters()
        lines = gzip.decompress(_vocabulary_file().read_bytes()).decode().split("\n")
        pairs = [(a, b) for a, b in (line.split() for line in lines[1 : MERGES + 1])]
        self._ranks = {pair: rank for rank, pair in enumerate(pairs)}
        letters = list(self._letters.values())
        words = [*letters, *(letter + _WORD_END for letter in letters)]
        words += [a + b for a, b in pairs]
        self._ids = {word: id_ for id_, word in enumerate([*words, *_SPECIAL])}
        self._start, self._end = (self._ids[word] for word in _SPECIAL)
        self._known: dict[str, list[int]] = {
            word: [id_] for word, id_ in zip(_SPECIAL, (self._start, self._end), strict=True)
        }

    def __call__(self, phrases: Sequence[str], length: int) -> Tensor:
        """Ids [n, length]: start, the phrase, end, zeros; a longer phrase is cut before its end."""
        found = torch.zeros(len(phrases), length, dtype=torch.long)
        for row, phrase in zip(found, phrases, strict=True):
            ids = [self._start, *self._encode(phrase)[: length - 2], self._end]
            row[: len(ids)] = torch.tensor(ids)
        return found

    def _encode(self, phrase: str) -> list[int]:
        ids: list[int] = []
        for word in _WORDS.findall(_cleaned(phrase)):
            if word not in self._known:
                self._known[word] = [self._ids[part] for part in self._merged(word)]
            ids += self._known[word]
        return ids

    def _merged(self, word: str) -> list[str]:
        """A word's byte pairs: the most frequent pair is merged until none is known."""
        parts = [self._letters[byte] for byte in word.encode()]
        parts[-1] += _WORD_END
        while len(parts) > 1:
            best = min(pairwise(parts), key=self._rank)
            if best not in self._ranks:
                break
            merged: list[str] = []
            for part in parts:
                if merged and (merged[-1], part) == best:
                    merged[-1] += part
                else:
                    merged.append(part)
            parts = merged
        return parts

    def _rank(self, pair: tuple[str, str]) -> int:
        return self._ranks.get(pair, len(self._ranks))


@cache
def tokenizer() -> Tokenizer:
    """The one tokenizer."""
    return Tokenizer()


def _cleaned(phrase: str) -> str:
    text = html.unescape(html.unescape(ftfy.fix_text(phrase)))
    return " ".join(text.split()).lower()


def _byte_letters() -> dict[int, str]:
    """A visible letter for each byte, in the vocabulary's order."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1)]
    shown += range(ord("®"), ord("ÿ") + 1)
    hidden = [byte for byte in range(256) if byte not in shown]
    letters = {byte: chr(byte) for byte in shown}
    return letters | {byte: chr(256 + i) for i, byte in enumerate(hidden)}


def _vocabulary_file() -> Path:
    spec = importlib.util.find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'open_clip'", name="open_clip")
    return Path(spec.origin).parent / VOCABULARY_FILE
