"""The photo or the video's first frame that the pictures start from, to look at."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject

from soundedit.app.filework import FileWork
from soundedit.app.session import ProjectSession
from soundedit.document.model import Start, StartKind
from soundedit.media.picture import read_square, video_squares
from soundedit.progress import CancelToken, Progress

PIXELS = 256
RATE = Fraction(24)
"""Frames a second that a video is read at; only the first is wanted."""


class StartPicture(QObject):
    """Reads the chosen square anew when the project starts from something else.

    Args:
        show: is given the square, uint8 (H, W, 3), or None where the start is a seed.
    """

    def __init__(
        self,
        session: ProjectSession,
        work: FileWork,
        show: Callable[[NDArray[np.uint8] | None], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._work, self._show = session, work, show
        self._shown: tuple[Start, Path | None] | None = None
        session.changed.connect(self._follow)

    def _follow(self) -> None:
        start = self._session.project.start
        path = None if start.media is None else self._session.locate(start.media)
        if (start, path) == self._shown:
            return
        self._shown = (start, path)
        if path is None:
            self._show(None)
            return

        def read(progress: Progress, cancel: CancelToken) -> NDArray[np.uint8]:
            if start.kind is StartKind.VIDEO:
                return next(video_squares(path, PIXELS, RATE, start.crop, cancel=cancel))
            return read_square(path, PIXELS, start.crop)

        def done(picture: NDArray[np.uint8] | None) -> None:
            if self._shown == (start, path):
                self._show(picture)

        # What is wrong with the file is told when its pictures are made.
        self._work.do(read, done, lambda error: done(None))
