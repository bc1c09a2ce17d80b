"""A project made ready on an engine: the latents of every frame, with and without its edits."""

import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from soundedit.document.curve import active_edits, strength_at
from soundedit.document.model import Edit, Part, PartKind, Project, Reactivity, StartKind
from soundedit.engine.directions import OFFSET_KINDS
from soundedit.engine.latents import read_latents
from soundedit.engine.reactivity import layer_gains, reacting
from soundedit.engine.start import at_rate, start_latents
from soundedit.engine.strangers import strangers, unknown_words
from soundedit.engine.trajectory import frame_rate, put_away
from soundedit.errors import Cancelled, MediaError, SoundeditError
from soundedit.media.envelope import Envelope, read_envelope
from soundedit.nets.bands import BANDS, band_slices
from soundedit.progress import CancelToken, Progress

if TYPE_CHECKING:
    from soundedit.engine.engine import Engine

_WITH_FILE = (PartKind.SOUND, PartKind.PICTURE, PartKind.DIRECTION)
_Find = Callable[[], NDArray[np.float32]]
FOLLOW_SECONDS = 1 / 24
"""How long a loudness that an edit follows is held."""


@dataclass(frozen=True)
class _Ground:
    """What the edits act on: scene [1 or T, L, D] and trajectory [T, L, D].

    A live take's file holds its latents alone, so the scene is that of the project's start: the one
    it was played on until another start is chosen, and of a video its first frame, as in live.
    """

    key: str
    scene: NDArray[np.float32]
    trajectory: NDArray[np.float32]
    seconds: float


@dataclass(frozen=True)
class _Active:
    """An edit that acts: its offset times its bands' weights, its styles, what it follows."""

    edit: Edit
    offset: NDArray[np.float32] | None
    styles: tuple[tuple[float, NDArray[np.float32]], ...]
    weights: NDArray[np.float32]
    envelope: Envelope | None
    since: float


