"""What an export will be before it begins: is it possible, how large, and how long it takes."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

from PySide6.QtCore import QCoreApplication

from soundedit.app.exports.job import ExportJob, JobState
from soundedit.errors import ExportError
from soundedit.media.formats import Kind
from soundedit.media.frametimes import frames_in
from soundedit.media.presets import ExportSettings
from soundedit.media.sequence import is_sequence
from soundedit.media.space import check_space, estimated_bytes, estimated_size

LONGEST_NAME = 255
FORBIDDEN = '<>:"/\\|?*' if sys.platform == "win32" else "/"

_PIXEL_SECONDS = {
    "mp4": 9e-9,
    "webm": 60e-9,
    "webm-av1": 45e-9,
    "mov": 25e-9,
    "gif": 270e-9,
    "webp": 430e-9,
    "webp-lossy": 150e-9,
    "png": 60e-9,
    "jpeg": 15e-9,
}
"""What fitting and encoding a pixel takes on two cores; earlier exports correct it."""


@dataclass(frozen=True)
class Subject:
    """What there is to export: a title, its length in seconds, its own frames a second, in and out
    point, the side of the generator's pictures, and the seconds that one of them takes.
    """

    title: str
    seconds: float
    fps: Fraction
    start: float | None
    end: float | None
    side: int
    step: float
    has_sound: bool = True


@dataclass(frozen=True)
class Plan:
    """One export as it was asked for; `start` and `end` are seconds of the take."""

    settings: ExportSettings
    path: Path
    start: float
    end: float
    overwrite: bool = False

    def fps(self, subject: Subject) -> Fraction:
        """Frames a second."""
        return self.settings.fps or subject.fps

    def frames(self, subject: Subject) -> int:
        """How many pictures that makes."""
        return len(frames_in(self.start, self.end, self.fps(subject)))


def _tr(text: str) -> str:
    return QCoreApplication.translate("ExportPlan", text)


def problem(plan: Plan, subject: Subject, others: Iterable[ExportJob]) -> str:
    """What is wrong with a plan, in a sentence; empty where nothing is."""
    try:
        plan.settings.check_rate(plan.fps(subject))
    except ExportError as error:
        return str(error)
    if plan.settings.kind.even and subject.side % 2 and plan.settings.width is None:
        return _tr("The generator's pictures have odd sides; choose a size.")
    if not 0 <= plan.start < plan.end:
        return _tr("The range is empty; let it end after it begins.")
    if plan.start >= subject.seconds:
        return _tr("The range begins after the end of the sound.")
    return _path_problem(plan, others) or _space_problem(plan, subject)


def _path_problem(plan: Plan, others: Iterable[ExportJob]) -> str:
    path = plan.path
    stem = path.name.removesuffix(plan.settings.kind.suffix)
    if not stem.strip() or stem.strip(".") == "":
        return _tr("The file needs a name.")
    wrong = [char for char in path.name if char in FORBIDDEN or not char.isprintable()]
    if wrong:
        return _tr("A file name cannot hold {0}; leave it out.").format(repr(wrong[0]))
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in path.parts):
        return _tr("The name is too long; shorten it.")
    folder = path.parent
    there = _there(folder)
    if there is None:
        return _tr("The folder {0} does not exist; choose another.").format(folder)
    if not there.is_dir():
        return _tr("{0} is a file; choose a folder.").format(there)
    if not os.access(there, os.W_OK):
        return _tr("The folder {0} cannot be written to; choose another.").format(there)
    sequence = plan.settings.kind.kind is Kind.SEQUENCE
    if path.is_dir() and not (sequence and is_sequence(path)):
        return _tr("There is a folder of that name; choose another name.")
    if sequence and path.is_file():
        return _tr("There is a file of that name; choose another name.")
    suffix = plan.settings.kind.suffix
    if path.suffix.lower() != suffix and plan.settings.kind.kind is not Kind.SEQUENCE:
        return _tr("A file of the format {0} ends in {1}.").format(plan.settings.kind.title, suffix)
    if any(job.open and job.path == path for job in others):
        return _tr("Another export in the list writes this file; choose another name.")
    return ""


def _there(folder: Path) -> Path | None:
    """The folder, or where it could be made the nearest one above it that is there."""
    if not folder.is_absolute():
        return folder if folder.is_dir() else None
    return next((path for path in (folder, *folder.parents) if path.exists()), None)


def _space_problem(plan: Plan, subject: Subject) -> str:
    needed = estimated_bytes(plan.settings, subject.side, plan.frames(subject), plan.fps(subject))
    folder = _there(plan.path.parent) or plan.path.parent
    try:
        check_space(folder / plan.path.name, needed)
    except ExportError as error:
        return str(error)
    return ""


def notes(plan: Plan, subject: Subject) -> list[str]:
    """What a person should know of a plan that is possible."""
    said = []
    settings = plan.settings
    if settings.sound and subject.has_sound and settings.kind.sound is None:
        said.append(_tr("{0} holds no sound.").format(settings.kind.title))
    if settings.kind.colours:
        said.append(
            _tr("It shows {0} colours, dithered.").format(settings.kind.colours[settings.quality])
        )
    if settings.format == "webp":
        said.append(_tr("The lossy WebP is several times smaller and shows all colours."))
    if not plan.path.parent.is_dir():
        said.append(_tr("The folder {0} will be made.").format(plan.path.parent))
    if plan.path.exists():
        said.append(_tr("{0} is there already and would be replaced.").format(plan.path.name))
    return said


def size_estimate(plan: Plan, subject: Subject) -> int | None:
    """About how many bytes the file will have; None where that cannot be said."""
    settings = plan.settings
    if settings.kind.kind is Kind.LATENTS:
        return None
    return estimated_size(settings, subject.side, plan.frames(subject), plan.fps(subject))


def time_estimate(plan: Plan, subject: Subject, others: Iterable[ExportJob]) -> float:
    """About how many seconds the export takes; exports of that format in the list correct it."""
    seconds = _raw_seconds(plan.settings, plan.frames(subject), subject)
    ratios = [
        job.spent / max(_raw_seconds(job.settings, job.frames, subject), 1e-3)
        for job in others
        if job.state is JobState.DONE and job.settings.format == plan.settings.format
    ]
    return seconds * (median(ratios) if ratios else 1.0)


def qualities(settings: ExportSettings) -> bool:
    """Whether the format's quality can be chosen."""
    return settings.kind.graded


def _raw_seconds(settings: ExportSettings, frames: int, subject: Subject) -> float:
    width, height = settings.size(subject.side)
    pixel = _PIXEL_SECONDS.get(settings.format, 0.0)
    return frames * (subject.step + width * height * pixel) + 1.0


def free_name(path: Path, others: Iterable[ExportJob]) -> Path:
    """The path itself, or the first "name 2", "name 3", ... that nothing is or will be at."""
    taken = {job.path for job in others if job.open}
    found, number = path, 2
    while found.exists() or found in taken:
        found = path.with_name(f"{path.stem} {number}{path.suffix}")
        number += 1
    return found
