"""Finished frames, kept within a memory bound, least recently used dropped first."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


@dataclass(frozen=True, slots=True)
class FrameKey:
    """Everything that decides a picture: the frame's key and index, and the picture's size.

    `picture` is from `Movie.frame_key`; `size` is None for the pack's own resolution.
    """

    picture: int
    index: int
    size: int | None


class Sized(Protocol):
    """Anything that knows how many bytes it occupies."""

    @property
    def nbytes(self) -> int: ...


S = TypeVar("S", bound=Sized)


class FrameCache(Generic[S]):
    """A least-recently-used cache bounded in bytes; used from the GUI thread only."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._bytes = 0
        self._frames: OrderedDict[FrameKey, S] = OrderedDict()

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[FrameKey]:
        return iter(self._frames)

    def __contains__(self, key: FrameKey) -> bool:
        return key in self._frames

    @property
    def nbytes(self) -> int:
        """Bytes held now; never above the limit."""
        return self._bytes

    @property
    def limit(self) -> int:
        """The bound in bytes."""
        return self._limit

    def get(self, key: FrameKey) -> S | None:
        """The frame, which becomes the most recently used; None where it is not kept."""
        frame = self._frames.get(key)
        if frame is not None:
            self._frames.move_to_end(key)
        return frame

    def put(self, key: FrameKey, frame: S) -> list[FrameKey]:
        """Keep a frame and return the keys dropped for it (its own, where it alone is too big)."""
        old = self._frames.pop(key, None)
        if old is not None:
            self._bytes -= old.nbytes
        self._frames[key] = frame
        self._bytes += frame.nbytes
        return self._shrink()

    def set_limit(self, limit_bytes: int) -> list[FrameKey]:
        """Another bound; returns the keys dropped for it."""
        self._limit = limit_bytes
        return self._shrink()

    def _shrink(self) -> list[FrameKey]:
        dropped = []
        while self._bytes > self._limit:
            gone, picture = self._frames.popitem(last=False)
            self._bytes -= picture.nbytes
            dropped.append(gone)
        return dropped

    def clear(self) -> None:
        """Forget every frame."""
        self._frames.clear()
        self._bytes = 0
