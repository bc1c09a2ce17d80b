"""What the GUI asks of the engine worker for live, and what passes between them while it runs."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from soundedit.app.requests import Answer, Kind, Request
from soundedit.document.model import Project, Reactivity
from soundedit.document.performancelog import PerformanceLog
from soundedit.media.portaudio import AudioBackend, AudioDevice


@dataclass(frozen=True)
class LiveSource:
    """What is heard: an input of the sound card, or a file as if it were one."""

    name: str
    device: AudioDevice | None = None
    sound: Path | None = None


@dataclass(frozen=True)
class LiveStatus:
    """What is heard now: RMS and peak 0 to 1, a label with its score, blocks lost, the seconds of
    the performance that is being recorded, or None, and the automatic gain in dB.
    """

    rms: float = 0.0
    peak: float = 0.0
    heard: str = ""
    score: float = 0.0
    lost: int = 0
    recorded: float | None = None
    gain: float = 0.0


@dataclass
class LiveLink:
    """Both sides of a live run; every attribute is written by one thread and read by the other.

    The GUI sets what the person moves; the worker leaves pictures and sets `status`.
    """

    sensitivity: float = 0.0
    automatic: bool = False
    smoothing: float = 0.3
    frozen: bool = False
    monitored: bool = False
    strengths: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    reactivity: Reactivity = field(default_factory=Reactivity)
    project: tuple[Project, Mapping[str, Path]] | None = None
    """Edits that changed, until the worker takes them."""
    take: Path | None = None
    """Where the performance is to be recorded; None is not at all."""
    status: LiveStatus = LiveStatus()
    _frame: Any = None
    _gate: threading.Lock = field(default_factory=threading.Lock)

    def put_frame(self, frame: Any) -> bool:
        """Leave a `soundedit.engine.live.LiveFrame`; True where none was waiting to be taken."""
        with self._gate:
            waiting, self._frame = self._frame, frame
        return waiting is None

    def take_frame(self) -> Any:
        """The newest picture, once; None where there is no other."""
        with self._gate:
            frame, self._frame = self._frame, None
        return frame


@dataclass(frozen=True, eq=False)
class LiveRequest(Request):
    """Hear a source and draw until cancelled, with the edits of `project`."""

    project: Project
    files: Mapping[str, Path]
    source: LiveSource
    link: LiveLink
    backend: Callable[[], AudioBackend | None] = lambda: None

    @property
    def kind(self) -> Kind:
        return Kind.LIVE

    @property
    def needs_words(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class LiveAnswer(Answer):
    """Base of the answers while live runs."""


@dataclass(frozen=True, eq=False)
class LiveBegan(LiveAnswer):
    """The input is open."""

    device: str
    latency: float
    """Seconds from the microphone to its block, as the device tells."""


@dataclass(frozen=True, eq=False)
class LiveNotes(LiveAnswer):
    """What there is to say of the edits that act now, which is not what was said before."""

    notes: tuple[str, ...]
    """Of edits that cannot act, or whose words the pack does not know, a sentence each."""


@dataclass(frozen=True, eq=False)
class LiveDrew(LiveAnswer):
    """There is a picture in the link."""


@dataclass(frozen=True, eq=False)
class LiveRecorded(LiveAnswer):
    """A performance is finished: a `soundedit.engine.liverun.LiveTake`, and its locked log."""

    take: Any
    log: PerformanceLog


@dataclass(frozen=True, eq=False)
class LiveTrouble(LiveAnswer):
    """Something did not work, and live goes on."""

    error: BaseException
    monitor: bool = False
    """Hearing the input did not; else recording did not."""
