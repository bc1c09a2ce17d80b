"""Performances: recorded, kept, offered again."""

import os
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from soundedit.app.recovery import RecoveryChoice
from soundedit.app.settings import RECORDINGS_KNOWN, Settings
from soundedit.document.autosave import Autosaver, recoverable
from soundedit.document.commands import add_edit
from soundedit.document.curve import strength_at
from soundedit.document.model import Project
from soundedit.document.performancelog import PerformanceLog, left_logs
from soundedit.engine.liverun import LiveTake
from soundedit.media.sound import probe_sound

from .live_rig import DUSK, LiveRig


@pytest.fixture
def rig(tiny_pack: Path, settings: Settings, tmp_path: Path, qtbot: QtBot) -> Iterator[LiveRig]:
    made = LiveRig(tiny_pack, settings, tmp_path, qtbot)
    yield made
    made.close()


def test_a_performance_becomes_the_project(rig: LiveRig, qtbot: QtBot) -> None:
    rig.session.do("add dusk", add_edit(rig.session.project, DUSK))
    rig.begin()
    window = rig.live.window
    assert window is not None
    qtbot.keyClick(window, Qt.Key.Key_R)
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 0.5)
    rig.panel.rows["edit:dusk"].slider.number.setValue(1.0)
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 1.2)
    assert rig.panel.record.text().startswith("Stop recording (")
    qtbot.keyClick(window, Qt.Key.Key_R)
    rig.wait(lambda: rig.session.project.take is not None)
    project = rig.session.project
    take = project.take
    assert take is not None and take.latents is not None
    sound, latents = rig.session.locate(take.media), rig.session.locate(take.latents)
    assert sound is not None and latents is not None
    assert latents == sound.with_suffix(".latents")
    assert probe_sound(sound).seconds == pytest.approx(take.seconds, abs=1e-3)
    played = project.edits[0]
    times = np.array([0.1, take.seconds - 0.05])
    np.testing.assert_allclose(strength_at(played, times, take.seconds), [0.5, 1.0], atol=0.01)
    # It is an ordinary project: its movie comes by itself, and undo brings the old one back.
    rig.live.close()
    controller = rig.window.controller
    rig.wait(lambda: controller.movie is not None and controller.movie.sound == sound)
    assert controller.movie is not None
    assert controller.movie.frames == pytest.approx(take.seconds * 24, abs=1)
    assert rig.session.history.undo_name == "record a live performance"
    rig.session.undo()
    assert rig.session.project.take is None
    assert rig.session.project.edits == (DUSK,)


def test_leaving_while_recording_keeps_the_performance(rig: LiveRig) -> None:
    rig.begin()
    rig.panel.record.toggle()
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 0.3)
    rig.live.close()
    rig.wait(lambda: rig.session.project.take is not None)


def test_monitoring_that_fails_does_not_end_a_recording(rig: LiveRig) -> None:
    rig.card.outputs = []
    rig.begin()
    rig.panel.record.click()
    rig.wait(lambda: (rig.live._link.status.recorded or 0.0) > 0.2)
    rig.panel.monitor.setChecked(True)
    rig.wait(lambda: rig.panel.trouble.text() != "")
    before = rig.live._link.status.recorded or 0.0
    rig.wait(lambda: (rig.live._link.status.recorded or 0.0) > before + 0.2)
    assert rig.panel.record.isChecked() and rig.session.project.take is None
    rig.panel.record.click()
    rig.wait(lambda: rig.session.project.take is not None)


def test_escape_does_not_end_a_recording(rig: LiveRig, qtbot: QtBot) -> None:
    rig.begin()
    window = rig.live.window
    assert window is not None
    rig.panel.record.click()
    rig.wait(lambda: (rig.live._link.status.recorded or 0.0) > 0.2)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert rig.live.running and rig.panel.record.isChecked()
    assert rig.panel.trouble.text() == "The recording goes on; R ends it, then Esc closes live."
    qtbot.keyClick(window, Qt.Key.Key_R)
    rig.wait(lambda: rig.session.project.take is not None)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    rig.wait(lambda: not rig.live.running)


def test_recordings_that_a_crash_left_are_offered(
    tiny_pack: Path, settings: Settings, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name, age in (("old", 3000), ("left", 0), ("empty", 0)):
        path = folder / f"{name}.flac"
        path.write_bytes(b"" if name == "empty" else b"fLaC")
        os.utime(path, (time.time() - age, time.time() - age))
    settings.set(RECORDINGS_KNOWN, time.time() - 1000)
    made = LiveRig(tiny_pack, settings, tmp_path, qtbot)
    made.window.show()
    made.window.begin()
    made.wait(lambda: made.window.controller.engine is not None)
    assert settings.recent() == [folder / "left.flac"]
    made.close()
    assert settings.get(RECORDINGS_KNOWN) > time.time() - 100


def test_a_performance_is_the_windows_until_it_is_closed(rig: LiveRig) -> None:
    rig.begin()
    rig.panel.record.toggle()
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 0.3)
    rig.panel.record.toggle()
    rig.wait(lambda: rig.session.project.take is not None)
    folder = rig.folder / "recordings"
    (log,) = folder.glob("*.moves")
    # Another window takes it for none that a crash left.
    assert left_logs(folder) == []
    assert rig.session.worth_asking
    rig.window.end()
    ((path, lock),) = left_logs(folder)
    assert path == log
    lock.release()


def test_what_is_too_short_is_no_performance(rig: LiveRig) -> None:
    rig.begin()
    log = PerformanceLog(rig.folder / "live.flac", rig.session.project, {}, Fraction(24))
    sound = rig.folder / "live.flac"
    take = LiveTake(sound, sound.with_suffix(".latents"), 0.1, 2, Fraction(24), {}, None)
    rig.live._recorded(take, log)
    assert rig.session.project.take is None and not log.path.exists()
    assert rig.panel.trouble.text() == "That was too short for a performance; record a longer one."


def test_no_recovery_is_offered_over_live(
    tiny_pack: Path, settings: Settings, tmp_path: Path, qtbot: QtBot
) -> None:
    saver = Autosaver(tmp_path / "state")
    saver.write(Project(title="lost", edits=(DUSK,)), {})
    saver.leave()
    made = LiveRig(tiny_pack, settings, tmp_path, qtbot)
    asked: list[object] = []

    def recovery(parent: object, found: object) -> RecoveryChoice:
        asked.append(found)
        return RecoveryChoice()

    made.window.projects._dialogs.recovery = recovery  # type: ignore[method-assign, assignment]
    made.begin()
    made.wait(lambda: not made.window.projects.busy)
    assert asked == []
    made.close()
    assert [left.title for left in recoverable(tmp_path / "state")] == ["lost"]