class Rendering:
    """A pure function of (trajectory, reactivity, edits, pack), for the engine's thread.

    An edit that cannot act, because a file of it is missing or damaged, is left out: `problems` has
    a sentence for each, and `faults` why, by the edit's id. `cautions` says of what acts whether
    the pack knows it, by the id of an edit, "start" or "take"; `problems` too.
    """

    _keys: NDArray[np.uint64] | None = None

    def __init__(
        self,
        engine: "Engine",
        project: Project,
        files: Mapping[str, Path],
        *,
        fps: Fraction | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        """Hear the take, follow its trajectory from the start, and find every edit's direction.

        `files` has the file of each media id of the project; `fps` overrides the project's.
        Without a take the start stands still for one frame, or moves as its video does.
        SoundeditError for a missing or unreadable take or start, and as Engine.generate.
        """
        self._engine, self._files = engine, dict(files)
        self.fps = frame_rate(Fraction(project.fps) if fps is None else fps)
        self._keys: NDArray[np.uint64] | None = None
        self._found: dict[str, NDArray[np.float32]] = {}
        self._envelopes: dict[str, Envelope] = {}
        self._slices = band_slices(engine.num_ws)
        self._wanted_fps = fps
        self.project = project
        self._ground = self._begin(project, progress, cancel)
        self._prepare(cancel)

    @property
    def engine(self) -> "Engine":
        """The engine it was made on."""
        return self._engine

    @property
    def frames(self) -> int:
        """Number of frames T."""
        return len(self._ground.trajectory)

    @property
    def seconds(self) -> float:
        """Length of the take; of the frames where there is none."""
        return self._ground.seconds

    @property
    def key(self) -> str:
        """Names everything that decides the pictures."""
        edits = [active.edit for active in self._active]
        said = [[_said(edit) for edit in edits], self._fingerprints(*edits)]
        return _digest([self._ground.key, self._gains.tolist(), *said])

    def latents(self, first: int, count: int) -> NDArray[np.float32]:
        """Latents [count, L, D] of frames from `first` on, with the edits."""
        return self._edited(first, count)[0]

    def plain(self, first: int, count: int) -> NDArray[np.float32]:
        """Latents [count, L, D] without any edit, as far from the start as the sound may go."""
        if not 0 <= first <= first + count <= self.frames:
            raise ValueError(f"frames {first} to {first + count} are not within {self.frames}")
        w: NDArray[np.float32] = np.array(self._ground.trajectory[first : first + count])
        put_away(self._ground.trajectory)
        return reacting(w, self._scenes(first, count), self._gains, self._engine.bound)

    @property
    def frame_keys(self) -> NDArray[np.uint64]:
        """A number for each frame [T], of all that decides its picture: the place in the ground,
        the reactivity, and what acts at its time with what strength. Frames out of an edit's reach
        keep theirs.
        """
        if self._keys is None:
            keys = np.full(self.frames, int(self._ground.key[:16], 16), np.uint64)
            if (self._gains != 1).any():
                keys ^= np.uint64(int(_digest(self._gains.tolist())[:16], 16))
            for active, strength in zip(self._active, self._given(0, self.frames), strict=True):
                edit, acts = active.edit, strength != 0
                said = [_said(edit)[1], _said(edit)[3], edit.refined, self._fingerprints(edit)]
                edited = strength[acts].astype(np.float64).view(np.uint64)
                edited ^= np.uint64(int(_digest(said)[:16], 16))
                keys[acts] = _scrambled(_scrambled(keys[acts]) + _scrambled(edited))
            self._keys = keys
        return self._keys

    def damping(self, frame: int) -> float:
        """The share 0 to 1 of the edits' way that keeping to the trusted region takes back."""
        return float(self._edited(frame, 1)[1][0])

    def distance(self, frame: int) -> dict[str, float]:
        """How far the edits move a frame in each band, in the latents' own spread."""
        moved = self.latents(frame, 1) - self.plain(frame, 1)
        return self._engine.region.change(moved[0])

    def with_project(
        self,
        project: Project,
        files: Mapping[str, Path] | None = None,
        *,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> "Rendering":
        """This rendering for a changed project; cheap where only edits or reactivity changed."""
        new = copy.copy(self)
        new._files = dict(self._files if files is None else files)
        new.project = project
        new.fps = frame_rate(Fraction(project.fps) if self._wanted_fps is None else self.fps)
        if new._ground_key(project) != self._ground.key:
            new._ground = new._begin(project, progress, cancel)
        new._prepare(cancel)
        return new

    def _locate(self, media: str) -> Path:
        file = self._files.get(media)
        if file is None or not file.is_file():
            names = [m.name for m in self.project.media if m.id == media]
            name = names[0] if names else media
            raise MediaError(f"The file {name} of the project is missing; put it back.")
        return file

    def _fingerprint(self, media: str | None) -> list[object]:
        """Tells one content of a media file from another."""
        if media is None:
            return []
        known = [m.sha256 for m in self.project.media if m.id == media]
        if known and known[0]:
            return [known[0]]
        file = self._files.get(media)
        if file is None or not file.is_file():
            return [media]
        stat = file.stat()
        return [str(file), stat.st_size, stat.st_mtime_ns]

    def _fingerprints(self, *edits: Edit) -> list[list[object]]:
        media = [edit.refined for edit in edits]
        media += [p.value for e in edits for p in e.parts if p.kind in _WITH_FILE]
        return [self._fingerprint(m) for m in media]

    def _ground_key(self, project: Project) -> str:
        take, start = project.take, project.start
        parts = self._engine.manifest.components.values()
        return _digest(
            [
                [part.sha256 for part in parts],
                str(self.fps),
                [start.kind, start.seed, start.crop],
                self._fingerprint(start.media),
                self._fingerprint(start.latents),
                None if take is None else [self._fingerprint(take.media), take.seconds],
                None if take is None else self._fingerprint(take.latents),
            ]
        )

    def _begin(
        self, project: Project, progress: Progress | None, cancel: CancelToken | None
    ) -> _Ground:
        engine, take = self._engine, project.take
        key = self._ground_key(project)
        scene = start_latents(engine, project.start, self._locate, self.fps, progress, cancel)
        path = scene if scene.ndim == 3 else scene[None]
        if take is None:
            return _Ground(key, path, path, float(len(path) / self.fps))
        if take.latents is not None:
            shape, pack = (engine.num_ws, engine.w_dim), engine.manifest
            live = read_latents(self._locate(take.latents), shape, pack.name, pack.latents)
            w = live.w if live.w.ndim == 3 else live.w[None]
            w = at_rate(w, live.fps or self.fps, self.fps)
            return _Ground(key, path[:1], w, float(len(w) / self.fps))
        seed = project.start.seed if project.start.kind == StartKind.SEED else 0
        found = engine.generate(
            self._locate(take.media),
            fps=self.fps,
            seed=seed,
            scene=scene,
            progress=progress,
            cancel=cancel,
        )
        return _Ground(key, path, found.w, take.seconds or found.seconds)

    def _prepare(self, cancel: CancelToken | None) -> None:
        """Find how far the sound goes, and what every active edit adds."""
        self._gains = self._gains_of(self.project.reactivity)
        self._active: list[_Active] = []
        self._keys = None
        self.problems: list[str] = []
        self.faults: dict[str, str] = {}
        space = self._engine.manifest.latents
        self.cautions = strangers(self.project, self._files, space)
        for edit in active_edits(self.project):
            try:
                self._active.append(self._ready(edit, cancel))
            except Cancelled:
                raise
            except SoundeditError as error:
                self.problems.append(f"{edit.name or 'An edit'} does nothing: {error}")
                self.faults[edit.id] = str(error)
        words = unknown_words([one.edit for one in self._active], self._engine.unknown_words)
        self.cautions = words | self.cautions
        names = {edit.id: f"{edit.name or 'An edit'}: " for edit in self.project.edits}
        self.problems += [names.get(key, "") + text for key, text in self.cautions.items()]

    def _gains_of(self, reactivity: Reactivity) -> NDArray[np.float32]:
        # A start that nothing moves is where it is.
        still = self._ground.trajectory is self._ground.scene
        return layer_gains(Reactivity() if still else reactivity, self._engine.num_ws)

    def _scenes(self, first: int, count: int) -> NDArray[np.float32]:
        """The scene [count, L, D] of each frame from `first` on."""
        path = self._ground.scene
        return np.array(path[np.minimum(np.arange(first, first + count), len(path) - 1)])

    def _ready(self, edit: Edit, cancel: CancelToken | None) -> _Active:
        weights = np.ones((self._engine.num_ws, 1), np.float32)
        for name in BANDS:
            weights[self._slices[name]] = getattr(edit.bands, name)
        moving = [part for part in edit.parts if part.kind in OFFSET_KINDS]
        offset = None
        if edit.refined is not None:
            said = ["refined", self._fingerprint(edit.refined)]
            part = Part(PartKind.DIRECTION, edit.refined)
            offset = self._remember(said, lambda: self._direction([part]))
        elif moving:
            said = ["fast", [[p.kind, p.value, p.weight] for p in moving]]
            said.append(self._fingerprints(Edit("", "", tuple(moving))))
            offset = self._remember(said, lambda: self._direction(moving))
        styles = [(p.weight, self._style(p)) for p in edit.parts if p.kind not in OFFSET_KINDS]
        envelope, since = self._follow(edit, cancel)
        return _Active(edit, offset, tuple(styles), weights, envelope, since)

    def _remember(
        self, said: object, find: Callable[[], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        key = _digest(said)
        if key not in self._found:
            self._found[key] = find()
        return self._found[key]

    def _direction(self, parts: list[Part]) -> NDArray[np.float32]:
        return self._engine.direction(parts, self._locate).dw

    def _style(self, part: Part) -> NDArray[np.float32]:
        if part.kind == PartKind.PICTURE:
            said = ["picture", self._fingerprint(part.value)]
            return self._remember(said, lambda: self._engine.encode_photo(self._locate(part.value)))
        if not part.value.isdigit():
            raise SoundeditError(f"The seed {part.value!r} is not a whole number from 0 up.")
        return self._engine.sample(int(part.value))

    def _follow(self, edit: Edit, cancel: CancelToken | None) -> tuple[Envelope | None, float]:
        """The loudness that an edit follows, and from which second of the take on."""
        sounds = [part.value for part in edit.parts if part.kind == PartKind.SOUND]
        if not edit.follow or not sounds:
            return None, 0.0
        key = _digest(self._fingerprint(sounds[0]))
        if key not in self._envelopes:
            self._envelopes[key] = read_envelope(self._locate(sounds[0]), cancel)
        take = self.project.take
        own = take is not None and take.media == sounds[0]
        return self._envelopes[key], 0.0 if own else edit.span.start

    def _edited(self, first: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Latents with the edits [n, L, D], and how much of them was damped [n]."""
        plain = self.plain(first, count)
        return self._mixed(plain, self._scenes(first, count), self._given(first, count))

    def _given(self, first: int, count: int) -> list[NDArray[np.float32]]:
        """The strength [n] of each active edit."""
        # As a float of the exact fraction, which is what spans and keyframes at a frame hold.
        frames = first + np.arange(count, dtype=np.float64)
        times = frames * self.fps.denominator / self.fps.numerator
        given = []
        for active in self._active:
            envelope = None
            if active.envelope is not None:
                envelope = active.envelope.at(times - active.since, FOLLOW_SECONDS, repeat=True)
            given.append(strength_at(active.edit, times, self.seconds, envelope))
        return given

    def mix(
        self, w: NDArray[np.float32], strengths: Mapping[str, float], reactivity: Reactivity
    ) -> NDArray[np.float32]:
        """Latents [L, D] of one moment, so far from the start, with the edits at strengths given by
        their ids, for live.

        Curves, spans and loudness do not count, and an edit without a strength does nothing.
        """
        scene = np.array(self._ground.scene[:1])
        gains = layer_gains(reactivity, self._engine.num_ws)
        plain = reacting(np.array(w[None]), scene, gains, self._engine.bound)
        given = [np.full(1, strengths.get(a.edit.id, 0.0), np.float32) for a in self._active]
        return self._mixed(plain, scene, given)[0][0]

    def _mixed(
        self,
        plain: NDArray[np.float32],
        scene: NDArray[np.float32],
        given: list[NDArray[np.float32]],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Latents and scenes [n, L, D] with each edit at its strengths [n]; changes `plain`."""
        damped = np.zeros(len(plain), np.float32)
        base, offset = scene.copy(), np.zeros_like(plain)
        touched = np.zeros(len(plain), bool)
        for active, strength in zip(self._active, given, strict=True):
            if not strength.any():
                continue
            touched |= strength != 0
            share = strength[:, None, None] * active.weights
            if active.offset is not None:
                offset += share * active.offset
            for weight, style in active.styles:
                base += (weight * share).clip(-1, 1) * (style - base)
        if touched.any():
            moved = plain[touched] + (base - scene)[touched] + offset[touched]
            plain[touched], damped[touched] = self._engine.bound(moved, plain[touched])
        return plain, damped


def _said(edit: Edit) -> list[object]:
    """Everything about an edit that decides a picture; not what it is called."""
    bands, span = edit.bands, edit.span
    return [
        edit.strength,
        [[part.kind, part.value, part.weight] for part in edit.parts],
        [[key.seconds, key.value, key.easing] for key in edit.keyframes],
        [bands.coarse, bands.mid, bands.fine],
        [span.start, span.end, span.fade_in, span.fade_out],
        [edit.follow, edit.refined],
    ]


def _scrambled(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Another number for each number, as SplitMix64 does it (Steele et al. 2014)."""
    mixed = keys + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _digest(said: object) -> str:
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()
