"""Beats in the window: typed, tapped, found, shown, snapped to, undone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QDialogButtonBox

from soundedit.app.beatsdialog import BeatsDialog
from soundedit.document.model import Beats
from soundedit.media.sound import Sound, write_sound

from .conftest import Rig

MakeSound = Callable[..., Path]
RATE = 32_000


@pytest.fixture
def dialog(rig: Rig, make_sound: MakeSound) -> BeatsDialog:
    rig.begin()
    rig.open(make_sound(8.0))
    rig.wait(lambda: rig.controller.spectrogram is not None)
    return opened(rig)


def opened(rig: Rig) -> BeatsDialog:
    rig.do("beats")
    (found,) = rig.window.findChildren(BeatsDialog)
    return found


def beats(rig: Rig) -> Beats | None:
    return rig.window.session.project.beats


def test_typed_beats_are_one_step(rig: Rig, dialog: BeatsDialog) -> None:
    assert beats(rig) is None and not dialog.on.isChecked()
    steps = len(rig.window.session.history.entries)
    dialog.bpm.setValue(90)
    rig.window.axis.seek(1.5)
    dialog.here.click()
    dialog.bar.setValue(3)
    dialog.twice.click()
    dialog.half.click()
    assert beats(rig) == Beats(90, 1.5, 3) == rig.window.axis.marks.beats
    assert dialog.on.isChecked()
    assert len(rig.window.session.history.entries) == steps + 1
    dialog.close()
    rig.do("undo")
    assert beats(rig) is None and rig.window.axis.marks.beats is None
    rig.do("redo")
    again = opened(rig)
    assert (again.bpm.value(), again.first.value(), again.bar.value()) == (90, 1.5, 3)
    again.on.setChecked(False)
    assert beats(rig) is None
    again.on.setChecked(True)
    assert beats(rig) == Beats(90, 1.5, 3)
    rig.do("undo")
    assert not again.on.isChecked()


def test_taps(rig: Rig, dialog: BeatsDialog) -> None:
    dialog.close()
    now = [0.0]
    window = rig.window
    tapped = BeatsDialog(window.session, window.axis, lambda: None, window, lambda: now[0])
    for at in (0.0, 0.48, 1.0, 1.5, 2.02):
        now[0] = at
        tapped.tap.pressed.emit()
    assert beats(rig) == Beats(round(60 / 0.51, 1), 0.0, 4)
    now[0] = 9.0
    tapped.tap.pressed.emit()
    assert tapped.said.text() == "Go on tapping..."
    tapped.search.click()
    assert tapped.said.text().startswith("No steady beat was found, or the sound is still")
    tapped.close()


def test_found_in_the_sound(rig: Rig, dialog: BeatsDialog, tmp_path: Path) -> None:
    dialog.close()
    samples = np.random.default_rng(2).standard_normal(10 * RATE) * 0.002
    for at in np.arange(0.2, 9.8, 0.5):
        begin = round(at * RATE)
        samples[begin : begin + 1600] += 0.6 * np.exp(-np.arange(1600) / 400)
    drums = tmp_path / "drums.wav"
    write_sound(drums, Sound(samples[None].astype(np.float32).clip(-1, 1), RATE))
    rig.open(drums)
    rig.wait(lambda: rig.controller.spectrogram is not None and len(rig.controller.onsets) > 0)
    found = opened(rig)
    found.search.click()
    assert found.bpm.value() == pytest.approx(120, abs=0.1)
    assert found.first.value() == pytest.approx(0.2, abs=0.01)
    assert found.said.text().startswith("Found 1")


def test_dragged_things_snap_to_beats(rig: Rig, dialog: BeatsDialog) -> None:
    dialog.bpm.setValue(60)
    rig.window.axis.seek(0.3)
    dialog.here.click()
    dialog.close()
    axis, lane = rig.window.axis, rig.window.timeline.waveform
    near = round(axis.to_x(4.3)) + 5
    rig.qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=QPoint(near, 20))
    assert axis.playhead == pytest.approx(4.3)
    rig.do("snap")
    rig.qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=QPoint(near, 20))
    assert axis.playhead == pytest.approx(axis.to_time(near))


def test_keys_go_from_beat_to_beat(rig: Rig, dialog: BeatsDialog) -> None:
    axis = rig.window.axis
    axis.seek(0.3)
    dialog.close()
    rig.do("next_beat")
    # Without beats they are asked for, and the playhead stays.
    again = rig.window.findChildren(BeatsDialog)[-1]
    assert again.isVisible() and axis.playhead == pytest.approx(0.3)
    again.bpm.setValue(60)
    again.here.click()
    again.close()
    for step, seconds in (("next", 1.3), ("next", 2.3), ("previous", 1.3), ("previous", 0.3)):
        rig.do(f"{step}_beat")
        assert axis.playhead == pytest.approx(seconds)
    rig.do("previous_beat")
    assert axis.playhead == pytest.approx(0.3)
    axis.seek(7.9)
    rig.do("next_beat")
    assert axis.playhead == pytest.approx(7.9)


def test_beats_are_drawn(rig: Rig, dialog: BeatsDialog) -> None:
    lane, axis = rig.window.timeline.heard, rig.window.axis
    axis.seek(7.9)
    before = lane.grab().toImage()
    dialog.bpm.setValue(60)
    after = lane.grab().toImage()
    changed = {
        x
        for x in range(lane.width())
        if any(before.pixel(x, y) != after.pixel(x, y) for y in range(2, lane.height() - 2))
    }
    assert changed == {round(axis.to_x(second)) for second in range(8)}


@pytest.mark.parametrize("way", ["escape", "button", "window"])
def test_it_can_be_closed(rig: Rig, dialog: BeatsDialog, way: str) -> None:
    dialog.bpm.setValue(90)
    if way == "escape":
        rig.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    elif way == "button":
        buttons = dialog.findChild(QDialogButtonBox)
        assert buttons is not None
        buttons.button(QDialogButtonBox.StandardButton.Close).click()
    else:
        assert dialog.close()
    rig.wait(lambda: rig.window.findChildren(BeatsDialog) == [])
    assert beats(rig) == Beats(90)


def test_return_takes_the_number_that_was_typed(rig: Rig, dialog: BeatsDialog) -> None:
    dialog.bpm.setFocus()
    dialog.bpm.selectAll()
    rig.qtbot.keyClicks(dialog.bpm, "128,5")
    rig.qtbot.keyClick(dialog.bpm, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert beats(rig) == Beats(128.5, 0.0, 4)
