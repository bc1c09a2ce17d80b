"""How far edits moved a frame: measured on the engine worker, after the frame is on screen."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from soundedit.app.requests import EngineLike, Measured, MeasureRequest
from soundedit.document.curve import active_edits
from soundedit.document.model import Edit, Part, PartKind
from soundedit.errors import MediaError

KEPT = 64
"""Embeddings of words and sounds that are kept."""


class Measurer:
    """Measures frames with one engine; keeps the embeddings of words and sounds."""

    def __init__(self, engine: EngineLike) -> None:
        self._engine = engine
        self._known: OrderedDict[tuple[PartKind, str], NDArray[np.float32]] = OrderedDict()

    def measure(self, request: MeasureRequest, give_way: Callable[[], None]) -> Measured:
        """Compare a frame with and without the edits; `give_way` is called between looks."""
        movie, index = request.movie, request.index
        rendering = movie.rendering
        similarity = before = None
        goal = self._goal(active_edits(movie.project), request.files)
        if goal is not None:
            seen = []
            for w in (rendering.latents(index, 1), rendering.plain(index, 1)):
                # Large towers take long to look.
                give_way()
                (picture,) = self._engine.synthesise(w)
                seen.append(float((self._engine.embed_image(picture[None]) @ goal)[0]))
            similarity, before = seen
        return Measured(
            request.id,
            movie.key,
            index,
            similarity,
            before,
            rendering.distance(index),
            rendering.damping(index),
        )

    def _goal(
        self, edits: tuple[Edit, ...], files: Mapping[str, Path]
    ) -> NDArray[np.float32] | None:
        """What the edits ask for together, as a unit embedding [E]."""
        total = None
        for edit in edits:
            for part in edit.parts:
                share = edit.strength * part.weight
                vector = self._embedding(part, files) if share else None
                if vector is not None:
                    total = share * vector + (0 if total is None else total)
        length = 0.0 if total is None else float(np.linalg.norm(total))
        return None if total is None or length < 1e-6 else (total / length).astype(np.float32)

    def _embedding(self, part: Part, files: Mapping[str, Path]) -> NDArray[np.float32] | None:
        key = (part.kind, part.value)
        if key not in self._known:
            if part.kind is PartKind.TEXT:
                self._known[key] = self._engine.embed_text(part.value)[0]
            elif part.kind is PartKind.SOUND and part.value in files:
                try:
                    self._known[key] = self._engine.embed_sound(files[part.value])
                except MediaError:
                    return None  # It asks for nothing; its card says so.
            else:
                return None
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return self._known[key]
