"""The lane of frame thumbnails, which fills as frames exist."""

import bisect
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import QWidget

from soundedit.app.cache import FrameCache, FrameKey
from soundedit.app.images import thumbnail
from soundedit.app.lane import Lane, blend
from soundedit.app.movie import Movie
from soundedit.app.timeaxis import TimeAxis

THUMBNAIL_BYTES = 48 * 2**20
REDRAW_MILLISECONDS = 80


@dataclass(frozen=True)
class Thumbnail:
    """A small image with its size in bytes, for the cache."""

    image: QImage

    @property
    def nbytes(self) -> int:
        return self.image.sizeInBytes()


class ThumbnailLane(Lane):
    """One picture per slot of the lane's height; slots are anchored in time."""

    slots_changed = Signal()
    """Other frames are in view; `wanted` says which."""

    def __init__(self, axis: TimeAxis, parent: QWidget | None = None) -> None:
        super().__init__(axis, "", 58, parent)
        self._movie: Movie | None = None
        self._text = ""
        self._indices: list[int] = []
        self._fresh: set[int] = set()
        self._cache: FrameCache[Thumbnail] = FrameCache(THUMBNAIL_BYTES)
        self.setAccessibleName(self.tr("Frames"))
        # Frames come in bursts; one repaint serves many.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(REDRAW_MILLISECONDS)
        self._later.timeout.connect(self.redraw)
        axis.changed.connect(self.slots_changed)

    def set_text(self, text: str) -> None:
        """What stands here while there is no movie."""
        if text != self._text:
            self._text = text
            self.redraw()

    def set_movie(self, movie: Movie | None) -> None:
        """Show this movie's frames."""
        self._movie = movie
        self._cache.clear()
        self._indices.clear()
        self._fresh.clear()
        self.redraw()
        self.slots_changed.emit()

    def change_movie(self, movie: Movie) -> None:
        """The same movie with other edits: old pictures stay until the new ones come."""
        self._movie = movie
        self._fresh.clear()
        self._later.start()

    def add(self, index: int, picture: NDArray[np.uint8]) -> None:
        """A frame of the movie exists."""
        if self._movie is None or index in self._fresh:
            return
        self._fresh.add(index)
        height = round(self._picture_height() * self.devicePixelRatioF())
        key = FrameKey(0, index, None)
        if key not in self._cache:
            bisect.insort(self._indices, index)
        for gone in self._cache.put(key, Thumbnail(thumbnail(picture, height))):
            at = bisect.bisect_left(self._indices, gone.index)
            del self._indices[at]
            self._fresh.discard(gone.index)
        if not self._later.isActive():
            self._later.start()

    def wanted(self) -> list[int]:
        """The frames the slots in view show, left to right."""
        movie = self._movie
        if movie is None:
            return []
        return sorted({movie.frame_at(first) for first, _ in self._slots()})

    def _picture_height(self) -> int:
        return self.height() - 8

    def _slots(self) -> list[tuple[float, float]]:
        """Begin and end in seconds of the slots in view."""
        if self._movie is None or self.axis.duration <= 0:
            return []
        axis, movie = self.axis, self._movie
        seconds = axis.span * (self._picture_height() + 1) / max(axis.width, 1)
        seconds = max(seconds, float(1 / movie.fps))
        number = max(int(axis.start // seconds), 0)
        slots = []
        while (begin := number * seconds) < min(axis.end, movie.seconds):
            slots.append((begin, begin + seconds))
            number += 1
        return slots

    def _nearest(self, movie: Movie, begin: float, end: float) -> QImage | None:
        """The thumbnail of a slot: its first frame, or else any frame inside it."""
        first, last = movie.frame_at(begin), movie.frame_at(end)
        at = bisect.bisect_left(self._indices, first)
        if at == len(self._indices) or self._indices[at] > max(first, last - 1):
            return None
        kept = self._cache.get(FrameKey(0, self._indices[at], None))
        return kept.image if kept is not None else None

    def draw(self, painter: QPainter, width: int, height: int) -> None:
        movie = self._movie
        base = self.colour(QPalette.ColorRole.Base)
        if movie is None:
            painter.setPen(blend(base, self.colour(), 0.6))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._text)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        side = self._picture_height()
        empty = blend(base, self.colour(), 0.07)
        for begin, end in self._slots():
            left, right = self.axis.to_x(begin), self.axis.to_x(end)
            area = QRectF(left, 2, min(right - left - 1, side), side)
            image = self._nearest(movie, begin, end)
            if image is None:
                painter.fillRect(area, empty)
            else:
                source = QRectF(image.rect())
                source.setWidth(source.width() * area.width() / side)
                painter.drawImage(area, image, source)
        self._draw_ready(painter, movie, height)

    def _draw_ready(self, painter: QPainter, movie: Movie, height: int) -> None:
        """A thin bar under the frames that exist."""
        accent = self.colour(QPalette.ColorRole.Highlight)
        frame = self.axis.width / self.axis.span / float(movie.fps)
        first = bisect.bisect_left(self._indices, movie.frame_at(self.axis.start))
        last = bisect.bisect_right(self._indices, movie.frame_at(self.axis.end))
        run: tuple[int, int] | None = None
        ready = [index for index in self._indices[first:last] if index in self._fresh]
        for index in [*ready, -1]:
            if run is not None and index == run[1] + 1:
                run = (run[0], index)
                continue
            if run is not None:
                left = self.axis.to_x(movie.time_of(run[0]))
                length = max((run[1] - run[0] + 1) * frame, 1.0)
                painter.fillRect(QRectF(left, height - 4, length, 2), accent)
            run = (index, index)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.slots_changed.emit()
