"""Live in the window: pictures, sliders, recording, sources, full screen, trouble."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from soundedit.app.live.requests import LiveSource
from soundedit.app.settings import LIVE_AUTOMATIC, Settings
from soundedit.document.commands import add_edit
from soundedit.document.model import Reactivity
from soundedit.engine.engine import Engine
from soundedit.media.sound import Sound, write_sound

from .live_rig import DUSK, LiveRig


@pytest.fixture
def rig(tiny_pack: Path, settings: Settings, tmp_path: Path, qtbot: QtBot) -> Iterator[LiveRig]:
    made = LiveRig(tiny_pack, settings, tmp_path, qtbot)
    yield made
    made.close()


def test_live_shows_what_it_hears_and_its_pace(rig: LiveRig) -> None:
    rig.begin()
    rig.wait(lambda: "frames/s" in rig.panel.pace.text())
    assert "ms, p95" in rig.panel.pace.text()
    assert rig.panel.pace.text().endswith("px")
    rig.wait(lambda: rig.panel.meter.accessibleDescription() not in ("", "0 percent"))
    rig.wait(lambda: rig.panel.heard.text().endswith("%"))
    assert [rig.panel.sources.itemText(i) for i in range(rig.panel.sources.count())] == [
        "Default microphone",
        "Microphone (Simulated)",
        "A sound file...",
    ]
    assert rig.live.window is not None
    rig.live.window.close()
    rig.wait(lambda: not rig.live.running)
    assert rig.live.window is None


def test_sliders_and_keys_act_while_it_runs(rig: LiveRig, qtbot: QtBot) -> None:
    rig.begin()
    rig.session.do("add dusk", add_edit(rig.session.project, DUSK))
    row = rig.panel.rows["edit:dusk"]
    assert row.slider.number.value() == 0.5
    row.slider.number.setValue(-1.25)
    rig.panel.rows["sensitivity"].slider.number.setValue(12)
    rig.panel.rows["smoothing"].slider.number.setValue(1.5)
    window = rig.live.window
    assert window is not None
    qtbot.keyClick(window, Qt.Key.Key_F)
    link = rig.live._link
    assert dict(link.strengths) == {"dusk": -1.25}
    assert (link.sensitivity, link.smoothing, link.frozen) == (12, 1.5, True)
    rig.wait(lambda: dict(rig.live._shown.heard.strengths) == {"dusk": -1.25})
    rig.session.undo()
    assert "edit:dusk" not in rig.panel.rows
    rig.wait(lambda: dict(rig.live._shown.heard.strengths) == {})


def test_letters_are_the_windows_keys_wherever_the_focus_is(rig: LiveRig, qtbot: QtBot) -> None:
    rig.begin()
    panel = rig.panel
    chosen = panel.sources.currentIndex()
    panel.sources.setFocus()
    for key in (Qt.Key.Key_M, Qt.Key.Key_A, Qt.Key.Key_F, Qt.Key.Key_R):
        qtbot.keyClick(panel.sources, key)
    assert panel.sources.currentIndex() == chosen
    assert panel.freeze.isChecked() and panel.record.isChecked()
    rig.wait(lambda: (rig.live._link.status.recorded or 0.0) > 0.3)
    qtbot.keyClick(panel.sources, Qt.Key.Key_R)
    rig.wait(lambda: rig.session.project.take is not None)
    qtbot.wait(250)
    assert panel.record.text() == "Record the performance (R)"


def test_another_seed_is_another_scene_while_it_runs(rig: LiveRig, tiny_pack: Path) -> None:
    rig.begin()
    engine = Engine.load(tiny_pack, "cpu")
    way = (engine.sample(5) - engine.sample(rig.window.controller.seed)).ravel()
    engine.close()
    before = rig.live._shown.heard.w.ravel()
    rig.window.controller.set_seed(5)

    def gone() -> float:
        return float((rig.live._shown.heard.w.ravel() - before) @ way / (way @ way))

    rig.wait(lambda: gone() > 0.6)
    assert rig.live.running


def test_keys_go_to_another_scene_and_to_black_and_back(rig: LiveRig, qtbot: QtBot) -> None:
    rig.begin()
    window, seed = rig.live.window, rig.window.controller.seed
    assert window is not None
    qtbot.keyClick(window, Qt.Key.Key_N)
    assert rig.window.controller.seed != seed
    assert rig.session.history.undo_name == f"change the seed to {rig.window.controller.seed}"

    def brightest() -> int:
        image = window.viewer.image
        assert image is not None
        colours = [image.pixelColor(x, x) for x in range(image.width())]
        return max(max(one.red(), one.green(), one.blue()) for one in colours)

    light = brightest()
    qtbot.keyClick(window, Qt.Key.Key_B)
    rig.wait(lambda: brightest() == 0)
    qtbot.keyClick(window, Qt.Key.Key_B)
    rig.wait(lambda: brightest() > light / 2)


def test_the_reactivity_acts_at_once_and_becomes_the_projects_when_it_rests(rig: LiveRig) -> None:
    rig.begin()
    link, slider = rig.live._link, rig.panel.rows["reactivity"].slider
    assert (slider.number.value(), link.reactivity) == (1.0, Reactivity(1.0))
    for value in (0.8, 0.5, 0.25):
        slider.number.setValue(value)
        assert link.reactivity.strength == value
    assert rig.session.project.reactivity.strength == 1.0
    rig.wait(lambda: rig.session.project.reactivity.strength == 0.25)
    assert rig.session.history.entries == ["set reactivity to 0.25"]
    rig.session.undo()
    assert (slider.number.value(), link.reactivity.strength) == (1.0, 1.0)
    slider.number.setValue(0.0)
    seen: list[tuple[int, np.ndarray]] = []

    def still() -> bool:
        shown = rig.live._shown
        if not seen or shown.heard.index != seen[-1][0]:
            seen.append((shown.heard.index, shown.picture))
        last = [picture for _, picture in seen[-4:]]
        return len(last) == 4 and all(np.array_equal(last[0], one) for one in last)

    # Every frame is the start itself, while the sound goes on.
    rig.wait(still)
    assert np.ptp([frame for frame, _ in seen[-4:]]) >= 3
    rig.wait(lambda: rig.session.project.reactivity.strength == 0.0)
    rig.session.undo()
    rig.wait(lambda: not still())
    slider.number.setValue(0.0)
    assert rig.live.window is not None
    rig.live.window.close()
    assert rig.session.project.reactivity.strength == 0.0
    rig.wait(lambda: not rig.live.running)


def test_a_file_in_place_of_the_microphone(rig: LiveRig, tmp_path: Path) -> None:
    tone = 0.3 * np.sin(np.arange(44100) / 20)
    write_sound(tmp_path / "tone.wav", Sound(tone.astype(np.float32)[None], 44100))
    rig.begin(tmp_path / "tone.wav")
    assert rig.panel.sources.currentText() == "tone.wav"
    assert not rig.card.streams
    # Another source goes on where this one ended.
    rig.live.hear(LiveSource("Default microphone"))
    rig.wait(lambda: bool(rig.card.streams) and rig.live.running)
    assert rig.panel.sources.currentText() == "Default microphone"


def test_the_picture_alone_on_a_display(rig: LiveRig, qtbot: QtBot) -> None:
    rig.begin()
    window = rig.live.window
    assert window is not None
    assert window.panel.displays.count() == 1
    qtbot.keyClick(window, Qt.Key.Key_F11)
    screen = window.screen_window
    assert screen is not None
    assert screen.isFullScreen()
    rig.wait(lambda: screen.viewer.image is not None)
    qtbot.keyClick(screen, Qt.Key.Key_F)
    assert rig.panel.freeze.isChecked()
    qtbot.keyClick(screen, Qt.Key.Key_Escape)
    rig.wait(lambda: window.screen_window is None)
    assert rig.live.running
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    rig.wait(lambda: not rig.live.running)


def test_a_microphone_that_goes_is_told_and_another_can_be_chosen(rig: LiveRig) -> None:
    rig.card.inputs = ["Microphone", "Webcam"]
    rig.begin()
    rig.card.unplug("Microphone")
    rig.wait(lambda: not rig.live.running)
    assert "stopped answering" in rig.panel.trouble.text()
    rig.live.hear(LiveSource("Default microphone"))
    rig.wait(lambda: "frames/s" in rig.panel.pace.text())
    assert rig.panel.trouble.text() == ""


def test_no_microphone_is_told(rig: LiveRig) -> None:
    rig.card.inputs = []
    rig.window.show()
    rig.window.begin(live=True)
    rig.wait(lambda: rig.live.window is not None and rig.panel.trouble.text() != "")
    assert "plug one in" in rig.panel.trouble.text()
    assert rig.live.window is not None
    assert "a sound file" in rig.live.window.viewer.accessibleDescription()
    assert not rig.live.running


def test_only_what_is_heard_can_be_recorded_or_frozen(rig: LiveRig, qtbot: QtBot) -> None:
    rig.card.inputs = []
    rig.window.show()
    rig.window.begin(live=True)
    rig.wait(lambda: rig.live.window is not None and rig.panel.trouble.text() != "")
    window, panel = rig.live.window, rig.panel
    assert window is not None
    for key, button in ((Qt.Key.Key_R, panel.record), (Qt.Key.Key_F, panel.freeze)):
        assert not button.isEnabled()
        qtbot.keyClick(window, key)
        assert not button.isChecked()
    assert not panel.monitor.isEnabled()
    rig.card.inputs = ["Microphone"]
    rig.live.hear(LiveSource("Default microphone"))
    rig.wait(panel.record.isEnabled)
    qtbot.keyClick(window, Qt.Key.Key_F)
    assert panel.freeze.isChecked()


def test_monitoring_without_an_output_is_told(rig: LiveRig) -> None:
    rig.card.outputs = []
    rig.begin()
    assert not rig.panel.monitor.isChecked()
    rig.panel.monitor.setChecked(True)
    rig.wait(lambda: rig.panel.trouble.text() != "")
    assert not rig.panel.monitor.isChecked()
    assert rig.live.running


def test_the_next_show_begins_with_the_projects_strengths(rig: LiveRig, qtbot: QtBot) -> None:
    rig.session.do("add dusk", add_edit(rig.session.project, DUSK))
    rig.begin()
    rig.panel.rows["edit:dusk"].slider.number.setValue(1.2)
    window = rig.live.window
    assert window is not None
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    rig.wait(lambda: rig.live.window is None)
    rig.live.open()
    assert rig.panel.rows["edit:dusk"].slider.number.value() == 0.5


def test_an_edit_goes_unless_it_is_being_recorded(rig: LiveRig) -> None:
    rig.begin()
    rig.session.do("add dusk", add_edit(rig.session.project, DUSK))
    row = rig.panel.rows["edit:dusk"]
    assert row.remove is not None and rig.panel.rows["smoothing"].remove is None
    rig.panel.record.toggle()
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 0.3)
    row.remove.click()
    assert rig.session.project.edits == (DUSK,)
    assert dict(rig.live._link.strengths) == {"dusk": 0.0} and row.slider.number.value() == 0
    assert rig.panel.trouble.text().startswith("It is part of what is recorded")
    rig.panel.record.toggle()
    rig.wait(lambda: rig.session.project.take is not None)
    assert rig.panel.trouble.text() == "The performance is the project's take now."
    rig.panel.rows["edit:dusk"].remove.click()
    assert rig.session.project.edits == ()
    assert rig.session.history.undo_name == "remove dusk"


def test_the_sensitivity_follows_the_room_unless_switched_off(
    rig: LiveRig, settings: Settings
) -> None:
    hiss = rig.card.source
    assert hiss is not None
    rig.card.source = lambda start, count: hiss(start, count) * np.float32(0.1)
    rig.begin()
    assert rig.panel.automatic.isChecked()
    rig.wait(lambda: abs(rig.live._link.status.gain) > 0.3)
    rig.wait(lambda: rig.panel.gain.text().endswith(" dB"))
    rig.panel.automatic.click()
    assert settings.get(LIVE_AUTOMATIC) is False
    rig.wait(lambda: rig.live._link.status.gain == 0.0)
    rig.wait(lambda: rig.panel.gain.text() == "")


def test_live_asked_for_again_goes_on(rig: LiveRig) -> None:
    rig.begin()
    rig.panel.record.toggle()
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 0.3)
    request = rig.live._request
    rig.window.actions_by_id["live"].trigger()
    rig.window.actions_by_id["devices"].trigger()
    assert request is not None and not request.cancel.cancelled
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 0.6)
    assert rig.live._request is request


def test_words_typed_on_stage_become_an_edit(rig: LiveRig, qtbot: QtBot) -> None:
    rig.begin()
    window, field = rig.live.window, rig.panel.words
    assert window is not None
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is field
    # Letters are typed here, and are no keys of the window.
    qtbot.keyClicks(field, "birds from b")
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not rig.panel.black.isChecked() and not rig.panel.freeze.isChecked()
    assert window.isVisible() and window.focusWidget() is window
    assert field.text() == "" and rig.session.project.edits == ()
    field.setFocus()
    qtbot.keyClicks(field, "rain")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    (edit,) = rig.session.project.edits
    assert rig.session.history.undo_name == "add rain"
    assert rig.panel.rows[f"edit:{edit.id}"].slider.number.value() == edit.strength == 1.0
    assert window.focusWidget() is window
    rising = rig.live._shown.heard.strengths.get(edit.id, 0.0)
    assert rising < 1.0
    rig.wait(lambda: rig.live._shown.heard.strengths.get(edit.id) == 1.0)
    rig.wait(lambda: field.text() == "")


def test_an_edit_that_cannot_act_is_told_while_live_runs(rig: LiveRig, tmp_path: Path) -> None:
    rig.begin()
    assert not rig.panel.notes.isVisible()
    (tmp_path / "rain.wav").write_bytes(b"no sound")
    made = rig.window.editing.stack.add_sound(tmp_path / "rain.wav")
    assert made is not None
    rig.wait(lambda: rig.panel.notes.isVisible())
    assert rig.panel.notes.text().startswith("rain.wav does nothing: ")
    rig.panel.say("something else")
    rig.panel.say("")
    assert rig.panel.notes.isVisible()
    rig.window.editing.stack.remove(made)
    rig.wait(lambda: not rig.panel.notes.isVisible())
    assert rig.live.running
