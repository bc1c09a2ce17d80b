"""A rendering becomes a file: synthesis and encoding side by side, in flat memory."""

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from soundedit import __version__
from soundedit.document.curve import active_edits
from soundedit.document.fields import to_json
from soundedit.document.model import Project, Reactivity, StartKind
from soundedit.engine.engine import Engine
from soundedit.engine.leftovers import noted
from soundedit.engine.looping import Read, glide_frames, looped
from soundedit.engine.pump import Pump
from soundedit.engine.rendering import Rendering
from soundedit.engine.trajectory_file import TrajectoryWriter
from soundedit.errors import ExportError, shown
from soundedit.media.fades import dimmed
from soundedit.media.formats import Kind
from soundedit.media.framestore import FrameStore, frame_key
from soundedit.media.frametimes import frames_in
from soundedit.media.metadata import Metadata
from soundedit.media.presets import ExportSettings
from soundedit.media.sequence import SequenceWriter, check_replaceable, is_sequence
from soundedit.media.space import check_space, estimated_bytes
from soundedit.media.video import VideoWriter
from soundedit.media.whole import is_there
from soundedit.progress import CancelToken, Progress

BATCH = 8
_POLL_SECONDS = 0.02
# Longer ones do not fit on the command line of some systems.
_LONGEST_COMMENT = 8000
# Raised when the same latents become other pictures.
_SYNTHESIS = b"2"


@dataclass(frozen=True)
class ExportReport:
    """What was made: `seconds` of picture in `took` seconds of time, `reused` frames found kept.

    `bytes` is the size of the file, or of all files of a folder; `seed` is None where the pictures
    start from something else; `notes` are sentences for the person.
    """

    path: Path
    format: str
    width: int
    height: int
    fps: Fraction
    frames: int
    seconds: float
    bytes: int
    reused: int
    took: float
    pack: str
    device: str
    seed: int | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Made:
    """A frame, its key, and whether it was found kept."""

    frame: NDArray[np.uint8]
    key: bytes
    found: bool


def export(
    rendering: Rendering,
    out: str | Path,
    settings: ExportSettings,
    *,
    start: float = 0.0,
    end: float | None = None,
    sound: str | Path | None,
    work: Path | None = None,
    batch: int | Callable[[], int] = BATCH,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    pause: Callable[[], bool] | None = None,
    overwrite: bool = False,
) -> ExportReport:
    """Write the span [start, end), in seconds, of a rendering and its sound to `out`.

    The picture begins with the frame shown at `start`, the sound at that frame's very time. Latents
    become frames in the caller's thread, `batch` at a time, which is asked each time where it is a
    function; a thread of its own writes them, at most 24 waiting. `progress` is called in the
    caller's thread after each frame, and every 20 ms while the encoder is slower or finishes; it
    may do other work and may raise. While `pause` answers true nothing is made; it is asked
    between batches.

    Args:
        sound: the take; None for a silent file, as is `settings.sound` False.
        work: folder in which finished frames are kept (see `FrameStore`), so that a job that ended
            halfway goes on from there and another export of the same pictures makes none again.
        overwrite: replace what is there already.

    Raises `ExportError` if the file cannot be written, is there already, or has no room;
    `MediaError` if the sound cannot be read; `Cancelled`. Nothing is left of the file then; the
    frames in `work` stay. ValueError if `settings.fps` is not the rendering's.
    """
    begun = time.monotonic()
    out = Path(out)
    if settings.fps is not None and settings.fps != rendering.fps:
        raise ValueError(f"the rendering has {rendering.fps} frames/s, not {settings.fps}")
    settings.check_rate(rendering.fps)
    span = frame_span(rendering, start, end)
    glide = glide_frames(settings.glide, float(rendering.fps), span)
    read = looped(rendering.latents, span, glide)
    heard = Path(sound) if sound is not None and settings.has_sound else None
    check_target(out, settings, overwrite=overwrite)
    side = rendering.engine.resolution
    check_space(out, estimated_bytes(settings, side, len(span), rendering.fps))
    about = _metadata(rendering, out) if settings.metadata else None

    def report(fraction: float) -> None:
        if progress is not None:
            progress(fraction, "Finishing" if fraction < 0 else "Rendering")

    reused = 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(noted(out))
        if settings.kind.kind is Kind.LATENTS:
            _write_latents(rendering, read, out, span, about, cancel, report)
        else:
            store = _store(work, stack)
            writer = (SequenceWriter if settings.kind.kind is Kind.SEQUENCE else VideoWriter)(
                out,
                width=side,
                height=side,
                fps=rendering.fps,
                settings=settings,
                sound=heard,
                start=float(span.start / rendering.fps),
                end=end,
                metadata=about,
                cancel=cancel,
            )
            shares = settings.fades.shares(0, len(span), len(span), float(rendering.fps))
            sink = _Sink(writer, store, shares)
            pump = stack.enter_context(Pump(sink, sink.keep, cancel))
            made = _frames(rendering.engine, read, span, batch, store, cancel, pause)
            for done, item in enumerate(made, start=1):
                part = done / len(span)
                pump.put(item, lambda part=part: report(part))  # type: ignore[misc]
                reused += item.found
                report(part)
            report(-1)
            pump.finish(lambda: report(-1))
    notes = list(rendering.problems)
    if end is not None and end > rendering.seconds + 0.5 / rendering.fps:
        notes.append(f"The range ends at {end:g} s, but the take at {rendering.seconds:.2f} s.")
    if glide < round(settings.glide * rendering.fps):
        seconds = float(glide / rendering.fps)
        notes.append(f"The end glides for {seconds:.2f} s, half of the range, and no longer.")
    if glide and (settings.fade_in or settings.fade_out):
        notes.append("The end glides into the beginning, but the fades are seen there.")
    if settings.sound and sound is not None and heard is None:
        notes.append(f"{settings.kind.title} holds no sound.")
    width, height = settings.size(side)
    origin = rendering.project.start
    return ExportReport(
        out,
        settings.format,
        width,
        height,
        rendering.fps,
        len(span),
        float(len(span) / rendering.fps),
        _size(out),
        reused,
        time.monotonic() - begun,
        rendering.engine.manifest.name,
        rendering.engine.device,
        origin.seed if origin.kind == StartKind.SEED else None,
        tuple(notes),
    )


