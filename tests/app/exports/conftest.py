"""Fixtures of the exports' tests: jobs, a queue whose worker the test plays."""

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.exports.job import ExportJob
from soundedit.app.exports.queue import ExportQueue
from soundedit.app.exports.render import Exported, ExportRequest
from soundedit.app.requests import Advanced, Ended, Kind
from soundedit.document.model import Media, MediaKind, Project, Take
from soundedit.media.presets import ExportSettings

MakeJob = Callable[..., ExportJob]


@pytest.fixture
def make_job(tmp_path: Path) -> MakeJob:
    """A job of 48 frames, changed as the keywords say."""
    count = itertools.count(1)

    def make(**fields: Any) -> ExportJob:
        id_ = f"job{next(count)}"
        known: dict[str, Any] = {
            "id": id_,
            "title": "rain",
            "path": tmp_path / f"{id_}.mp4",
            "settings": ExportSettings(),
            "start": 0.0,
            "end": 2.0,
            "fps": Fraction(24),
            "frames": 48,
        }
        return ExportJob(**{**known, **fields})

    return make


@pytest.fixture
def project() -> Project:
    media = Media("m1", "tone.wav", MediaKind.SOUND)
    return Project(title="rain", take=Take("m1", 2.0), media=(media,))


class Works:
    """A queue and the worker's side of it, which answers when the test says so."""

    def __init__(self, root: Path, qtbot: QtBot, files: dict[str, Path], project: Project) -> None:
        self.qtbot, self.files, self.project = qtbot, files, project
        self.requests: list[ExportRequest] = []
        self.errors: list[object] = []
        self.ended: list[ExportJob] = []
        self.queue = ExportQueue(root, root / "frames", self.requests.append)  # type: ignore[arg-type]
        self.queue.failed.connect(self.errors.append)
        self.queue.ended.connect(self.ended.append)

    def open(self, pack: str | None = "pack") -> "Works":
        self.queue.open()
        self.wait(lambda: self.queue.ready)
        self.queue.set_pack(pack)
        return self

    def add(self, *jobs: ExportJob) -> None:
        for job in jobs:
            self.queue.add(job, self.project, self.files)
        self.wait(lambda: not self.queue._keeping)

    def wait(self, ready: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(ready, timeout=10_000)

    def states(self) -> list[tuple[str, str]]:
        return [(job.id, str(job.state)) for job in self.queue.jobs]

    def advance(self, fraction: float, text: str = "") -> None:
        self.queue.on_answer(Advanced(self.requests[-1].id, Kind.EXPORT, fraction, text))

    def finish(self, size: int = 1000) -> None:
        request = self.requests[-1]
        job = request.job
        self.queue.on_answer(Exported(request.id, job.path, job.frames, size, 0, ()))

    def stop(self, error: BaseException | None = None) -> None:
        self.queue.on_answer(Ended(self.requests[-1].id, Kind.EXPORT, error))


@pytest.fixture
def works(
    tmp_path: Path, qtbot: QtBot, make_sound: Callable[..., Path], project: Project
) -> Iterator[Callable[[], Works]]:
    """Makes queues over the same folder, as starts of the program one after another."""
    made: list[Works] = []
    sound = make_sound()

    def make() -> Works:
        made.append(Works(tmp_path / "exports", qtbot, {"m1": sound}, project))
        return made[-1]

    yield make
    for one in made:
        one.queue.close()
