"""A sound or a project file to be rendered to a file, and rendering it: one job of a batch."""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from soundedit.document.commands import set_seed
from soundedit.document.fields import from_json, to_json
from soundedit.document.model import Media, MediaKind, Project, Reactivity, Take
from soundedit.document.projectfile import SUFFIX, open_project
from soundedit.engine.engine import Engine
from soundedit.engine.export import BATCH, ExportReport, check_target, check_work, export
from soundedit.engine.rendering import Rendering
from soundedit.errors import ExportError, MediaError, shown
from soundedit.media.presets import ExportSettings, settings_facts, settings_from
from soundedit.media.sound import probe_sound
from soundedit.media.whole import is_there
from soundedit.progress import CancelToken, Progress

DEFAULT = ExportSettings()
_ONLY = "sound"


@dataclass(frozen=True)
class Job:
    """What is rendered to what.

    Attributes:
        source: a sound, a video with sound, or a `.soundedit` project.
        seed: of the picture it starts from; None is the project's, 0 for a sound.
        start, end: seconds; None is the project's range, all of a sound.
        pack: folder or name; None is the project's, or the one that ships.
        work: where finished frames are kept; None for nowhere.
        reactivity: None is the project's, the full one for a sound.
    """

    source: Path
    out: Path
    settings: ExportSettings = DEFAULT
    seed: int | None = None
    start: float | None = None
    end: float | None = None
    pack: str | None = None
    device: str = "auto"
    overwrite: bool = False
    work: Path | None = None
    reactivity: Reactivity | None = None


def job_facts(job: Job) -> dict[str, Any]:
    """The job as JSON holds it."""
    facts = {field.name: getattr(job, field.name) for field in dataclasses.fields(job)}
    facts |= {"source": str(job.source), "out": str(job.out)}
    work = None if job.work is None else str(job.work)
    reactivity = None if job.reactivity is None else to_json(job.reactivity)
    facts |= {"work": work, "reactivity": reactivity}
    return facts | {"settings": settings_facts(job.settings)}


def job_from(facts: Mapping[str, Any]) -> Job:
    """The job that `job_facts` wrote."""
    given = dict(facts)
    given |= {name: Path(given[name]) for name in ("source", "out")}
    given["work"] = None if given["work"] is None else Path(given["work"])
    if given["reactivity"] is not None:
        given["reactivity"] = from_json(Reactivity, given["reactivity"])
    return Job(**given | {"settings": settings_from(given["settings"])})


def report_facts(report: ExportReport) -> dict[str, Any]:
    """The report as JSON holds it."""
    facts = {field.name: getattr(report, field.name) for field in dataclasses.fields(report)}
    return facts | {"path": str(report.path), "fps": str(report.fps), "notes": list(report.notes)}


def report_from(facts: Mapping[str, Any]) -> ExportReport:
    """The report that `report_facts` wrote."""
    given = dict(facts)
    given |= {"path": Path(given["path"]), "fps": Fraction(given["fps"])}
    return ExportReport(**given | {"notes": tuple(given["notes"])})


class Engines:
    """The engine last asked for, loaded once; a context manager that closes it."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._loaded: tuple[str | None, str] | None = None

    def get(self, pack: str | None, device: str, progress: Progress | None = None) -> Engine:
        """The engine of a pack on a device; errors as `Engine.load`."""
        if self._engine is None or self._loaded != (pack, device):
            self.close()
            self._engine = Engine.load(pack, device, progress)
            self._loaded = (pack, device)
        return self._engine

    def close(self) -> None:
        """Give the device's memory back."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def __enter__(self) -> "Engines":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def run_job(
    job: Job,
    engines: Engines,
    *,
    batch: int = BATCH,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    pause: Callable[[], bool] | None = None,
) -> ExportReport:
    """Render a job; errors as `open_project`, `Engine.load`, `Rendering` and `export`.

    The report's `took` is of all of it.
    """
    begun = time.monotonic()
    check_target(job.out, job.settings, overwrite=job.overwrite)
    if is_there(job.out) and job.source.exists() and job.out.samefile(job.source):
        raise ExportError(f"{shown(job.out)} is what is rendered; choose another name for it.")
    if job.work is not None:
        check_work(job.work)
    with _opened(job, cancel) as (project, files, damage):
        if job.seed is not None:
            project = set_seed(project, job.seed)
        if job.reactivity is not None:
            project = dataclasses.replace(project, reactivity=job.reactivity)
        if not project.moves:
            raise MediaError(
                f"Nothing moves the pictures of {shown(job.source)}, as it has no sound; give it "
                "one, or make a picture with 'soundedit edit'."
            )
        pack = job.pack or project.pack or None
        engine = engines.get(pack, job.device, progress)
        rendering = Rendering(
            engine, project, files, fps=job.settings.fps, progress=progress, cancel=cancel
        )
        start, end = job.start, job.end
        if start is None and end is None:
            start, end = project.range.start, project.range.end
        sound = None if project.take is None else files.get(project.take.media)
        report = export(
            rendering,
            job.out,
            job.settings,
            start=start or 0.0,
            end=end,
            sound=sound,
            work=job.work,
            batch=batch,
            progress=progress,
            cancel=cancel,
            pause=pause,
            overwrite=job.overwrite,
        )
        took = time.monotonic() - begun
        return dataclasses.replace(report, took=took, notes=(*damage, *report.notes))


@contextlib.contextmanager
def _opened(
    job: Job, cancel: CancelToken | None
) -> Iterator[tuple[Project, dict[str, Path], list[str]]]:
    """The project, the files of its media, and a sentence for each damaged value of it."""
    if job.source.suffix.lower() == SUFFIX:
        with open_project(job.source, cancel=cancel) as opened:
            yield opened.project, opened.files, opened.damage
        return
    info = probe_sound(job.source, cancel)
    kind = MediaKind.VIDEO if info.has_video else MediaKind.SOUND
    media = Media(_ONLY, job.source.name, kind, path=str(job.source), inside=False)
    take = Take(_ONLY, info.seconds)
    yield Project(title=job.source.stem, take=take, media=(media,)), {_ONLY: job.source}, []
