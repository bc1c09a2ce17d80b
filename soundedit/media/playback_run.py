"""One stretch of playback and the arithmetic of its clock."""

from bisect import bisect_right
from collections.abc import Generator

import numpy as np

from soundedit.media.playback_source import Piece, spans
from soundedit.media.ring import RingBuffer


class Run:
    """One stretch of playback; every play, seek, change of speed or of loop begins a new one."""

    def __init__(
        self, start: float, speed: float, loop: tuple[float, float] | None, seconds: float
    ) -> None:
        self.start = start
        self.speed = speed
        self.seconds = seconds
        self.loop = loop
        self.ring: RingBuffer | None = None
        self.sample_rate = 1
        self.feed: Generator[Piece, None, None] | None = None
        self.pending = np.zeros((0, 1), np.float32)
        self.frames: list[int] = []  # output frame at which each span begins
        self.origins: list[tuple[float, float]] = []  # its sound time and seconds per frame
        self.queued = 0
        self.total: int | None = None
        self.handed = 0
        self.stamp: tuple[int, int, float] | None = None
        self.first_heard: float | None = None
        self.furthest = 0.0
        self.silent_from: float | None = None
        self.calls_seen = -1
        self.called_at = 0.0

    def frame_heard(self, now: float) -> float:
        """The output frame that is heard at stream time `now`; never goes back."""
        if self.stamp is not None:
            before, count, heard_at = self.stamp
            frame = before + (now - heard_at) * self.sample_rate
            self.furthest = max(self.furthest, min(frame, before + count))
        return self.furthest

    def sound_time(self, frame: float) -> float:
        """The time in the sound that output frame `frame` carries."""
        i = bisect_right(self.frames, frame) - 1
        if i < 0:
            return self.start
        origin, step = self.origins[i]
        return min(self.seconds, max(0.0, origin + (frame - self.frames[i]) * step))

    def end_feed(self) -> None:
        """Stop decoding; only in the thread that decodes."""
        if self.feed is not None:
            self.feed.close()
            self.feed = None

    def silent_time(self, now: float) -> tuple[float, bool]:
        """Time in the sound on the silent clock, and whether it has come to its end."""
        passed = 0.0 if self.silent_from is None else max(0.0, now - self.silent_from)
        for span in spans(self.start, self.speed, self.loop, self.seconds):
            lasts = abs(span.end - span.start) / abs(self.speed)
            if passed < lasts:
                return span.start + passed * self.speed, False
            passed -= lasts
            if span.repeats:
                passed %= lasts
        return (self.seconds if self.speed > 0 else 0.0), True
