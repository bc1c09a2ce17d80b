"""Another scene at the playhead and at markers: edits of a seed, in one step each."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt

from soundedit.document.commands import add_marker
from soundedit.document.model import PartKind, Span

from .conftest import Rig


def test_another_scene_begins_at_the_playhead(rig: Rig, make_sound: Callable[..., Path]) -> None:
    rig.begin()
    rig.open(make_sound(4.0))
    rig.generate()
    rig.window.axis.seek(2.0)
    shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    rig.window.activateWindow()
    rig.qtbot.keyClick(rig.window, Qt.Key.Key_R, shift)
    (edit,) = rig.window.session.project.edits
    assert edit.span == Span(2.0, None, 1.5)
    ((kind, seed),) = [(part.kind, part.value) for part in edit.parts]
    assert kind is PartKind.SEED and edit.name == f"scene {seed}"
    assert rig.window.editing.stack.selected == edit.id
    assert rig.window.session.history.undo_name == "another scene from here on"


def test_another_scene_at_each_marker(rig: Rig, make_sound: Callable[..., Path]) -> None:
    rig.begin()
    rig.open(make_sound(4.0))
    rig.do("scenes_at_markers")
    assert rig.window.session.project.edits == ()
    assert rig.window.status.jobs._idle_text.startswith("Set markers first")
    session = rig.window.session
    for seconds in (3.0, 1.0):
        session.do("marker", add_marker(session.project, seconds))
    rig.do("scenes_at_markers")
    assert [edit.span.start for edit in session.project.edits] == [1.0, 3.0]
    assert len({edit.name for edit in session.project.edits}) == 2
    rig.do("undo")
    assert session.project.edits == ()
