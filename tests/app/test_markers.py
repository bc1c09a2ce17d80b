from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from .timelinedesk import ALT, Desk

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


def mark(desk: Desk, *times: float) -> None:
    for time in times:
        desk.axis.seek(time)
        desk.marking.mark()


def test_markers_get_the_next_free_name_and_can_be_undone(desk: Desk) -> None:
    mark(desk, 1.0, 4.0, 3.0)
    assert desk.markers == [(1.0, "M1"), (3.0, "M3"), (4.0, "M2")]
    assert [flag.marker.name for flag in desk.timeline.markers.flags] == ["M1", "M3", "M2"]
    desk.session.undo()
    assert desk.markers == [(1.0, "M1"), (4.0, "M2")]
    assert len(desk.timeline.markers.flags) == 2
    desk.session.redo()
    assert desk.markers == [(1.0, "M1"), (3.0, "M3"), (4.0, "M2")]


def test_double_click_sets_a_marker_where_it_snaps(desk: Desk, qtbot: QtBot) -> None:
    lane = desk.timeline.markers
    qtbot.mouseDClick(lane, LEFT, pos=QPoint(600, 8))
    qtbot.mouseDClick(lane, LEFT, pos=QPoint(255, 8))
    assert desk.markers == [(2.5, "M2"), (6.0, "M1")]


def test_a_drag_is_one_step_that_snaps_and_can_be_undone(desk: Desk) -> None:
    mark(desk, 1.0, 5.0)
    desk.axis.seek(9.0)
    flag = desk.timeline.markers.flags[0]
    desk.drag(flag, (4, 8), 100, 150, 157, release=False)
    assert desk.markers[0] == (2.5, "M1")
    assert desk.axis.marks.guide == 2.5
    desk.drag(flag, (4, 8), 150, 200)
    assert desk.axis.marks.guide is None
    assert desk.steps == ["add marker", "add marker", "move marker M1 to 0:04.46"]
    desk.session.undo()
    assert desk.markers[0] == (1.0, "M1")


def test_alt_suspends_snapping_and_s_turns_it_off(desk: Desk) -> None:
    mark(desk, 1.0)
    flag = desk.timeline.markers.flags[0]
    desk.drag(flag, (4, 8), 157, keys=ALT)
    assert desk.markers == [(2.53, "M1")]
    desk.axis.marks.set_snapping(False)
    desk.drag(flag, (4, 8), -146)
    assert desk.markers == [(1.03, "M1")]
    desk.axis.marks.set_snapping(True)
    desk.drag(flag, (4, 8), 148)
    assert desk.markers == [(2.5, "M1")]


def test_a_drag_beyond_the_take_stops_at_its_ends(desk: Desk) -> None:
    mark(desk, 1.0)
    desk.drag(desk.timeline.markers.flags[0], (4, 8), -400)
    assert desk.markers == [(0.0, "M1")]
    desk.drag(desk.timeline.markers.flags[0], (4, 8), 1400, 1500, keys=ALT)
    assert desk.markers[0][0] == pytest.approx(10.0, abs=0.02)


def test_click_on_a_flag_goes_there(desk: Desk, qtbot: QtBot) -> None:
    mark(desk, 4.0)
    desk.axis.seek(8.0)
    qtbot.mouseClick(desk.timeline.markers.flags[0], LEFT, pos=QPoint(5, 8))
    assert desk.axis.playhead == 4.0
    assert desk.steps == ["add marker"]


def test_naming_by_m_by_double_click_and_escape(desk: Desk, qtbot: QtBot) -> None:
    mark(desk, 4.0, 4.0)
    field = desk.timeline.markers.naming
    assert field is not None and field.text() == "M1"
    qtbot.keyClicks(field, "the flash")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert desk.markers == [(4.0, "the flash")]
    assert desk.timeline.markers.naming is None
    flag = desk.timeline.markers.flags[0]
    qtbot.mouseDClick(flag, LEFT, pos=QPoint(5, 8))
    field = desk.timeline.markers.naming
    assert field is not None and field.selectedText() == "the flash"
    qtbot.keyClicks(field, "other")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert desk.markers == [(4.0, "the flash")]
    assert desk.timeline.markers.naming is None
    desk.session.undo()
    assert desk.markers == [(4.0, "M1")]


