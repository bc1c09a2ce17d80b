"""How the microphone is heard: pre-roll, monitoring, lending it to live, and trouble."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.recording import Hearing, Recording
from soundedit.app.settings import MONITOR, PREROLL
from soundedit.errors import DeviceError, SoundeditError
from soundedit.media.flac import FlacWriter
from soundedit.media.record import Recorder
from soundedit.media.simulated import SimulatedBackend, SimulatedClock
from soundedit.media.sound import probe_sound, read_sound
from tests.app.conftest import Rig

RATE = 48_000
PREROLL_ON = Hearing(preroll=2.0)


def counted(start: int, count: int) -> np.ndarray:
    """A ramp of 100 seconds that tells every frame's number."""
    return (np.arange(start, start + count, dtype=np.float32) / (100 * RATE))[:, None]


class Desk:
    """A recording with a simulated card."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.clock = SimulatedClock()
        self.card = SimulatedBackend(self.clock, source=counted)
        self.folder, self.qtbot = folder, qtbot
        self.recording = Recording(folder, lambda: Recorder(backend=self.card, clock=self.clock))
        self.failures: list[SoundeditError] = []
        self.recording.failed.connect(self.failures.append)
        self.takes: list[Path] = []
        self.recording.finished.connect(self.takes.append)

    def wait(self, ready: object) -> None:
        self.qtbot.waitUntil(ready, timeout=10_000)

    def advance(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.25)):
            self.card.advance(0.25)

    def stop(self) -> Path:
        """Stop and wait for the take."""
        before = len(self.takes)
        self.recording.stop()
        self.wait(lambda: len(self.takes) == before + 1)
        return self.takes[-1]


class SlowEncoder:
    """Holds the end of every file up until `gate` is set; the rest is the encoder's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate, self.asked = threading.Event(), threading.Event()
        finish = FlacWriter.finish

        def held(writer: FlacWriter) -> bool:
            self.asked.set()
            self.gate.wait(30)
            return finish(writer)

        monkeypatch.setattr(FlacWriter, "finish", held)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowEncoder]:
    made = SlowEncoder(monkeypatch)
    yield made
    made.gate.set()


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(tmp_path / "recordings", qtbot)
    yield made
    made.recording.close()


def test_a_recording_holds_what_came_before_it(desk: Desk) -> None:
    desk.recording.hear(PREROLL_ON, paused=False)
    desk.wait(lambda: desk.recording.hearing)
    desk.advance(5.0)
    desk.recording.start()
    desk.advance(1.0)
    first = desk.stop()
    samples = read_sound(first).samples[0]
    assert len(samples) / RATE == pytest.approx(3.0, abs=0.05)
    assert samples[0] * 100 == pytest.approx(3.0, abs=0.05)
    assert samples[-1] * 100 == pytest.approx(6.0, abs=0.05)
    # It goes on hearing: the next recording begins within the one before.
    assert desk.recording.hearing
    desk.recording.start()
    desk.advance(0.5)
    second = desk.stop()
    assert second != first
    assert read_sound(second).samples[0, 0] * 100 == pytest.approx(4.0, abs=0.05)


def test_without_preroll_the_microphone_is_closed_until_recording(desk: Desk) -> None:
    desk.recording.hear(Hearing(), paused=False)
    desk.qtbot.wait(20)
    assert desk.card.streams == []
    desk.recording.start()
    desk.wait(lambda: desk.recording.hearing)
    desk.advance(1.0)
    path = desk.stop()
    assert read_sound(path).samples[0, 0] * 100 == pytest.approx(0.0, abs=0.05)
    assert not desk.recording.hearing
    assert all(stream.closed for stream in desk.card.streams)


def test_the_input_is_heard_only_while_that_is_asked_for(desk: Desk) -> None:
    desk.recording.hear(Hearing(monitor=True), paused=False)
    desk.wait(lambda: desk.recording.hearing)
    assert desk.recording.monitoring
    desk.recording.start()
    desk.recording.hear(Hearing(), paused=False)
    desk.wait(lambda: not desk.recording.monitoring)
    assert desk.recording.recording and desk.recording.hearing
    desk.advance(0.5)
    assert desk.stop().exists()
    assert not desk.recording.hearing


def test_a_missing_output_is_told_and_recording_goes_on(desk: Desk) -> None:
    told: list[bool] = []
    desk.recording.monitor_failed.connect(lambda: told.append(True))
    desk.card.outputs = []
    desk.recording.hear(Hearing(monitor=True), paused=False)
    desk.recording.start()
    desk.wait(lambda: told == [True])
    assert isinstance(desk.failures[0], DeviceError)
    desk.advance(0.5)
    assert desk.stop().exists()


def test_a_lent_microphone_is_closed_and_opened_again(desk: Desk) -> None:
    desk.recording.hear(PREROLL_ON, paused=False)
    desk.wait(lambda: desk.recording.hearing)
    desk.recording.pause(True)
    assert [stream.closed for stream in desk.card.streams] == [True]
    desk.recording.pause(False)
    desk.wait(lambda: desk.recording.hearing)
    assert [stream.closed for stream in desk.card.streams] == [True, False]


