"""Requests while what embeds words is still being imported."""

import gc
import importlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from soundedit.app import words as words_module
from soundedit.app.finejobs import FitRequest
from soundedit.app.requests import (
    Ended,
    FrameReady,
    FramesRequest,
    Generated,
    GenerateRequest,
    Listened,
    ListenRequest,
    Loaded,
)
from soundedit.app.worker import EngineWorker
from soundedit.document.model import Media, MediaKind, Project, Take
from soundedit.engine.engine import Engine
from tests.app.test_worker import Inbox, MakeSound
from tests.tiny_pack import CLASSES, save_tiny_pack

WAIT = 60_000


class Import:
    """Holds the import of open_clip up until `gate` is set; then it may fail with `error`."""

    def __init__(self) -> None:
        self.gate, self.asked = threading.Event(), threading.Event()
        self.threads: set[str] = set()
        self.error: Exception | None = None
        self._real = importlib.import_module

    def __call__(self, name: str, *more: Any) -> ModuleType:
        if name == "open_clip":
            self.threads.add(threading.current_thread().name)
            self.asked.set()
            self.gate.wait()
            if self.error is not None:
                raise self.error
        return self._real(name, *more)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Import:
    made = Import()
    monkeypatch.setattr(importlib, "import_module", made)
    return made


class Bench:
    """A worker with the real engine and the small pack."""

    def __init__(self, pack: Path, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.worker = EngineWorker(lambda progress: Engine.load(pack, "cpu", progress))
        self.inbox = Inbox(self.worker)
        self.worker.start()
        self.wait_for(Loaded)

    def wait_for(self, kind: type, id_: int | None = None) -> Any:
        self.qtbot.waitUntil(lambda: bool(self.inbox.of(kind, id_)), timeout=WAIT)
        return self.inbox.of(kind, id_)[-1]

    def generate(self, sound: Path) -> Any:
        """The movie of a sound, which asks for no words."""
        media = Media("m", sound.name, MediaKind.SOUND)
        project = Project(take=Take("m", 1.0), media=(media,))
        request = GenerateRequest(project, {"m": sound}, sound)
        self.worker.submit(request)
        return self.wait_for(Generated, request.id).movie


@pytest.fixture(scope="module")
def knowing_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_pack(tmp_path_factory.mktemp("packs") / "knowing", known=True).path


def test_a_pack_that_knows_its_classes_names_sounds_before_the_import(
    knowing_pack: Path, held: Import, tmp_path: Path, make_sound: MakeSound, qtbot: QtBot
) -> None:
    knowing = Bench(knowing_pack, qtbot)
    try:
        listen = ListenRequest(make_sound(1.0))
        knowing.worker.submit(listen)
        heard = knowing.wait_for(Listened, listen.id).heard
        assert {item.label for item in heard} <= set(CLASSES)
        assert sum(item.score for item in heard) > 0
        # A phrase waits for the import, as anywhere.
        asked = FitRequest(tmp_path / "no.png", None)
        knowing.worker.submit(asked)
        assert held.asked.wait(WAIT / 1000)
        assert not knowing.inbox.of(Ended, asked.id)
    finally:
        held.gate.set()
        knowing.worker.stop()


@pytest.fixture
def bench(held: Import, tiny_pack: Path, qtbot: QtBot) -> Iterator[Bench]:
    made = Bench(tiny_pack, qtbot)
    yield made
    held.gate.set()
    made.worker.stop()


def test_pictures_come_while_a_listener_waits_for_the_import(
    bench: Bench, held: Import, make_sound: MakeSound
) -> None:
    sound = make_sound(1.0)
    listen = ListenRequest(sound)
    bench.worker.submit(listen)
    assert held.asked.wait(WAIT / 1000)
    assert held.threads == {"words"}
    movie = bench.generate(sound)
    for index in (3, 17):
        frame = FramesRequest(movie, (index,), urgent=True)
        bench.worker.submit(frame)
        assert bench.wait_for(FrameReady, frame.id).index == index
    assert not held.gate.is_set() and not bench.inbox.of(Listened)
    held.gate.set()
    heard = bench.wait_for(Listened, listen.id).heard
    assert {item.label for item in heard} <= set(bench.inbox.of(Loaded)[0].info.labels)


def test_who_waits_for_the_import_can_be_stopped(
    bench: Bench, held: Import, make_sound: MakeSound
) -> None:
    listen = ListenRequest(make_sound(1.0))
    bench.worker.submit(listen)
    assert held.asked.wait(WAIT / 1000)
    listen.cancel.cancel()
    assert bench.wait_for(Ended, listen.id).error is None
    assert not held.gate.is_set()


@pytest.mark.logs_errors
def test_an_import_that_fails_is_told_to_who_waited(
    bench: Bench, held: Import, make_sound: MakeSound
) -> None:
    held.error = ImportError("open_clip is broken")
    sound = make_sound(1.0)
    listen = ListenRequest(sound)
    bench.worker.submit(listen)
    held.gate.set()
    assert bench.wait_for(Ended, listen.id).error is held.error
    assert bench.generate(sound).frames == 24


class Importing:
    """An engine whose words take two modules, of which the second is imported by the first."""

    def __init__(self, folder: Path, stem: str) -> None:
        self.first, self.second = f"{stem}_first", f"{stem}_second"
        (folder / f"{self.first}.py").write_text(f"import {self.second}")
        (folder / f"{self.second}.py").write_text("")
        self.knows_classes = True

    def embed_text(self, text: str) -> None:
        importlib.import_module(self.first)


@pytest.mark.parametrize("hurried", [False, True])
def test_the_import_rests_while_somebody_waits_for_pictures_unless_for_words(
    hurried: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(words_module, "REST_SECONDS", float(WAIT))
    monkeypatch.setattr(words_module, "PATIENCE_SECONDS", float(WAIT))
    engine: Any = Importing(tmp_path, f"resting_{hurried}")
    over = threading.Event()
    words = words_module.Words(engine, over.set)
    with words.held():
        with words.held():
            words.begin()
        assert not over.wait(0.3)
        assert engine.second not in sys.modules
        if hurried:
            words.hurry()
            assert over.wait(WAIT / 1000)
    assert over.wait(WAIT / 1000) and words.ready
    assert engine.second in sys.modules
    words.close()
    gc.unfreeze()


def test_the_import_does_not_rest_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(words_module, "REST_SECONDS", 0.1)
    monkeypatch.setattr(words_module, "PATIENCE_SECONDS", 0.1)
    engine: Any = Importing(tmp_path, "patient")
    over = threading.Event()
    words = words_module.Words(engine, over.set)
    with words.held():
        words.begin()
        assert over.wait(WAIT / 1000)
    words.close()
    gc.unfreeze()
