"""Fixtures of the app's tests: fresh settings, a window, and a check that nothing is left over."""

import gc
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from soundedit.app.devices import FoundDevices
from soundedit.app.dialogs import Dialogs, Leave
from soundedit.app.exports.places import places_in
from soundedit.app.recovery import RecoveryChoice
from soundedit.app.settings import FIRST_START, Settings
from soundedit.app.window import MainWindow
from soundedit.document.autosave import Recovery
from soundedit.media.playback import Player
from soundedit.media.record import Recorder
from soundedit.media.scrub import Scrubber
from soundedit.media.simulated import SimulatedBackend, SimulatedClock
from soundedit.media.sound import Sound, write_sound

from .standin import StandIn


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "logs_errors: the test provokes an error in the log")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Qt's warnings fail a test, but for those about what the offscreen platform cannot do."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore("This plugin does not support"))


@pytest.fixture(autouse=True)
def nothing_left(
    qapp: QApplication, caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Fails on a thread, a running timer, a window or an unexpected warning in the log."""
    threads = set(threading.enumerate())
    # What was there before is no matter of this test, and torch's objects take long to look at.
    gc.freeze()
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    gc.collect()
    made = gc.get_objects()
    gc.unfreeze()
    left = [thread.name for thread in threading.enumerate() if thread not in threads]
    assert left == []
    timers = [
        one
        for one in made
        # Not isinstance, which asks some lazy objects of torch for a class they warn about.
        if issubclass(type(one), QTimer) and shiboken6.isValid(one) and one.isActive()
    ]
    assert timers == []
    assert [type(one).__name__ for one in qapp.topLevelWidgets() if shiboken6.isValid(one)] == []
    if "logs_errors" not in request.keywords:
        warned = [
            record.getMessage()
            for record in caplog.get_records("call")
            if record.name.startswith("soundedit") and record.levelno >= logging.WARNING
        ]
        assert warned == []


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    fresh = Settings(tmp_path / "settings.ini")
    fresh.set(FIRST_START, False)
    return fresh


@pytest.fixture
def make_sound(tmp_path: Path) -> Callable[..., Path]:
    """Writes a WAV file with a tone that gets louder: (seconds, name) -> path."""

    def make(seconds: float = 2.0, name: str = "tone.wav") -> Path:
        time = np.arange(round(seconds * 16_000)) / 16_000
        wave = 0.8 * time / seconds * np.sin(2 * np.pi * 220 * time)
        path = tmp_path / name
        write_sound(path, Sound(wave.astype(np.float32)[None], 16_000))
        return path

    return make


class Answers(Dialogs):
    """Gives prepared answers to the questions about files."""

    def __init__(self) -> None:
        self.open_path: Path | None = None
        self.save_path: Path | None = None
        self.leaving = Leave.DISCARD
        self.asked_to_leave: list[str] = []
        self.told_at_leaving: list[str] = []
        self.suggested: list[Path] = []
        self.recovering: Callable[[Sequence[Recovery]], RecoveryChoice] = lambda _: RecoveryChoice()

    def sound_to_open(self, parent: object, folder: str) -> Path | None:
        return self.open_path

    def may_replace(self, parent: object, path: Path) -> bool:
        return True

    def file_to_open(self, parent: object, folder: str) -> Path | None:
        return self.open_path

    def picture_to_open(self, parent: object, folder: str) -> Path | None:
        return self.open_path

    def start_to_open(self, parent: object, folder: str) -> Path | None:
        return self.open_path

    def direction_to_open(self, parent: object, folder: str) -> Path | None:
        return self.open_path

    def direction_name(self, parent: object, suggestion: str) -> str:
        return suggestion

    def seed_to_mix(self, parent: object, seed: int) -> int | None:
        return seed

    def project_to_write(self, parent: object, suggestion: Path) -> Path | None:
        self.suggested.append(suggestion)
        return self.save_path

    def leave(self, parent: object, name: str, note: str = "") -> Leave:
        self.asked_to_leave.append(name)
        self.told_at_leaving.append(note)
        return self.leaving

    def recovery(self, parent: object, found: Sequence[Recovery]) -> RecoveryChoice:
        return self.recovering(found)


class Rig:
    """A window with the stand-in engine and a simulated sound card whose clock the test moves."""

    def __init__(self, settings: Settings, folder: Path, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.engine = StandIn()
        self.clock = SimulatedClock()
        self.card = SimulatedBackend(self.clock, source=_noise)
        self.answers = Answers()
        self.recordings = folder / "recordings"
        self.window = MainWindow(
            settings,
            loader=lambda progress: self.engine,
            player=lambda: Player(backend=self.card, clock=self.clock),
            scrubber=lambda: Scrubber(backend=self.card, clock=self.clock),
            recorder=lambda: Recorder(backend=self.card, clock=self.clock),
            find=lambda again: FoundDevices(
                tuple(self.card.input_devices()), None, None, tuple(self.card.output_devices())
            ),
            recordings=self.recordings,
            exports=places_in(folder / "exports"),
            dialogs=self.answers,
            state=folder / "state",
        )
        self.controller = self.window.controller

    def begin(self, path: Path | None = None) -> None:
        """Show the window and wait for the engine."""
        self.window.show()
        self.window.begin(path)
        self.wait(lambda: self.controller.engine is not None)

    def open(self, path: Path) -> None:
        """Open a sound and wait until all is known about it."""
        self.window.open_sound(path)
        self.wait(lambda: self.controller.sound is not None and self.controller.sound.path == path)
        self.wait(lambda: self.controller.peaks is not None)
        self.wait(lambda: self.controller.still is not None and self.controller.heard is not None)

    def generate(self) -> None:
        """Generate and wait for the movie and its first picture."""
        self.do("generate")
        self.wait(lambda: self.controller.movie is not None)
        self.wait(lambda: len(self.controller.feed.cache) > 0)

    def do(self, command: str) -> None:
        """Trigger a command."""
        self.window.actions_by_id[command].trigger()

    def wait(self, ready: Callable[[], bool]) -> None:
        """Run the event loop until `ready`."""
        self.qtbot.waitUntil(ready, timeout=20_000)

    def exported(self) -> bool:
        """True while the engine is at no export."""
        return self.window.exporter.queue.idle

    def shown(self) -> tuple[int, int, int]:
        """Colour in the middle of the picture on show."""
        image = self.window.viewer.image
        assert image is not None
        colour = image.pixelColor(image.width() // 2, image.height() // 2)
        return colour.red(), colour.green(), colour.blue()

    def close(self) -> None:
        """Close and delete the window."""
        if shiboken6.isValid(self.window):
            self.window.close()
            self.window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def _noise(start: int, count: int) -> np.ndarray:
    return np.full((count, 1), 0.25, np.float32)


@pytest.fixture
def rig(settings: Settings, tmp_path: Path, qtbot: QtBot) -> Iterator[Rig]:
    made = Rig(settings, tmp_path, qtbot)
    yield made
    made.engine.gate.set()
    made.close()
