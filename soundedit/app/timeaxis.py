"""The time axis all lanes share: what part of the sound is in view, and where the playhead is."""

from PySide6.QtCore import QObject, Signal

from soundedit.app.marks import Marks

MIN_SPAN = 0.05
"""Seconds in view at the closest zoom."""


class TimeAxis(QObject):
    """Maps seconds to pixels of a lane that is `width` pixels wide."""

    changed = Signal()
    """The part in view changed."""
    duration_changed = Signal()
    """Another sound, or none."""
    playhead_moved = Signal(float)
    """The playhead is somewhere else, whoever moved it."""
    sought = Signal(float)
    """The person moved the playhead."""
    scrubbed = Signal(float)
    """The person drags the playhead; `sought` came before."""
    scrub_ended = Signal()
    """The dragged playhead was let go."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._duration = 0.0
        self._start = 0.0
        self._span = 1.0
        self._width = 1
        self._playhead = 0.0
        self._follows = True
        self.marks = Marks(self, self)

    @property
    def duration(self) -> float:
        """Length of the sound in seconds; 0 without a sound."""
        return self._duration

    @property
    def start(self) -> float:
        """Time at the left edge."""
        return self._start

    @property
    def span(self) -> float:
        """Seconds in view."""
        return self._span

    @property
    def end(self) -> float:
        """Time at the right edge."""
        return self._start + self._span

    @property
    def width(self) -> int:
        """Width of the lanes in pixels."""
        return self._width

    @property
    def playhead(self) -> float:
        """Where the playhead is, in seconds."""
        return self._playhead

    def set_width(self, width: int) -> None:
        """The lanes became `width` pixels wide; the part in view stays."""
        if width != self._width and width > 0:
            self._width = width
            self.changed.emit()

    def set_duration(self, seconds: float) -> None:
        """Another sound: show all of it, playhead at the beginning."""
        self._duration = max(seconds, 0.0)
        self._playhead = 0.0
        self.fit()
        self.duration_changed.emit()
        self.playhead_moved.emit(0.0)

    def to_x(self, seconds: float) -> float:
        """Pixel of a time, from the left edge of the lane."""
        return (seconds - self._start) / self._span * self._width

    def to_time(self, x: float) -> float:
        """Time at a pixel."""
        return self._start + x / self._width * self._span

    def fit(self) -> None:
        """Show the whole sound."""
        self._start, self._span = 0.0, self._duration or 1.0
        self.changed.emit()

    def zoom(self, factor: float, about: float | None = None) -> None:
        """Show `factor` times less, keeping the time `about` (the playhead) where it is."""
        if self._duration <= 0:
            return
        if about is None:
            in_view = self._start <= self._playhead <= self.end
            about = self._playhead if in_view else self._start + self._span / 2
        span = min(max(self._span / factor, min(MIN_SPAN, self._duration)), self._duration)
        self._place(about - (about - self._start) * span / self._span, span)

    def pan(self, seconds: float) -> None:
        """Move the part in view."""
        self._place(self._start + seconds, self._span)

    def set_follows(self, on: bool) -> None:
        """Whether the page is turned when the playhead leaves the view."""
        self._follows = on

    def show_playhead(self) -> None:
        """Turn to the page that the playhead is on, where the view follows it."""
        if self._follows:
            self._reveal(self._playhead)

    def move_playhead(self, seconds: float) -> None:
        """Put the playhead somewhere and turn the page where it leaves the view.

        A view that was moved away from the playhead stays until the playhead comes by.
        """
        self._move(seconds, reveal=self._follows and self._start <= self._playhead <= self.end)

    def _move(self, seconds: float, reveal: bool) -> None:
        seconds = min(max(seconds, 0.0), self._duration)
        if seconds == self._playhead:
            return
        self._playhead = seconds
        if reveal:
            self._reveal(seconds)
        self.playhead_moved.emit(seconds)

    def _reveal(self, seconds: float) -> None:
        if seconds >= self.end and self.end < self._duration:
            self._place(seconds, self._span)
        elif seconds < self._start:
            self._place(seconds - self._span * 0.1, self._span)

    def seek(self, seconds: float) -> None:
        """The person puts the playhead somewhere."""
        self._move(seconds, reveal=False)
        self._reveal(self._playhead)
        self.sought.emit(self._playhead)

    def scrub(self, seconds: float) -> None:
        """The person drags the playhead here."""
        self.seek(seconds)
        self.scrubbed.emit(self._playhead)

    def end_scrub(self) -> None:
        """The person let go of the playhead."""
        self.marks.let_go()
        self.scrub_ended.emit()

    def _place(self, start: float, span: float) -> None:
        start = min(max(start, 0.0), max(self._duration - span, 0.0))
        if (start, span) != (self._start, self._span):
            self._start, self._span = start, span
            self.changed.emit()
