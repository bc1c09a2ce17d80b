"""The time in the transport bar, typed into."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from soundedit.app.timefield import TimeField

from .conftest import Rig

MakeSound = Callable[..., Path]


@pytest.fixture
def field(rig: Rig, make_sound: MakeSound) -> TimeField:
    rig.begin()
    rig.open(make_sound(4.0))
    rig.window.activateWindow()
    return rig.window.transport.time


def test_a_typed_time_is_gone_to(rig: Rig, field: TimeField) -> None:
    rig.do("go_to_time")
    rig.wait(field.hasFocus)
    assert field.selectedText() == "0:00.00"
    rig.qtbot.keyClicks(field, "0:02.5")
    # What plays on or is scrubbed meanwhile must not overwrite it.
    rig.window.axis.seek(1.0)
    assert field.text() == "0:02.5"
    rig.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert rig.window.axis.playhead == pytest.approx(2.5)
    assert field.text() == "0:02.50" and not field.hasFocus()
    rig.do("go_to_time")
    rig.qtbot.keyClicks(field, "-1")
    rig.qtbot.keyClick(field, Qt.Key.Key_Enter)
    assert rig.window.axis.playhead == pytest.approx(1.5)
    rig.do("go_to_time")
    rig.qtbot.keyClicks(field, "#49")
    rig.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert rig.window.axis.playhead == pytest.approx(2.0)


def test_a_click_selects_and_escape_leaves(rig: Rig, field: TimeField) -> None:
    rig.qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
    rig.wait(field.hasFocus)
    assert field.selectedText() == "0:00.00"
    rig.qtbot.keyClicks(field, "3")
    rig.qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "0:00.00" and not field.hasFocus()
    assert rig.window.axis.playhead == 0


def test_what_is_no_time_stays_to_be_mended(rig: Rig, field: TimeField) -> None:
    said: list[str] = []
    rig.window.control.told.connect(said.append)
    rig.do("go_to_time")
    rig.wait(field.hasFocus)
    rig.qtbot.keyClicks(field, "noon")
    rig.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert said == ["noon is no time; type it as 83.5, 1:23.5, +2 or -2."]
    assert field.hasFocus() and field.selectedText() == "noon"
    rig.qtbot.keyClicks(field, "99")
    rig.qtbot.keyClick(field, Qt.Key.Key_Return)
    assert rig.window.axis.playhead == pytest.approx(4.0)