def check_target(out: Path, settings: ExportSettings, *, overwrite: bool) -> None:
    """Raise `ExportError` if `out` is there already and is not to be, or cannot be, replaced."""
    empty = settings.kind.kind is Kind.SEQUENCE and out.is_dir() and not any(out.iterdir())
    if is_there(out) and not overwrite and not empty:
        what = "a folder" if out.is_dir() and not is_sequence(out) else "there already"
        raise ExportError(f"{shown(out)} is {what}; overwrite it or choose another name.")
    if settings.kind.kind is Kind.SEQUENCE:
        check_replaceable(out)


def frame_span(rendering: Rendering, start: float, end: float | None) -> range:
    """The frames that are shown in [start, end), in seconds; `ExportError` if there are none."""
    seconds = float(rendering.frames / rendering.fps)
    span = frames_in(start, seconds if end is None else end, rendering.fps)
    first, stop = span.start, min(span.stop, rendering.frames)
    if not 0 <= first < stop:
        raise ExportError(
            f"There is nothing from {start:g} s on to export, as the take has "
            f"{rendering.seconds:.2f} s and the range must end after it begins; choose another."
        )
    return range(first, stop)


def provenance(project: Project, engine: Engine) -> dict[str, Any]:
    """How the pictures were made, as JSON holds it: program, pack, seed or other start, reactivity
    where it is not the full one, edits.
    """
    facts: dict[str, Any] = {
        "soundedit": __version__,
        "pack": f"{engine.manifest.name} {engine.manifest.version}",
    }
    if project.start.kind == StartKind.SEED:
        facts["seed"] = project.start.seed
    else:
        facts["start"] = str(project.start.kind)
    if project.reactivity != Reactivity():
        reactivity = to_json(project.reactivity)
        facts["reactivity"] = {name: reactivity[name] for name in ("strength", "bands")}
    names = {media.id: media.name for media in project.media}
    edits = []
    for edit in active_edits(project):
        parts = [f"{names.get(part.value, part.value)} x {part.weight:g}" for part in edit.parts]
        shape = {
            name: value
            for name, value in to_json(edit).items()
            if name in ("strength", "keyframes", "bands", "span", "follow") and value
        }
        edits.append({"name": edit.name, "parts": parts, **shape})
    if edits:
        facts["edits"] = edits
        if len(json.dumps(facts, ensure_ascii=False)) > _LONGEST_COMMENT:
            facts["edits"] = [edit["name"][:40] for edit in edits][:100]
    return facts


