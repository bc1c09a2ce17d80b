"""A performance that a crash cut short is offered with its slider moves at the next start."""

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from soundedit.app.performances import keep_performances
from soundedit.app.recovery import RecoveryChoice
from soundedit.app.settings import Settings
from soundedit.document.autosave import Autosaver, recover, recoverable
from soundedit.document.commands import add_edit, text_edit
from soundedit.document.model import Project
from soundedit.document.performancelog import PerformanceLog, read_performance
from soundedit.errors import ProjectError
from tests.app.live_rig import LiveRig

DUSK = replace(text_edit("dusk"), id="dusk", strength=0.5)


def test_a_log_is_read_to_its_last_whole_line(tmp_path: Path) -> None:
    log = PerformanceLog(tmp_path / "live.flac", Project(), {}, Fraction(24))
    still = {"dusk": 0.25}
    for frame in range(3):
        log.moved(frame, still)
    log.change(add_edit(Project(), DUSK), {"m": tmp_path / "rain.ogg"})
    log.moved(7, {"dusk": 1.0})
    log._file.write(b'{"frame": 9, "stren')
    log.close()
    found = read_performance(log.path)
    assert found.moves == ((0, {"dusk": 0.25}), (7, {"dusk": 1.0}))
    assert [edit.id for edit in found.project.edits] == ["dusk"]
    assert dict(found.files) == {"m": tmp_path / "rain.ogg"}
    assert found.fps == 24


@pytest.mark.parametrize("text", [b"", b"[1]\n", b"{}\n", b'{"project": {}, "files": 3}\n'])
def test_a_damaged_log_is_said(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "live.moves"
    path.write_bytes(text)
    with pytest.raises(ProjectError):
        read_performance(path)
    assert keep_performances(tmp_path, tmp_path / "state") == 0
    assert path.read_bytes() == text


def test_one_that_is_being_recorded_is_left_alone(tmp_path: Path) -> None:
    log = PerformanceLog(tmp_path / "live.flac", Project(), {}, Fraction(24))
    assert keep_performances(tmp_path, tmp_path / "state") == 0
    assert log.path.is_file()
    log.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_left_is_recovered_with_its_moves(
    tiny_pack: Path, settings: Settings, tmp_path: Path, qtbot: object
) -> None:
    rig = LiveRig(tiny_pack, settings, tmp_path / "desk", qtbot)  # type: ignore[arg-type]
    rig.session.do("add dusk", add_edit(rig.session.project, DUSK))
    rig.begin()
    rig.panel.record.toggle()
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 0.8)
    rig.panel.rows["edit:dusk"].slider.number.setValue(-1.25)
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 2.2)
    # What lies on the disk at this moment is what a power cut leaves.
    left = tmp_path / "left"
    recordings = tmp_path / "desk" / "recordings"
    left.mkdir()
    for file in recordings.iterdir():
        if not file.name.startswith("."):
            shutil.copy(file, left)
    rig.panel.record.toggle()
    rig.wait(lambda: rig.session.project.take is not None)
    assert len(list(recordings.glob("*.moves"))) == 1
    rig.close()
    assert not list(recordings.glob("*.moves"))

    state = tmp_path / "state"
    # One whose project was autosaved is recovered by that alone.
    known = tmp_path / "known"
    shutil.copytree(left, known)
    (log,) = known.glob("*.moves")
    saver = Autosaver(tmp_path / "autosaved")
    saver.write(Project(), {"m": log.with_suffix(".flac")})
    saver.leave()
    assert keep_performances(known, tmp_path / "autosaved") == 0
    assert not log.exists() and log.with_suffix(".flac").exists()
    assert keep_performances(left, state) == 1
    assert not list(left.glob("*.moves"))
    (found,) = recoverable(state)
    saver, opened = recover(found)
    take = opened.project.take
    assert take is not None and take.latents is not None
    assert take.seconds > 0.5
    (edit,) = opened.project.edits
    assert edit.strength == -1.25
    assert [round(key.value * edit.strength, 3) for key in edit.keyframes] == [0.5, 0.5, -1.25]
    assert opened.files[take.media].parent == left and not opened.missing
    saver.leave()

    again = LiveRig(tiny_pack, settings, tmp_path / "again", qtbot)  # type: ignore[arg-type]
    shutil.copytree(state, tmp_path / "again" / "state", dirs_exist_ok=True)
    asked = []

    def choose(parent: object, offered: object) -> RecoveryChoice:
        asked.append(offered)
        return RecoveryChoice(open=offered[0])  # type: ignore[index]

    again.window.projects._dialogs.recovery = choose  # type: ignore[method-assign,assignment]
    again.window.show()
    again.window.begin()
    again.wait(lambda: again.window.controller.movie is not None)
    assert len(asked) == 1
    assert again.session.project.take == take
    assert again.session.modified
    again.close()