def test_a_marker_is_changed_by_keys_alone(desk: Desk, qtbot: QtBot) -> None:
    mark(desk, 2.0, 4.0, 6.0)
    desk.timeline.activateWindow()
    lane = desk.timeline.markers
    lane.focus_marker(lane.flags[1].marker.id)
    flag = lane.flags[1]
    qtbot.waitUntil(flag.hasFocus)
    qtbot.keyClick(flag, Qt.Key.Key_Right, ALT)
    qtbot.keyClick(flag, Qt.Key.Key_Right, ALT)
    assert desk.markers[1] == (4.08, "M2")
    qtbot.keyClick(flag, Qt.Key.Key_Left, ALT | Qt.KeyboardModifier.ShiftModifier)
    assert desk.markers[1] == (3.08, "M2")
    desk.session.undo()
    assert desk.markers[1] == (4.0, "M2")
    qtbot.keyClick(flag, Qt.Key.Key_Down)
    assert lane.flags[2].hasFocus() and desk.axis.playhead == 6.0
    qtbot.keyClick(lane.flags[2], Qt.Key.Key_Up)
    assert flag.hasFocus() and desk.axis.playhead == 4.0
    qtbot.keyClick(flag, Qt.Key.Key_F2)
    assert lane.naming is not None
    qtbot.keyClicks(lane.naming, "new")
    qtbot.keyClick(lane.naming, Qt.Key.Key_Return)
    assert desk.markers[1] == (4.0, "new")
    qtbot.waitUntil(flag.hasFocus)
    qtbot.keyClick(flag, Qt.Key.Key_Delete)
    assert desk.markers == [(2.0, "M1"), (6.0, "M3")]
    assert lane.hasFocus()
    desk.session.undo()
    assert desk.markers[1] == (4.0, "new")


def test_a_flag_says_what_it_is_and_how_to_change_it(desk: Desk) -> None:
    mark(desk, 3.25)
    flag = desk.timeline.markers.flags[0]
    assert flag.accessibleName() == "Marker M1 at 0:03.25"
    assert "Delete" in flag.accessibleDescription()
    assert flag.toolTip() == "M1  0:03.25"
    assert flag.focusPolicy() == Qt.FocusPolicy.StrongFocus


def test_menu_of_a_flag(desk: Desk) -> None:
    mark(desk, 3.0)
    flag = desk.timeline.markers.flags[0]
    at = QPoint(3, 3)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, flag.mapToGlobal(at))
    QApplication.sendEvent(flag, event)
    (menu,) = flag.findChildren(QMenu)
    assert [action.text() for action in menu.actions()] == ["&Rename", "&Delete"]
    menu.actions()[1].trigger()
    menu.close()
    assert desk.markers == []


def test_delete_here_and_next_and_previous(desk: Desk) -> None:
    mark(desk, 2.0, 6.0)
    desk.axis.seek(0.0)
    for wanted in (2.0, 6.0, 6.0):
        desk.marking.go_to_marker(True)
        assert desk.axis.playhead == wanted
    desk.marking.go_to_marker(False)
    assert desk.axis.playhead == 2.0
    desk.marking.remove_here()
    assert desk.markers == [(6.0, "M2")]
    desk.marking.remove_here()
    assert desk.markers == [(6.0, "M2")]


def test_flags_follow_zoom_and_never_cover_each_other(desk: Desk) -> None:
    mark(desk, 5.0, 5.2)
    first, second = desk.timeline.markers.flags
    assert first.geometry().right() < second.x() + 1
    desk.axis.zoom(5, 5.0)
    assert first.x() == round(desk.axis.to_x(5.0))
    assert second.x() == round(desk.axis.to_x(5.2))
    desk.axis.pan(-5)
    assert not first.isVisible()


def test_a_marker_at_the_end_is_seen_and_named(desk: Desk, qtbot: QtBot) -> None:
    mark(desk, 10.0, 10.0)
    lane = desk.timeline.markers
    (flag,) = lane.flags
    assert flag.isVisible() and 0 <= flag.x() < flag.x() + 10 < lane.width()
    field = lane.naming
    assert field is not None and field.geometry().right() <= lane.width()
    qtbot.keyClicks(field, "last")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert desk.markers == [(10.0, "last")]
