"""Progress reports and cancellation, shared by every job."""

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from soundedit.errors import Cancelled

Progress = Callable[[float, str], None]
"""Called with a fraction 0..1 (-1 when the length is unknown) and a short sentence."""

OnPicture = Callable[[NDArray[np.uint8]], None]
"""Called now and then with the picture that a job has come to, uint8 [H, W, 3]."""


def part_of(progress: Progress, begin: float, end: float) -> Progress:
    """Progress of a part of the work, which is that share of it."""

    def report(fraction: float, text: str) -> None:
        progress(begin + fraction * (end - begin), text)

    return report


class CancelToken:
    """A thread-safe flag by which a person stops a job from another thread."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the job to stop at its next check."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` if the job was asked to stop."""
        if self._event.is_set():
            raise Cancelled("The job was cancelled, so nothing was written.")
