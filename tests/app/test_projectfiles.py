"""Projects in the window: save, open, autosave, recovery, and two windows on one project."""

import json
import os
import threading
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.dialogs import Leave
from soundedit.app.recovery import RecoveryChoice, RecoveryDialog
from soundedit.app.settings import Settings
from soundedit.document.autosave import Recovery, recover, recoverable
from soundedit.document.projectfile import open_project, project_picture

from .conftest import Rig
from .standin import PUSH

MakeSound = Callable[..., Path]
Again = Callable[[], Rig]


@pytest.fixture
def again(tmp_path: Path, qtbot: QtBot):  # type: ignore[no-untyped-def]
    """Makes another window on the same state folder."""
    made: list[Rig] = []

    def make() -> Rig:
        made.append(Rig(Settings(tmp_path / "settings.ini"), tmp_path, qtbot))
        return made[-1]

    yield make
    for rig in made:
        rig.engine.gate.set()
        rig.close()


@pytest.fixture
def storm(rig: Rig, make_sound: MakeSound) -> Rig:
    """A window with a sound and an edit of strength 0.5, on screen."""
    rig.begin()
    rig.open(make_sound(2.0))
    add_storm(rig)
    return rig


def add_storm(rig: Rig) -> None:
    stack = rig.window.editing.stack
    edit = stack.add_words("storm")
    assert edit is not None
    stack.set_strength(edit, 0.5)
    rig.wait(lambda: rig.shown() == (PUSH // 2, 0, 0))


def save(rig: Rig, path: Path) -> Path:
    rig.answers.save_path = path
    rig.do("save")
    rig.wait(lambda: not rig.window.projects.busy)
    return path


def test_save_and_open_give_the_same_picture(
    storm: Rig, again: Again, tmp_path: Path, make_sound: MakeSound
) -> None:
    assert storm.window.windowTitle() == "tone.wav - soundedit[*]"
    path = save(storm, tmp_path / "film.soundedit")
    assert storm.window.windowTitle() == "film - soundedit"
    assert project_picture(path) is not None
    project, frame = storm.window.session.project, storm.shown()
    storm.close()
    make_sound(2.0).unlink()  # The project has its own.
    other = again()
    other.begin(path)
    other.wait(lambda: other.controller.movie is not None)
    other.wait(lambda: other.shown() == frame)
    opened = other.window.session.project
    assert (opened.edits, opened.start) == (project.edits, project.start)
    # Its own copy of the sound is none that a person would open again.
    assert other.window.settings.recent() == []
    assert opened.pack == "stand-in"
    assert other.window.windowTitle() == "film - soundedit"
    assert other.controller.sound is not None and other.controller.sound.path.name == "tone.wav"
    other.window.editing.stack.set_strength(opened.edits[0].id, 1.0)
    other.do("save")
    other.wait(lambda: not other.window.session.modified)
    with open_project(path) as last:
        assert last.project.edits[0].strength == 1.0


def test_save_as_takes_the_suffix_and_another_name(storm: Rig, tmp_path: Path) -> None:
    save(storm, tmp_path / "one.soundedit")
    storm.answers.save_path = tmp_path / "two"
    storm.do("save_as")
    storm.wait(lambda: storm.window.session.title == "two")
    assert sorted(one.name for one in tmp_path.glob("*.soundedit")) == [
        "one.soundedit",
        "two.soundedit",
    ]


def test_closing_asks_only_where_work_would_be_lost(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.window.picture.seed.setValue(4)
    rig.window.close()
    assert rig.answers.asked_to_leave == []


def test_closing_can_be_taken_back_or_saves_first(storm: Rig, tmp_path: Path) -> None:
    storm.answers.leaving = Leave.STAY
    assert not storm.window.close()
    assert storm.answers.asked_to_leave == ["tone"]
    assert storm.window.isVisible()
    storm.answers.leaving, storm.answers.save_path = Leave.SAVE, tmp_path / "last.soundedit"
    storm.window.close()
    assert [path.name for path in storm.answers.suggested] == ["tone.soundedit"]
    storm.wait(lambda: not storm.window.isVisible())
    with open_project(tmp_path / "last.soundedit") as opened:
        assert [edit.name for edit in opened.project.edits] == ["storm"]
    assert recoverable(tmp_path / "state") == []


def test_new_project_begins_without_edits(storm: Rig, tmp_path: Path) -> None:
    storm.answers.leaving = Leave.SAVE
    storm.answers.save_path = tmp_path / "film.soundedit"
    storm.do("new_project")
    storm.wait(lambda: storm.controller.sound is None)
    assert storm.window.session.project.edits == ()
    assert not storm.window.session.history.can_undo
    assert storm.window.session.path is None
    assert (tmp_path / "film.soundedit").is_file()


def test_each_project_has_a_seed_of_its_own(storm: Rig) -> None:
    storm.window.picture.seed.setValue(42)
    storm.window.picture.rate.setCurrentText("25")
    storm.do("new_project")
    project = storm.window.session.project
    assert (project.start.seed, project.fps) == (0, "25")
    assert storm.window.picture.seed.value() == 0


def test_another_sound_in_a_saved_project_is_told_and_can_be_taken_back(
    storm: Rig, make_sound: MakeSound, tmp_path: Path
) -> None:
    other, text = make_sound(1.0, "other.wav"), storm.window.status.jobs.text
    storm.open(other)
    storm.wait(lambda: storm.controller.jobs.current() is None)
    assert text.text() == ""
    save(storm, tmp_path / "film.soundedit")
    storm.open(make_sound(2.0, "third.wav"))
    storm.wait(lambda: text.text() == 'The sound of "film" is now third.wav.')
    offer = storm.window.status.jobs.offer
    assert offer.text() == "Undo"
    offer.click()
    sound = storm.controller
    storm.wait(lambda: sound.sound is not None and sound.sound.path.name == "other.wav")


def test_failed_save_is_told_and_nothing_is_lost(storm: Rig, tmp_path: Path) -> None:
    storm.answers.save_path = tmp_path / "nowhere" / "film.soundedit"
    storm.do("save")
    storm.wait(lambda: storm.window.errors.dialog is not None)
    assert storm.window.session.modified
    assert [edit.name for edit in storm.window.session.project.edits] == ["storm"]


def test_damaged_project_is_told_and_what_was_open_stays(storm: Rig, tmp_path: Path) -> None:
    bad = tmp_path / "bad.soundedit"
    bad.write_bytes(b"not a project")
    storm.window.opener.open(bad)
    storm.wait(lambda: storm.window.errors.dialog is not None)
    assert [edit.name for edit in storm.window.session.project.edits] == ["storm"]


def test_second_window_may_only_look(storm: Rig, again: Again, tmp_path: Path) -> None:
    path = save(storm, tmp_path / "film.soundedit")
    other = again()
    other.begin(path)
    other.wait(lambda: other.window.session.path == path)
    assert other.window.session.read_only
    assert other.window.windowTitle() == "film (read only) - soundedit"
    said = other.window.status.jobs.text
    other.wait(lambda: "open in another window" in said.text())
    other.window.picture.seed.setValue(77)
    assert other.window.picture.seed.value() == storm.window.picture.seed.value()
    assert not other.window.editing.panel.isEnabled()
    other.window.editing.stack.add_words("rain")
    assert [edit.name for edit in other.window.session.project.edits] == ["storm"]
    other.answers.save_path = tmp_path / "copy.soundedit"
    other.do("save")
    other.wait(lambda: other.window.session.title == "copy")
    assert not other.window.session.read_only
    assert other.window.editing.stack.add_words("rain") is not None


def test_what_was_not_saved_is_offered_again(storm: Rig, again: Again, tmp_path: Path) -> None:
    storm.window.end()
    assert len(recoverable(tmp_path / "state")) == 0 or os.name == "nt"
    release(storm)
    (left,) = recoverable(tmp_path / "state")
    assert left.picture is not None and left.path is None
    other = again()
    other.answers.recovering = lambda found: RecoveryChoice(found[0])
    other.begin()
    other.wait(lambda: bool(other.window.session.project.edits))
    assert other.window.session.modified
    other.wait(lambda: other.controller.movie is not None)
    other.wait(lambda: other.shown() == (PUSH // 2, 0, 0))
    save(other, tmp_path / "film.soundedit")
    other.close()
    assert recoverable(tmp_path / "state") == []


def test_recovery_can_wait_or_be_deleted(storm: Rig, again: Again, tmp_path: Path) -> None:
    storm.window.end()
    release(storm)
    later = again()
    asked: list[Sequence[Recovery]] = []
    later.answers.recovering = lambda found: asked.append(found) or RecoveryChoice()
    later.begin()
    later.wait(lambda: len(asked) == 1)
    later.close()
    third = again()
    third.answers.recovering = lambda found: (
        asked.append(found) or RecoveryChoice(None, tuple(found))
    )
    third.begin()
    # Looking takes locks, which must not be in the way of what removes it.
    third.wait(lambda: len(asked) == 2 and not third.window.projects.busy)
    assert recoverable(tmp_path / "state") == []


def test_recovery_dialog_lists_picture_and_time(storm: Rig, tmp_path: Path, qtbot: QtBot) -> None:
    storm.window.end()
    release(storm)
    found = recoverable(tmp_path / "state")
    dialog = RecoveryDialog(found)
    qtbot.addWidget(dialog)
    item = dialog.list.item(0)
    assert item.text().startswith("tone\n")
    assert not item.icon().pixmap(32, 32).isNull()
    dialog.open_button.click()
    assert dialog.choice == RecoveryChoice(found[0])
    dialog.discard_button.click()
    assert dialog.choice == RecoveryChoice(found[0])
    dialog.discard_button.click()
    assert dialog.choice == RecoveryChoice(None, (found[0],))


def test_autosave_writes_once_for_a_change(storm: Rig, tmp_path: Path) -> None:
    for _ in range(2):
        storm.window.projects.autosave()
        storm.wait(lambda: not storm.window.projects.busy)
    folders = list((tmp_path / "state" / "sessions").glob("*/*.json"))
    assert len(folders) == 1
    save(storm, tmp_path / "film.soundedit")
    storm.wait(lambda: not storm.window.projects.busy)
    assert not list((tmp_path / "state" / "sessions").glob("*/*.json"))


def release(rig: Rig) -> None:
    """Let go of the lock that the system takes from a program that was killed."""
    saver = rig.window.projects._saver
    assert saver is not None
    saver._lock.release()


def test_a_project_with_a_bad_value_opens_and_is_saved_elsewhere(
    storm: Rig, again: Again, tmp_path: Path
) -> None:
    path = save(storm, tmp_path / "film.soundedit")
    storm.close()
    spoil(path)
    before = path.read_bytes()
    other = again()
    other.begin(path)
    other.wait(lambda: other.window.errors.dialog is not None)
    said = other.window.errors.dialog
    assert said is not None and "start.crop (3, 0, 1) lies outside" in said.text()
    said.close()
    session = other.window.session
    assert [edit.name for edit in session.project.edits] == ["storm"]
    assert session.project.start.crop is None and session.read_only
    save(other, tmp_path / "mended.soundedit")
    assert session.title == "mended" and not session.read_only
    assert path.read_bytes() == before


def spoil(path: Path) -> None:
    """Put the crop of a project's start outside its picture."""
    with zipfile.ZipFile(path) as source:
        members = {name: source.read(name) for name in source.namelist()}
    fields = json.loads(members["project.json"])
    fields["start"]["crop"] = [3, 0, 1]
    members["project.json"] = json.dumps(fields).encode()
    with zipfile.ZipFile(path, "w") as target:
        for name, data in members.items():
            target.writestr(name, data)


class Busy:
    """Holds the thread of the files until `end`, as a slow disk does."""

    def __init__(self, rig: Rig) -> None:
        self.gate = threading.Event()
        work = rig.window.projects.work
        work.do(lambda progress, cancel: self.gate.wait(60), lambda value: None, print)

    def end(self, rig: Rig) -> None:
        self.gate.set()
        rig.wait(lambda: not rig.window.projects.busy)


def test_a_new_project_begun_while_the_old_one_is_saved_is_not_that_file(
    storm: Rig, tmp_path: Path
) -> None:
    path = save(storm, tmp_path / "film.soundedit")
    storm.window.editing.stack.add_words("rain")
    busy = Busy(storm)
    storm.do("save")
    storm.answers.leaving = Leave.DISCARD
    storm.do("new_project")
    storm.window.editing.stack.add_words("night")
    busy.end(storm)
    with open_project(path) as opened:
        assert [edit.name for edit in opened.project.edits] == ["storm", "rain"]
    assert storm.window.session.path is None
    assert storm.window.session.worth_asking
    other = save(storm, tmp_path / "other.soundedit")
    with open_project(other) as opened, open_project(path) as first:
        assert [edit.name for edit in opened.project.edits] == ["night"]
        assert len(first.project.edits) == 2


def test_what_is_done_while_another_project_opens_is_asked_about(
    storm: Rig, tmp_path: Path
) -> None:
    path = save(storm, tmp_path / "film.soundedit")
    window, asked = storm.window, storm.answers.asked_to_leave
    window.editing.stack.add_words("rain")
    storm.do("save")
    storm.wait(lambda: not window.projects.busy)
    storm.do("new_project")
    busy = Busy(storm)
    window.projects.open(path)
    window.editing.stack.add_words("night")
    storm.answers.leaving = Leave.STAY
    before = len(asked)
    busy.end(storm)
    assert len(asked) == before + 1
    assert [edit.name for edit in window.session.project.edits] == ["night"]
    storm.answers.leaving = Leave.DISCARD
    window.projects.open(path)
    storm.wait(lambda: not window.projects.busy)
    assert [edit.name for edit in window.session.project.edits] == ["storm", "rain"]


def test_ending_keeps_what_came_after_an_autosave_began(storm: Rig, tmp_path: Path) -> None:
    busy = Busy(storm)
    storm.window.projects.autosave()
    storm.window.editing.stack.add_words("night")
    busy.gate.set()
    storm.window.end()
    release(storm)
    (left,) = recoverable(tmp_path / "state")
    _, opened = recover(left)
    assert [edit.name for edit in opened.project.edits] == ["storm", "night"]
