"""In which order frames come while playing: forwards or backwards, faster, in a loop."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Course:
    """How playback goes on from a frame.

    Args:
        speed: negative for backwards; above 1 frames are skipped, for no screen shows them all.
        loop: first and last frame of what repeats, or None.
    """

    speed: float = 1.0
    loop: tuple[int, int] | None = None

    @property
    def way(self) -> int:
        """1 forwards, -1 backwards."""
        return 1 if self.speed >= 0 else -1

    @property
    def stride(self) -> int:
        """Frames from one that is shown to the next."""
        return max(int(abs(self.speed)), 1)

    def ahead(self, index: int, skip: int, frames: int) -> Iterator[int]:
        """Indices in 0..`frames`-1 in the order they are shown after `index`, but for the first
        `skip` frames; each once."""
        inside = self._enters_loop(index)
        at, turned = index + self.way * (1 + skip), False
        while True:
            if inside and self.loop is not None and self._is_behind_loop(at):
                if turned:
                    return
                first, last = self.loop
                begin, end = (first, last) if self.way > 0 else (last, first)
                over = (abs(at - end) - 1) % (last - first + 1)
                at, turned = begin + self.way * over, True
            if not 0 <= at < frames or (turned and self.way * (at - index) > 0):
                return
            yield at
            at += self.way * self.stride

    def is_past(self, index: int, now: int) -> bool:
        """Whether a frame was to be shown before `now` and does not come again."""
        if self.way * (index - now) >= 0:
            return False
        again = self.loop is not None and self.loop[0] <= index <= self.loop[1]
        return not (again and self._enters_loop(now))

    def _enters_loop(self, index: int) -> bool:
        """Whether playing on from `index` comes into the loop, or is in it."""
        if self.loop is None:
            return False
        return index <= self.loop[1] if self.way > 0 else index >= self.loop[0]

    def _is_behind_loop(self, index: int) -> bool:
        assert self.loop is not None
        return index > self.loop[1] if self.way > 0 else index < self.loop[0]
