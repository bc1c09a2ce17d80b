"""One export of the queue as plain data: what to write, and how far that got."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from soundedit.media.presets import ExportSettings


class JobState(StrEnum):
    """Where a job is on its way."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = frozenset({JobState.WAITING, JobState.RUNNING, JobState.PAUSED})
"""The states of jobs that are not over."""

CRASHES = 2
"""A job that ended the program this often is not started again by itself."""


def now() -> str:
    """This moment as ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True)
class ExportJob:
    """One export.

    `start` and `end` are seconds of the take, `fps` and `frames` the pictures that makes, `done`
    how many of them were made when it was last written down, `spent` the seconds worked on them.
    `overwrite` allows to replace a file. `crashes` counts the runs that ended with the program.
    `reused` counts the frames of earlier exports and runs that were not made again. `error` is the
    sentence that says why it failed, `log` the last lines of ffmpeg.
    """

    id: str
    title: str
    path: Path
    settings: ExportSettings
    start: float
    end: float
    fps: Fraction
    frames: int
    pack: str = ""
    overwrite: bool = False
    state: JobState = JobState.WAITING
    done: int = 0
    spent: float = 0.0
    crashes: int = 0
    error: str = ""
    log: str = ""
    size: int = 0
    reused: int = 0
    added: str = field(default_factory=now)
    ended: str = ""

    @property
    def open(self) -> bool:
        """True while it is not over."""
        return self.state in OPEN

    def resumed(self) -> "ExportJob":
        """The job as it goes on after a start of the program: a running one waits again.

        One that ended the program twice is paused, or it would end every start.
        """
        if self.state is not JobState.RUNNING:
            return self
        crashes = self.crashes + 1
        state = JobState.PAUSED if crashes >= CRASHES else JobState.WAITING
        return replace(self, state=state, crashes=crashes)
