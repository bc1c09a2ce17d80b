"""The queue in the window, with the stand-in engine, whose pictures are as red as the seed."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, QPoint, Qt
from pytestqt.qtbot import QtBot

from soundedit.app.buttons import Button
from soundedit.app.clock import clock
from soundedit.app.dialogs import Leave
from soundedit.app.exports.details import DetailsDialog
from soundedit.app.exports.dialog import ExportDialog
from soundedit.app.exports.job import ExportJob, JobState
from soundedit.app.settings import EXPORT_FOLDER, EXPORT_SETTINGS, Settings
from soundedit.media.probe import probe_video

from ..conftest import Rig

MakeSound = Callable[..., Path]


@pytest.fixture
def films(tmp_path: Path, settings: Settings) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    settings.set(EXPORT_FOLDER, str(folder))
    return folder


def jobs(rig: Rig) -> list[ExportJob]:
    return list(rig.window.exporter.queue.jobs)


def states(rig: Rig) -> list[tuple[str, str]]:
    return [(job.path.name, str(job.state)) for job in jobs(rig)]


def over(rig: Rig) -> bool:
    return not any(job.open for job in jobs(rig))


def red(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [round(float(np.mean(picture[..., 0]))) for picture in pictures]


def focus(rig: Rig) -> None:
    rig.window.activateWindow()
    rig.window.exporter.panel.list.setFocus()
    rig.wait(rig.window.exporter.panel.list.hasFocus)


def ask(rig: Rig) -> ExportDialog:
    rig.do("export")
    dialog = rig.window.findChild(ExportDialog)
    assert dialog is not None
    return dialog


def test_dialog_adds_a_job_that_is_made(
    rig: Rig, make_sound: MakeSound, films: Path, settings: Settings
) -> None:
    rig.begin()
    assert not rig.window.actions_by_id["export"].isEnabled()
    rig.open(make_sound(1.0, "storm.wav"))
    dialog = ask(rig)
    assert dialog.name.text() == "storm.mp4"
    assert dialog.framing.isVisible()
    # The size of the generator would be a stamp on most screens.
    assert (dialog.preset.currentText(), dialog.form.settings().width) == ("Web", 720)
    dialog.form.sizes.setCurrentIndex(dialog.form.sizes.findText("1280 \u00d7 720"))
    dialog.add.click()
    assert rig.window.exporter.panel.isVisible()
    rig.wait(lambda: states(rig) == [("storm.mp4", "done")])
    info = probe_video(films / "storm.mp4")
    assert (info.width, info.height, info.frames, info.has_sound) == (1280, 720, 24, True)
    assert [path.name for path in films.iterdir()] == ["storm.mp4"]
    assert rig.window.status.jobs.text.text() == f"Exported {films / 'storm.mp4'}"
    assert '"width": 1280' in settings.get(EXPORT_SETTINGS)
    rig.do("export_again")
    rig.wait(lambda: over(rig))
    assert probe_video(films / "storm 2.mp4").width == 1280
    # A range that was typed is a part of the settings, as long as the sound is the same.
    dialog = ask(rig)
    dialog.start.setValue(0.25)
    dialog.end.setValue(0.75)
    dialog.add.click()
    rig.wait(lambda: over(rig))
    rig.do("export_again")
    rig.wait(lambda: over(rig))
    rig.do("export_again")
    rig.wait(lambda: over(rig))
    assert [probe_video(films / f"storm {n}.mp4").frames for n in (3, 4, 5)] == [12, 12, 12]
    # Another in point is what is wanted now.
    rig.window.axis.seek(0.75)
    rig.do("in_point")
    rig.do("export_again")
    rig.wait(lambda: over(rig))
    assert probe_video(films / "storm 6.mp4").frames == 6
    rig.do("clear_range")
    rig.open(make_sound(1.0, "rain.wav"))
    rig.do("export_again")
    rig.wait(lambda: over(rig))
    assert probe_video(films / "rain.mp4").frames == 24


def test_what_was_open_when_it_was_added_is_made(
    rig: Rig, make_sound: MakeSound, films: Path
) -> None:
    rig.begin()
    rig.open(make_sound(1.0))
    rig.engine.step_seconds = 0.01
    rig.controller.set_seed(40)
    rig.do("export_again")
    rig.controller.set_seed(200)
    rig.do("export_again")
    rig.open(make_sound(2.0, "next.wav"))
    rig.controller.set_seed(120)
    rig.do("export_again")
    rig.wait(lambda: len(jobs(rig)) == 3 and over(rig))
    names = ["tone.mp4", "tone 2.mp4", "next.mp4"]
    assert states(rig) == [(name, "done") for name in names]
    seen = [red(films / name) for name in names]
    assert [len(one) for one in seen] == [24, 24, 48]
    for one, seed in zip(seen, (40, 200, 120), strict=True):
        assert one == pytest.approx([seed] * len(one), abs=3)


def test_what_becomes_of_exports_is_said_at_quitting(
    rig: Rig, make_sound: MakeSound, films: Path
) -> None:
    rig.begin()
    rig.open(make_sound(2.0))
    rig.window.editing.stack.add_words("storm")
    rig.answers.leaving = Leave.STAY
    assert not rig.window.close()
    rig.engine.step_seconds = 0.05
    for _ in range(2):
        rig.do("export_again")
    rig.wait(lambda: any(job.done > 2 for job in jobs(rig)))
    assert not rig.window.close()
    assert rig.answers.told_at_leaving == ["", "2 exports go on at the next start."]
    rig.answers.leaving = Leave.DISCARD


def test_what_is_left_by_a_cancelled_export_is_said(
    rig: Rig, make_sound: MakeSound, films: Path
) -> None:
    rig.begin()
    rig.open(make_sound(2.0))
    said: list[str] = []
    rig.window.exporter.said.connect(said.append)
    for name in ("new.mp4", "old.mp4"):
        (films / "old.mp4").write_bytes(b"old")
        rig.engine.step_seconds = 0.02
        dialog = ask(rig)
        dialog.name.setText(name)
        dialog.add.click()
        rig.wait(lambda: any(job.state is JobState.RUNNING and job.done > 2 for job in jobs(rig)))
        rig.do("cancel")
        rig.wait(lambda: over(rig))
        rig.wait(lambda: [path.name for path in films.iterdir()] == ["old.mp4"])
    assert said == [
        "Export cancelled; no file was left",
        "Export cancelled; the earlier file stays",
    ]
    assert (films / "old.mp4").read_bytes() == b"old"


def test_pause_reorder_and_cancel_from_the_panel(
    rig: Rig, make_sound: MakeSound, films: Path, qtbot: QtBot
) -> None:
    rig.begin()
    rig.open(make_sound(3.0))
    rig.engine.step_seconds = 0.02
    for _ in range(3):
        rig.do("export_again")
    panel, queue = rig.window.exporter.panel, rig.window.exporter.queue
    rig.wait(lambda: any(job.done > 4 for job in jobs(rig)))
    first, second, third = (job.id for job in jobs(rig))
    panel.select(third)
    # The window has another meaning for this key.
    rig.window.actions_by_id["edit_up"].setEnabled(True)
    focus(rig)
    qtbot.keyClick(panel.list, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert [job.id for job in jobs(rig)] == [first, third, second]
    assert panel.current is not None and panel.current.id == third
    panel.select(first)
    panel.commands["hold"].trigger()
    rig.wait(lambda: queue.running is not None and queue.running.id == third)
    made = rig.engine.made.count(0)
    panel.commands["hold"].trigger()
    assert queue.find(first).state is JobState.WAITING  # type: ignore[union-attr]
    panel.select(third)
    rig.wait(lambda: any("part" in path.name for path in films.iterdir()))
    panel.commands["cancel"].trigger()
    panel.select(second)
    panel.commands["cancel"].trigger()
    rig.engine.step_seconds = 0.0
    rig.wait(lambda: over(rig))
    assert states(rig) == [
        ("tone.mp4", "done"), ("tone 3.mp4", "cancelled"), ("tone 2.mp4", "cancelled"),
    ]  # fmt: skip
    assert [path.name for path in films.iterdir()] == ["tone.mp4"]
    assert probe_video(films / "tone.mp4").frames == 72
    # The first frame was kept when the job was paused.
    assert rig.engine.made.count(0) <= made + 1


def test_rows_are_dragged_to_another_place(rig: Rig, make_sound: MakeSound, films: Path) -> None:
    rig.begin()
    rig.open(make_sound(1.0))
    rig.engine.gate.clear()
    for _ in range(3):
        rig.do("export_again")
    model = rig.window.exporter.panel.model
    names = [job.path.name for job in jobs(rig)]
    mime = model.mimeData([model.index(0)])
    assert isinstance(mime, QMimeData)
    nowhere, move = QModelIndex(), Qt.DropAction.MoveAction
    model.dropMimeData(mime, move, 3, 0, nowhere)
    assert [job.path.name for job in jobs(rig)] == [names[1], names[2], names[0]]
    model.dropMimeData(mime, move, -1, -1, model.index(1))
    assert [job.path.name for job in jobs(rig)] == [names[1], names[0], names[2]]
    model.dropMimeData(mime, move, -1, -1, nowhere)
    assert [job.path.name for job in jobs(rig)] == [names[1], names[2], names[0]]


def test_restart_goes_on_with_what_was_open(
    rig: Rig, make_sound: MakeSound, films: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    rig.begin()
    rig.open(make_sound(2.0))
    rig.engine.step_seconds = 0.02
    rig.controller.set_seed(77)
    rig.do("export_again")
    rig.do("export_again")
    rig.wait(lambda: any(job.done > 8 for job in jobs(rig)))
    rig.close()
    assert list(films.iterdir()) == []
    again = Rig(Settings(tmp_path / "settings.ini"), tmp_path, qtbot)
    try:
        again.begin()
        again.wait(lambda: states(again) == [("tone.mp4", "done"), ("tone 2.mp4", "done")])
        assert red(films / "tone 2.mp4") == pytest.approx([77] * 48, abs=3)
        # Frames of the first program were not made again, nor those of the other export.
        assert len(again.engine.made) <= 48 - 8
    finally:
        again.close()


def test_failure_is_shown_with_what_ffmpeg_said_and_tried_again(
    rig: Rig, make_sound: MakeSound, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.begin()
    rig.open(make_sound(1.0))
    rig.engine.gate.clear()
    rig.do("export_again")
    (films / "tone.mp4").write_text("made by another program meanwhile")
    rig.engine.gate.set()
    rig.wait(lambda: states(rig) == [("tone.mp4", "failed")])
    assert "there already" in jobs(rig)[0].error
    assert rig.window.errors.dialog is None
    assert rig.window.status.jobs.text.text().startswith("Export of tone.mp4 failed: ")
    panel = rig.window.exporter.panel
    panel.commands["details"].trigger()
    dialog = rig.window.findChild(DetailsDialog)
    assert dialog is not None
    assert dialog.log.placeholderText() == "ffmpeg said nothing."
    dialog.reject()
    asked: list[Path] = []
    monkeypatch.setattr(rig.answers, "may_replace", lambda parent, path: asked.append(path))
    panel.commands["retry"].trigger()
    assert (asked, states(rig)) == ([films / "tone.mp4"], [("tone.mp4", "failed")])
    monkeypatch.setattr(rig.answers, "may_replace", lambda parent, path: True)
    panel.commands["retry"].trigger()
    rig.wait(lambda: states(rig) == [("tone.mp4", "done")])
    assert probe_video(films / "tone.mp4").frames == 24


def test_done_job_opens_its_file_and_folder_and_leaves_the_list(
    rig: Rig, make_sound: MakeSound, films: Path
) -> None:
    rig.begin()
    rig.open(make_sound(1.0))
    rig.do("export_again")
    rig.wait(lambda: states(rig) == [("tone.mp4", "done")])
    panel = rig.window.exporter.panel
    opened: list[Path] = []
    panel.opener = opened.append
    panel.list.doubleClicked.emit(panel.list.currentIndex())
    panel.commands["folder"].trigger()
    assert opened == [films / "tone.mp4", films]
    said = rig.window.status.jobs
    assert said.text.text() == f"Exported {films / 'tone.mp4'}"
    said.offer.click()
    assert opened[2:] == [films / "tone.mp4"]
    text = panel.model.data(panel.model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    took = clock(rig.window.exporter.queue.jobs[0].spent)
    assert str(text).startswith(f"tone.mp4, tone, MP4, 720 \u00d7 720, 24 fps, Done in {took}")
    focus(rig)
    rig.qtbot.keyClick(panel.list, Qt.Key.Key_Delete)
    assert jobs(rig) == []
    assert panel.hint.isVisible()
    assert (films / "tone.mp4").is_file()


def test_frames_ahead_are_made_while_an_export_runs(
    rig: Rig, make_sound: MakeSound, films: Path
) -> None:
    rig.begin()
    rig.open(make_sound(4.0))
    rig.engine.step_seconds = 0.01
    rig.do("export_again")
    rig.wait(lambda: rig.window.exporter.queue.jobs[0].done > 0)
    rig.generate()
    rig.wait(lambda: len(rig.controller.feed.cache) > 20)
    assert not rig.exported()
    rig.engine.step_seconds = 0.0
    rig.wait(rig.exported)


def test_all_buttons_of_the_panel_have_names_and_keys_reach_them(rig: Rig) -> None:
    rig.begin()
    panel = rig.window.exporter.panel
    panel.show()
    buttons = panel.findChildren(Button)
    assert len(buttons) == 9
    for button in buttons:
        assert button.accessibleName()
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert panel.list.accessibleName() == "Exports"
    panel.list.customContextMenuRequested.emit(QPoint(1, 1))
