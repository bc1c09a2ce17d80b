"""One export on the engine worker: the kept project becomes a rendering, the rendering a file."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from soundedit.app.exports.job import ExportJob
from soundedit.app.renderings import make_rendering
from soundedit.app.requests import Answer, EngineLike, Kind, Request
from soundedit.document.model import Project
from soundedit.progress import Progress

Snapshot = tuple[Project, Mapping[str, Path]]


@dataclass(frozen=True, eq=False)
class ExportRequest(Request):
    """A job of the queue -> its file. `snapshot` reads the project, off the GUI thread."""

    job: ExportJob
    snapshot: Callable[[], Snapshot]
    work: Path

    @property
    def kind(self) -> Kind:
        return Kind.EXPORT

    @property
    def needs_words(self) -> bool:
        return True


@dataclass(frozen=True, eq=False)
class Exported(Answer):
    """The file is whole and in its place: `size` in bytes, of its frames `reused` were kept from
    before; `notes` are sentences about it.
    """

    path: Path
    frames: int
    size: int
    reused: int
    notes: tuple[str, ...]


def render_job(
    engine: EngineLike,
    request: ExportRequest,
    batch: Callable[[], int],
    progress: Progress,
) -> Exported:
    """Write the file of a job, going on from the frames that `work` has of it.

    Called on the engine worker. `batch` tells how many frames to make at once. `progress` is called
    after each frame and may raise.

    Raises:
        ExportError: the file could not be written; nothing is left of it.
        MediaError: the sound or another file of the project cannot be read.
        Cancelled: it was stopped; nothing is left of the file, and the frames made stay.
    """
    job = request.job
    project, files = request.snapshot()

    def prepared(fraction: float, text: str) -> None:
        progress(-1.0, text)

    rendering = make_rendering(
        engine, project, files, fps=job.fps, progress=prepared, cancel=request.cancel
    )
    take = project.take
    report = importlib.import_module("soundedit.engine.export").export(
        rendering,
        job.path,
        job.settings,
        start=job.start,
        end=job.end,
        sound=files.get(take.media) if take is not None else None,
        work=request.work,
        batch=batch,
        progress=progress,
        cancel=request.cancel,
        overwrite=job.overwrite,
    )
    return Exported(
        request.id, report.path, report.frames, report.bytes, report.reused, report.notes
    )
