"""Windows of the project's own sounds made from nothing, labelled by what was made."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from soundedit.media.dsp import SAMPLE_RATE, curve, db, frames
from soundedit.media.synthesiser import Stereo, birds, fire, rain, thunder, waves, wind
from soundedit.train.foley import MAKERS, foley_round
from soundedit.train.prompts import CLASSES
from soundedit.train.sounds import MelSettings
from soundedit.train.waveforms import Samples, colour, cut, level
from soundedit.train.windows import COLUMNS, save_whole

SECONDS = 10.0
ROUND = 20 + sum(count for _, _, count in MAKERS)
"""Windows made of each set of sounds: rain, a storm, thunder, waves, wind, fire, birds, foley."""
ROLLING = 4.0
"""Seconds for which a clap outweighs the rain around it."""

Labelled = tuple[Samples, dict[str, float]]


def sound_round(rng: np.random.Generator, length: int) -> Iterator[Labelled]:
    """`ROUND` windows [length] and the share of each class in them, at no certain level; made as
    they are asked for.
    """
    swell = curve(SECONDS, [(at, rng.uniform(-9, 0)) for at in (0, 4, SECONDS)])

    def window(track: Samples) -> Samples:
        return cut(track, length, rng)

    shower = _mono(rain(rng, SECONDS, swell) * db(-27))
    for _ in range(3):
        yield window(shower), {"rain": 1.0}
    at = float(rng.uniform(0.3, 6))
    storm = rain(rng, SECONDS, swell) * db(rng.uniform(-34, -25))
    clap = thunder(rng, SECONDS - at, rng.uniform(0.5, 1)) * db(rng.uniform(-5, -1))
    storm[:, -clap.shape[1] :] += clap
    whole, seconds = _mono(storm), length / SAMPLE_RATE
    for _ in range(4):
        begin = float(rng.uniform(0, SECONDS - seconds))
        heard = max(0.0, min(begin + seconds, at + ROLLING) - max(begin, at)) / seconds
        share = min(1.0, 1.3 * heard)
        start = frames(begin)
        part = window(whole[start : start + length + 1])
        yield part, {"thunder": share, "rain": 1 - share}
    alone = _mono(thunder(rng, 9.0, rng.uniform(0.3, 1)))
    yield alone[:length], {"thunder": 1.0}
    seed = int(rng.integers(1 << 31))
    for kind, make in (("waves", waves), ("wind", wind), ("fire", fire), ("birds", birds)):
        track = make(seed).mono()
        for _ in range(3):
            yield window(track), {kind: 1.0}
    for kind, made in foley_round(rng, seconds):
        yield made.astype(np.float32)[:length], {kind: 1.0}


def read_procedural(count: int, seed: int, cache: Path) -> dict[str, Tensor]:
    """`procedural_windows` of `COLUMNS`, from below `cache` once they were made."""
    file = cache / f"procedural-{ROUND}-{count}-{seed}.pt"
    if not file.exists():
        save_whole(file, procedural_windows(count, COLUMNS, seed))
    found: dict[str, Tensor] = torch.load(file, weights_only=True)
    return found


def procedural_windows(count: int, columns: int, seed: int) -> dict[str, Tensor]:
    """`count` augmented windows: `mels` [count, M, columns] float16, `labels` [count, classes]."""
    settings = MelSettings()
    mel, length = settings.build(), columns * settings.hop_length
    mels: list[Tensor] = []
    labels: list[Tensor] = []
    for turn in range(-(-count // ROUND)):
        rng = np.random.default_rng([seed, turn])
        # All first: what follows draws from the same generator.
        made = list(sound_round(rng, length))
        for samples, shares in made[: count - len(mels)]:
            x = level(colour(samples, SAMPLE_RATE, rng), rng, lowest=-34.0)
            with torch.inference_mode():
                mels.append(mel(torch.from_numpy(x)[None])[0].half())
            labels.append(torch.tensor([shares.get(kind, 0.0) for kind in CLASSES]))
    return {"mels": torch.stack(mels).clone(), "labels": torch.stack(labels)}


def _mono(track: Stereo) -> Samples:
    return track.mean(0).astype(np.float32)
