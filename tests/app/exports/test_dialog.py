import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QComboBox, QDialogButtonBox, QWidget
from pytestqt.qtbot import QtBot

from soundedit.app.dialogs import Dialogs
from soundedit.app.exports.dialog import ExportDialog
from soundedit.app.exports.plan import Plan, Subject
from soundedit.app.exports.presetbook import PresetBook
from soundedit.media.formats import Quality
from soundedit.media.presets import PRESETS, ExportSettings, Fit, load_presets

from .conftest import MakeJob

SUBJECT = Subject("rain", 10.0, Fraction(24), 2.0, 5.5, 256, step=0.02)


class Answers(Dialogs):
    def __init__(self) -> None:
        self.agree = True
        self.asked: list[Path] = []
        self.folder: Path | None = None
        self.name = ""

    def may_replace(self, parent: QWidget, path: Path) -> bool:
        self.asked.append(path)
        return self.agree

    def export_folder(self, parent: QWidget, folder: Path) -> Path | None:
        return self.folder

    def preset_name(self, parent: QWidget, suggestion: str) -> str:
        return self.name


class Desk:
    def __init__(self, folder: Path) -> None:
        self.answers = Answers()
        self.presets = folder / "config" / "presets.json"
        self.jobs: list[object] = []
        self.plans: list[Plan] = []
        self.folder = folder
        self.dialog = self.make(SUBJECT)

    def make(self, subject: Subject, settings: ExportSettings | None = None) -> ExportDialog:
        dialog = ExportDialog(
            subject,
            settings or ExportSettings(),
            self.folder,
            PresetBook(self.presets),
            lambda: self.jobs,  # type: ignore[arg-type,return-value]
            self.answers,
        )
        dialog.planned.connect(self.plans.append)
        dialog.show()
        self.dialog = dialog
        return dialog

    def choose(self, combo: QComboBox, text: str) -> None:
        index = combo.findText(text)
        assert index >= 0, [combo.itemText(n) for n in range(combo.count())]
        combo.setCurrentIndex(index)
        combo.activated.emit(index)


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    if shiboken6.isValid(made.dialog):
        made.dialog.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_begins_with_the_range_and_a_free_name(desk: Desk, qtbot: QtBot) -> None:
    dialog = desk.dialog
    assert dialog.name.text() == "rain.mp4"
    assert dialog.name.selectedText() == "rain"
    assert dialog.range.currentText() == "From in to out, 0:02.0 - 0:05.5"
    assert dialog.estimate.text().startswith("84 frames, about ")
    assert dialog.add.isEnabled()
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    (plan,) = desk.plans
    assert (plan.start, plan.end, plan.overwrite) == (2.0, 5.5, False)
    assert plan.path == desk.folder / "rain.mp4"
    assert plan.settings == ExportSettings()


def test_wrong_values_are_told_while_they_are_typed(desk: Desk) -> None:
    dialog = desk.dialog
    dialog.form.high.setValue(1081)
    assert "both must be even; choose 256 x 1082." in dialog.said.text()
    assert not dialog.add.isEnabled()
    assert dialog.form.sizes.currentText() == "Other"
    dialog.form.high.setValue(9000)
    assert "A side of 9000 pixels is out of range" in dialog.said.text()
    dialog.form.high.setValue(256)
    assert dialog.add.isEnabled()
    dialog.name.clear()
    assert dialog.said.text() == "\u26a0 The file needs a name."
    dialog.accept()
    assert desk.plans == []
    dialog.name.setText("rain.mp4")
    dialog.end.setValue(1.0)
    assert "The range is empty" in dialog.said.text()
    assert dialog.range.currentText() == "Other"
    desk.choose(dialog.range, "All of it, 0:10.0")
    assert (dialog.start.value(), dialog.end.value()) == (0.0, 10.0)
    dialog.folder.setText("none")
    assert "does not exist" in dialog.said.text()


def test_a_folder_that_is_missing_is_made(desk: Desk) -> None:
    dialog, folder = desk.dialog, desk.folder / "films" / "new"
    dialog.folder.setText(str(folder))
    assert dialog.said.text() == f"The folder {folder} will be made."
    assert not folder.exists()
    dialog.accept()
    assert folder.is_dir()
    assert desk.plans[0].path == folder / "rain.mp4"


