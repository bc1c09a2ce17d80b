"""A small engine with the interface of the real one, for tests that must control its timing."""

import hashlib
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundedit.app.movie import Movie
from soundedit.document.model import Part, PartKind, Project

# The worker needs it beside an engine; imported here so that no test waits for torch.
from soundedit.engine.export import export  # noqa: F401
from soundedit.engine.rendering import Rendering  # noqa: F401
from soundedit.media.sound import probe_sound
from soundedit.progress import CancelToken, Progress

RESOLUTION = 64
LAYERS = 7
PUSH = 40
"""What a word or sound of weight 1 adds to the red of a picture at strength 1."""
LABELS = ("wind", "rain", "thunder")


@dataclass(frozen=True)
class Heard:
    start: float
    end: float
    label: str
    score: float


class Track:
    """A rendering that has its latents [T, L, D] already, whatever the edits."""

    def __init__(self, w: NDArray[np.float32], fps: Fraction, key: str) -> None:
        self.w, self.fps, self.key = w, fps, key
        self.frames = len(w)
        self.faults: dict[str, str] = {}
        self.cautions: dict[str, str] = {}
        seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
        self.frame_keys = np.full(len(w), seed, np.uint64)

    def latents(self, first: int, count: int) -> NDArray[np.float32]:
        return self.w[first : first + count]

    def with_project(self, project: Project, files: Any = None, *, cancel: Any = None) -> "Track":
        return self


def movie(frames: int = 200, fps: Fraction = Fraction(24), key: str = "a") -> Movie:
    """A movie for an engine that was not asked: latents hold the frame's index."""
    w = np.zeros((frames, LAYERS, 2), np.float32)
    w[:, :, 1] = np.arange(frames)[:, None]
    return Movie.of(Track(w, fps, key), Project(), Path("a.wav"))


class Region:
    """Every latent can be trusted."""

    def change(self, offset: NDArray[np.float32]) -> dict[str, float]:
        return {
            name: float(np.abs(offset[part]).max())
            for name, part in (("coarse", 0), ("mid", 3), ("fine", 6))
        }


