"""Several keyframes of one lane: which are chosen, how they move together, and the clipboard."""

import json
from collections.abc import Sequence

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication

from soundedit.document.fields import from_json, to_json
from soundedit.document.keyframes import shifted
from soundedit.document.model import Keyframe
from soundedit.errors import ProjectError

KEYFRAMES_MIME = "application/x-soundedit-keyframes"


class KeyframeGroup:
    """The chosen ones, by their times in seconds; while they are dragged, from how they were."""

    def __init__(self) -> None:
        self.times: frozenset[float] = frozenset()
        self._before: tuple[tuple[Keyframe, ...], frozenset[float], Keyframe] | None = None

    @property
    def dragged(self) -> bool:
        """Whether a drag of them has begun."""
        return self._before is not None

    def chosen(self, curve: Sequence[Keyframe]) -> list[Keyframe]:
        """Those of a curve that are chosen; others are forgotten, unless they are dragged."""
        found = [keyframe for keyframe in curve if keyframe.seconds in self.times]
        if not self.dragged:
            self.times = frozenset(keyframe.seconds for keyframe in found)
        return found

    def toggle(self, seconds: float) -> None:
        """Choose one, or no longer."""
        self.times ^= {seconds}

    def begin(self, curve: tuple[Keyframe, ...], grabbed: Keyframe) -> None:
        """A drag begins at one of them."""
        self._before = (curve, self.times, grabbed)

    def drag(self, to: Keyframe, longest: float) -> tuple[Keyframe, ...]:
        """The curve with the grabbed one as near to where it is dragged as all of them can go."""
        assert self._before is not None
        curve, times, grabbed = self._before
        return self._move(
            curve, times, to.seconds - grabbed.seconds, to.value - grabbed.value, longest
        )

    def step(
        self, curve: tuple[Keyframe, ...], seconds: float, value: float, longest: float
    ) -> tuple[Keyframe, ...]:
        """The curve with the chosen ones so much later and higher."""
        return self._move(curve, self.times, seconds, value, longest)

    def end(self) -> None:
        """The drag is over."""
        self._before = None

    def _move(
        self,
        curve: tuple[Keyframe, ...],
        times: frozenset[float],
        seconds: float,
        value: float,
        longest: float,
    ) -> tuple[Keyframe, ...]:
        moved, self.times = shifted(curve, times, seconds, value, longest)
        return moved


def copy_keyframes(keyframes: Sequence[Keyframe]) -> None:
    """Put keyframes on the clipboard."""
    mime = QMimeData()
    mime.setData(KEYFRAMES_MIME, json.dumps([to_json(one) for one in keyframes]).encode())
    QGuiApplication.clipboard().setMimeData(mime)


def copied_keyframes() -> tuple[Keyframe, ...]:
    """What is on the clipboard; empty where that is no keyframes."""
    data = bytes(QGuiApplication.clipboard().mimeData().data(KEYFRAMES_MIME).data())
    try:
        return tuple(from_json(Keyframe, one) for one in json.loads(data)) if data else ()
    except (ValueError, TypeError, ProjectError):
        return ()
