"""How sliders moved during a performance, as few straight lines."""

from collections.abc import Mapping

import numpy as np

TOLERANCE = 0.004
"""How far a strength may lie off the lines that stand for it."""


class Moves:
    """Strengths by frame, kept where they change."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._last: Mapping[str, float] = {}
        self._points: dict[str, list[tuple[int, float]]] = {}

    def add(self, frame: int, strengths: Mapping[str, float]) -> None:
        """The strengths of a frame, by edit; frames come in order, none left out."""
        if strengths is self._last:
            return
        for edit, value in strengths.items():
            points = self._points.setdefault(edit, [])
            before = self._last.get(edit)
            if before == value:
                continue
            # The value held until the frame before; an edit that is new did nothing until then.
            if frame > 0 and (not points or points[-1][0] < frame - 1):
                points.append((frame - 1, 0.0 if before is None else before))
            points.append((frame, value))
        self._last = strengths

    def lines(self, frames: int) -> dict[str, tuple[tuple[float, float], ...]]:
        """For each edit the corners (seconds, strength) of lines within `TOLERANCE` of its values
        at every one of so many frames; one corner where it stood still.
        """
        found = {}
        for edit, points in self._points.items():
            inside = [point for point in points if point[0] < frames] or points[:1]
            kept = _corners(np.array(inside, np.float64))
            found[edit] = tuple((float(frame) / self._fps, float(value)) for frame, value in kept)
        return found


def _corners(points: np.ndarray) -> np.ndarray:
    """Ramer, Douglas and Peucker's choice of points [n, 2], by the distance in value."""
    keep = np.zeros(len(points), bool)
    keep[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        low, high = spans.pop()
        if high - low < 2:
            continue
        x, y = points[low : high + 1].T
        off = np.abs(y - np.interp(x, [x[0], x[-1]], [y[0], y[-1]]))
        worst = int(off.argmax())
        if off[worst] > TOLERANCE:
            keep[low + worst] = True
            spans += [(low, low + worst), (low + worst, high)]
    kept: np.ndarray = points[keep]
    if len(kept) == 2 and kept[0, 1] == kept[1, 1]:
        kept = kept[:1]
    return kept