class StandIn:
    """Pictures are flat: red is the seed plus `PUSH` a word, green and blue the frame's index.

    `gate` holds the work back: closed, every step waits until the test opens it; `whole` only
    pictures of full size.
    """

    def __init__(self, resolution: int = RESOLUTION, step_seconds: float = 0.0) -> None:
        self.device = "cpu"
        self.device_name = "stand-in"
        self.resolution = resolution
        self.num_ws, self.w_dim = LAYERS, 2
        self.precision = "float32"
        self.region = Region()
        self.knows_classes = True
        self.manifest = SimpleNamespace(
            name="stand-in",
            title="Stand-in",
            classes=list(LABELS),
            prompts={"rain": ["rain", "heavy rain"]},
            version="1.0",
            latents="stand-in 1.0",
            components={"generator": SimpleNamespace(sha256="0" * 64)},
        )
        self.gate, self.whole = threading.Event(), threading.Event()
        self.gate.set()
        self.whole.set()
        self.begun = 0
        self.step_seconds = step_seconds
        self.made: list[int] = []
        self.calls: list[str] = []
        self.closed = False

    def _step(self, cancel: CancelToken | None) -> None:
        while not self.gate.wait(0.005):
            if cancel is not None:
                cancel.check()
        if self.step_seconds:
            time.sleep(self.step_seconds)
        if cancel is not None:
            cancel.check()

    def listen(
        self, sound: Path, *, progress: Progress | None = None, cancel: CancelToken | None = None
    ) -> list[Heard]:
        self.calls.append("listen")
        seconds = probe_sound(sound).seconds
        heard = []
        for number in range(math.ceil(seconds)):
            self._step(cancel)
            end = min(number + 1.0, seconds)
            for rank, label in enumerate(LABELS):
                score = 0.9 if rank == number // 2 % 3 else 0.05
                heard.append(Heard(float(number), end, label, score))
            if progress:
                progress(end / seconds, "Listening")
        return heard

    def invert(self, sound: Path, *, seed: int = 0, cancel: CancelToken | None = None) -> Any:
        self.calls.append(f"invert {seed}")
        self._step(cancel)
        return SimpleNamespace(picture=self.picture(seed, 0), w=self.sample(seed))

    def sample(self, seed: int) -> NDArray[np.float32]:
        w = np.zeros((LAYERS, 2), np.float32)
        w[:, 0] = seed
        return w

    def direction(self, parts: Sequence[Part], locate: Callable[[str], Path]) -> Any:
        dw = np.zeros((LAYERS, 2), np.float32)
        for part in parts:
            if part.kind is PartKind.SOUND:
                probe_sound(locate(part.value))
            dw[:, 0] += PUSH * part.weight
        return SimpleNamespace(dw=dw, change=self.region.change(dw))

    def embed_text(self, text: str) -> NDArray[np.float32]:
        return np.array([[1.0, 0.0]], np.float32)

    def unknown_words(self, text: str) -> list[str]:
        return [word for word in text.split() if word == "gewitter"]

    def embed_sound(self, sound: Path) -> NDArray[np.float32]:
        return np.array([1.0, 0.0], np.float32)

    def embed_image(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The redder, the more like any word."""
        angle = image[:, 0, 0, 0] / 256 * np.pi / 2
        return np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)

    def bound(
        self, w: NDArray[np.float32], base: NDArray[np.float32] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return w, np.zeros(len(w), np.float32)

    def generate(
        self,
        sound: Path,
        *,
        fps: Fraction | float = 24,
        seed: int = 0,
        scene: NDArray[np.float32] | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Any:
        self.calls.append("generate")
        frames = math.ceil(probe_sound(sound).seconds * Fraction(fps))
        w = np.zeros((frames, LAYERS, 2), np.float32)
        for index in range(frames):
            if index % 24 == 0:
                self._step(cancel)
                if progress:
                    progress(index / frames, "Generating")
            w[index] = seed, index
        return SimpleNamespace(w=w, fps=Fraction(fps), seed=seed, start=0.0, seconds=frames / fps)

    def synthesise(
        self,
        w: Any,
        *,
        batch: int = 8,
        size: int | None = None,
        progress: Progress | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[NDArray[np.uint8]]:
        blocks = [w] if isinstance(w, np.ndarray) else w
        for latent in (latent for block in blocks for latent in block):
            self.begun += 1
            while size is None and not self.whole.wait(0.005):
                if cancel is not None:
                    cancel.check()
            self._step(cancel)
            seed, index = (int(value) for value in latent[0])
            self.made.append(index)
            yield self.picture(seed, index, size)

    def picture(self, seed: int, index: int, size: int | None = None) -> NDArray[np.uint8]:
        side = size or self.resolution
        return np.full((side, side, 3), (seed % 256, index % 256, index // 256), np.uint8)

    def close(self) -> None:
        self.closed = True


class Landscape(StandIn):
    """Draws hills under a moving sky, for looking at the window."""

    def picture(self, seed: int, index: int, size: int | None = None) -> NDArray[np.uint8]:
        side = size or self.resolution
        y, x = np.mgrid[0:side, 0:side] / side
        t = index / 40
        image = np.zeros((side, side, 3))
        image[..., 0] = 0.35 + 0.4 * y + 0.15 * np.sin(6 * x + t)
        image[..., 1] = 0.45 + 0.3 * y
        image[..., 2] = 0.75 - 0.2 * y + 0.1 * np.cos(5 * x - t)
        for layer in range(3):
            ridge = 0.5 + layer * 0.13 + 0.06 * np.sin((7 - layer) * x * 2 + seed + layer + t / 3)
            ridge += 0.03 * np.sin(23 * x + layer * 2 + seed)
            below = y > ridge
            image[below] = np.array([0.16, 0.3, 0.2]) * (1.2 - 0.3 * layer)
        return np.clip(image * 255, 0, 255).astype(np.uint8)
