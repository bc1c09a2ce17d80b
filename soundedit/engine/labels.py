"""What a sound sounds like over time: labels from the joint embedding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TEMPERATURE = 0.05
QUIET = -0.35
"""Level (decibels / 50 + 1) below which nothing is heard: about -67 dB a mel band."""


@dataclass(frozen=True)
class Heard:
    """A stretch of sound, in seconds, with its label and its score 0..1."""

    start: float
    end: float
    label: str
    score: float


def label_segments(
    embeddings: NDArray[np.float32],
    levels: NDArray[np.float32],
    classes: NDArray[np.float32],
    labels: list[str],
    every: float,
    seconds: float,
) -> list[Heard]:
    """Merge the best label of each segment into stretches.

    `embeddings` [n, E] and `levels` [n] of segments `every` seconds apart, `classes` [C, E] unit
    vectors. Scores are a softmax of cosines over the classes, smoothed over three segments.
    Quiet segments have no label.
    """
    if len(embeddings) == 0:
        return []
    logits = embeddings @ classes.T / TEMPERATURE
    logits -= logits.max(1, keepdims=True)
    scores = np.exp(logits)
    scores /= scores.sum(1, keepdims=True)
    padded = np.concatenate([scores[:1], scores, scores[-1:]])
    smooth = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    found: list[Heard] = []
    run: list[float] = []
    for i, best in enumerate(smooth.argmax(1)):
        start = i * every
        end = seconds if i == len(smooth) - 1 else min((i + 1) * every, seconds)
        if end <= start:
            break
        if levels[i] < QUIET:
            run = []
            continue
        label, score = labels[int(best)], float(smooth[i, best])
        last = found[-1] if found else None
        if run and last is not None and last.label == label:
            run.append(score)
            found[-1] = Heard(last.start, end, label, float(np.mean(run)))
        else:
            run = [score]
            found.append(Heard(start, end, label, score))
    return found