def test_a_folder_that_cannot_be_made_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    dialog = desk.dialog
    dialog.folder.setText(str(desk.folder / ("x" * 300)))
    assert dialog.said.text() == "\u26a0 The name is too long; shorten it."
    dialog.folder.setText(str(desk.folder / "films"))
    monkeypatch.setattr("os.mkdir", _full)
    dialog.accept()
    assert dialog.said.text() == (
        f"\u26a0 The folder {desk.folder / 'films'} cannot be made (No space left on device); "
        "choose another."
    )
    assert desk.plans == []


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("name", ["noext", "my.film.v2", "Rain.MP4"])
def test_a_name_gets_the_ending_that_it_lacks(desk: Desk, name: str) -> None:
    desk.dialog.name.setText(name)
    assert desk.dialog.add.isEnabled()
    ending = "" if name.endswith(".MP4") else ".mp4"
    assert desk.dialog.plan().path == desk.folder / f"{name}{ending}"


def test_the_ending_of_another_format_is_told(desk: Desk) -> None:
    desk.dialog.name.setText("storm.mov")
    assert "A file of the format MP4 (H.264, AAC) ends in .mp4." in desk.dialog.said.text()
    assert not desk.dialog.add.isEnabled()


def test_presets_fill_the_form(desk: Desk) -> None:
    dialog = desk.dialog
    for title, name in (("1080p", "1080p"), ("Master", "master"), ("GIF", "gif"), ("Web", "web")):
        desk.choose(dialog.preset, title)
        assert dialog.form.settings() == PRESETS[name]
        assert dialog.preset.currentText() == title
    desk.choose(dialog.form.fit, "Show all of the picture, mirrored beside it")
    assert dialog.form.settings().fit is Fit.MIRROR
    assert dialog.preset.currentText() == "Own settings"


def test_name_follows_the_format(desk: Desk) -> None:
    dialog = desk.dialog
    dialog.name.setText("my film.mp4")
    names = []
    for title in ("GIF", "PNG pictures and WAV", "WebM (VP9, Opus)", "MP4 (H.264, AAC)"):
        desk.choose(dialog.form.format, title)
        names.append(dialog.name.text())
    assert names == ["my film.gif", "my film-frames", "my film.webm", "my film.mp4"]


def test_what_a_format_lacks_cannot_be_chosen(desk: Desk) -> None:
    form = desk.dialog.form
    desk.choose(form.format, "GIF")
    assert not form.sound.isEnabled()
    assert "GIF holds no sound." in desk.dialog.said.text()
    desk.choose(form.format, "Trajectory (safetensors)")
    assert not form.wide.isEnabled() and not form.quality.isEnabled()
    desk.choose(form.format, "MOV (ProRes 422 HQ, PCM)")
    assert not form.quality.isEnabled() and form.sound.isEnabled()
    form.normalise.setChecked(True)
    assert form.loudness.isEnabled()
    form.sound.setChecked(False)
    assert not form.normalise.isEnabled()


def test_the_end_of_a_loop_glides(desk: Desk) -> None:
    form = desk.dialog.form
    assert not form.glide.isEnabled() and form.settings().glide == 0
    form.loop.setChecked(True)
    assert form.glide.isEnabled() and form.settings().glide == 1
    form.glide.setValue(2.5)
    kept = form.settings()
    form.loop.setChecked(False)
    assert form.settings().glide == 0
    form.set_settings(kept)
    assert form.loop.isChecked() and form.settings() == kept


def test_fades(desk: Desk) -> None:
    form = desk.dialog.form
    assert (form.settings().fade_in, form.settings().fade_out) == (0, 0)
    form.fade_in.setValue(0.5)
    form.fade_out.setValue(2.0)
    kept = form.settings()
    assert (kept.fade_in, kept.fade_out) == (0.5, 2.0)
    desk.choose(desk.dialog.preset, "Web")
    assert form.settings() == PRESETS["web"]
    form.set_settings(kept)
    assert form.settings() == kept
    desk.choose(form.format, "Trajectory (safetensors)")
    assert not form.fade_in.isEnabled() and not form.fade_out.isEnabled()


def test_own_presets_are_kept_and_deleted(desk: Desk) -> None:
    dialog = desk.dialog
    assert not dialog.forget.isEnabled()
    desk.choose(dialog.form.quality, "Best")
    desk.answers.name = "B\u00fchne"
    dialog.keep.click()
    assert dialog.preset.currentText() == "B\u00fchne"
    own = load_presets(desk.presets)
    assert own == {"B\u00fchne": ExportSettings(quality=Quality.BEST)}
    dialog.close()
    again = desk.make(SUBJECT)
    desk.choose(again.preset, "B\u00fchne")
    assert again.form.settings().quality is Quality.BEST
    assert again.forget.isEnabled()
    again.forget.click()
    assert load_presets(desk.presets) == {}
    assert again.preset.findText("B\u00fchne") < 0


def test_damaged_presets_are_told_and_left_alone(desk: Desk) -> None:
    desk.dialog.close()
    desk.presets.parent.mkdir()
    desk.presets.write_text("{")
    dialog = desk.make(SUBJECT)
    desk.answers.name = "mine"
    dialog.keep.click()
    assert "rename that file" in dialog.said.text()
    assert desk.presets.read_text() == "{"


