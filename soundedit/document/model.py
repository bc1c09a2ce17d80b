"""The document: a project as plain immutable data. Times are seconds, strengths are numbers.

Every change makes a new `Project` that shares what did not change, so that a history of projects
is small and nothing held elsewhere can change under its holder.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Unread(Mapping[str, Any]):
    """Fields of a newer version, kept as they were read; hashable and picklable, unlike a `dict`
    or a `MappingProxyType`, so that a `Project` is too.
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, key: str) -> Any:
        return self._fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __hash__(self) -> int:
        return hash(frozenset(self._fields))

    def __repr__(self) -> str:
        return f"Unread({self._fields!r})"


NOTHING: Mapping[str, Any] = Unread({})


class Easing(StrEnum):
    """How a strength goes from one keyframe to the next."""

    LINEAR = "linear"
    SMOOTH = "smooth"
    HOLD = "hold"


class PartKind(StrEnum):
    """What a part of an edit is."""

    TEXT = "text"
    """`value` holds the words."""
    SOUND = "sound"
    """`value` is the id of a `Media` sound."""
    PICTURE = "picture"
    """`value` is the id of a `Media` picture whose style is mixed in."""
    SEED = "seed"
    """`value` is the seed whose style is mixed in, in decimal digits."""
    DIRECTION = "direction"
    """`value` is the id of a `Media` direction: latents [L, D] saved or refined before."""


class StartKind(StrEnum):
    """What the pictures start from."""

    SEED = "seed"
    PHOTO = "photo"
    VIDEO = "video"


class MediaKind(StrEnum):
    """What a media file of the project is."""

    SOUND = "sound"
    PICTURE = "picture"
    VIDEO = "video"
    DIRECTION = "direction"
    LATENTS = "latents"


@dataclass(frozen=True)
class Media:
    """A file the project uses. `inside` files lie in the project's zip under `media/<id>/<name>`;
    others are found at `path`, which is absolute here and, where that is possible, relative to the
    project file within it.
    """

    id: str
    name: str
    kind: MediaKind
    path: str = ""
    sha256: str = ""
    inside: bool = True
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Take:
    """The sound of the project: a `Media` sound or video; `latents` are those of a live take."""

    media: str
    seconds: float
    latents: str | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Start:
    """The scene that the sound moves: a seed, a photo or a video.

    `crop` is (left, top, side) of a square, in shares of the picture's width, height and width,
    0 to 1, the side above 0; None is the middle. `latents` is the id of a `Media` with the refined
    latents, once there are.
    """

    kind: StartKind = StartKind.SEED
    seed: int = 0
    media: str | None = None
    crop: tuple[float, float, float] | None = None
    latents: str | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Keyframe:
    """Strength `value` at `seconds`; `easing` leads to the next keyframe."""

    seconds: float
    value: float
    easing: Easing = Easing.LINEAR
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Bands:
    """Weights of the coarse, mid and fine style layers, 0 to 2."""

    coarse: float = 1.0
    mid: float = 1.0
    fine: float = 1.0
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Reactivity:
    """How far the sound moves the pictures away from their start, before any edit.

    `strength` 0 to 2: 1 goes as far as the frame generator leads, 0 shows the start itself. Each
    of the coarse, mid and fine style layers goes `strength` x its weight in `bands`.
    """

    strength: float = 1.0
    bands: Bands = Bands()
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Span:
    """Where an edit acts, in seconds of the take; `end` None is the take's end.

    Fades are inside the span and linear.
    """

    start: float = 0.0
    end: float | None = None
    fade_in: float = 0.0
    fade_out: float = 0.0
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Part:
    """One word, sound, picture, seed or saved direction of an edit, with its weight."""

    kind: PartKind
    value: str
    weight: float = 1.0
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Edit:
    """A change of the pictures over time.

    Its strength at t is `strength` (-2 to 2) x the curve through `keyframes` (1 where there are
    none) x the span's fades x, if `follow`, the envelope (0 to 1) of its first sound part. Parts of
    kind text, sound and direction add up to an offset in W+; parts of kind picture and seed mix
    their style in by that strength, per band. `refined` is the id of a `Media` direction that the
    fine way found for these parts; it replaces the fast one.
    """

    id: str
    name: str
    parts: tuple[Part, ...]
    strength: float = 1.0
    keyframes: tuple[Keyframe, ...] = ()
    bands: Bands = Bands()
    span: Span = Span()
    follow: bool = False
    mute: bool = False
    solo: bool = False
    refined: str | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Marker:
    """A named point of the take."""

    id: str
    seconds: float
    name: str = ""
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Range:
    """In and out point in seconds; None is the take's start or end."""

    start: float | None = None
    end: float | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Beats:
    """The beats of the take: `bpm` of them a minute, 20 to 400, one of them at `first` seconds,
    which begins a bar of `bar` beats, 1 to 16.
    """

    bpm: float = 120.0
    first: float = 0.0
    bar: int = 4
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Level:
    """The strength -2 to 2 of the edit of an id, in a look."""

    edit: str
    strength: float
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Look:
    """Settings of a performance, called up by their number `slot` 1 to 8: how far the sound goes,
    the strengths of edits, and the scene of a `seed`, or None for whichever there is.
    """

    slot: int
    reactivity: float = 1.0
    levels: tuple[Level, ...] = ()
    seed: int | None = None
    extra: Mapping[str, Any] = field(default=NOTHING)


@dataclass(frozen=True)
class Project:
    """Everything a person made. `fps` is a fraction as text: "24", "30000/1001".

    `extra` keeps fields of newer versions unread, here and in every part, so that a file goes
    through an older version unharmed.
    """

    title: str = ""
    pack: str = ""
    take: Take | None = None
    start: Start = Start()
    reactivity: Reactivity = Reactivity()
    fps: str = "24"
    edits: tuple[Edit, ...] = ()
    markers: tuple[Marker, ...] = ()
    range: Range = Range()
    beats: Beats | None = None
    looks: tuple[Look, ...] = ()
    media: tuple[Media, ...] = ()
    notes: str = ""
    extra: Mapping[str, Any] = field(default=NOTHING)

    @property
    def moves(self) -> bool:
        """Whether there is anything that moves the pictures: a take, or a video as the start."""
        return self.take is not None or self.start.kind is StartKind.VIDEO
