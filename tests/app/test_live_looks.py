"""Looks in live: kept, called up by key, button and controller, in the project."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from soundedit.app.live.remote import LOOK, midi_message
from soundedit.app.settings import Settings
from soundedit.document.commands import add_edit
from soundedit.document.model import Level, Look

from .live_rig import DUSK, LiveRig

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def rig(tiny_pack: Path, settings: Settings, tmp_path: Path, qtbot: QtBot) -> Iterator[LiveRig]:
    made = LiveRig(tiny_pack, settings, tmp_path, qtbot)
    made.begin()
    made.session.do("add dusk", add_edit(made.session.project, DUSK))
    yield made
    made.close()


def values(rig: LiveRig) -> tuple[float, float]:
    link = rig.live._link
    return link.strengths["dusk"], link.reactivity.strength


def test_a_look_is_kept_and_gone_over_to(rig: LiveRig, qtbot: QtBot) -> None:
    window, panel = rig.live.window, rig.panel
    assert window is not None
    seed = rig.window.controller.seed
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert rig.session.project.looks == (Look(1, 1.0, (Level("dusk", 0.5),), seed),)
    assert rig.session.history.undo_name == "keep look 1"
    assert panel.looks.buttons[1].font().bold() and not panel.looks.buttons[2].font().bold()
    panel.rows["edit:dusk"].slider.number.setValue(-1.0)
    panel.rows["reactivity"].slider.number.setValue(0.25)
    rig.window.controller.set_seed(5)
    qtbot.keyClick(window, Qt.Key.Key_2, CONTROL)
    now = [0.0]
    rig.live._looks._clock = lambda: now[0]
    qtbot.keyClick(window, Qt.Key.Key_1)
    assert rig.window.controller.seed == seed
    # Half of the way after half of the time.
    now[0] = 0.5
    rig.wait(lambda: values(rig)[0] == pytest.approx(-0.25))
    assert values(rig)[1] == pytest.approx(0.625)
    now[0] = 1.0
    rig.wait(lambda: values(rig) == (0.5, 1.0))
    rig.live._looks._clock = time.monotonic
    assert panel.rows["edit:dusk"].slider.number.value() == 0.5
    panel.looks.buttons[2].click()
    rig.wait(lambda: values(rig) == (-1.0, 0.25))
    assert rig.window.controller.seed == 5
    rig.wait(lambda: rig.session.project.reactivity.strength == 0.25)


def test_what_is_moved_meanwhile_goes_its_own_way(rig: LiveRig) -> None:
    rig.panel.looks.buttons[1].click()
    for target, value in (("edit:dusk", -1.0), ("reactivity", 0.0)):
        rig.panel.rows[target].slider.number.setValue(value)
    rig.panel.looks.buttons[1].click()
    rig.panel.rows["edit:dusk"].slider.number.setValue(2.0)
    rig.wait(lambda: values(rig)[1] == 1.0)
    assert values(rig)[0] == 2.0


def test_looks_are_forgotten_and_follow_undo(rig: LiveRig) -> None:
    button = rig.panel.looks.buttons[8]
    button.click()
    keep, forget = button.actions()
    assert forget.isEnabled()
    forget.trigger()
    assert rig.session.project.looks == () and not forget.isEnabled()
    rig.session.undo()
    assert button.font().bold()
    # An edit that was not there then does nothing in it.
    rig.session.undo()
    rig.session.undo()
    keep.trigger()
    rig.session.do("add dusk", add_edit(rig.session.project, DUSK))
    button.click()
    rig.wait(lambda: values(rig)[0] == 0.0)


def test_a_program_change_calls_a_look(rig: LiveRig) -> None:
    mido = pytest.importorskip("mido", reason="mido is not installed")
    message = midi_message(mido.Message("program_change", channel=3, program=2))
    assert message == (LOOK, 3.0)
    rig.panel.looks.buttons[3].click()
    rig.panel.rows["edit:dusk"].slider.number.setValue(-1.0)
    # Numbers of no look keep none.
    for number in (0.0, 9.0, 2.5, 4.0):
        rig.live._controllers._heard.emit(LOOK, number)
    rig.live._controllers._heard.emit(*message)
    rig.wait(lambda: values(rig)[0] == 0.5)
    assert [look.slot for look in rig.session.project.looks] == [3]


def test_an_edit_that_goes_while_it_is_recorded_stays_gone(rig: LiveRig) -> None:
    rig.panel.rows["edit:dusk"].slider.number.setValue(2.0)
    rig.panel.looks.buttons[1].click()
    rig.panel.rows["edit:dusk"].slider.number.setValue(1.0)
    rig.panel.record.toggle()
    rig.wait(lambda: (rig.live._link.status.recorded or 0) > 0.2)
    rig.panel.rows["reactivity"].slider.set_value(0.0)
    rig.panel.looks.buttons[1].click()
    rig.panel.rows["edit:dusk"].remove.click()
    rig.wait(lambda: values(rig)[1] == 1.0)
    assert values(rig)[0] == 0.0
