"""Keys, mouse and commands of the window."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton

from soundedit.app.shortcutdialog import ShortcutDialog
from soundedit.app.shortcuts import COMMANDS

from .conftest import Rig

MakeSound = Callable[..., Path]


def test_keys_move_the_playhead(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound(3.0))
    rig.generate()
    axis, bot, window = rig.window.axis, rig.qtbot, rig.window
    bot.keyClick(window, Qt.Key.Key_Right)
    assert axis.playhead == pytest.approx(1 / 24)
    bot.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert axis.playhead == pytest.approx(1 + 1 / 24)
    bot.keyClick(window, Qt.Key.Key_Left)
    assert axis.playhead == pytest.approx(1.0)
    bot.keyClick(window, Qt.Key.Key_End)
    assert axis.playhead == 3.0
    bot.keyClick(window, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert axis.playhead == pytest.approx(2.0)
    bot.keyClick(window, Qt.Key.Key_Home)
    assert axis.playhead == 0.0
    bot.keyClick(window, Qt.Key.Key_Left)
    assert axis.playhead == 0.0


def test_keys_stay_in_a_text_field(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound(3.0))
    rig.window.activateWindow()
    field = rig.window.picture.seed
    field.setFocus()
    rig.wait(field.hasFocus)
    rig.qtbot.keyClick(field, Qt.Key.Key_Space)
    rig.qtbot.keyClick(field, Qt.Key.Key_End)
    assert not rig.window.playback.playing
    assert rig.window.axis.playhead == 0.0
    rig.qtbot.keyClicks(field, "\b5\r")
    assert rig.controller.seed == 5
    assert not field.hasFocus()


def test_click_drag_and_wheel_on_the_timeline(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound(4.0))
    axis, lane = rig.window.axis, rig.window.timeline.ruler
    rig.wait(lambda: axis.width == lane.width() > 100)
    left = Qt.MouseButton.LeftButton
    middle, quarter = QPoint(lane.width() // 2, 25), QPoint(lane.width() // 4, 25)
    rig.qtbot.mousePress(lane, left, pos=middle)
    assert axis.playhead == pytest.approx(2.0, abs=0.02)
    rig.qtbot.mouseMove(lane, quarter)
    rig.qtbot.mouseRelease(lane, left, pos=quarter)
    rig.wait(lambda: axis.playhead < 1.1)
    at = QPointF(lane.width() / 2, 5)

    def wheel(keys: Qt.KeyboardModifier, steps: int) -> None:
        event = QWheelEvent(
            at, QPointF(lane.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(lane, event)

    wheel(Qt.KeyboardModifier.ControlModifier, 3)
    assert axis.span == pytest.approx(4 / 1.25**3)
    assert axis.to_time(at.x()) == pytest.approx(2.0, abs=0.01)
    start = axis.start
    wheel(Qt.KeyboardModifier.ShiftModifier, -1)
    assert axis.start == pytest.approx(start + 0.1 * axis.span)
    rig.do("zoom_fit")
    assert (axis.start, axis.span) == (0.0, 4.0)


def test_every_command_has_a_name_a_tip_and_its_keys(rig: Rig) -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    wanted = {"Ctrl+O", "Ctrl+E", "Space", "Home", "End", "Left", "Right", "F11", "F1", "R"}
    assert wanted <= set(keys)
    for command in COMMANDS:
        action = rig.window.actions_by_id[command.id]
        assert action.toolTip()
        shortcuts = [shortcut.toString() for shortcut in action.shortcuts()]
        assert shortcuts == list(command.keys)


def test_shortcut_list_can_be_searched(rig: Rig) -> None:
    rig.begin()
    rig.qtbot.keyClick(rig.window, Qt.Key.Key_F1)
    dialog = rig.window.findChild(ShortcutDialog)
    assert dialog is not None
    dialog._filter.setText("export")
    rows = [row for row in range(dialog.table.rowCount()) if not dialog.table.isRowHidden(row)]
    assert [dialog.table.item(row, 0).text() for row in rows] == ["Ctrl+E", "Ctrl+Shift+E"]
    dialog.reject()


def test_full_screen_and_back(rig: Rig) -> None:
    rig.begin()
    rig.qtbot.keyClick(rig.window, Qt.Key.Key_F11)
    assert rig.window.isFullScreen()
    assert not rig.window.transport.isVisible()
    rig.qtbot.keyClick(rig.window, Qt.Key.Key_Escape)
    assert not rig.window.isFullScreen()
    assert rig.window.transport.isVisible()
    assert rig.window.menuBar().isVisible()


def test_enter_presses_the_focused_button(rig: Rig, make_sound: MakeSound) -> None:
    rig.begin()
    rig.open(make_sound())
    button = rig.window.transport.play
    button.setFocus()
    rig.qtbot.keyClick(button, Qt.Key.Key_Return)
    assert rig.window.playback.playing
    rig.do("play")


def test_devices_are_rescanned_where_the_panel_says_why_there_are_none(rig: Rig) -> None:
    rig.begin()
    sounds, status = rig.window.sounds, rig.window.status
    assert not sounds.rescan.isVisible()
    sounds.set_why_no_recording("No sound input was found; connect one and rescan the devices.")
    assert sounds.rescan.isVisible()
    assert sounds.rescan.accessibleName() == "Rescan the sound devices"
    sounds.rescan.click()
    rig.wait(lambda: status.jobs.text.text().startswith("Sound inputs found: 1"))
    assert not sounds.rescan.isVisible()


def test_the_smallest_window_fits_a_small_screen_and_shows_some_sounds(rig: Rig) -> None:
    rig.begin()
    window = rig.window
    window.sounds.set_why_no_recording(
        "No sound input was found, so recording is off; connect one, check the system's sound"
        " settings, and rescan the devices."
    )
    window.editing.stack.add_words("storm")
    window.status.say(f"Exported /home/somebody/{'a long name ' * 20}.mp4")
    window.status.device.show_name("cpu " + "of a maker who likes long names " * 3)
    QApplication.processEvents()
    # Half of a screen of 1440 pixels, whose other half shows another program.
    assert window.minimumSizeHint().width() <= 720
    assert window.minimumSizeHint().height() <= 720
    window.resize(window.minimumSizeHint())
    shown = window.sounds.list
    row = shown.visualItemRect(shown.topLevelItem(0)).height()
    rig.wait(lambda: window.height() <= 720 and shown.viewport().height() >= 3 * row)


def test_buttons_show_their_words_where_there_is_room(rig: Rig) -> None:
    rig.begin()
    window = rig.window
    buttons = window.transport.named
    names = ["Live", "Generate the video", "Export the video"]
    for _ in range(2):
        window.resize(1180, 800)
        rig.wait(lambda: all(_is_worded(button) for button in buttons))
        assert [button.text() for button in buttons] == names
        window.resize(window.minimumSizeHint().width(), 720)
        rig.wait(lambda: not any(_is_worded(button) for button in buttons))
        assert [button.accessibleName() for button in buttons] == names
        assert buttons[-1].geometry().right() < window.transport.width()


def _is_worded(button: QToolButton) -> bool:
    return button.toolButtonStyle() == Qt.ToolButtonStyle.ToolButtonTextBesideIcon
