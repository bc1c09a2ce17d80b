"""Keys in the window: what each does, and that they rest while somebody types."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from soundedit.app.shortcutdialog import ShortcutDialog
from soundedit.app.textguard import takes_text
from soundedit.media.onsets import Onsets

from .conftest import Rig

MakeSound = Callable[..., Path]
Key = Qt.Key
SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def opened(rig: Rig, make_sound: MakeSound) -> Rig:
    rig.begin()
    rig.open(make_sound(8.0))
    rig.wait(lambda: rig.controller.spectrogram is not None)
    rig.window.timeline.ruler.setFocus()
    return rig


def press(
    rig: Rig, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(rig.window, key, keys)


def test_arrows_home_and_end(opened: Rig) -> None:
    axis = opened.window.axis
    press(opened, Key.Key_Right)
    assert axis.playhead == pytest.approx(1 / 24)
    press(opened, Key.Key_Right, SHIFT)
    assert axis.playhead == pytest.approx(1 + 1 / 24)
    press(opened, Key.Key_Left, SHIFT)
    press(opened, Key.Key_Left)
    assert axis.playhead == pytest.approx(0.0)
    press(opened, Key.Key_End)
    assert axis.playhead == 8.0
    press(opened, Key.Key_Home)
    assert axis.playhead == 0.0


def test_markers_and_range(opened: Rig) -> None:
    axis, session = opened.window.axis, opened.window.session
    for time in (2.0, 5.0):
        axis.seek(time)
        press(opened, Key.Key_M)
    assert [one.seconds for one in session.project.markers] == [2.0, 5.0]
    press(opened, Key.Key_Left, CONTROL)
    assert axis.playhead == 2.0
    press(opened, Key.Key_I)
    press(opened, Key.Key_Right, CONTROL)
    press(opened, Key.Key_O)
    assert axis.marks.span == (2.0, 5.0)
    press(opened, Key.Key_I, SHIFT)
    assert axis.playhead == 2.0
    press(opened, Key.Key_O, SHIFT)
    assert axis.playhead == 5.0
    press(opened, Key.Key_M, SHIFT)
    assert [one.seconds for one in session.project.markers] == [2.0]
    press(opened, Key.Key_X, CONTROL | SHIFT)
    assert axis.marks.span is None
    axis.seek(2.0)
    press(opened, Key.Key_M)
    field = opened.window.timeline.markers.naming
    assert field is not None
    QTest.keyClicks(field, "jkl mio s")
    assert field.text() == "jkl mio s" and not opened.window.playback.playing
    press_return = Key.Key_Return
    QTest.keyClick(field, press_return)
    assert session.project.markers[0].name == "jkl mio s"


def test_playing_keys(opened: Rig) -> None:
    playback, axis = opened.window.playback, opened.window.axis
    axis.seek(4.0)
    press(opened, Key.Key_L)
    press(opened, Key.Key_L)
    assert playback.playing and playback.speed == 2.0
    assert opened.window.transport.shuttle.text() == "2x"
    press(opened, Key.Key_J)
    assert playback.speed == -1.0
    press(opened, Key.Key_K)
    assert not playback.playing and opened.window.transport.shuttle.text() == ""
    press(opened, Key.Key_Space)
    assert playback.playing
    press(opened, Key.Key_Space)
    assert not playback.playing
    press(opened, Key.Key_L, CONTROL)
    assert playback.looping and opened.window.actions_by_id["loop"].isChecked()
    press(opened, Key.Key_L, CONTROL)
    assert not playback.looping
    for key, speed in ((Key.Key_BracketRight, 1.5), (Key.Key_BracketLeft, 1.0)):
        press(opened, key)
        assert playback.chosen_speed == speed
        assert opened.window.transport.speed.currentData() == speed


def test_view_keys(opened: Rig) -> None:
    axis, window = opened.window.axis, opened.window
    press(opened, Key.Key_Equal)
    assert axis.span == pytest.approx(8 / 1.5)
    press(opened, Key.Key_Minus)
    press(opened, Key.Key_Plus)
    press(opened, Key.Key_Backslash)
    assert axis.span == 8.0
    press(opened, Key.Key_S)
    assert not axis.marks.snapping and not window.actions_by_id["snap"].isChecked()
    press(opened, Key.Key_S)
    assert axis.marks.snapping
    press(opened, Key.Key_S, SHIFT)
    assert window.timeline.waveform.view == "spectrogram"
    press(opened, Key.Key_S, SHIFT)
    assert window.timeline.waveform.view == "waveform"
    opened.wait(lambda: opened.controller.peaks is not None)
    waveform, action = window.timeline.waveform, window.actions_by_id["enlarge"]
    assert waveform.gain == 1 and not action.isChecked()
    press(opened, Key.Key_E, SHIFT)
    low, high, _ = opened.controller.peaks.window(0.0, 8.0, 1)
    assert waveform.gain == pytest.approx(1 / max(high[0], -low[0])) and action.isChecked()
    assert waveform.gain > 1.2
    press(opened, Key.Key_E, SHIFT)
    assert waveform.gain == 1


def test_the_picture_is_enlarged_by_keys(opened: Rig) -> None:
    opened.generate()
    viewer = opened.window.viewer
    opened.wait(lambda: viewer.image is not None)
    press(opened, Key.Key_Equal, CONTROL)
    press(opened, Key.Key_Equal, CONTROL)
    assert viewer.zoom == pytest.approx(1.25**2)
    press(opened, Key.Key_Minus, CONTROL)
    assert viewer.zoom == pytest.approx(1.25)
    press(opened, Key.Key_0, CONTROL)
    assert viewer.zoom == 1


def test_playing_turns_to_the_page_of_the_playhead(opened: Rig) -> None:
    axis = opened.window.axis
    axis.seek(0.5)
    for _ in range(5):
        axis.zoom(2.0)
    axis.pan(4.0)
    assert axis.start > 0.5
    press(opened, Key.Key_Space)
    assert axis.start <= 0.5 < axis.end
    press(opened, Key.Key_Space)


def test_next_and_previous_onset(opened: Rig) -> None:
    axis = opened.window.axis
    axis.marks.set_onsets(Onsets(np.array([1.5, 3.0]), np.ones(2)))
    press(opened, Key.Key_Right, ALT)
    press(opened, Key.Key_Right, ALT)
    assert axis.playhead == 3.0
    press(opened, Key.Key_Left, ALT)
    assert axis.playhead == 1.5


def test_f1_lists_the_keys_as_they_are_now(opened: Rig) -> None:
    opened.window.preferences.keymap.set_keys("marker", ["Ctrl+M"])
    press(opened, Key.Key_F1)
    dialog = opened.window.findChild(ShortcutDialog)
    assert dialog is not None
    rows = {
        dialog.table.item(row, 1).text(): dialog.table.item(row, 0).text()  # type: ignore[union-attr]
        for row in range(dialog.table.rowCount())
    }
    assert rows["Set a marker, or name it"] == "Ctrl+M"
    assert rows["Zoom in"] == "=  /  +"
    assert rows["Do not snap"] == "Alt while dragging"
    dialog.close()


@pytest.mark.parametrize("kind", [QLineEdit, QPlainTextEdit])
def test_keys_rest_while_a_text_field_has_the_focus(opened: Rig, kind: type) -> None:
    field = kind(opened.window.centralWidget())
    field.show()
    field.setFocus()
    opened.wait(field.hasFocus)
    assert takes_text(field)
    opened.window.preferences.keymap.set_keys("spectrogram", ["Insert"])
    for key in (Key.Key_J, Key.Key_Space, Key.Key_M, Key.Key_Home, Key.Key_Right, Key.Key_Insert):
        QTest.keyClick(field, key)
    assert not opened.window.playback.playing
    assert opened.window.axis.playhead == 0.0
    assert opened.window.session.project.markers == ()
    assert opened.window.timeline.waveform.view == "waveform"
    QTest.keyClick(field, Key.Key_L, CONTROL)
    assert opened.window.playback.looping
    field.deleteLater()
