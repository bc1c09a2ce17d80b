"""What the joint embedding is trained on: teacher features of sounds, pictures and captions."""

import hashlib
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from soundedit.media.sound import read_sound
from soundedit.train.drawings import drawings
from soundedit.train.lite0 import load_lite0
from soundedit.train.photos import PhotoSet
from soundedit.train.prompts import (
    CLASSES,
    PROMPTS,
    SCENE_HINTS,
    SCENES,
    TEMPLATES,
    UNSEEN_SYNONYMS,
)
from soundedit.train.sounds import SoundSet
from soundedit.train.stills import read_stills
from soundedit.train.teachers import SoundTeacher, TextTeacher

log = logging.getLogger(__name__)


def cached(file: Path, make: Callable[[], Tensor]) -> Tensor:
    """What a file holds, made and written whole where it is not there yet."""
    if not file.exists():
        part = file.with_suffix(".part")
        torch.save(make(), part)
        part.replace(file)
    found: Tensor = torch.load(file, weights_only=True)
    return found


def templated(words: Sequence[str], rng: np.random.Generator) -> list[str]:
    """Each word in one of the templates, never alone."""
    return [TEMPLATES[int(rng.integers(1, len(TEMPLATES)))].format(word) for word in words]


def recordings_by_class(sounds: SoundSet) -> dict[int, list[list[int]]]:
    """Clips for training, by class and recording; classes without any are left out."""
    found: dict[int, dict[str, list[int]]] = {}
    for i in sounds.of("train"):
        clip = sounds.clips[i]
        found.setdefault(CLASSES.index(clip.label), {}).setdefault(clip.source, []).append(i)
    return {kind: list(found[kind].values()) for kind in sorted(found)}


def draw_clip(recordings: list[list[int]], rng: np.random.Generator) -> int:
    """A clip of a recording, each recording as likely."""
    return int(rng.choice(recordings[int(rng.integers(len(recordings)))]))


def _summary(blocks: Tensor) -> Tensor:
    return torch.cat([blocks.mean(0), blocks.amax(0)])


