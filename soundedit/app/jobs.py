"""The jobs that are running, with progress and time left, in the status bar."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QWidget

from soundedit.app.buttons import Button
from soundedit.app.clock import clock
from soundedit.app.eliding import ElidedLabel

SETTLE_SECONDS = 1.0
"""Time left is told once a job ran this long; before that it is a guess."""


@dataclass
class Job:
    """One running job: what it is, how far (0..1, -1 unknown) and since when (monotonic)."""

    text: str
    fraction: float
    begun: float
    stop: Callable[[], None] | None

    def seconds_left(self, now: float) -> float | None:
        """Time left at the speed so far; None while that is not known."""
        passed = now - self.begun
        if self.fraction <= 0 or passed < SETTLE_SECONDS:
            return None
        return passed * (1 - self.fraction) / self.fraction


class Jobs(QObject):
    """All running jobs by id; the newest is the one shown."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: dict[int, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, id_: int) -> bool:
        return id_ in self._jobs

    def begin(self, id_: int, text: str, stop: Callable[[], None] | None = None) -> None:
        """A job begins; `stop` makes it cancellable."""
        self._jobs[id_] = Job(text, -1.0, time.monotonic(), stop)
        self.changed.emit()

    def advance(self, id_: int, fraction: float, text: str = "") -> None:
        """A job got further; unknown ids are ignored."""
        job = self._jobs.get(id_)
        if job is not None:
            job.fraction = fraction
            job.text = text or job.text
            self.changed.emit()

    def end(self, id_: int) -> None:
        """A job is over, one way or the other."""
        if self._jobs.pop(id_, None) is not None:
            self.changed.emit()

    def current(self) -> Job | None:
        """The job to show: one that can be cancelled before one that cannot, then the newest."""
        jobs = list(self._jobs.values())
        return next((job for job in reversed(jobs) if job.stop), jobs[-1] if jobs else None)

    def cancel_current(self) -> None:
        """Stop the job that is shown."""
        job = self.current()
        if job is not None and job.stop is not None:
            job.stop()


@dataclass(frozen=True)
class Offer:
    """What can be done about a sentence in the status bar."""

    text: str
    act: Callable[[], object]


class JobView(QWidget):
    """Text, bar, time left and a cancel button for the current job; a sentence while none runs."""

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._idle_text = self._waiting_for = ""
        self._offer: Offer | None = None
        # A long name of a file must not widen the window.
        self.text = ElidedLabel(parent=self, mode=Qt.TextElideMode.ElideMiddle)
        self.bar = QProgressBar(self)
        self.bar.setFixedWidth(160)
        self.bar.setMaximumHeight(14)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        self.left = QLabel(self)
        self.cancel = Button(self)
        self.cancel.setText(self.tr("Cancel"))
        self.cancel.clicked.connect(jobs.cancel_current)
        self.offer = Button(self)
        self.offer.clicked.connect(self._take_offer)
        # The bar keeps its height, or the whole window would move when a job begins.
        policy = self.cancel.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.cancel.setSizePolicy(policy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        for widget in (self.text, self.offer, self.bar, self.left, self.cancel):
            layout.addWidget(widget)
        layout.addStretch(1)
        jobs.changed.connect(self._refresh)
        self._refresh()

    def set_idle_text(self, text: str, offer: Offer | None = None) -> None:
        """What stands here while nothing runs, and what a button beside it does, once."""
        self._idle_text, self._offer = text, offer
        self._refresh()

    def _take_offer(self) -> None:
        offer = self._offer
        self.set_idle_text("")
        if offer is not None:
            offer.act()

    def set_waiting_for(self, text: str) -> None:
        """What keeps jobs from beginning, as "until live is closed"; empty where nothing does."""
        self._waiting_for = text
        self._refresh()

    def _refresh(self) -> None:
        job = self._jobs.current()
        self.bar.setVisible(job is not None)
        self.cancel.setVisible(job is not None and job.stop is not None)
        self.offer.setVisible(job is None and self._offer is not None)
        if self._offer is not None:
            self.offer.setText(self._offer.text)
        if job is None:
            self.text.show_name(self._idle_text)
            self.left.clear()
            return
        waiting = len(self._jobs) - 1
        more = self.tr(" (and {0} more)").format(waiting) if waiting else ""
        why = f" {self._waiting_for}" if self._waiting_for and job.fraction < 0 else ""
        self.text.show_name(job.text + more + why)
        left = job.seconds_left(time.monotonic())
        if job.fraction < 0:
            self.bar.setRange(0, 0)
            self.left.clear()
        else:
            self.bar.setRange(0, 1000)
            self.bar.setValue(round(job.fraction * 1000))
            percent = f"{job.fraction:.0%}"
            self.left.setText(
                percent
                if left is None
                else self.tr("{0}, {1} left").format(percent, clock(left + 0.999))
            )
