"""Everything that is measured of a pack's quality, on sounds and stills kept out of training."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.engine.engine import TRUNCATION, Engine
from soundedit.evaluate.baselines import Baselines
from soundedit.evaluate.figures import Figure
from soundedit.evaluate.frechet import frechet_distance
from soundedit.evaluate.hearing import accuracy, accuracy_unseen, hear, retrieval
from soundedit.evaluate.lite2 import Arrays, Judge
from soundedit.evaluate.scenes import (
    Classifiers,
    Scenes,
    read_photos,
    read_scenes,
    render_scenes,
)
from soundedit.evaluate.videos import (
    VideoFigures,
    look,
    make_videos,
    measure_videos,
    motion_distance,
    rendered_videos,
)
from soundedit.packs.pack import default_pack, open_pack
from soundedit.progress import Progress


@dataclass(frozen=True)
class Effort:
    """How much is made and looked at; figures of unlike effort are not to be compared.

    `samples` pictures of the generator, against up to twice as many photos; `stills` and `clips`
    of every class; `side` in pixels of what Lite2 looks at. Few samples flatter a generator beside
    two halves of as few photos: 5,000 tell.
    """

    samples: int = 5000
    stills: int = 60
    clips: int = 4
    side: int = 128


THOROUGH = Effort()
QUICK = Effort(samples=250, stills=18, clips=1)


@dataclass(frozen=True)
class Judgement:
    """What was found: single figures, and a row of figures for each way to make videos."""

    effort: Effort
    figures: list[Figure]
    videos: list[VideoFigures]

    def named(self) -> dict[str, float | None]:
        """The single figures by name, to three decimals, as a manifest keeps them."""
        return {f.name: None if f.value is None else round(f.value, 3) for f in self.figures}

    def shortfalls(self) -> list[str]:
        """What was wanted and is not reached, and where a baseline is not beaten; a line each."""
        lines = []
        for figure in self.figures:
            if figure.wanted is not None and not figure.met:
                measured = "not measured" if figure.value is None else f"{figure.value:.3g}"
                lines.append(f"not reached: {figure.what} ({measured})")
        return lines + lost(self.videos)


def judge_pack(
    pack: str | Path | None,
    device: str,
    sounds: Path,
    photos: Path,
    cache: Path,
    effort: Effort = THOROUGH,
    stills: Path | None = None,
    say: Progress | None = None,
) -> Judgement:
    """Measure a pack (the shipped one where None) on valid sounds and on photos.

    `stills` is what `data build` wrote; without it stills are rendered. Features of photos and
    stills, and rendered clips, are kept below `cache`. TrainingError where Lite2, sounds or photos
    are missing; PackError as `Engine.load`.
    """
    judge = Judge(cache, effort.side)
    opened = open_pack(default_pack() if pack is None else pack)
    engine = Engine.load(opened.path, device, say)
    try:
        figures = _pictures(engine, judge, photos, effort, say)
        scenes, classifiers = _scenes(engine, judge, photos, effort, stills, say)
        heard = hear(engine, sounds, say)
        every, balanced = accuracy(engine, heard)
        recall = retrieval(engine, heard, scenes)
        figures += [
            _figure("sound_class_accuracy", "sounds named rightly by words alone", every, 0.85),
            _figure("sound_class_accuracy_balanced", "the same, mean of the classes", balanced),
            _figure("sound_class_accuracy_synonyms",
                    "sounds named rightly by synonyms that no caption of training has",
                    accuracy_unseen(engine, heard)),
            _figure("recall_sound_to_image", "recall@5, sound to image", recall.sound_to_image),
            _figure("recall_text_to_image", "recall@5, text to image", recall.text_to_image),
            _figure("recall_by_chance", "recall@5 by chance", recall.chance),
            _figure("classifier_on_stills", "stills that a classifier names rightly",
                    classifiers.right),
            _figure("classifier_on_drawn_stills",
                    "stills drawn by the generator that one taught by such names rightly",
                    classifiers.right_drawn),
        ]  # fmt: skip
        rows = _videos(engine, Baselines(engine, opened), judge, photos, sounds, effort,
                       classifiers, say)  # fmt: skip
    finally:
        engine.close()
    own = rows[0]
    figures += [
        _figure("video_class_share", "clips whose frames are called their sound's class",
                own.class_share, 0.75),
        _figure("loudness_change_correlation", "correlation of loudness and change",
                own.correlation, 0.5),
        _figure("loudness_change_lag_frames", "its lag either way, in frames",
                _size(own.lag), 1, at_least=False),
        _figure("flash_delay_frames", "between onset and flash, in frames",
                _size(own.flash_delay), 1, at_least=False),
    ]  # fmt: skip
    return Judgement(effort, figures, rows)


def lost(rows: Sequence[VideoFigures]) -> list[str]:
    """Where the first row is no better than a baseline's; the data engine's row is no rival."""
    own, found = rows[0], []
    for row in rows[1:]:
        if row.method == RENDERED:
            continue
        pairs = {
            "class share": (own.class_share, row.class_share),
            "similarity over shuffled": (
                own.similarity - own.shuffled,
                row.similarity - row.shuffled,
            ),
            "Frechet video distance": (_less(own.frechet), _less(row.frechet)),
            "correlation": (own.correlation, row.correlation),
            "flash delay": (_less(own.flash_delay), _less(row.flash_delay)),
        }
        for name, (mine, theirs) in pairs.items():
            if theirs is not None and not (mine is not None and mine > theirs):
                found.append(f"no better than the {row.method} in {name}")
    return found


RENDERED = "rendered weather"
"""Row of the data engine's own clips: what a perfect pupil would reach."""


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)


