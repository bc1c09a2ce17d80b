"""How fast live goes: the picture's size follows the machine, rate and delay are measured."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BUSY, IDLE = 0.85, 0.45
"""Shares of a frame's time that making it may take before a smaller, or a larger, size is tried."""
WATCHED = 8
FIRST_PATIENCE, LAST_PATIENCE = 2.0, 60.0
REPORTED_SECONDS = 3.0


class Pace:
    """Chooses the size of pictures so that each is made within a frame's time.

    A size that proved too slow is tried again ever more seldom, so that it does not swing.
    """

    def __init__(self, sizes: Sequence[int], fps: float) -> None:
        """`sizes`: from the full one down."""
        self._sizes = list(sizes)
        self._frame = 1 / fps
        self._at = 0
        self._took: deque[float] = deque(maxlen=WATCHED)
        self._patience = FIRST_PATIENCE
        self._since: float | None = None

    @property
    def size(self) -> int:
        """The size to make now."""
        return self._sizes[self._at]

    def took(self, seconds: float, now: float) -> None:
        """A picture of the present size took so long; `now` is monotonic, in seconds."""
        self._took.append(seconds)
        if self._since is None:
            self._since = now
        if len(self._took) < WATCHED:
            return
        usual = float(np.median(self._took))
        if usual > BUSY * self._frame and self._at + 1 < len(self._sizes):
            if now - self._since < self._patience:
                self._patience = min(2 * self._patience, LAST_PATIENCE)
            self._change(1, now)
        elif self._at > 0 and now - self._since >= self._patience and usual < IDLE * self._frame:
            self._change(-1, now)

    def _change(self, by: int, now: float) -> None:
        self._at += by
        self._took.clear()
        self._since = now


@dataclass(frozen=True)
class PaceReport:
    """Frames painted a second, and milliseconds from a block of sound to its frame's paint."""

    rate: float
    delay: float
    delay_p95: float


class PaceMeter:
    """Counts what was painted over the last seconds; called from one thread."""

    def __init__(self) -> None:
        self._painted: deque[tuple[float, float]] = deque()

    def painted(self, captured: float, now: float) -> None:
        """The frame of a block captured then is on screen now; both monotonic, in seconds."""
        self._painted.append((now, now - captured))
        while self._painted[0][0] < now - REPORTED_SECONDS:
            self._painted.popleft()

    def report(self, now: float) -> PaceReport | None:
        """What the last seconds were like; None until there is something to tell."""
        while self._painted and self._painted[0][0] < now - REPORTED_SECONDS:
            self._painted.popleft()
        if len(self._painted) < 2:
            return None
        times, delays = np.array(self._painted).T
        half, most = np.percentile(1000 * delays, [50, 95])
        # From the first paint to now, so that a picture that stands still counts against the rate.
        rate = (len(times) - 1) / max(now - times[0], times[-1] - times[0], 1e-3)
        return PaceReport(float(rate), float(half), float(most))