def test_no_microphone_is_told_once(desk: Desk) -> None:
    desk.card.inputs = []
    desk.recording.hear(PREROLL_ON, paused=False)
    desk.wait(lambda: len(desk.failures) == 1)
    desk.qtbot.wait(20)
    assert len(desk.failures) == 1
    changes: list[bool] = []
    desk.recording.recording_changed.connect(changes.append)
    desk.recording.start()
    desk.wait(lambda: changes == [True, False])
    assert len(desk.failures) == 2
    assert not desk.folder.exists()


def test_a_microphone_that_goes_away_is_told(desk: Desk) -> None:
    desk.recording.hear(PREROLL_ON, paused=False)
    desk.wait(lambda: desk.recording.hearing)
    desk.advance(0.5)
    desk.card.unplug("Microphone")
    desk.wait(lambda: (desk.advance(0.25), bool(desk.failures))[1])
    assert str(desk.failures[0]) == (
        'The input "Microphone" stopped answering; reconnect it and rescan the devices.'
    )
    assert not desk.recording.hearing


def test_closing_while_the_device_opens_leaves_nothing_open(desk: Desk) -> None:
    desk.recording.hear(PREROLL_ON, paused=False)
    desk.recording.close()
    assert all(stream.closed for stream in desk.card.streams)


def test_the_panel_is_remembered_and_acts(rig: Rig) -> None:
    rig.begin()
    rig.wait(lambda: rig.window.sounds.microphones.count() == 2)
    sounds, recording = rig.window.sounds, rig.window.microphone.recording
    assert sounds.preroll.currentText() == "Off"
    assert not sounds.monitor.isChecked() and not recording.hearing
    sounds.preroll.setCurrentText("2 s")
    rig.wait(lambda: recording.hearing)
    assert rig.window.settings.get(PREROLL) == 2
    assert not recording.monitoring
    sounds.monitor.click()
    rig.wait(lambda: recording.monitoring)
    assert rig.window.settings.get(MONITOR)
    for _ in range(20):
        rig.card.advance(0.25)
    rig.do("record")
    rig.card.advance(0.5)
    rig.do("record")
    rig.wait(lambda: rig.controller.sound is not None)
    sound = rig.controller.sound
    assert sound is not None and sound.seconds == pytest.approx(2.5, abs=0.1)
    assert recording.hearing
    sounds.monitor.click()
    sounds.preroll.setCurrentIndex(0)
    rig.wait(lambda: not recording.hearing)


def test_the_output_that_fails_is_switched_off_in_the_panel(rig: Rig) -> None:
    rig.begin()
    rig.wait(lambda: rig.window.sounds.microphones.count() == 2)
    rig.card.outputs = []
    told: list[str] = []
    rig.window.microphone.failed.connect(lambda error: told.append(str(error)))
    rig.window.sounds.monitor.click()
    rig.wait(lambda: len(told) == 1)
    assert not rig.window.sounds.monitor.isChecked()
    assert not rig.window.settings.get(MONITOR)
    rig.wait(lambda: not rig.window.microphone.recording.hearing)


def test_a_take_is_finished_while_the_window_goes_on(rig: Rig, slow: SlowEncoder) -> None:
    rig.begin()
    rig.wait(lambda: rig.window.sounds.microphones.count() == 2)
    recording, jobs = rig.window.microphone.recording, rig.controller.jobs
    rig.do("record")
    rig.wait(lambda: recording.hearing)
    rig.card.advance(1.0)
    rig.do("record")
    assert recording.finishing and not recording.recording
    job = jobs.current()
    assert job is not None and job.text == "Finishing the recording"
    assert rig.window.actions_by_id["record"].text() == "&Record"
    rig.wait(slow.asked.is_set)
    # The next one begins when this one is whole.
    rig.do("record")
    assert recording.recording and not recording.hearing
    assert rig.controller.sound is None
    slow.gate.set()
    rig.wait(lambda: rig.controller.sound is not None)
    rig.wait(lambda: recording.hearing)
    rig.card.advance(0.5)
    rig.do("record")
    rig.wait(lambda: not recording.finishing and len(jobs) == 0)
    seconds = sorted(probe_sound(take).seconds for take in rig.recordings.iterdir())
    assert seconds == [pytest.approx(0.5, abs=0.05), pytest.approx(1.0, abs=0.05)]


def test_closing_while_a_take_is_finished_keeps_it_whole(rig: Rig, slow: SlowEncoder) -> None:
    rig.begin()
    rig.wait(lambda: rig.window.sounds.microphones.count() == 2)
    rig.do("record")
    rig.wait(lambda: rig.window.microphone.recording.hearing)
    rig.card.advance(1.0)
    rig.do("record")
    rig.wait(slow.asked.is_set)
    opener = threading.Timer(0.1, slow.gate.set)
    opener.start()
    settings = rig.window.settings
    rig.close()
    opener.join()
    (take,) = rig.recordings.iterdir()
    assert probe_sound(take).seconds == pytest.approx(1.0, abs=0.05)
    assert take in settings.recent()


def test_a_take_that_cannot_be_finished_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(writer: FlacWriter) -> bool:
        writer.failed = True
        return finish(writer) and False

    finish = FlacWriter.finish
    monkeypatch.setattr(FlacWriter, "finish", fail)
    desk.recording.start()
    desk.wait(lambda: desk.recording.hearing)
    desk.advance(0.5)
    desk.recording.stop()
    desk.wait(lambda: len(desk.failures) == 1)
    assert "could not be written to its end" in str(desk.failures[0])
    assert desk.takes == [] and not desk.recording.finishing
