"""The moving picture of a project, as the app sees it: frames by their times, made elsewhere."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from soundedit.document.model import Project, Reactivity
from soundedit.progress import CancelToken


class RenderingLike(Protocol):
    """The part of `soundedit.engine.rendering.Rendering` the app uses.

    Latents are asked for on the engine worker only; the facts never change.
    """

    @property
    def fps(self) -> Fraction: ...
    @property
    def frames(self) -> int: ...
    @property
    def key(self) -> str: ...
    @property
    def frame_keys(self) -> NDArray[np.uint64]: ...
    @property
    def faults(self) -> Mapping[str, str]: ...
    @property
    def cautions(self) -> Mapping[str, str]: ...
    @property
    def problems(self) -> Sequence[str]: ...
    def latents(self, first: int, count: int) -> NDArray[np.float32]: ...
    def plain(self, first: int, count: int) -> NDArray[np.float32]: ...
    def with_project(
        self, project: Project, files: Mapping[str, Path], *, cancel: CancelToken | None = None
    ) -> "RenderingLike": ...
    def mix(
        self, w: NDArray[np.float32], strengths: Mapping[str, float], reactivity: Reactivity
    ) -> NDArray[np.float32]: ...
    def damping(self, frame: int) -> float: ...
    def distance(self, frame: int) -> Mapping[str, float]: ...


@dataclass(frozen=True, eq=False)
class Movie:
    """A project made ready: frame k is shown at k/fps until the next one.

    `key` says everything that decides the pictures, `frame_keys` [T] what decides each one, so
    that movies share the frames that their edits leave alone. `sound` is the take's file. Times
    are seconds of the take.
    """

    key: str
    project: Project
    sound: Path | None
    fps: Fraction
    frames: int
    rendering: RenderingLike
    faults: Mapping[str, str]
    """Why an edit does nothing, by its id."""
    cautions: Mapping[str, str]
    """What to expect of what another version of the pack made: "start", "take", or an edit's id."""
    frame_keys: NDArray[np.uint64]

    @classmethod
    def of(cls, rendering: RenderingLike, project: Project, sound: Path | None) -> "Movie":
        """The movie of a rendering."""
        return cls(
            rendering.key,
            project,
            sound,
            rendering.fps,
            rendering.frames,
            rendering,
            dict(rendering.faults),
            dict(rendering.cautions),
            rendering.frame_keys,
        )

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return float(self.frames / self.fps)

    def frame_key(self, index: int) -> int:
        """What decides the picture of a frame."""
        return int(self.frame_keys[index])

    def frame_at(self, seconds: float) -> int:
        """Index of the frame shown at a time, 0..T-1; times outside give the first or the last."""
        # A frame's own time must give that frame although it was rounded to a float.
        index = math.floor(seconds * float(self.fps) + 1e-6)
        return min(max(index, 0), self.frames - 1)

    def time_of(self, index: int) -> float:
        """When frame `index` begins, in seconds of the take."""
        return float(index / self.fps)
