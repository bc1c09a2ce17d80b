"""What the person does to markers and range, as undoable steps of the project."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from soundedit.app.clock import clock
from soundedit.app.markerlane import MarkerLane
from soundedit.app.session import ProjectSession
from soundedit.app.timeaxis import TimeAxis
from soundedit.app.timeline import Timeline
from soundedit.document.beats import beat_from
from soundedit.document.commands import (
    add_marker,
    move_marker,
    remove_marker,
    rename_marker,
    set_in,
    set_out,
    set_range,
)
from soundedit.document.model import Marker

SAME_SECONDS = 0.02
"""A marker this close to the playhead is the one at the playhead."""


class Marking(QObject):
    """Connects the timeline's markers and range with the project's.

    Args:
        session: the project; what is marked follows it.
        timeline: where the marks are shown and dragged.
        step: the time some frames from a time, in seconds.
    """

    def __init__(
        self,
        session: ProjectSession,
        timeline: Timeline,
        step: Callable[[float, int], float],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._axis: TimeAxis = timeline.axis
        self._lane: MarkerLane = timeline.markers
        self._step = step
        session.changed.connect(self._show)
        self._axis.marks.add_stops(self._edit_stops)
        self._lane.wanted.connect(self.add)
        self._lane.moved.connect(self._move)
        self._lane.let_go.connect(session.close_merge)
        self._lane.stepped.connect(self._move_by)
        self._lane.renamed.connect(self._rename)
        self._lane.removed.connect(self.remove)
        timeline.ruler.range_dragged.connect(self._drag_range)
        timeline.ruler.range_let_go.connect(session.close_merge)
        self._show()

    def mark(self) -> None:
        """Set a marker at the playhead; where there is one already, name it."""
        marker = self._at(self._axis.playhead)
        if marker is None:
            self.add(self._axis.playhead)
        else:
            self._lane.begin_naming(marker.id)

    def add(self, seconds: float) -> None:
        """Set a marker with the next free number."""
        if self._axis.duration <= 0:
            return
        project = self._session.project
        names = {marker.name for marker in project.markers}
        number = next(n for n in range(1, len(names) + 2) if f"M{n}" not in names)
        seconds = min(max(seconds, 0.0), self._axis.duration)
        self._session.do(self.tr("add marker"), add_marker(project, seconds, f"M{number}"))

    def remove(self, marker_id: str) -> None:
        """Take a marker away."""
        name = self.tr("delete marker {0}").format(self._named(marker_id))
        self._session.do(name, remove_marker(self._session.project, marker_id))

    def remove_here(self) -> None:
        """Take the marker at the playhead away."""
        marker = self._at(self._axis.playhead)
        if marker is not None:
            self.remove(marker.id)

    def go_to_marker(self, forward: bool) -> None:
        """Put the playhead at the next or previous marker."""
        self._lane.go_to_stop(forward)

    def go_to_beat(self, forward: bool) -> bool:
        """Put the playhead at the next or previous beat; False where there are no beats."""
        beats = self._session.project.beats
        if beats is None:
            return False
        seconds = beat_from(beats, self._axis.playhead, forward)
        if 0 <= seconds <= self._axis.duration:
            self._axis.seek(seconds)
        return True

    def set_in_point(self) -> None:
        """Begin the range at the playhead."""
        if self._axis.duration > 0:
            project = set_in(self._session.project, self._axis.playhead)
            self._session.do(self.tr("set in point"), project)

    def set_out_point(self) -> None:
        """End the range at the playhead."""
        if self._axis.duration > 0:
            project = set_out(self._session.project, self._axis.playhead)
            self._session.do(self.tr("set out point"), project)

    def clear_range(self) -> None:
        """Take the range away."""
        self._session.do(self.tr("clear range"), set_range(self._session.project, None, None))

    def _show(self) -> None:
        project = self._session.project
        self._axis.marks.set_marks(project.markers, project.range, project.beats)

    def _edit_stops(self) -> list[float]:
        """Keyframes and clip ends of the edits."""
        stops: list[float] = []
        for edit in self._session.project.edits:
            stops += (keyframe.seconds for keyframe in edit.keyframes)
            stops.append(edit.span.start)
            if edit.span.end is not None:
                stops.append(edit.span.end)
        return stops

    def _at(self, seconds: float) -> Marker | None:
        near = [
            marker
            for marker in self._session.project.markers
            if abs(marker.seconds - seconds) <= SAME_SECONDS
        ]
        return min(near, key=lambda marker: abs(marker.seconds - seconds), default=None)

    def _named(self, marker_id: str) -> str:
        return next(one.name for one in self._session.project.markers if one.id == marker_id)

    def _move(self, marker_id: str, seconds: float) -> None:
        seconds = min(max(seconds, 0.0), self._axis.duration)
        name = self.tr("move marker {0} to {1}").format(self._named(marker_id), clock(seconds, 2))
        project = move_marker(self._session.project, marker_id, seconds)
        self._session.do(name, project, merge=f"move marker {marker_id}")

    def _move_by(self, marker_id: str, count: int, in_seconds: bool) -> None:
        marker = next(one for one in self._session.project.markers if one.id == marker_id)
        seconds = marker.seconds + count if in_seconds else self._step(marker.seconds, count)
        self._move(marker_id, seconds)
        self._session.close_merge_soon()

    def _rename(self, marker_id: str, name: str) -> None:
        text = self.tr("rename marker to {0}").format(name)
        self._session.do(text, rename_marker(self._session.project, marker_id, name))

    def _drag_range(self, one: float, other: float) -> None:
        start, end = min(one, other), max(one, other)
        duration = self._axis.duration
        project = set_range(
            self._session.project,
            start if start > 0 else None,
            end if end < duration else None,
        )
        self._session.do(self.tr("set range"), project, merge="range")
