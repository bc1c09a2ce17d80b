"""Automation lanes and the history panel in the window, with the stand-in engine."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QScrollBar, QWidget

from soundedit.app.automationlane import AutomationLane
from soundedit.app.curvelane import HEIGHT
from soundedit.app.historypanel import HistoryPanel
from soundedit.app.keyframemenu import KeyframeMenu
from soundedit.document.model import Easing, Keyframe, Span

from .conftest import Rig
from .standin import PUSH

MakeSound = Callable[..., Path]
LEFT = Qt.MouseButton.LeftButton
FOCUS = Qt.FocusPolicy.TabFocus


@pytest.fixture
def lane(rig: Rig, make_sound: MakeSound) -> AutomationLane:
    """The lane of an edit over a take of 4 s."""
    rig.window.resize(1280, 800)
    rig.begin()
    rig.open(make_sound(4.0))
    rig.generate()
    edit = rig.window.editing.stack.add_words("storm")
    assert edit is not None
    rig.wait(lambda: rig.shown() == (PUSH, 0, 0))
    rig.do("snap")
    lane = rig.window.edit_lanes.lane(edit)
    rig.wait(lambda: lane.width() == rig.window.axis.width > 100)
    return lane


def at(lane: AutomationLane, seconds: float, value: float) -> QPoint:
    return QPoint(round(lane.axis.to_x(seconds)), round(lane.value_y(value)))


def drag(rig: Rig, lane: AutomationLane, *points: QPoint) -> None:
    rig.qtbot.mousePress(lane, LEFT, pos=points[0])
    for point in points[1:]:
        rig.qtbot.mouseMove(lane, point)
    rig.qtbot.mouseRelease(lane, LEFT, pos=points[-1])


def test_lane_lies_under_the_ruler(rig: Rig, lane: AutomationLane) -> None:
    ruler = rig.window.timeline.ruler
    origin = QPoint(0, 0)
    assert lane.mapToGlobal(origin).x() == ruler.mapToGlobal(origin).x()
    rig.window.resize(1100, 800)
    rig.wait(lambda: lane.width() == ruler.width() == rig.window.axis.width)


def test_keyframe_is_set_dragged_in_one_step_and_undone(rig: Rig, lane: AutomationLane) -> None:
    assert "double click" in lane.toolTip()
    rig.qtbot.mouseDClick(lane, LEFT, pos=at(lane, 1.0, 0.5))
    (keyframe,) = lane.edit.keyframes
    assert keyframe.seconds == pytest.approx(1.0, abs=0.01)
    assert keyframe.value == pytest.approx(0.5, abs=0.05)
    steps = len(rig.window.session.history.entries)
    points = [at(lane, 1.0, keyframe.value), at(lane, 1.5, 0.8), at(lane, 2.0, 0.0)]
    drag(rig, lane, *points)
    (moved,) = lane.edit.keyframes
    assert moved.seconds == pytest.approx(2.0, abs=0.01)
    assert moved.value == pytest.approx(0.0, abs=0.05)
    assert len(rig.window.session.history.entries) == steps + 1
    rig.do("undo")
    assert lane.edit.keyframes == (keyframe,)


def test_curve_moves_the_picture(rig: Rig, lane: AutomationLane) -> None:
    curves = rig.window.edit_lanes._curves
    curves.add(lane.edit.id, Keyframe(0.0, 0.0))
    curves.add(lane.edit.id, Keyframe(2.0, 1.0))
    rig.window.axis.seek(1.0)
    rig.wait(lambda: rig.shown() == (PUSH // 2, 24, 0))
    curves.ease_all(lane.edit.id, {0.0}, Easing.HOLD)
    rig.wait(lambda: rig.shown() == (0, 24, 0))


def test_drag_beyond_the_top_goes_to_two(rig: Rig, lane: AutomationLane) -> None:
    curves = rig.window.edit_lanes._curves
    curves.add(lane.edit.id, Keyframe(1.0, 0.5))
    drag(rig, lane, at(lane, 1.0, 0.5), QPoint(at(lane, 1.0, 0).x(), -200))
    assert lane.edit.keyframes[0].value == 2.0


def test_span_and_fades_are_dragged(rig: Rig, lane: AutomationLane) -> None:
    drag(rig, lane, at(lane, 0.0, 0.2), at(lane, 1.0, 0.2))
    assert lane.edit.span.start == pytest.approx(1.0, abs=0.02)
    end = QPoint(lane.width() - 2, 30)
    drag(rig, lane, end, QPoint(round(lane.axis.to_x(3.0)), 30))
    span = lane.edit.span
    assert span.end == pytest.approx(3.0, abs=0.02)
    top = QPoint(round(lane.axis.to_x(span.start)) + 1, 2)
    drag(rig, lane, top, QPoint(round(lane.axis.to_x(1.5)), 2))
    assert lane.edit.span.fade_in == pytest.approx(0.5, abs=0.03)
    assert rig.window.editing.panel.card(lane.edit.id).start.value() == pytest.approx(1.0, abs=0.02)


def test_the_bar_moves_the_edit_in_one_step(rig: Rig, lane: AutomationLane) -> None:
    curves = rig.window.edit_lanes._curves
    foot = lane.height() - 3

    def bar(seconds: float) -> QPoint:
        return QPoint(round(lane.axis.to_x(seconds)), foot)

    # Where it acts over the whole take there is nothing to move.
    drag(rig, lane, bar(1.0), bar(2.0))
    assert lane.edit.span == Span()
    curves.set_span(lane.edit.id, Span(1.0, 2.0, fade_in=0.25))
    curves.let_go()
    curves.add(lane.edit.id, Keyframe(1.25, 0.75))
    before, steps = lane.edit, len(rig.window.session.history.entries)
    drag(rig, lane, bar(1.5), bar(2.0), bar(2.5))
    span = lane.edit.span
    assert span.start == pytest.approx(2.0, abs=0.02)
    assert span.end == pytest.approx(span.start + 1.0)
    assert lane.edit.keyframes[0].seconds == pytest.approx(span.start + 0.25)
    assert span.fade_in == 0.25 and lane.edit.keyframes[0].value == 0.75
    assert len(rig.window.session.history.entries) == steps + 1
    rig.do("undo")
    assert lane.edit == before
    drag(rig, lane, bar(1.5), bar(0.2))
    assert lane.edit.span.start == 0


def test_an_edit_acts_in_the_range_only(rig: Rig, lane: AutomationLane) -> None:
    actions = rig.window.actions_by_id
    assert not actions["span_to_range"].isEnabled()
    rig.window.axis.seek(1.0)
    rig.do("in_point")
    rig.window.axis.seek(3.0)
    rig.do("out_point")
    rig.do("span_to_range")
    assert (lane.edit.span.start, lane.edit.span.end) == (1.0, 3.0)
    rig.do("clear_range")
    assert not actions["span_to_range"].isEnabled()
    rig.do("span_to_all")
    assert lane.edit.span == Span()
    rig.do("undo")
    assert (lane.edit.span.start, lane.edit.span.end) == (1.0, 3.0)


def test_click_beside_everything_seeks(rig: Rig, lane: AutomationLane) -> None:
    rig.qtbot.mouseClick(lane, LEFT, pos=at(lane, 2.5, 0.5))
    assert rig.window.axis.playhead == pytest.approx(2.5, abs=0.02)
    assert lane.edit.keyframes == ()


def test_nothing_and_all_are_hit_with_the_mouse(rig: Rig, lane: AutomationLane) -> None:
    for seconds, value, pixels in ((1.0, 0.0, 2), (2.0, 1.0, 2), (3.0, 0.0, 4), (3.5, 1.0, -5)):
        spot = at(lane, seconds, value) + QPoint(0, pixels)
        rig.qtbot.mouseDClick(lane, LEFT, pos=spot)
        found = next(k for k in lane.edit.keyframes if abs(k.seconds - seconds) < 0.05)
        assert found.value == value
    assert lane._range == (0.0, 1.0)
    spot = at(lane, 1.5, 0.0) - QPoint(0, 2)
    drag(rig, lane, at(lane, 1.0, 0.0), spot)
    assert lane.edit.keyframes[0].value == 0.0
    rig.qtbot.mousePress(lane, LEFT, pos=spot + QPoint(0, 2))
    alt = Qt.KeyboardModifier.AltModifier
    move = QMouseEvent(QEvent.Type.MouseMove, QPointF(spot), QPointF(spot), LEFT, LEFT, alt)
    QApplication.sendEvent(lane, move)
    assert 0.0 < lane.edit.keyframes[0].value < 0.1
    rig.qtbot.mouseRelease(lane, LEFT, pos=spot)


def test_the_menu_of_a_keyframe_takes_a_number(rig: Rig, lane: AutomationLane) -> None:
    rig.window.edit_lanes._curves.add(lane.edit.id, Keyframe(1.0, 0.5))
    rig.window.axis.seek(1.0)
    steps = len(rig.window.session.history.entries)
    here = lane.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, here, lane.mapToGlobal(here))
    QApplication.sendEvent(lane, event)
    (menu,) = lane.findChildren(KeyframeMenu)
    assert menu.value.value() == 0.5
    menu.value.stepUp()
    menu.value.setValue(1.25)
    rig.qtbot.keyClick(menu.value.lineEdit(), Qt.Key.Key_Return)
    rig.wait(lambda: lane.findChildren(KeyframeMenu) == [])
    assert lane.edit.keyframes == (Keyframe(1.0, 1.25),)
    assert len(rig.window.session.history.entries) == steps + 1


def test_everything_with_keys(rig: Rig, lane: AutomationLane) -> None:
    rig.window.activateWindow()
    lane.setFocus()
    rig.wait(lane.hasFocus)
    rig.window.axis.seek(1.0)
    key, alt = rig.qtbot.keyClick, Qt.KeyboardModifier.AltModifier
    key(lane, Qt.Key.Key_Return)
    assert lane.edit.keyframes == (Keyframe(1.0, 1.0),)
    key(lane, Qt.Key.Key_Down, alt)
    key(lane, Qt.Key.Key_Down, alt)
    assert lane.edit.keyframes[0].value == 0.9
    assert lane.accessibleDescription() == "0.9 at 0:01.00, Linear"
    key(lane, Qt.Key.Key_Right, alt)
    assert lane.edit.keyframes[0].seconds == pytest.approx(1.04)
    assert rig.window.axis.playhead == pytest.approx(1.04)
    key(lane, Qt.Key.Key_E)
    assert lane.edit.keyframes[0].easing is Easing.SMOOTH
    rig.window.axis.seek(3.0)
    key(lane, Qt.Key.Key_Up)
    assert rig.window.axis.playhead == pytest.approx(1.04)
    key(lane, Qt.Key.Key_Delete)
    assert lane.edit.keyframes == ()
    assert rig.window.editing.stack.selected == lane.edit.id


def test_lanes_follow_the_stack(rig: Rig, lane: AutomationLane) -> None:
    stack, lanes = rig.window.editing.stack, rig.window.edit_lanes
    for word in ("rain", "night", "snow"):
        stack.add_words(word)
    rig.wait(lambda: lanes.height() == 2 * lane.height())
    stack.move(lane.edit.id, 1)
    order = sorted(stack.edits, key=lambda edit: lanes.lane(edit.id).y())
    assert [edit.name for edit in order] == ["rain", "storm", "night", "snow"]
    for edit in stack.edits:
        stack.remove(edit.id)
    assert not lanes.isVisible()


def test_history_lists_the_steps_and_goes_to_any(rig: Rig, lane: AutomationLane) -> None:
    stack = rig.window.editing.stack
    stack.set_strength(lane.edit.id, 0.5)
    rig.window.session.close_merge()
    stack.set_span(lane.edit.id, Span(1.0, 2.0))
    panel = rig.window.findChild(HistoryPanel)
    assert panel is not None
    rows = [panel.list.item(row).text() for row in range(panel.list.count())]
    assert rows == [
        "Beginning",
        "Open tone.wav",
        "Add storm",
        "Set strength of storm to 0.5",
        "Set the span of storm",
    ]
    panel.list.setCurrentRow(2)
    assert stack.edits[0].strength == 1.0
    rig.wait(lambda: rig.shown() == (PUSH, 0, 0))
    panel.list.setCurrentRow(4)
    assert (stack.edits[0].strength, stack.edits[0].span) == (0.5, Span(1.0, 2.0))
    rig.do("undo")
    assert panel.list.currentRow() == 3


def test_lanes_take_their_room_from_the_panels_and_not_from_the_screen(
    rig: Rig, make_sound: MakeSound
) -> None:
    rig.window.resize(1180, 620)
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    assert rig.window.height() == 620
    stack, lanes = rig.window.editing.stack, rig.window.edit_lanes
    for count, rows in ((1, 1), (2, 2), (3, 2)):
        edit = stack.add_words(f"storm {count}")
        assert edit is not None
        rig.wait(lambda rows=rows: lanes.height() == rows * HEIGHT)
        rig.wait(lambda edit=edit: lanes.lane(edit).width() == rig.window.axis.width)
        assert rig.window.height() == 620
    assert rig.window.minimumSizeHint().height() <= 620


def test_nothing_is_scrolled_where_all_lanes_are_in_view(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    bars = [one for one in rig.window.timeline.findChildren(QScrollBar) if one.accessibleName()]
    (bar,) = (one for one in bars if one.orientation() is Qt.Orientation.Vertical)
    shown = []
    for count in range(4):
        rig.wait(lambda count=count: len(rig.window.edit_lanes._lanes) == count)
        rig.wait(lambda count=count: bar.isVisible() is (count > 2))
        shown.append(bar.isVisible())
        rig.window.editing.stack.add_words(f"storm {count}")
    assert shown == [False, False, False, True]


def test_panels_scroll_to_what_has_the_focus_in_a_low_window(
    rig: Rig, make_sound: MakeSound
) -> None:
    rig.window.resize(1180, 620)
    rig.begin()
    rig.open(make_sound())
    for word in ("storm", "rain"):
        rig.window.editing.stack.add_words(word)
    for panel in (rig.window.sounds, rig.window.picture):
        reached = [one for one in panel.findChildren(QWidget) if one.focusPolicy() & FOCUS]
        for widget in (one for one in reached if one.isVisibleTo(panel) and one.isEnabled()):
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            rig.wait(lambda widget=widget: not widget.visibleRegion().isEmpty())
