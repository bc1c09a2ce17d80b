"""How fast, how right and how consistent edits by words and sounds are."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundedit.document.model import Edit, Media, MediaKind, Part, PartKind, Project, Take
from soundedit.engine.engine import Engine
from soundedit.engine.refine import RefineSettings
from soundedit.engine.rendering import Rendering
from soundedit.evaluate.figures import Figure
from soundedit.resources import resource_path
from soundedit.train.sounds import SUFFIXES, recordings

SCENES = 4
"""Seeds whose pictures judge a direction."""
RANDOM = 3
"""Random directions that one is compared with."""
RECORDINGS = 8
"""Recordings of a class that are compared with its word."""


def latencies(engine: Engine, heard: Path, tries: int) -> list[Figure]:
    """Directions of words and sounds, fast and fine, and a frame after its edit was changed."""
    words = ["storm", "a snowy forest", "fog", "thick smoke", "sunset over the sea"]
    waits = []
    for n in range(tries):
        part = Part(PartKind.TEXT, words[n % len(words)])
        waits.append(1000 * _timed(lambda: engine.direction([part], _nowhere)))  # noqa: B023
    sound = Part(PartKind.SOUND, "m")
    heard_in = [
        1000 * _timed(lambda: engine.direction([sound], lambda media: heard)) for _ in range(tries)
    ]
    storm = Part(PartKind.TEXT, "storm")
    few = RefineSettings(steps=max(tries // 8, 1))
    fine = _timed(lambda: engine.refine_direction([storm], _nowhere, settings=few))
    steps = RefineSettings().steps / few.steps
    half, most = np.percentile(redraws(engine, heard, tries), [50, 95])
    what = "strength of an edit changed -> frame"
    return [
        Figure("direction_fast", "direction of a phrase, fast, p95", "ms",
               float(np.percentile(waits, 95)), 50),
        Figure("direction_sound", "direction of 10 s of sound, fast, p95", "ms",
               float(np.percentile(heard_in, 95)), 50),
        Figure("direction_fine", "direction of a phrase, fine", "s", fine * steps),
        Figure("redraw_p50", f"{what}, median", "ms", float(half)),
        Figure("redraw_p95", f"{what}, p95", "ms", float(most), 60),
    ]  # fmt: skip


def redraws(engine: Engine, heard: Path, tries: int) -> list[float]:
    """Milliseconds from a changed strength of the second of two edits to the picture."""
    media = (Media("m", heard.name, MediaKind.SOUND),)
    edits = tuple(
        Edit(word, word, (Part(PartKind.TEXT, word),), strength=0.5) for word in ("fog", "night")
    )
    project = Project(take=Take("m", 10.0), media=media, edits=edits)
    rendering = Rendering(engine, project, {"m": heard})
    rng = np.random.default_rng(0)
    waits = []
    for strength in rng.uniform(-1, 1, tries):
        changed = replace(project, edits=(edits[0], replace(edits[1], strength=float(strength))))
        frame = int(rng.integers(rendering.frames))
        waits.append(1000 * _timed(lambda: _redraw(engine, rendering, changed, frame)))  # noqa: B023
    return waits


def _redraw(engine: Engine, rendering: Rendering, project: Project, frame: int) -> None:
    engine.picture(rendering.with_project(project).latents(frame, 1)[0])


def gains(engine: Engine) -> list[Figure]:
    """For each class word, the similarity it gains over a random direction of the same length.

    Similarity is the cosine of the pictures of a few scenes with the word; random directions lead
    from one scene to another. The last figure is the mean.
    """
    scenes = np.stack([engine.sample(seed) for seed in range(SCENES)])
    rng = np.random.default_rng(0)
    figures = []
    for word in engine.manifest.classes:
        if word == "other":
            continue
        target = engine.embed_text(word)[0]
        dw = engine.direction([Part(PartKind.TEXT, word)], _nowhere).dw
        gained = _likeness(engine, scenes, dw, target)
        random = []
        for _ in range(RANDOM):
            a, b = (int(seed) for seed in rng.integers(100, 1000, 2))
            other = engine.sample(a) - engine.sample(b)
            # Layer by layer as long as the word's.
            lengths = [np.linalg.norm(x, axis=1, keepdims=True) for x in (dw, other)]
            other = other * lengths[0] / np.maximum(lengths[1], 1e-8)
            random.append(_likeness(engine, scenes, other, target))
        gained -= float(np.mean(random))
        what = f"'{word}' at strength 1: similarity gained over a random direction"
        figures.append(Figure(f"gain_{word}", what, "", gained))
    mean = float(np.mean([figure.value for figure in figures if figure.value is not None]))
    return [*figures, Figure("gain_mean", "similarity gained, mean over the words", "", mean)]


def _likeness(
    engine: Engine, scenes: NDArray[np.float32], dw: NDArray[np.float32], target: NDArray[Any]
) -> float:
    moved, _ = engine.bound(scenes + dw, scenes)
    pictures = np.stack(list(engine.synthesise(moved)))
    return float((engine.embed_image(pictures) @ target).mean())


def agreement(engine: Engine, folder: Path | None) -> list[Figure]:
    """The cosine of each class word's direction with those of its recordings.

    `folder`: recordings by class, of which those kept out of training are taken; None is the
    sample sounds that are named after a class. TrainingError where the folder holds none.
    """
    found: dict[str, list[Path]] = {}
    for label, path in _labelled(folder):
        if label in engine.manifest.classes and label != "other":
            found.setdefault(label, []).append(path)
    figures = []
    for label, paths in sorted(found.items()):
        word = engine.direction([Part(PartKind.TEXT, label)], _nowhere).dw.ravel()
        sound = Part(PartKind.SOUND, "m")
        cosines = []
        for path in paths[:RECORDINGS]:
            dw = engine.direction([sound], lambda media: path).dw.ravel()  # noqa: B023
            norm = max(float(np.linalg.norm(dw) * np.linalg.norm(word)), 1e-12)
            cosines.append(float(dw @ word) / norm)
        what = f"'{label}' as a word and as a recording: cosine of their directions"
        figures.append(Figure(f"agreement_{label}", what, "", float(np.mean(cosines))))
    if figures:
        mean = float(np.mean([figure.value for figure in figures if figure.value is not None]))
        what = "words and recordings: cosine of their directions, mean over the classes"
        figures.append(Figure("agreement_mean", what, "", mean))
    return figures


def _labelled(folder: Path | None) -> list[tuple[str, Path]]:
    if folder is not None:
        return [(clip.label, clip.file) for clip in recordings(folder) if clip.split == "valid"]
    samples = resource_path("sounds")
    files = sorted(samples.iterdir()) if samples.is_dir() else []
    return [(path.stem, path) for path in files if path.suffix.lower() in SUFFIXES]


def _nowhere(media: str) -> Path:
    raise KeyError(media)


def _timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
