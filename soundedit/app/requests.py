"""What the GUI asks of the engine worker, and what comes back: immutable, with ids."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from soundedit.progress import CancelToken, Progress

_ids = itertools.count(1)


def new_id() -> int:
    """An id no other request or movie of this run has."""
    return next(_ids)


class HeardLike(Protocol):
    """A span of the sound (seconds) and what it sounds like (score 0..1)."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def label(self) -> str: ...
    @property
    def score(self) -> float: ...


class EngineLike(Protocol):
    """The part of `soundedit.engine.engine.Engine` the app uses."""

    device: str
    device_name: str
    resolution: int

    @property
    def manifest(self) -> Any: ...

    def listen(
        self, sound: Path, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> list[Any]: ...

    def invert(self, sound: Path, *, seed: int = 0, cancel: CancelToken | None = None) -> Any: ...

    def generate(
        self,
        sound: Path,
        *,
        fps: Fraction | float = 24,
        seed: int = 0,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Any: ...

    def synthesise(
        self,
        w: NDArray[np.float32] | Iterable[NDArray[np.float32]],
        *,
        batch: int = 8,
        size: int | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[NDArray[np.uint8]]: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class EngineInfo:
    """What the status bar says of a loaded engine."""

    pack: str
    device: str
    device_name: str
    resolution: int
    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Movie:
    """A generated trajectory `w` (T, L, D): frame k is shown at start + k/fps until the next one.

    Times are seconds of the sound.
    """

    id: int
    sound: Path
    seed: int
    fps: Fraction
    start: float
    w: NDArray[np.float32]

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return int(self.w.shape[0])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return float(self.frames / self.fps)

    def frame_at(self, seconds: float) -> int:
        """Index of the frame shown at a time, 0..T-1; times outside give the first or the last."""
        # A frame's own time must give that frame although it was rounded to a float.
        index = math.floor((seconds - self.start) * float(self.fps) + 1e-6)
        return min(max(index, 0), self.frames - 1)

    def time_of(self, index: int) -> float:
        """When frame `index` begins, in seconds of the sound."""
        return self.start + float(index / self.fps)


class Kind(IntEnum):
    """Kinds of work, most urgent first; a newer request of a kind replaces the older one."""

    FRAME = 0
    INVERT = 1
    GENERATE = 2
    LISTEN = 3
    EXPORT = 4
    AHEAD = 5


@dataclass(frozen=True, eq=False)
class Request:
    """Base of all requests; `cancel` stops it from any thread."""

    id: int = field(default_factory=new_id, kw_only=True)
    cancel: CancelToken = field(default_factory=CancelToken, kw_only=True)

    @property
    def kind(self) -> Kind:
        """Decides its turn, and which older request it replaces."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class InvertRequest(Request):
    """Sound and seed -> still picture."""

    sound: Path
    seed: int

    @property
    def kind(self) -> Kind:
        return Kind.INVERT


@dataclass(frozen=True, eq=False)
class ListenRequest(Request):
    """Sound -> labels over time."""

    sound: Path

    @property
    def kind(self) -> Kind:
        return Kind.LISTEN


@dataclass(frozen=True, eq=False)
class GenerateRequest(Request):
    """Sound, seed and frame rate -> movie."""

    sound: Path
    seed: int
    fps: Fraction

    @property
    def kind(self) -> Kind:
        return Kind.GENERATE


@dataclass(frozen=True, eq=False)
class FramesRequest(Request):
    """Frames of a movie; `urgent` ones go before everything else."""

    movie: Movie
    indices: tuple[int, ...]
    size: int | None = None
    urgent: bool = False

    @property
    def kind(self) -> Kind:
        return Kind.FRAME if self.urgent else Kind.AHEAD


@dataclass(frozen=True, eq=False)
class ExportRequest(Request):
    """A movie with its sound -> an MP4 file."""

    movie: Movie
    path: Path

    @property
    def kind(self) -> Kind:
        return Kind.EXPORT


@dataclass(frozen=True, eq=False)
class Answer:
    """Base of all answers; `id` is the request's."""

    id: int


@dataclass(frozen=True, eq=False)
class Loading(Answer):
    """The engine is being loaded: fraction 0..1 or -1, and a short sentence."""

    fraction: float
    text: str


@dataclass(frozen=True, eq=False)
class Loaded(Answer):
    """The engine is ready."""

    info: EngineInfo


@dataclass(frozen=True, eq=False)
class LoadFailed(Answer):
    """There is no engine; `error` says why."""

    error: BaseException


@dataclass(frozen=True, eq=False)
class Advanced(Answer):
    """Progress of a job: fraction 0..1 or -1, and a short sentence."""

    kind: Kind
    fraction: float
    text: str


@dataclass(frozen=True, eq=False)
class Ended(Answer):
    """A job ended without a result: stopped (`error` None) or failed."""

    kind: Kind
    error: BaseException | None


@dataclass(frozen=True, eq=False)
class Inverted(Answer):
    """The still picture of a sound, uint8 (H, W, 3)."""

    picture: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Listened(Answer):
    """What the sound sounds like over time."""

    heard: tuple[HeardLike, ...]


@dataclass(frozen=True, eq=False)
class Generated(Answer):
    """A finished movie."""

    movie: Movie


@dataclass(frozen=True, eq=False)
class FrameReady(Answer):
    """One frame, uint8 (H, W, 3), and how long its synthesis took."""

    movie: int
    index: int
    size: int | None
    image: NDArray[np.uint8]
    took: float
    urgent: bool


@dataclass(frozen=True, eq=False)
class FramesDone(Answer):
    """All frames of a request were answered or dropped."""

    urgent: bool


@dataclass(frozen=True, eq=False)
class Exported(Answer):
    """The file is whole and in its place."""

    path: Path