class EmbeddingData:
    """Features of locked teachers, computed once, and ways to draw pairs from them."""

    def __init__(
        self, sounds: SoundSet, photos: Path, renders: Path | None, size: int, cache: Path
    ) -> None:
        """`renders`: .npz with `pictures` [N, S, S, 3] uint8 and `kinds` [N] (class or scene)."""
        self.sounds = sounds
        self.sound_kinds = torch.tensor([CLASSES.index(c.label) for c in sounds.clips])
        self._train = recordings_by_class(sounds)
        self._sound_blocks(cache)
        self._captions(cache)
        self._images(photos, renders, size, cache)
        self.drawn = np.zeros(0, np.int64)
        """Numbers of the pictures that were drawn anew, see `draw`."""
        self._drawn: dict[int, NDArray[np.uint8]] = {}

    def _sound_blocks(self, cache: Path) -> None:
        key = hashlib.sha256("".join(str(c.file) for c in self.sounds.clips).encode()).hexdigest()

        def make() -> dict[str, Tensor]:
            teacher = SoundTeacher()
            blocks = []
            for n, clip in enumerate(self.sounds.clips):
                sound = read_sound(clip.file, sample_rate=teacher.rate, mono=True)
                blocks.append(teacher.blocks(torch.from_numpy(sound.mono())).clone())
                if n % 200 == 0:
                    log.info("sound teacher: %d of %d", n, len(self.sounds))
            return {
                "blocks": torch.cat(blocks),
                "counts": torch.tensor([len(b) for b in blocks]),
            }

        file = cache / f"aisfx-{key[:16]}.pt"
        if not file.exists():
            torch.save(make(), file)
        state = torch.load(file, weights_only=True)
        self._blocks, counts = state["blocks"], state["counts"]
        self._ends = counts.cumsum(0)
        self._begins = self._ends - counts
        self.mean_sound_features = torch.stack(
            [_summary(self._blocks[a:b]) for a, b in zip(self._begins, self._ends, strict=True)]
        )
        self._mean = self.mean_sound_features.mean(0)
        self._spread = self.mean_sound_features.std(0) + 1e-3
        self.mean_sound_features = (self.mean_sound_features - self._mean) / self._spread

    def _captions(self, cache: Path) -> None:
        """Captions: sound classes first (kind = class), then scenes (kind = 100 + scene)."""
        captions, kinds = [], []
        for k, label in enumerate(CLASSES):
            for prompt in PROMPTS[label]:
                captions.append(prompt)
                kinds.append(k)
        scenes = list(dict.fromkeys([*SCENES, *(x for v in SCENE_HINTS.values() for x in v)]))
        for k, scene in enumerate(scenes):
            for template in TEMPLATES:
                if "sound" not in template:
                    captions.append(template.format(scene))
                    kinds.append(100 + k)
        self.captions, self.caption_kinds = captions, torch.tensor(kinds)
        self._scene_index = {scene: k for k, scene in enumerate(scenes)}
        teacher = TextTeacher(cache)
        key = hashlib.sha256("".join(captions).encode()).hexdigest()[:16]
        unseen = [w for c in CLASSES for w in UNSEEN_SYNONYMS[c]]
        words = [t.format(w) for w in teacher.words for t in TEMPLATES[:1]]
        rng = np.random.default_rng(0)
        self.words = [*words, *templated(teacher.words, rng)]
        self.caption_features = cached(
            cache / f"captions-{key}.pt", lambda: teacher.embed(captions).clone()
        )
        self.word_features = cached(
            cache / f"words-{len(self.words)}.pt", lambda: teacher.embed(self.words).clone()
        )
        self.unseen_features = teacher.embed(unseen).clone()

    def _images(self, photos: Path, renders: Path | None, size: int, cache: Path) -> None:
        photo_set = PhotoSet(photos, size, cache)
        self._squares: list[NDArray[np.uint8]] = [photo_set.squares]
        hints = list(photo_set.hints)
        if renders is not None:
            pictures, kinds = read_stills(renders)
            self._squares.append(pictures)
            hints += kinds.tolist()
        self._photo_count = len(photo_set)
        key = hashlib.sha256(f"{renders}{len(hints)}{size}".encode()).hexdigest()[:16]

        @torch.inference_mode()
        def make() -> Tensor:
            teacher, rows = load_lite0(), []
            for i in range(0, len(hints), 64):
                x = self.whole_pictures(range(i, min(i + 64, len(hints))))
                taps = teacher(x.contiguous(memory_format=torch.channels_last))
                rows.append(teacher.pooled(taps))
            return torch.cat(rows).clone()

        self.image_features = cached(cache / f"lite0-{key}.pt", make)
        spread = self.image_features.std(0) + 1e-3
        self.image_features = (self.image_features - self.image_features.mean(0)) / spread
        by_hint: dict[str, list[int]] = {}
        for i, hint in enumerate(hints):
            by_hint.setdefault(hint, []).append(i)
        self._by_hint = {k: v for k, v in by_hint.items() if k in CLASSES or k in SCENE_HINTS}

    def _picture(self, i: int) -> NDArray[np.uint8]:
        part: NDArray[np.uint8] = (
            self._squares[0][i]
            if i < self._photo_count
            else self._squares[1][i - self._photo_count]
        )
        return part

    def whole_pictures(self, indices: Iterable[int]) -> Tensor:
        """Pictures [B, 3, S, S] in [-1, 1] as they are."""
        batch = np.stack([self._picture(i) for i in indices])
        return torch.from_numpy(batch).permute(0, 3, 1, 2).float() / 127.5 - 1

    def draw(self, generator: Path, count: int, seed: int, cache: Path) -> None:
        """Have `count` pictures drawn by a generator's checkpoint, half of them renders if any."""
        rng = np.random.default_rng(seed)
        photos, total = self._photo_count, len(self.image_features)
        renders = min(count // 2, total - photos)
        chosen = np.concatenate(
            [
                rng.permutation(photos)[: count - renders],
                photos + rng.permutation(total - photos)[:renders],
            ]
        ).astype(np.int64)
        at = f"{generator.resolve()}{generator.stat().st_mtime_ns if generator.exists() else 0}"
        key = hashlib.sha256(f"{at}{total}{count}{seed}".encode()).hexdigest()[:16]
        found = cached(
            cache / f"drawn-{key}.pt",
            lambda: torch.from_numpy(drawings(generator, self._picture, chosen)),
        )
        self._drawn = dict(zip(chosen.tolist(), found.numpy(), strict=True))
        self.drawn = chosen

    def pictures(
        self, indices: NDArray[np.int64], rng: np.random.Generator, *, drawn: bool = False
    ) -> Tensor:
        """Pictures [B, 3, S, S] in [-1, 1], half of them mirrored; as the generator drew them."""
        rows = [self._drawn[int(i)] if drawn else self._picture(int(i)) for i in indices]
        rows = [r[:, ::-1] if rng.random() < 0.5 else r for r in rows]
        return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float() / 127.5 - 1

    def draw_sounds(
        self, rng: np.random.Generator, count: int
    ) -> tuple[NDArray[np.int64], Tensor, Tensor]:
        """Clip indices, classes [B] and one caption index for each [B].

        A class, then one of its recordings, then a clip of that: neither a large class nor a
        recording that was cut into many clips outweighs the others.
        """
        kinds = rng.choice(list(self._train), size=count)
        clips = np.array([draw_clip(self._train[int(k)], rng) for k in kinds])
        captions = [int(rng.choice(np.flatnonzero(self.caption_kinds.numpy() == k))) for k in kinds]
        return clips, torch.from_numpy(kinds), torch.tensor(captions)

    def draw_images(self, rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Balanced over hints: pictures, captions, sound classes (-1: none), indices [B] each."""
        hints = list(self._by_hint)
        pictures, captions, kinds = [], [], []
        for hint in rng.choice(hints, size=count):
            pictures.append(int(rng.choice(self._by_hint[str(hint)])))
            kind = CLASSES.index(str(hint)) if str(hint) in CLASSES else -1
            scene = kind
            if kind < 0:
                scene = 100 + self._scene_index[str(rng.choice(SCENE_HINTS[str(hint)]))]
            captions.append(int(rng.choice(np.flatnonzero(self.caption_kinds.numpy() == scene))))
            kinds.append(kind)
        return torch.tensor(pictures), torch.tensor(captions), torch.tensor(kinds)

    def sound_features(self, clips: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        """Teacher features [B, 1024]: mean and maximum of a random run of each clip's blocks."""
        rows = []
        for i in clips:
            begin, end = int(self._begins[i]), int(self._ends[i])
            a = int(rng.integers(begin, end))
            b = int(rng.integers(a + 1, end + 1))
            rows.append(_summary(self._blocks[a:b]))
        return (torch.stack(rows) - self._mean) / self._spread

    def windows(self, clips: NDArray[np.int64], length: int, rng: np.random.Generator) -> Tensor:
        """Random log-mel windows [B, M, length]; short clips are repeated."""
        rows = []
        for i in clips:
            mel = self.sounds.mel(int(i))
            if len(mel) < length:
                mel = np.tile(mel, (-(-length // len(mel)), 1))
            start = int(rng.integers(0, len(mel) - length + 1))
            rows.append(np.asarray(mel[start : start + length], np.float32).T)
        return torch.from_numpy(np.stack(rows))