def _less(value: float | None) -> float | None:
    """Turned so that more is better; delays count by their size."""
    return None if value is None else -abs(value)


def _figure(
    name: str, what: str, value: float | None, wanted: float | None = None, at_least: bool = True
) -> Figure:
    known = None if value is None or not np.isfinite(value) else float(value)
    return Figure(name, what, "", known, wanted, at_least)


def _pictures(
    engine: Engine, judge: Judge, photos: Path, effort: Effort, say: Progress | None
) -> list[Figure]:
    """Frechet distances of free samples to the photos, beside two halves of the photos."""
    size = min(engine.resolution, judge.side)

    def seen() -> Arrays:
        return {"features": judge.look(read_photos(photos, size, 2 * effort.samples, say), say)}

    key = f"photos|{photos.resolve()}|{size}|{effort.samples}"
    real = judge.kept(key, seen)["features"]
    halves = frechet_distance(real[::2], real[1::2])
    made = engine.manifest.components["generator"].sha256

    def distance(truncation: float) -> float:
        def free() -> Arrays:
            ws = (engine.sample(seed, truncation)[None] for seed in range(effort.samples))
            return {"features": judge.look(engine.synthesise(_in_eights(ws)), say)}

        key = f"samples|{made}|{truncation}|{effort.samples}|{engine.device}"
        return frechet_distance(judge.kept(key, free)["features"], real)

    return [
        _figure("frechet_halves", f"Lite2 Frechet distance of two halves of {len(real)} photos",
                halves),
        _figure("frechet_samples", f"of {effort.samples} samples to the photos", distance(1.0),
                3 * halves, at_least=False),
        _figure("frechet_truncated", f"of samples at truncation {TRUNCATION}",
                distance(TRUNCATION)),
    ]  # fmt: skip


def _in_eights(blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Blocks of one latent -> blocks of up to eight, as synthesis is quickest with."""
    held: list[NDArray[np.float32]] = []
    for block in blocks:
        held.append(block)
        if len(held) == 8:
            yield np.concatenate(held)
            held = []
    if held:
        yield np.concatenate(held)


def _scenes(
    engine: Engine,
    judge: Judge,
    photos: Path,
    effort: Effort,
    stills: Path | None,
    say: Progress | None,
) -> tuple[Scenes, Classifiers]:
    """Stills, and classifiers taught by two thirds of them."""
    size = max(min(engine.resolution, judge.side), 64)

    def made() -> Arrays:
        if stills is None:
            scenes = render_scenes(photos, size, effort.stills, say)
        else:
            scenes = read_scenes(stills, effort.stills)
        features = judge.look(scenes.pictures, say)
        return {"pictures": scenes.pictures, "kinds": scenes.kinds, "features": features}

    source = photos.resolve() if stills is None else stills.resolve()
    found = judge.kept(f"stills|{source}|{size}|{effort.stills}", made)
    scenes, features = Scenes(found["pictures"], found["kinds"]), found["features"]
    if "encoder" not in engine.manifest.components:
        return scenes, Classifiers.taught(scenes, features, None)

    def redrawn() -> Arrays:
        codes = (engine.encode_picture(picture)[None] for picture in scenes.pictures)
        return {"features": judge.look(engine.synthesise(_in_eights(codes)), say)}

    parts = [engine.manifest.components[name].sha256 for name in ("generator", "encoder")]
    key = f"redrawn|{source}|{'|'.join(parts)}|{effort.stills}"
    return scenes, Classifiers.taught(scenes, features, judge.kept(key, redrawn)["features"])


def _videos(
    engine: Engine,
    baselines: Baselines,
    judge: Judge,
    photos: Path,
    sounds: Path,
    effort: Effort,
    classifiers: Classifiers,
    say: Progress | None,
) -> list[VideoFigures]:
    """A row for soundedit, for each baseline, and for the data engine."""
    size = max(min(engine.resolution, judge.side), 64)
    rendered = rendered_videos(photos, sounds, size, effort.clips, judge, say)
    seen = look(judge, rendered, say)
    rows = []
    for method in baselines.methods:
        videos = make_videos(engine, baselines, method, rendered, say)
        features = look(judge, videos, say)
        rows.append(measure_videos(engine, method, videos, features, seen, classifiers))
    own = measure_videos(engine, RENDERED, rendered, seen, None, classifiers)
    halves = motion_distance(seen[::2], seen[1::2], seen) if len(seen) > 3 else None
    return [*rows, VideoFigures(**{**own.facts(), "frechet": halves})]
