"""Which frames to ask the engine worker for, and when: the playhead first, then ahead."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from soundedit.app.cache import FrameCache, FrameKey
from soundedit.app.movie import Movie
from soundedit.app.requests import FrameReady, FramesDone, FramesRequest, Request, new_id

CHUNK = 8
"""Frames per request when working ahead."""

SEARCH_BACK = 12
"""While playing, a frame at most this much older than now is shown when newer ones are missing."""

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
        return self._movie is not None and self._key(index) in self._cache

    def set_movie(self, movie: Movie | None) -> None:
        """Serve another movie from its first frame."""
        self._stop_ahead()
        self._urgent = None
        self._movie = movie
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
            picture = self._cache.get(self._key(index)) if self._movie is not None else None
            if picture is not None:
                self.stored.emit(index, picture)

    def set_playing(self, playing: bool) -> None:
        """While playing, only frames that can still be on time are asked for."""
        self._playing = playing
        if playing:
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
                self._ask_now(movie)
            else:
                # What was asked for before this must not replace the right picture.
                self._stale_before = new_id()
        if self._playing and self._too_late():
            self._stop_ahead()
        self._plan()

    def on_frame(self, answer: FrameReady) -> None:
        """A frame came back; those of another movie, or with other edits, are dropped."""
        movie = self._movie
        if movie is None or answer.movie != movie.key:
            return
        if answer.size is not None:
            # Quarter size, shown until the full one is there.
            if answer.id > self._stale_before and self._shown != self._wanted:
                self._shown = None
                self.shown.emit(answer.index, answer.image)
            return
        self._took = answer.took if self._took == 0 else 0.8 * self._took + 0.2 * answer.took
        self._cache.put(self._key(answer.index), answer.image)
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
            self._urgent = FramesRequest(movie, (self._wanted,), urgent=True)
            self._submit(self._urgent)

    def _key(self, index: int) -> FrameKey:
        assert self._movie is not None
        return FrameKey(self._movie.key, index, None)

    def _newest(self) -> int | None:
        """The frame to show for the wanted one: itself or, while playing, a slightly older one."""
        back = SEARCH_BACK if self._playing else 0
        for index in range(self._wanted, max(self._wanted - back, 0) - 1, -1):
            if self._key(index) in self._cache:
                return index
        return None

    def _show(self, index: int) -> None:
        picture = self._cache.get(self._key(index))
        if picture is not None and index != self._shown:
            self._shown = index
            self.shown.emit(index, picture)

    def _stop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel.cancel()
            self._ahead = None

    def _lead(self) -> int:
        """First frame that can be ready in time while playing."""
        assert self._movie is not None
        return self._wanted + 1 + math.ceil(self._took * float(self._movie.fps))

    def _too_late(self) -> bool:
        """True when everything that is being made ahead will be in the past."""
        return self._ahead is not None and self._ahead.indices[-1] < self._wanted

    def _plan(self) -> None:
        """Ask for the next missing frames, if the worker is not already making some."""
        movie = self._movie
        if movie is None or self._ahead is not None or self._resting:
            return
        indices = self._missing(movie)
        if indices:
            self._ahead = FramesRequest(movie, tuple(indices))
            self._submit(self._ahead)

    def _missing(self, movie: Movie) -> list[int]:
        if not self._playing:
            gaps = [i for i in self._overview if self._key(i) not in self._cache]
            if gaps:
                return gaps[:CHUNK]
        first = self._lead() if self._playing else self._wanted
        room = self._room()
        found: list[int] = []
        for index in range(first, min(first + room, movie.frames)):
            if self._key(index) not in self._cache:
                found.append(index)
                if len(found) == CHUNK:
                    return found
        if not self._playing and movie.frames <= room:
            start = max(first, 0)
            found += [i for i in range(start) if self._key(i) not in self._cache]
        return found[:CHUNK]

    def _room(self) -> int:
        """How many frames ahead are worth making without dropping those just made."""
        count = len(self._cache)
        if count == 0:
            return CHUNK
        # Part of the bound is left to the thumbnails in view and to what lies behind the playhead.
        return max(int(0.7 * self._cache.limit / (self._cache.nbytes / count)), 1)
