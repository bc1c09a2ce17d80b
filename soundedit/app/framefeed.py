"""Which frames to ask the engine worker for, and when: the playhead first, then ahead."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from soundedit.app.cache import FrameCache, FrameKey
from soundedit.app.course import Course
from soundedit.app.movie import Movie
from soundedit.app.requests import (
    FrameReady,
    FramesDone,
    FramesRequest,
    PreviewSize,
    Request,
    new_id,
)

CHUNK = 8
"""Frames per request when working ahead."""

SEARCH_BACK = 12
"""While playing, a frame at most this much older than now is shown when newer ones are missing."""

KEEPS_UP = 0.9
"""Share of a frame's time that a picture may take to come in time."""

Picture = NDArray[np.uint8]


class FrameFeed(QObject):
    """Shows the wanted frame as soon as it exists and keeps the worker busy ahead of it.

    Lives in the GUI thread; computes nothing itself.
    """

    shown = Signal(int, object)
    """Index and picture, uint8 (H, W, 3), of the frame to show now."""
    stored = Signal(int, object)
    """Index and picture of a frame that now exists."""

    def __init__(
        self,
        submit: Callable[[Request], None],
        cache_bytes: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._submit = submit
        self._cache: FrameCache[Picture] = FrameCache(cache_bytes)
        self._movie: Movie | None = None
        self._wanted = 0
        self._shown: int | None = None
        self._stale_before = 0
        self._playing = False
        self._resting = False
        self._overview: list[int] = []
        self._ahead: FramesRequest | None = None
        self._urgent: FramesRequest | None = None
        self._took = 0.0
        self._side = self._frame_bytes = 0
        self._preview = PreviewSize.AUTOMATIC
        self._course = Course()
        self._ready: set[int] = set()
        self._rough: set[int] = set()

    @property
    def cache(self) -> FrameCache[Picture]:
        """The finished frames."""
        return self._cache

    @property
    def wanted(self) -> int:
        """Index of the frame under the playhead."""
        return self._wanted

    @property
    def frame_seconds(self) -> float:
        """How long a frame takes, as measured lately; 0 while that is not known."""
        return self._took

    def is_ready(self, index: int) -> bool:
        """Whether this frame of the movie is finished and kept."""
        return index in self._ready

    def set_cache_limit(self, limit_bytes: int) -> None:
        """Keep finished frames within another bound."""
        self._forget(self._cache.set_limit(limit_bytes))

    @property
    def preview(self) -> PreviewSize:
        """How large pictures are made while playing and scrubbing."""
        return self._preview

    def set_preview(self, preview: PreviewSize) -> None:
        """Make pictures so large from now on."""
        if preview is self._preview:
            return
        self._preview = preview
        self._stop_ahead()
        self._learn()
        self._shown = None
        self.show_again()
        self._plan()

    def picture(self) -> Picture | None:
        """The frame under the playhead, uint8 (H, W, 3); None while it is not made."""
        return None if self._movie is None else self._cache.get(self._key(self._wanted))

    def set_movie(self, movie: Movie | None) -> None:
        """Serve another movie from its first frame."""
        self._stop_ahead()
        self._urgent = None
        self._movie = movie
        self._learn()
        self._overview = []
        self._wanted = 0
        self._shown = None

    def change_movie(self, movie: Movie, coming: int) -> None:
        """The same movie with other edits, whose frame `coming` is being made.

        The wanted frame and the overview stay as they are.
        """
        self._stop_ahead()
        self._urgent = None
        self._movie = movie
        self._learn()
        self._shown = None
        self._stale_before = 0
        index = self._newest()
        if index is not None:
            self._show(index)
            self._stale_before = new_id()
        elif coming != self._wanted and not self._playing:
            self._ask_now(movie)
        self._plan()

    def set_resting(self, resting: bool) -> None:
        """While resting nothing is made ahead, so that what is asked for now has the engine."""
        self._resting = resting
        if resting:
            self._stop_ahead()
        else:
            self._plan()

    def set_overview(self, indices: Sequence[int]) -> None:
        """The frames the thumbnails in view need; they come before the rest."""
        self._overview = list(indices)
        self._plan()

    def tell_overview(self) -> None:
        """Tell again of the frames of the overview that exist already."""
        for index in self._overview:
            picture = None if self._movie is None else self._best(index)
            if picture is not None:
                self.stored.emit(index, picture)

    def set_playing(self, playing: bool) -> None:
        """While playing, only frames that can still be on time are asked for."""
        self._playing = playing
        if playing:
            self._stop_ahead()
        self._plan()

    def set_course(self, speed: float, loop: tuple[float, float] | None) -> None:
        """How playing goes on: the speed, negative for backwards, and the loop in seconds."""
        movie = self._movie
        if movie is None or loop is None:
            course = Course(speed)
        else:
            course = Course(speed, (movie.frame_at(loop[0]), movie.frame_at(loop[1] - 1e-6)))
        if course != self._course:
            self._course = course
            if self._playing:
                self._stop_ahead()
                self._plan()

    def want(self, seconds: float) -> None:
        """The playhead is at this time of the sound."""
        movie = self._movie
        if movie is None:
            return
        self._wanted = movie.frame_at(seconds)
        index = self._newest()
        if index is not None:
            self._show(index)
        if not self._playing:
            if index is None:
                self._show_rough(self._wanted)
                self._ask_now(movie)
            else:
                # What was asked for before this must not replace the right picture.
                self._stale_before = new_id()
        if self._playing and self._too_late():
            self._stop_ahead()
        self._plan()

    def show_for_now(self, picture: Picture, index: int | None = None) -> None:
        """Show what a job has come to, of frame `index` or of any, until a frame is shown again.

        Not while playing, nor right after a change, whose own picture is waited for.
        """
        if not self._playing and not self._resting and index in (None, self._wanted):
            self._shown = None
            self.shown.emit(self._wanted, picture)

    def show_again(self) -> None:
        """Show the wanted frame where something else was shown for now."""
        if self._movie is None or self._shown is not None:
            return
        index = self._newest()
        if index is not None:
            self._show(index)
        else:
            self._ask_now(self._movie)

    def on_frame(self, answer: FrameReady) -> None:
        """A frame came back; those of another movie, or with other edits, are dropped."""
        movie = self._movie
        if movie is None or answer.movie != movie.key:
            return
        if answer.size is not None and not answer.urgent:
            self._keep(self._key(answer.index, answer.size), answer.image)
            if self._always_small:
                self.stored.emit(answer.index, answer.image)
            self._show_newest()
            return
        if answer.size is not None:
            # Small, shown until the full one is there.
            if self._always_small and answer.size == self._rough_size:
                self._keep(self._key(answer.index, answer.size), answer.image)
            if answer.id > self._stale_before and self._shown != self._wanted:
                self._shown = None
                self.shown.emit(answer.index, answer.image)
            return
        self._took = answer.took if self._took == 0 else 0.8 * self._took + 0.2 * answer.took
        self._side, self._frame_bytes = answer.image.shape[0], answer.image.nbytes
        self._keep(self._key(answer.index), answer.image)
        self.stored.emit(answer.index, answer.image)
        index = self._newest()
        if index is not None:
            self._show(index)
        elif answer.urgent and answer.id > self._stale_before:
            # While the playhead is dragged, frames on its way are shown rather than none.
            self._stale_before = answer.id
            self._show(answer.index)

    def on_done(self, answer: FramesDone) -> None:
        """A request is finished; go on working ahead."""
        self.on_stopped(answer.id)
        self._plan()

    def on_stopped(self, request_id: int) -> None:
        """A request was stopped or failed; it is not asked for again by itself."""
        if self._ahead is not None and request_id == self._ahead.id:
            self._ahead = None
        if self._urgent is not None and request_id == self._urgent.id:
            self._urgent = None

    def _ask_now(self, movie: Movie) -> None:
        """Ask for the wanted frame, unless that is what was asked for last."""
        if self._urgent is None or self._urgent.indices != (self._wanted,):
            self._urgent = FramesRequest(movie, (self._wanted,), urgent=True, preview=self._preview)
            self._submit(self._urgent)

    def _key(self, index: int, size: int | None = None) -> FrameKey:
        assert self._movie is not None
        return FrameKey(self._movie.frame_key(index), index, size)

    def _is_mine(self, key: FrameKey) -> bool:
        movie = self._movie
        return (
            movie is not None
            and key.index < movie.frames
            and key.picture == movie.frame_key(key.index)
        )

    def _best(self, index: int) -> Picture | None:
        """The largest picture of a frame that is kept."""
        found = self._cache.get(self._key(index))
        if found is None and index in self._rough:
            found = self._cache.get(self._key(index, self._rough_size))
        return found

    def _learn(self) -> None:
        """Find which frames of the movie are kept; asking the cache each time takes too long."""
        self._ready.clear()
        self._rough.clear()
        for key in self._cache:
            if self._is_mine(key):
                self._known(key).add(key.index)

    def _keep(self, key: FrameKey, picture: Picture) -> None:
        self._known(key).add(key.index)
        self._forget(self._cache.put(key, picture))

    def _forget(self, dropped: Iterable[FrameKey]) -> None:
        for key in dropped:
            if self._is_mine(key):
                self._known(key).discard(key.index)

    def _known(self, key: FrameKey) -> set[int]:
        """Where the frames that are kept in the size of a key are noted."""
        if key.size is None:
            return self._ready
        return self._rough if key.size == self._rough_size else set()

    def _newest(self) -> int | None:
        """The frame to show for the wanted one: itself or, while playing, a slightly older one."""
        back = SEARCH_BACK * self._course.stride if self._playing else 0
        for distance in range(back + 1):
            index = self._wanted - self._course.way * distance
            if index in self._ready or (self._playing and index in self._rough):
                return index
        return None

    def _show_newest(self) -> None:
        index = self._newest()
        if index is not None:
            self._show(index)

    def _show(self, index: int) -> None:
        if index == self._shown:
            return
        if index in self._ready:
            picture = self._cache.get(self._key(index))
            if picture is not None:
                self._shown = index
                self.shown.emit(index, picture)
        else:
            self._show_rough(index)

    def _show_rough(self, index: int) -> None:
        """Show a smaller picture, where there is one; the full one may follow."""
        if index in self._rough:
            picture = self._cache.get(self._key(index, self._rough_size))
            if picture is not None:
                self._shown = index if self._playing else None
                self.shown.emit(index, picture)

    @property
    def _rough_size(self) -> int:
        return max(self._side // self._preview.part, 1)

    @property
    def _always_small(self) -> bool:
        return self._preview > PreviewSize.FULL

    def _is_rough(self) -> bool:
        """Whether smaller pictures are made ahead: as chosen, or since full ones come too slowly.

        Full ones do until one tells how large they are.
        """
        if self._movie is None or self._side < PreviewSize.QUARTER:
            return False
        if self._preview is not PreviewSize.AUTOMATIC or not self._playing:
            return self._always_small
        pace = float(self._movie.fps) * abs(self._course.speed) / self._course.stride
        return self._took * pace > KEEPS_UP

    def _stop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel.cancel()
            self._ahead = None

    def _skip(self) -> int:
        """Frames that will have passed while playing before another can be ready."""
        assert self._movie is not None
        took = self._took / self._preview.part if self._is_rough() else self._took
        return math.ceil(took * float(self._movie.fps) * abs(self._course.speed))

    def _too_late(self) -> bool:
        """True when everything that is being made ahead will be in the past."""
        return self._ahead is not None and self._course.is_past(
            self._ahead.indices[-1], self._wanted
        )

    def _plan(self) -> None:
        """Ask for the next missing frames, if the worker is not already making some."""
        movie = self._movie
        if movie is None or self._ahead is not None or self._resting:
            return
        rough = self._is_rough()
        indices = self._coming(movie, rough) if self._playing else self._missing(movie, rough)
        if indices:
            size = self._rough_size if rough else None
            self._ahead = FramesRequest(movie, tuple(indices), size=size)
            self._submit(self._ahead)

    def _coming(self, movie: Movie, rough: bool) -> list[int]:
        """What playing needs next."""
        kept = self._kept(rough)
        course = self._course.ahead(self._wanted, self._skip(), movie.frames)
        coming = (index for index in islice(course, self._room()) if index not in kept)
        return list(islice(coming, CHUNK))

    def _kept(self, rough: bool) -> set[int]:
        return self._ready | self._rough if rough else self._ready

    def _missing(self, movie: Movie, rough: bool) -> list[int]:
        """What idle time is used for: the thumbnails in view, what comes next, then the rest."""
        kept = self._kept(rough)
        gaps = [index for index in self._overview if index not in kept]
        if gaps:
            return gaps[:CHUNK]
        room = self._room()
        last = min(self._wanted + room, movie.frames)
        after = (index for index in range(self._wanted, last) if index not in kept)
        found = list(islice(after, CHUNK))
        if movie.frames <= room and len(found) < CHUNK:
            before = (index for index in range(self._wanted) if index not in kept)
            found += islice(before, CHUNK - len(found))
        return found

    def _room(self) -> int:
        """How many frames ahead are worth making without dropping those just made."""
        if not self._frame_bytes:
            return CHUNK
        # Part of the bound is left to the thumbnails in view and to what lies behind the playhead.
        size = self._frame_bytes / (self._preview.part**2 if self._always_small else 1)
        return max(int(0.7 * self._cache.limit / size), 1)
