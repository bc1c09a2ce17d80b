"""What is marked on the time axis, and what a moved thing snaps to."""

from collections.abc import Callable, Collection, Iterable
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, Signal

from soundedit.document.beats import beat_near
from soundedit.document.model import Beats, Marker, Range
from soundedit.media.onsets import NO_ONSETS, Onsets

SNAP_PIXELS = 8.0
SAME_SECONDS = 1e-4

Stops = Callable[[], Iterable[float]]
"""Gives times in seconds that moved things snap to."""


class Scale(Protocol):
    """The part of a time axis that snapping needs."""

    @property
    def duration(self) -> float: ...
    @property
    def playhead(self) -> float: ...
    def to_x(self, seconds: float) -> float: ...


class Marks(QObject):
    """Markers, range, beats and onsets for the lanes to draw; `snap` pulls times to them."""

    changed = Signal()
    """Markers, range, beats or onsets are others."""
    guide_changed = Signal()
    """`guide` is another."""
    snapping_changed = Signal(bool)

    def __init__(self, scale: Scale, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scale = scale
        self._sources: list[Stops] = []
        self._snapping = True
        self.markers: tuple[Marker, ...] = ()
        self.range = Range()
        self.beats: Beats | None = None
        self.onsets: Onsets = NO_ONSETS
        self.guide: float | None = None

    @property
    def snapping(self) -> bool:
        """Whether moved things snap."""
        return self._snapping

    def set_snapping(self, on: bool) -> None:
        """Turn snapping on or off."""
        if on != self._snapping:
            self._snapping = on
            self.snapping_changed.emit(on)

    def set_marks(
        self, markers: Iterable[Marker], range_: Range, beats: Beats | None = None
    ) -> None:
        """Show these markers, this range and these beats."""
        ordered = tuple(sorted(markers, key=lambda marker: marker.seconds))
        if (ordered, range_, beats) != (self.markers, self.range, self.beats):
            self.markers, self.range, self.beats = ordered, range_, beats
            self.changed.emit()

    def set_onsets(self, onsets: Onsets) -> None:
        """Show these onsets."""
        self.onsets = onsets
        self.changed.emit()

    @property
    def span(self) -> tuple[float, float] | None:
        """The range in seconds where one is set, inside the take; an open side is the take's."""
        if self.range == Range() or self._scale.duration <= 0:
            return None
        end = self._scale.duration if self.range.end is None else self.range.end
        start, end = self.range.start or 0.0, min(end, self._scale.duration)
        return (start, end) if start < end else None

    def add_stops(self, source: Stops) -> None:
        """Snap to these times too; `source` is asked each time something is moved."""
        self._sources.append(source)

    def remove_stops(self, source: Stops) -> None:
        """Snap to them no longer."""
        self._sources.remove(source)

    def snap(
        self,
        seconds: float,
        *,
        suspended: bool = False,
        playhead: bool = True,
        marker: str | None = None,
        span: bool = True,
        own: Collection[float] = (),
    ) -> float:
        """The stop within `SNAP_PIXELS` of a time, or the time itself; draws a guide there.

        Args:
            suspended: True while Alt is held.
            playhead: whether the playhead is a stop; not while it is what is moved.
            marker: id of the marker that is moved and so is no stop.
            span: whether the ends of the range are stops.
            own: where what is moved is, keyframes or ends of edits, which so are no stops.
        """
        nearest: float | None = None
        if self._snapping and not suspended:
            nearest = self._nearest(seconds, self._stops(playhead, marker, span, own))
        self._set_guide(nearest)
        return seconds if nearest is None else nearest

    def let_go(self) -> None:
        """Nothing is moved any more: the guide goes."""
        self._set_guide(None)

    def _stops(
        self, playhead: bool, marker: str | None, span: bool, own: Collection[float]
    ) -> list[float]:
        stops = [0.0, self._scale.duration]
        if playhead:
            stops.append(self._scale.playhead)
        stops += [one.seconds for one in self.markers if one.id != marker]
        if span and self.span is not None:
            stops += self.span
        for source in self._sources:
            stops += (
                time for time in source() if all(abs(time - one) > SAME_SECONDS for one in own)
            )
        return stops

    def _nearest(self, seconds: float, stops: list[float]) -> float | None:
        times = self.onsets.times
        at = int(np.searchsorted(times, seconds))
        candidates = [*stops, *(float(time) for time in times[max(at - 1, 0) : at + 1])]
        if (
            self.beats is not None
            and (beat := beat_near(self.beats, seconds)) <= self._scale.duration
        ):
            candidates.append(beat)
        x = self._scale.to_x(seconds)
        distance, best = min((abs(self._scale.to_x(time) - x), time) for time in candidates)
        return best if distance <= SNAP_PIXELS else None

    def _set_guide(self, seconds: float | None) -> None:
        if seconds != self.guide:
            self.guide = seconds
            self.guide_changed.emit()
