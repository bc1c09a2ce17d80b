"""How well sounds, words and pictures find each other in a pack's joint embedding."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.engine.engine import Engine
from soundedit.errors import MediaError
from soundedit.evaluate.scenes import Scenes
from soundedit.progress import Progress
from soundedit.train.prompts import UNSEEN_SYNONYMS
from soundedit.train.sounds import recordings


@dataclass(frozen=True)
class HeardSounds:
    """Recordings kept out of training, the class of each, and as unit vectors what the audio tower
    heard [n, H] and what that is among the words [n, E].
    """

    heard: NDArray[np.float32]
    vectors: NDArray[np.float32]
    kinds: list[str]


def hear(engine: Engine, folder: Path, say: Progress | None = None) -> HeardSounds:
    """Embed the valid recordings of the pack's classes; TrainingError without any sound."""
    classes = engine.manifest.classes
    clips = [r for r in recordings(folder) if r.split == "valid" and r.label in classes]
    heard: list[NDArray[np.float32]] = []
    vectors: list[NDArray[np.float32]] = []
    kinds: list[str] = []
    for n, clip in enumerate(clips):
        if say is not None:
            say((n + 1) / len(clips), f"{n + 1} of {len(clips)} recordings heard")
        try:
            heard.append(engine.hear(clip.file))
        except MediaError:
            continue
        vectors.append(engine.said_of(heard[-1]))
        kinds.append(clip.label)
    shape, count = (engine.heard_classes().shape[1], engine.manifest.embed_dim), len(kinds)
    return HeardSounds(
        np.array(heard, np.float32).reshape(count, shape[0]),
        np.array(vectors, np.float32).reshape(count, shape[1]),
        kinds,
    )


def accuracy(engine: Engine, heard: HeardSounds) -> tuple[float, float]:
    """Share named rightly by the pack's prompts alone, of all recordings and mean of classes."""
    if not heard.kinds:
        return float("nan"), float("nan")
    names = np.array(engine.manifest.classes)
    guesses = names[(heard.heard @ engine.heard_classes().T).argmax(1)]
    right = guesses == np.array(heard.kinds)
    each = [right[np.array(heard.kinds) == kind].mean() for kind in set(heard.kinds)]
    return float(right.mean()), float(np.mean(each))


def accuracy_unseen(engine: Engine, heard: HeardSounds) -> float | None:
    """Share named rightly by synonyms that no caption of training has; None for other classes."""
    classes = engine.manifest.classes
    if not heard.kinds or not set(classes) <= set(UNSEEN_SYNONYMS):
        return None
    means = [engine.embed_text(UNSEEN_SYNONYMS[kind]).mean(0) for kind in classes]
    words = np.stack([mean / np.linalg.norm(mean) for mean in means])
    guesses = np.array(classes)[(heard.vectors @ words.T).argmax(1)]
    return float((guesses == np.array(heard.kinds)).mean())


@dataclass(frozen=True)
class Recall:
    """Share of questions with a picture of their class among the first `at`, and by chance."""

    sound_to_image: float
    text_to_image: float
    chance: float


def retrieval(engine: Engine, heard: HeardSounds, scenes: Scenes, at: int = 5) -> Recall:
    """Sounds and prompts looking for pictures of their class among the stills held out."""
    held = scenes.held_out
    kinds = scenes.kinds[held]
    pictures = np.concatenate(
        [engine.embed_image(part) for part in np.array_split(scenes.pictures[held], 8) if len(part)]
    )
    prompts = [
        (kind, prompt)
        for kind in engine.manifest.classes
        for prompt in engine.manifest.prompts.get(kind, [kind])
    ]
    words = engine.embed_text([prompt for _, prompt in prompts])
    sounds = _recall(heard.vectors, heard.kinds, pictures, kinds, at)
    texts = _recall(words, [kind for kind, _ in prompts], pictures, kinds, at)
    shares = [float((kinds == kind).mean()) for kind in set(kinds.tolist())]
    return Recall(sounds, texts, float(np.mean([1 - (1 - share) ** at for share in shares])))


def _recall(
    asked: NDArray[np.float32],
    wanted: Sequence[str],
    pictures: NDArray[np.float32],
    kinds: NDArray[np.str_],
    at: int,
) -> float:
    hits = []
    for vector, kind in zip(asked, wanted, strict=True):
        if kind in kinds:
            nearest = np.argsort(-(pictures @ vector))[:at]
            hits.append(bool((kinds[nearest] == kind).any()))
    return float(np.mean(hits)) if hits else float("nan")
