"""How fast a job goes and how long it still takes."""

from collections import deque

WINDOW_SECONDS = 12.0
"""The speed is that of the last seconds, since scrubbing slows a job for a while only."""

SETTLE_SECONDS = 1.0
"""Before that much was seen, a speed would be a guess."""


class Pace:
    """Frames a second of one run of a job; times are seconds of any clock that only goes on."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now: float, frames: int) -> None:
        """So many frames are done at this time."""
        if self._seen and frames < self._seen[-1][1]:
            self._seen.clear()
        self._seen.append((now, frames))
        # The newest note outside the window stays, so that a slow job has a speed too.
        while len(self._seen) > 2 and now - self._seen[1][0] > WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def speed(self) -> float | None:
        """Frames a second; None while that is not known."""
        if len(self._seen) < 2:
            return None
        (begun, first), (now, last) = self._seen[0], self._seen[-1]
        if now - begun < SETTLE_SECONDS or last <= first:
            return None
        return (last - first) / (now - begun)

    def seconds_left(self, frames: int) -> float | None:
        """Time until `frames` are done; None while that is not known."""
        speed = self.speed
        if speed is None:
            return None
        return max(frames - self._seen[-1][1], 0) / speed
