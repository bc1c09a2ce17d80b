"""What the GUI asks of the engine worker, and what comes back: immutable, with ids."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from soundedit.app.movie import Movie
from soundedit.document.model import Project, StartKind
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

    @property
    def knows_classes(self) -> bool: ...

    def listen(
        self, sound: Path, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> list[Any]: ...

    def invert(self, sound: Path, *, seed: int = 0, cancel: CancelToken | None = None) -> Any: ...

    def synthesise(
        self,
        w: NDArray[np.float32] | Iterable[NDArray[np.float32]],
        *,
        batch: int = 8,
        size: int | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[NDArray[np.uint8]]: ...

    def embed_text(self, text: str) -> NDArray[np.float32]: ...

    def embed_image(self, image: NDArray[np.uint8]) -> NDArray[np.float32]: ...

    def embed_sound(self, sound: Path) -> NDArray[np.float32]: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class EngineInfo:
    """What the status bar says of a loaded engine; `pack_id` is the pack's name and version."""

    pack: str
    pack_id: str
    device: str
    device_name: str
    resolution: int
    labels: tuple[str, ...]
    name: str = ""
    """What the pack is called in a project."""
    words: tuple[str, ...] = ()
    """Words and phrases the pack knows well."""


class PreviewSize(IntEnum):
    """How large pictures are made while playing and scrubbing: a part of the pack's own size.

    `AUTOMATIC` makes them whole where that is fast enough, else of half the size. Where the
    playhead rests the whole picture follows; exports are always whole. A quarter is another picture
    of the skip connection, often paler, and is only made where somebody asks for it.
    """

    AUTOMATIC = 0
    FULL = 1
    HALF = 2
    QUARTER = 4

    @property
    def part(self) -> int:
        """By what the side of a smaller picture is divided."""
        return self.value or PreviewSize.HALF


class Kind(IntEnum):
    """Kinds of work, most urgent first; a newer request of a kind replaces the older one."""

    REDRAW = 0
    FRAME = 1
    PLAIN = 2
    LIVE = 3
    INVERT = 4
    GENERATE = 5
    FIT = 6
    REFINE = 7
    MEASURE = 8
    LISTEN = 9
    AHEAD = 10
    EXPORT = 11


@dataclass(frozen=True, eq=False)
class Request:
    """Base of all requests; `cancel` stops it from any thread."""

    id: int = field(default_factory=new_id, kw_only=True)
    cancel: CancelToken = field(default_factory=CancelToken, kw_only=True)

    @property
    def kind(self) -> Kind:
        """Decides its turn, and which older request it replaces."""
        raise NotImplementedError

    @property
    def needs_words(self) -> bool:
        """Whether it embeds words or pictures, what the engine cannot do from the first moment."""
        return False

    @property
    def needs_classes(self) -> bool:
        """Whether it names sounds, what some packs need words for."""
        return False


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

    @property
    def needs_classes(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class GenerateRequest(Request):
    """A project with its files -> movie."""

    project: Project
    files: Mapping[str, Path]
    sound: Path | None

    @property
    def kind(self) -> Kind:
        return Kind.GENERATE

    @property
    def needs_words(self) -> bool:
        return _asks_words(self.project)


@dataclass(frozen=True, eq=False)
class RedrawRequest(Request):
    """The movie of a project whose edits or reactivity changed, and its frame `index` at once."""

    movie: Movie
    project: Project
    files: Mapping[str, Path]
    index: int
    preview: PreviewSize = PreviewSize.AUTOMATIC

    @property
    def kind(self) -> Kind:
        return Kind.REDRAW

    @property
    def needs_words(self) -> bool:
        return _asks_words(self.project)


@dataclass(frozen=True, eq=False)
class FramesRequest(Request):
    """Frames of a movie; `urgent` ones are waited for, `plain` ones stand beside them."""

    movie: Movie
    indices: tuple[int, ...]
    size: int | None = None
    urgent: bool = False
    plain: bool = False
    preview: PreviewSize = PreviewSize.AUTOMATIC
    """How large what is waited for is made first."""

    @property
    def kind(self) -> Kind:
        if self.plain:
            return Kind.PLAIN
        return Kind.FRAME if self.urgent else Kind.AHEAD


@dataclass(frozen=True, eq=False)
class MeasureRequest(Request):
    """How far the edits moved a frame."""

    movie: Movie
    files: Mapping[str, Path]
    index: int

    @property
    def kind(self) -> Kind:
        return Kind.MEASURE

    @property
    def needs_words(self) -> bool:
        return True


def _asks_words(project: Project) -> bool:
    return bool(project.edits) or project.start.kind is not StartKind.SEED


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
class LoadingStopped(Answer):
    """Another engine is wanted than the one that was being loaded."""


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
    """A finished movie, and the same without edits."""

    movie: Movie
    plain: Movie


@dataclass(frozen=True, eq=False)
class Redrawn(Answer):
    """The movie with other edits or another reactivity, and the same without edits; its frame
    `index` follows.
    """

    movie: Movie
    plain: Movie
    index: int


@dataclass(frozen=True, eq=False)
class Measured(Answer):
    """How far the edits moved a frame.

    `similarity` and `before` are cosines of the frame with and without edits to what they ask
    for, None where they ask for nothing; `distance` is by band, in the latents' own spread;
    `damping` (0..1) is how much of the change was held back.
    """

    movie: str
    index: int
    similarity: float | None
    before: float | None
    distance: Mapping[str, float]
    damping: float


@dataclass(frozen=True, eq=False)
class FrameReady(Answer):
    """One frame, uint8 (H, W, 3), and how long its synthesis took; `movie` is the movie's key."""

    movie: str
    index: int
    size: int | None
    image: NDArray[np.uint8]
    took: float
    urgent: bool


@dataclass(frozen=True, eq=False)
class FramesDone(Answer):
    """All frames of a request were answered or dropped."""

    urgent: bool
