"""Undo and redo of random sequences of commands, merging of drags, and what counts as saved."""

import inspect

from hypothesis import given, settings
from hypothesis import strategies as st

import tests.document.projects
from soundedit.document import commands, keyframes
from soundedit.document.commands import add_edit, set_notes, set_seed, set_strength, text_edit
from soundedit.document.history import History
from soundedit.document.model import Project
from tests.document.projects import changes, projects


@settings(max_examples=60)
@given(st.data(), projects)
def test_random_commands_undone_and_redone_give_the_same_documents(
    data: st.DataObject, project: Project
) -> None:
    history = History(project)
    states = [project]
    for number in range(data.draw(st.integers(1, 12))):
        new = data.draw(changes(history.project))
        history.do(f"change {number}", new)
        if new != states[-1]:
            states.append(new)
    assert len(history.entries) == history.index == len(states) - 1
    for state in reversed(states[:-1]):
        history.undo()
        assert history.project == state
    assert not history.can_undo and not history.modified
    for state in states[1:]:
        history.redo()
        assert history.project == state
    assert not history.can_redo
    for index in data.draw(st.lists(st.integers(0, len(states) - 1), max_size=5)):
        history.go_to(index)
        assert history.project == states[index]
        assert history.modified == (states[index] != project)


@settings(max_examples=40)
@given(st.data(), projects)
def test_what_is_done_after_an_undo_forgets_what_was_undone(
    data: st.DataObject, project: Project
) -> None:
    history = History(project)
    for seed in range(100, 105):
        history.do(f"seed {seed}", set_seed(history.project, seed))
    history.go_to(data.draw(st.integers(0, 4)))
    kept = history.entries[: history.index]
    new = set_notes(history.project, history.project.notes + "more")
    history.do("note", new)
    assert history.entries == [*kept, "note"]
    assert history.project == new and not history.can_redo


def test_names_of_what_undo_and_redo_would_do() -> None:
    history = History(Project())
    assert (history.undo_name, history.redo_name) == ("", "")
    history.do("set seed to 1", set_seed(history.project, 1))
    history.do("set seed to 2", set_seed(history.project, 2))
    assert (history.undo_name, history.redo_name) == ("set seed to 2", "")
    history.undo()
    assert (history.undo_name, history.redo_name) == ("set seed to 1", "set seed to 2")


def test_a_drag_is_one_step() -> None:
    edit = text_edit("rain")
    begun = add_edit(Project(), edit)
    history = History(begun)
    for hundredths in range(100, 60, -1):
        value = hundredths / 100
        new = set_strength(history.project, edit.id, value)
        history.do(f"set strength of rain to {value}", new, merge="strength")
    assert history.entries == ["set strength of rain to 0.61"]
    history.close_merge()
    history.do("again", set_strength(history.project, edit.id, 0.5), merge="strength")
    assert len(history.entries) == 2
    history.go_to(0)
    assert history.project == begun


def test_another_key_or_none_ends_a_drag() -> None:
    history = History(Project())
    for seed, key in enumerate(["a", "a", "b", None, None, "b", "b"], start=1):
        history.do(f"{seed}", set_seed(history.project, seed), merge=key)
    assert history.entries == ["2", "3", "4", "5", "7"]


def test_a_drag_back_to_its_beginning_leaves_no_step() -> None:
    history = History(Project())
    history.do("note", set_notes(history.project, "x"))
    for seed in (3, 5, 0):
        history.do("drag", set_seed(history.project, seed), merge="seed")
    assert history.entries == ["note"]
    history.do("drag", set_seed(history.project, 8), merge="seed")
    history.do("drag", set_seed(history.project, 9), merge="seed")
    assert history.entries == ["note", "drag"]
    history.undo()
    assert history.project.start.seed == 0


def test_undo_in_a_drag_ends_it() -> None:
    history = History(Project())
    history.do("a", set_seed(history.project, 1), merge="seed")
    history.undo()
    history.do("b", set_seed(history.project, 2), merge="seed")
    history.do("c", set_seed(history.project, 3), merge="seed")
    assert history.entries == ["c"]
    history.undo()
    assert history.project == Project()


def test_no_change_is_no_step_and_keeps_what_was_undone() -> None:
    history = History(Project())
    history.do("seed", set_seed(history.project, 1))
    history.undo()
    history.do("nothing", set_seed(history.project, 0))
    assert history.entries == ["seed"] and history.can_redo


def test_saved_state_is_known_wherever_the_history_goes() -> None:
    history = History(Project())
    history.do("seed", set_seed(history.project, 1))
    written = history.project
    history.do("seed", set_seed(history.project, 2))
    history.mark_saved(written)
    assert history.modified
    history.undo()
    assert not history.modified
    history.undo()
    assert history.modified
    history.do("seed", set_seed(history.project, 1))
    assert not history.modified  # Another way to the same document.
    assert History(Project(), saved=False).modified


def test_listeners_hear_of_every_change() -> None:
    history = History(Project())
    heard: list[tuple[int, bool]] = []
    history.listeners.append(lambda: heard.append((history.index, history.modified)))
    history.do("seed", set_seed(history.project, 1))
    history.mark_saved()
    history.undo()
    history.undo()
    history.redo()
    assert heard == [(1, True), (1, False), (0, True), (1, False)]


def test_the_random_changes_know_every_command() -> None:
    used = inspect.getsource(tests.document.projects)
    helpers = {"changed", "edit_index", "find_edit", "find_media", "limited", "checked_time",
               "check_crop", "frame_rate", "text_edit", "sound_edit", "take_name",
               "within", "shifted"}  # fmt: skip
    for module, name in ((commands, "c"), (keyframes, "k")):
        for command, found in inspect.getmembers(module, inspect.isfunction):
            own = found.__module__ == module.__name__ and not command.startswith("_")
            if own and command not in helpers:
                assert f"{name}.{command}(" in used, command