def test_asks_before_a_file_is_replaced(desk: Desk) -> None:
    path = desk.folder / "old.mp4"
    path.write_text("old")
    dialog = desk.dialog
    dialog.name.setText("old.mp4")
    assert dialog.said.text() == "old.mp4 is there already and would be replaced."
    desk.answers.agree = False
    dialog.accept()
    assert (desk.plans, desk.answers.asked, dialog.isVisible()) == ([], [path], True)
    desk.answers.agree = True
    dialog.accept()
    assert desk.plans[0].overwrite


def test_names_taken_by_the_queue(desk: Desk, make_job: MakeJob) -> None:
    desk.dialog.close()
    desk.jobs = [make_job(path=desk.folder / "rain.mp4")]
    dialog = desk.make(SUBJECT)
    assert dialog.name.text() == "rain 2.mp4"
    dialog.name.setText("rain.mp4")
    assert "Another export in the list writes this file" in dialog.said.text()


def test_folder_is_browsed_for(desk: Desk) -> None:
    desk.answers.folder = desk.folder / "films"
    desk.answers.folder.mkdir()
    desk.dialog.browse.click()
    assert desk.dialog.plan().path == desk.folder / "films" / "rain.mp4"
    desk.answers.folder = None
    desk.dialog.browse.click()
    assert desk.dialog.folder.text() == str(desk.folder / "films")


def test_rates_that_are_not_in_the_list_are_shown(desk: Desk) -> None:
    desk.dialog.close()
    dialog = desk.make(SUBJECT, ExportSettings(fps=Fraction(27)))
    assert dialog.form.rate.currentText() == "27"
    assert dialog.form.settings().fps == 27
    desk.choose(dialog.form.rate, "23.976")
    assert dialog.form.settings().fps == Fraction(24000, 1001)
    assert dialog.form.rate.itemText(0) == "The project's (24)"


def test_everything_has_a_name_and_is_reached_by_tab(desk: Desk) -> None:
    dialog = desk.dialog
    reached = []
    widget = dialog.nextInFocusChain()
    while widget is not dialog and widget is not None:
        reached.append(widget)
        widget = widget.nextInFocusChain()
    form = dialog.form
    for one in (
        dialog.preset, dialog.range, dialog.start, dialog.end, dialog.name, dialog.folder,
        form.format, form.sizes, form.wide, form.high, form.fit, form.rate, form.quality,
        form.loudness,
    ):  # fmt: skip
        assert one.accessibleName()
        assert one in reached
    assert dialog.buttons.button(QDialogButtonBox.StandardButton.Cancel) in reached


def test_the_range_is_exported_to_the_frame(desk: Desk) -> None:
    desk.dialog.close()
    subject = replace(SUBJECT, fps=Fraction(24), start=5 / 24, end=25 / 24)
    dialog = desk.make(subject)
    plan = dialog.plan()
    assert (plan.start, plan.end) == (5 / 24, 25 / 24)
    assert plan.frames(subject) == 20
    # What is typed is rounded to what the boxes hold.
    dialog.start.setValue(0.209)
    dialog.start.setValue(0.208)
    dialog.end.setValue(1.042)
    assert (dialog.plan().start, dialog.plan().end) == (0.208, 1.042)
    assert dialog.plan().frames(subject) == 20


def test_a_suggested_name_is_free_for_each_format(desk: Desk) -> None:
    for name in ("rain.mp4", "rain 2.mp4"):
        (desk.folder / name).touch()
    (desk.folder / "rain-frames").mkdir()
    dialog = desk.make(SUBJECT)
    assert dialog.name.text() == "rain 3.mp4"
    for title, wanted in (
        ("MOV (ProRes 422 HQ, PCM)", "rain.mov"),
        ("PNG pictures and WAV", "rain-frames 2"),
        ("MP4 (H.264, AAC)", "rain 3.mp4"),
    ):
        desk.choose(dialog.form.format, title)
        assert dialog.name.text() == wanted
    # What was typed stays, but for its ending.
    desk.choose(dialog.form.format, "PNG pictures and WAV")
    dialog.name.setText("film-frames 2")
    desk.choose(dialog.form.format, "MP4 (H.264, AAC)")
    assert dialog.name.text() == "film 2.mp4"


def test_times_are_typed_as_people_write_them(desk: Desk, qtbot: QtBot) -> None:
    for typed, wanted in (("2,5", 2.5), ("0:04.5", 4.5)):
        desk.dialog.start.selectAll()
        qtbot.keyClicks(desk.dialog.start, typed)
        assert desk.dialog.plan().start == wanted
