"""A timeline of its own with a project behind it, for tests of its gestures and keys."""

import numpy as np
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from soundedit.app.marking import Marking
from soundedit.app.session import ProjectSession
from soundedit.app.timeaxis import TimeAxis
from soundedit.app.timeline import Timeline
from soundedit.media.onsets import Onsets
from soundedit.media.peaks import build_peaks
from soundedit.media.sound import Sound
from soundedit.media.spectrogram import build_spectrogram

SECONDS = 10.0
FPS = 25
NOTHING, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier


class Desk:
    """Ten seconds of sound with onsets at 2.5 and 7.5 s, 100 pixels to the second."""

    def __init__(self) -> None:
        self.axis = TimeAxis()
        self.session = ProjectSession()
        self.timeline = Timeline(self.axis)
        self.marking = Marking(self.session, self.timeline, lambda at, by: at + by / FPS)
        self.timeline.resize(1100, 320)
        self.timeline.show()
        QApplication.processEvents()
        self.timeline.resize(1100 + 1000 - self.timeline.ruler.width(), 320)
        QApplication.processEvents()
        assert self.axis.width == 1000
        self.axis.set_duration(SECONDS)
        time = np.arange(round(SECONDS * 8000)) / 8000
        sound = Sound((0.5 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)[None], 8000)
        self.timeline.waveform.set_peaks(build_peaks(sound))
        self.timeline.waveform.set_spectrogram(build_spectrogram(sound))
        self.axis.marks.set_onsets(Onsets(np.array([2.5, 7.5]), np.array([1.0, 0.5])))

    @property
    def markers(self) -> list[tuple[float, str]]:
        """Times and names of the project's markers."""
        return [(round(one.seconds, 4), one.name) for one in self.session.project.markers]

    @property
    def range(self) -> tuple[float | None, float | None]:
        """In and out point of the project."""
        found = self.session.project.range
        return found.start, found.end

    @property
    def steps(self) -> list[str]:
        """What can be undone, oldest first."""
        return self.session.history.entries[: self.session.history.index]

    def drag(
        self,
        widget: QWidget,
        start: tuple[float, float],
        *way: float,
        keys: Qt.KeyboardModifier = NOTHING,
        release: bool = True,
    ) -> None:
        """Press at `start` (x, y), move along the x of `way`, all in the widget's start system."""
        origin = widget.mapTo(self.timeline, QPoint(0, 0))
        y = start[1]

        def send(kind: QEvent.Type, x: float, buttons: Qt.MouseButton) -> None:
            # The widget may move along with the pointer.
            moved = widget.mapTo(self.timeline, QPoint(0, 0)) - origin
            at = QPointF(x, y) - QPointF(moved)
            button = (
                Qt.MouseButton.NoButton
                if kind == QEvent.Type.MouseMove
                else Qt.MouseButton.LeftButton
            )
            event = QMouseEvent(kind, at, widget.mapToGlobal(at), button, buttons, keys)
            QApplication.sendEvent(widget, event)

        send(QEvent.Type.MouseButtonPress, start[0], Qt.MouseButton.LeftButton)
        for x in way:
            send(QEvent.Type.MouseMove, x, Qt.MouseButton.LeftButton)
        if release:
            last = way[-1] if way else start[0]
            send(QEvent.Type.MouseButtonRelease, last, Qt.MouseButton.NoButton)

    def wheel(
        self,
        x: float,
        *,
        pixels: tuple[int, int] = (0, 0),
        angle: tuple[int, int] = (0, 0),
        keys: Qt.KeyboardModifier = NOTHING,
    ) -> None:
        """Turn the wheel, or move two fingers, over the sound."""
        lane = self.timeline.waveform
        at = QPointF(x, 20)
        event = QWheelEvent(
            at, QPointF(lane.mapToGlobal(at.toPoint())), QPoint(*pixels), QPoint(*angle),
            Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(lane, event)

    def close(self) -> None:
        """Take everything down."""
        self.session.close()
        if shiboken6.isValid(self.timeline):
            self.timeline.close()
            self.timeline.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
