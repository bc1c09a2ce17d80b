"""A ring buffer of sound between one writing and one reading thread."""

import numpy as np
from numpy.typing import NDArray


class RingBuffer:
    """Frames of float32 sound on their way from one thread to another, without a lock.

    Counters only grow and each is written by one side, so that a callback never waits. The memory
    is written twice, at j and j + capacity, which makes every window contiguous.

    Args:
        capacity: frames held at most.
        channels: channels of a frame.
    """

    def __init__(self, capacity: int, channels: int) -> None:
        self.capacity = capacity
        self.channels = channels
        self.written = 0
        self.read = 0
        self._memory = np.zeros((2 * capacity, channels), np.float32)

    @property
    def available(self) -> int:
        """Frames that wait to be read."""
        return self.written - self.read

    @property
    def space(self) -> int:
        """Frames that can be written now."""
        return self.capacity - self.available

    def write(self, frames: NDArray[np.float32]) -> int:
        """Append `frames` (n, C) as far as there is space; returns how many were taken."""
        n = min(len(frames), self.space)
        at = self.written % self.capacity
        first = min(n, self.capacity - at)
        self._memory[at : at + n] = frames[:n]
        self._memory[at + self.capacity : at + self.capacity + first] = frames[:first]
        self._memory[: n - first] = frames[first:n]
        self.written += n
        return n

    def read_into(self, out: NDArray[np.float32]) -> int:
        """Fill `out` (n, C) with the oldest frames and zeros after them; returns frames read."""
        n = min(len(out), self.available)
        at = self.read % self.capacity
        out[:n] = self._memory[at : at + n]
        out[n:] = 0.0
        self.read += n
        return n

    def take(self) -> NDArray[np.float32]:
        """Every frame that waits, as a copy (n, C)."""
        out = np.empty((self.available, self.channels), np.float32)
        self.read_into(out)
        return out

    def latest(self, frames: int) -> NDArray[np.float32]:
        """A copy of the newest `frames` (fewer when less was written), read or not."""
        end = self.written
        n = min(frames, end, self.capacity)
        at = (end - n) % self.capacity
        return self._memory[at : at + n].copy()
