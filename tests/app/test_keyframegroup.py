"""Several keyframes of a lane chosen, moved, eased, copied and removed together."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QMenu

from soundedit.app.automationlane import AutomationLane
from soundedit.document import keyframes
from soundedit.document.model import Easing, Keyframe

from .conftest import Rig
from .test_automation import at, drag

LEFT = Qt.MouseButton.LeftButton
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
CURVE = (Keyframe(0.5, 0.2), Keyframe(1.0, 0.8), Keyframe(2.0, 0.4), Keyframe(3.0, 1.0))


@pytest.fixture
def lane(rig: Rig, make_sound: Callable[..., Path]) -> AutomationLane:
    """The lane of an edit with four keyframes over a take of 4 s, with the focus."""
    rig.window.resize(1280, 800)
    rig.begin()
    rig.open(make_sound(4.0))
    rig.generate()
    edit = rig.window.editing.stack.add_words("storm")
    assert edit is not None
    rig.do("snap")
    session = rig.window.session
    session.do("curve", keyframes.set_keyframes(session.project, edit, CURVE))
    lane = rig.window.edit_lanes.lane(edit)
    rig.wait(lambda: lane.width() == rig.window.axis.width > 100)
    rig.window.activateWindow()
    lane.setFocus()
    rig.wait(lane.hasFocus)
    return lane


def band(rig: Rig, lane: AutomationLane, begin: QPoint, end: QPoint) -> None:
    rig.qtbot.mousePress(lane, LEFT, SHIFT, pos=begin)
    rig.qtbot.mouseMove(lane, end)
    rig.qtbot.mouseRelease(lane, LEFT, SHIFT, pos=end)


def choose(rig: Rig, lane: AutomationLane, *times: float) -> None:
    for one in CURVE:
        if one.seconds in times:
            rig.qtbot.mouseClick(lane, LEFT, SHIFT, pos=at(lane, one.seconds, one.value))
    assert lane._group.times == set(times)


def test_a_band_chooses_what_lies_in_it(rig: Rig, lane: AutomationLane) -> None:
    here = rig.window.axis.playhead
    left, right = (lane.axis.to_x(seconds) for seconds in (0.7, 2.3))
    band(rig, lane, QPoint(round(left), 1), QPoint(round(right), lane.height() - 2))
    assert lane._group.times == {1.0, 2.0}
    assert rig.window.axis.playhead == here
    # Only the upper half.
    band(rig, lane, QPoint(round(left), 1), QPoint(round(right), at(lane, 0, 0.6).y()))
    assert lane._group.times == {1.0}
    rig.qtbot.mouseClick(lane, LEFT, pos=at(lane, 3.5, 0.5))
    assert lane._group.times == set()


def test_the_chosen_move_together_in_one_step(rig: Rig, lane: AutomationLane) -> None:
    steps = len(rig.window.session.history.entries)
    choose(rig, lane, 1.0, 2.0)
    drag(rig, lane, at(lane, 1.0, 0.8), at(lane, 1.2, 0.7), at(lane, 1.5, 0.6))
    moved = lane.edit.keyframes
    assert (moved[0], moved[3]) == (CURVE[0], CURVE[3])
    way = moved[1].seconds - 1.0
    assert way == pytest.approx(0.5, abs=0.02)
    assert moved[2].seconds == pytest.approx(2.0 + way)
    assert [one.value for one in moved[1:3]] == pytest.approx([0.6, 0.2], abs=0.05)
    assert len(rig.window.session.history.entries) == steps + 1
    assert rig.window.session.history.undo_name == "move keyframes of storm"
    rig.do("undo")
    assert lane.edit.keyframes == CURVE


def test_they_follow_the_pointer_while_snapping(rig: Rig, lane: AutomationLane) -> None:
    rig.do("snap")
    choose(rig, lane, 1.0, 2.0)
    begin = at(lane, 1.0, 0.8)
    rig.qtbot.mousePress(lane, LEFT, pos=begin)
    seen = []
    for x in range(2, 30, 2):
        rig.qtbot.mouseMove(lane, begin + QPoint(x, 0))
        seen.append(min(lane._group.times))
    rig.qtbot.mouseRelease(lane, LEFT, pos=begin + QPoint(28, 0))
    # Frames, beats or onsets may hold it, but it does not hold itself where it was.
    assert len(set(seen)) > 4


def test_a_click_that_moves_a_little_chooses(rig: Rig, lane: AutomationLane) -> None:
    here = at(lane, 1.0, 0.8) + QPoint(0, 4)
    rig.qtbot.mousePress(lane, LEFT, SHIFT, pos=here)
    rig.qtbot.mouseMove(lane, here + QPoint(1, 1))
    rig.qtbot.mouseRelease(lane, LEFT, SHIFT, pos=here + QPoint(1, 1))
    assert lane._group.times == {1.0} and lane.edit.keyframes == CURVE


def test_all_of_it_without_a_mouse(rig: Rig, lane: AutomationLane) -> None:
    for seconds in (1.0, 3.0):
        rig.window.axis.seek(seconds)
        rig.qtbot.keyClick(lane, Qt.Key.Key_Return, SHIFT)
    assert lane._group.times == {1.0, 3.0}
    assert lane.accessibleDescription() == "1 at 0:03.00, Linear, chosen"
    rig.window.axis.seek(0.5)
    rig.qtbot.keyClick(lane, Qt.Key.Key_E)
    assert [one.easing for one in lane.edit.keyframes] == [
        Easing.LINEAR, Easing.SMOOTH, Easing.LINEAR, Easing.SMOOTH
    ]  # fmt: skip
    rig.qtbot.keyClick(lane, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert lane.accessibleDescription() == "2 keyframes, first 0.75 at 0:01.00, Smooth"


def test_keys_are_for_all_of_them(rig: Rig, lane: AutomationLane) -> None:
    key, alt = rig.qtbot.keyClick, Qt.KeyboardModifier.AltModifier
    choose(rig, lane, 0.5, 2.0)
    key(lane, Qt.Key.Key_Up, alt)
    assert [one.value for one in lane.edit.keyframes] == [0.25, 0.8, 0.45, 1.0]
    key(lane, Qt.Key.Key_Right, alt)
    assert [one.seconds for one in lane.edit.keyframes] == pytest.approx([0.54, 1.0, 2.04, 3.0])
    key(lane, Qt.Key.Key_Delete)
    assert [one.seconds for one in lane.edit.keyframes] == [1.0, 3.0]
    rig.do("undo")
    rig.do("undo")
    assert lane._group.times == set() and lane.edit.keyframes == CURVE
    choose(rig, lane, 1.0)
    key(lane, Qt.Key.Key_Escape)
    assert lane._group.times == set()
    # Without any chosen, Delete is for the one at the playhead.
    rig.window.axis.seek(3.0)
    key(lane, Qt.Key.Key_Delete)
    assert lane.edit.keyframes == CURVE[:3]


def test_they_are_copied_to_another_edit_and_another_time(rig: Rig, lane: AutomationLane) -> None:
    choose(rig, lane, 1.0, 2.0)
    rig.qtbot.keyClick(lane, Qt.Key.Key_C, CONTROL)
    rain = rig.window.editing.stack.add_words("rain")
    assert rain is not None
    other = rig.window.edit_lanes.lane(rain)
    other.setFocus()
    rig.wait(other.hasFocus)
    rig.window.axis.seek(0.25)
    rig.qtbot.keyClick(other, Qt.Key.Key_V, CONTROL)
    assert other.edit.keyframes == (Keyframe(0.25, 0.8), Keyframe(1.25, 0.4))
    assert len(rig.window.session.project.edits) == 2
    lane.setFocus()
    rig.wait(lane.hasFocus)
    rig.qtbot.keyClick(lane, Qt.Key.Key_X, CONTROL)
    assert lane.edit.keyframes == (CURVE[0], CURVE[3])


def test_the_menu_of_several(rig: Rig, lane: AutomationLane) -> None:
    choose(rig, lane, 0.5, 1.0, 3.0)
    here = at(lane, 1.0, 0.8)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, here, lane.mapToGlobal(here))
    lane.contextMenuEvent(event)
    (menu,) = lane.findChildren(QMenu)
    names = [action.text() for action in menu.actions()]
    assert names[-1] == "&Remove 3 keyframes"
    menu.actions()[2].trigger()
    assert [one.easing for one in lane.edit.keyframes] == [
        Easing.HOLD, Easing.HOLD, Easing.LINEAR, Easing.HOLD
    ]  # fmt: skip
    menu.close()
    rig.wait(lambda: lane.findChildren(QMenu) == [])


def test_undo_forgets_what_is_gone(rig: Rig, lane: AutomationLane) -> None:
    choose(rig, lane, 1.0, 2.0)
    session = rig.window.session
    session.do("less", keyframes.remove_keyframe(session.project, lane.edit.id, 2.0))
    rig.qtbot.keyClick(lane, Qt.Key.Key_Delete)
    assert lane.edit.keyframes == (CURVE[0], CURVE[3])
