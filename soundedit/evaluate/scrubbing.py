"""Scrubs through the open movie of a window and times what is seen of it.

Qt is handed in, so that measuring needs no Qt.
"""

import math
import random
import time
from collections.abc import Callable
from typing import Any

JUMPS = 80
SETTLE_MILLISECONDS = 15
LIMIT_SECONDS = 30.0
SWEEP_MOVES = 150
SWEEP_MILLISECONDS = 16


class Scrubbing:
    """Jumps about, one picture at a time, and then drags to and fro without waiting.

    Args:
        core: the module QtCore.
        window: a `MainWindow` with a movie.
        done: called at the end.
        going: whether to go on; once it is false, nothing more is measured.

    Attributes:
        fresh: seconds from a move of the playhead to the painted picture, of frames that were not
            there yet; of half the size where that came first.
        cached: the same of frames that were there.
    """

    def __init__(
        self,
        core: Any,
        window: Any,
        done: Callable[[], None],
        going: Callable[[], bool] = lambda: True,
    ) -> None:
        self.fresh: list[float] = []
        self.cached: list[float] = []
        self._window, self._done, self._going = window, done, going
        self._feed, self._axis = window.controller.feed, window.axis
        self._movie = window.controller.movie
        self._choice = random.Random(1)
        self._index = -1
        self._moved = 0.0
        self._was_ready = False
        self._came = False
        self._begun = time.perf_counter()
        self._left = SWEEP_MOVES
        self._settle = core.QTimer(window)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MILLISECONDS)
        self._settle.timeout.connect(self._jump)
        self._sweep = core.QTimer(window)
        self._sweep.setInterval(SWEEP_MILLISECONDS)
        self._sweep.timeout.connect(self._drag)
        self._feed.shown.connect(self._shown)
        window.viewer.painted.connect(self._painted)
        self._settle.start()

    def _jump(self) -> None:
        late = time.perf_counter() - self._begun > LIMIT_SECONDS
        if late or not self._going() or len(self.fresh) + len(self.cached) >= JUMPS:
            self._sweep.start()
            return
        others = [index for index in range(self._movie.frames) if index != self._index]
        known = [index for index in others if self._feed.is_ready(index)]
        unknown = [index for index in others if not self._feed.is_ready(index)]
        known_next = 2 * len(self.cached) < len(self.fresh)
        wanted = (known or unknown) if known_next else (unknown or known)
        self._index = self._choice.choice(wanted)
        self._was_ready = self._feed.is_ready(self._index)
        self._came = False
        self._moved = time.perf_counter()
        self._axis.scrub(self._movie.time_of(self._index))

    def _shown(self, index: int, picture: object) -> None:
        self._came = self._came or index == self._index

    def _painted(self) -> None:
        if self._came and self._left == SWEEP_MOVES:
            self._came = False
            took = time.perf_counter() - self._moved
            if self._going():
                (self.cached if self._was_ready else self.fresh).append(took)
            self._settle.start()

    def _drag(self) -> None:
        if self._left == 0:
            self._sweep.stop()
            self._axis.end_scrub()
            self._feed.shown.disconnect(self._shown)
            self._window.viewer.painted.disconnect(self._painted)
            self._done()
            return
        self._left -= 1
        share = 0.5 + 0.45 * math.sin(self._left / 12)
        self._axis.scrub(share * self._movie.seconds)


def percentile(values: list[float], share: float) -> float | None:
    """The value below which that share of the values lies; None without values."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None