def _metadata(rendering: Rendering, out: Path) -> Metadata:
    facts = provenance(rendering.project, rendering.engine)
    comment = json.dumps(facts, ensure_ascii=False)
    return Metadata(rendering.project.title or out.stem, comment, f"soundedit {__version__}")


def _write_latents(
    rendering: Rendering,
    read: Read,
    out: Path,
    span: range,
    about: Metadata | None,
    cancel: CancelToken | None,
    report: Callable[[float], None],
) -> None:
    manifest = rendering.engine.manifest
    facts = {
        "pack": f"{manifest.name} {manifest.version}",
        "latent_space": manifest.latents,
        "fps": str(rendering.fps),
    }
    if about is not None:
        facts |= {"title": about.title, "comment": about.comment, "tool": about.tool}
    shape = (len(span), rendering.engine.num_ws, rendering.engine.w_dim)
    with TrajectoryWriter(out, shape, rendering.fps, span.start, facts) as writer:
        for first in range(span.start, span.stop, 256):
            if cancel is not None:
                cancel.check()
            writer.write(read(first, min(256, span.stop - first)))
            report((min(first + 256, span.stop) - span.start) / len(span))


def check_work(work: Path) -> None:
    """Raise ExportError before any work if finished frames cannot be kept in the folder `work`."""
    there = work.absolute()
    while not is_there(there):
        there = there.parent
    if not there.is_dir():
        raise _unusable(work, f"{shown(there)} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise _unusable(work, "it may not be written to")


def _store(work: Path | None, stack: contextlib.ExitStack) -> FrameStore | None:
    if work is None:
        return None
    try:
        return stack.enter_context(FrameStore(work))
    except OSError as error:
        raise _unusable(work, str(error.strerror)) from error


def _unusable(work: Path, why: str) -> ExportError:
    return ExportError(
        f"The folder {shown(work)} for finished frames cannot be used ({why}); "
        "choose another folder."
    )


class _Sink:
    """Keeps a frame, then writes it to the file as far as `shares` let it be seen."""

    def __init__(
        self,
        writer: VideoWriter | SequenceWriter,
        store: FrameStore | None,
        shares: NDArray[np.float32],
    ) -> None:
        self._writer, self._store, self._shares = writer, store, shares

    def write(self, item: _Made) -> None:
        self.keep(item)
        self._writer.write(dimmed(item.frame, float(self._shares[self._writer.frames])))

    def keep(self, item: _Made) -> None:
        if self._store is not None and not item.found:
            self._store.put(item.key, item.frame)

    def __enter__(self) -> "_Sink":
        self._writer.__enter__()
        return self

    def __exit__(self, *what: Any) -> None:
        self._writer.__exit__(*what)


def _frames(
    engine: Engine,
    read: Read,
    span: range,
    batch: int | Callable[[], int],
    store: FrameStore | None,
    cancel: CancelToken | None,
    pause: Callable[[], bool] | None,
) -> Iterator[_Made]:
    maker = engine.manifest.components["generator"].sha256.encode()
    maker += f"{engine.precision} {engine.resolution}".encode()
    first = span.start
    while first < span.stop:
        while pause is not None and pause():
            if cancel is not None:
                cancel.check()
            time.sleep(_POLL_SECONDS)
        count = min(batch if isinstance(batch, int) else batch(), span.stop - first)
        latents = read(first, count)
        first += count
        if store is None:
            for frame in engine.synthesise(latents, batch=count, cancel=cancel):
                yield _Made(frame, b"", False)
            continue
        keys = [frame_key(_SYNTHESIS, maker, w.tobytes()) for w in latents]
        found = [store.get(key) for key in keys]
        missing = latents[[frame is None for frame in found]]
        fresh = engine.synthesise(missing, batch=count, cancel=cancel)
        for key, kept in zip(keys, found, strict=True):
            yield _Made(next(fresh) if kept is None else kept, key, kept is not None)


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
