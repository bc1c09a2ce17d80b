from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.session import ProjectSession
from soundedit.document.commands import (
    add_edit,
    set_notes,
    set_seed,
    set_strength,
    set_take,
    text_edit,
)
from soundedit.document.model import MediaKind, Project, Take


@pytest.fixture
def session(qtbot: QtBot) -> ProjectSession:
    return ProjectSession()


def test_do_undo_redo_tell_and_name_the_steps(session: ProjectSession) -> None:
    told = []
    session.changed.connect(lambda: told.append(session.project.start.seed))
    assert session.do("change the seed to 7", set_seed(session.project, 7))
    assert session.history.undo_name == "change the seed to 7"
    session.undo()
    session.undo()
    session.redo()
    assert told == [7, 0, 7]


def test_no_change_is_no_step(session: ProjectSession) -> None:
    told = []
    session.changed.connect(lambda: told.append(1))
    assert not session.do("change the seed to 0", set_seed(session.project, 0))
    assert (session.history.entries, told) == ([], [])


def test_drag_is_one_step_until_it_is_closed(session: ProjectSession) -> None:
    edit = text_edit("rain")
    session.do("add rain", add_edit(session.project, edit))
    for strength in (0.9, 0.7, 0.6):
        project = set_strength(session.project, edit.id, strength)
        session.do(f"set strength of rain to {strength}", project, "strength")
    session.close_merge()
    session.do("again", set_strength(session.project, edit.id, 0.2), "strength")
    assert session.history.entries == ["add rain", "set strength of rain to 0.6", "again"]
    session.undo()
    assert session.project.edits[0].strength == 0.6
    session.undo()
    assert session.project.edits[0].strength == 1.0


def test_keys_in_a_row_are_one_step_until_a_pause(session: ProjectSession, qtbot: QtBot) -> None:
    for seed in (1, 2):
        session.do(f"seed {seed}", set_seed(session.project, seed), "seed")
        session.close_merge_soon()
    qtbot.wait(900)
    session.do("seed 3", set_seed(session.project, 3), "seed")
    assert session.history.entries == ["seed 2", "seed 3"]
    session.close()


def test_snapshot_stays_as_it_was(session: ProjectSession, tmp_path: Path) -> None:
    project, media = session.adopt(tmp_path / "a.wav", MediaKind.SOUND)
    session.do("add a.wav", project)
    snapshot = session.snapshot()
    again, same = session.adopt(tmp_path / "a.wav", MediaKind.SOUND)
    assert (again, same) == (project, media)
    other, _ = session.adopt(tmp_path / "b.wav", MediaKind.SOUND)
    session.do("add b.wav", other)
    assert dict(snapshot.files) == {media: tmp_path / "a.wav"}
    assert snapshot.project == project
    session.undo()
    assert session.locate(media) == tmp_path / "a.wav"


def test_read_only_refuses_and_says_so(session: ProjectSession, tmp_path: Path) -> None:
    refused = []
    session.refused.connect(lambda: refused.append(1))
    session.begin(Project(title="x"), {}, tmp_path / "x.soundedit", read_only=True)
    assert not session.do("notes", set_notes(session.project, "hello"))
    assert (session.project.notes, refused) == ("", [1])


def test_what_is_worth_asking_about(session: ProjectSession, tmp_path: Path) -> None:
    session.do("seed", set_seed(session.project, 3))
    assert session.modified and not session.worth_asking
    session.do("add rain", add_edit(session.project, text_edit("rain")))
    assert session.worth_asking
    session.saved_at(tmp_path / "film.soundedit", session.project)
    assert not session.worth_asking and session.title == "film"
    session.undo()
    assert session.worth_asking


def test_a_performance_is_worth_asking_about(session: ProjectSession) -> None:
    session.do("open", set_take(session.project, Take("m1", 2.0)))
    assert session.modified and not session.worth_asking
    session.do("perform", set_take(session.project, Take("m1", 2.0, latents="m2")))
    assert session.worth_asking
