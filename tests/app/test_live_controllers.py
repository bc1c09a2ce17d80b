"""Controllers of live: sliders moved and buttons pressed by what they learned."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.settings import LIVE_CONTROLLERS, Settings
from soundedit.document.commands import add_edit

from .live_rig import DUSK, LiveRig


@pytest.fixture
def rig(tiny_pack: Path, settings: Settings, tmp_path: Path, qtbot: QtBot) -> Iterator[LiveRig]:
    made = LiveRig(tiny_pack, settings, tmp_path, qtbot)
    yield made
    made.close()


class Osc:
    """Sends messages to the OSC input of a live window, once that is on."""

    def __init__(self, rig: LiveRig) -> None:
        udp = pytest.importorskip("pythonosc.udp_client", reason="python-osc is not installed")
        self._rig, self._make, self._client = rig, udp.SimpleUDPClient, None

    def on(self) -> None:
        from soundedit.app.live import controllers
        from soundedit.app.live.remote import OscInput

        made: list[OscInput] = []

        def any_port(heard: object) -> OscInput:
            made.append(OscInput(heard, port=0))  # type: ignore[arg-type]
            return made[0]

        original, controllers.OscInput = controllers.OscInput, any_port  # type: ignore[assignment,misc]
        try:
            self._rig.panel.remotes["osc"].setChecked(True)
        finally:
            controllers.OscInput = original  # type: ignore[misc]
        self._client = self._make("127.0.0.1", made[0].port)

    def __call__(self, address: str, value: float) -> None:
        self._client.send_message(address, value)

    def close(self) -> None:
        if self._client is not None:
            self._client._sock.close()


@pytest.fixture
def osc(rig: LiveRig) -> Iterator[Osc]:
    made = Osc(rig)
    yield made
    made.close()


def test_osc_moves_what_it_was_taught(rig: LiveRig, osc: Osc, settings: Settings) -> None:
    rig.begin()
    row = rig.panel.rows["smoothing"]
    assert not row.learn.isVisible()
    osc.on()
    assert row.learn.isVisible() and row.learn.text() == "Learn"
    row.learn.setChecked(True)
    osc("/fader/1", 0.5)
    rig.wait(lambda: rig.live._link.smoothing == 1.5)
    assert not row.learn.isChecked()
    assert row.learn.text() == "/fader/1"
    assert "Smoothing is moved by osc /fader/1" in row.learn.toolTip()
    osc("/fader/1", 1.0)
    rig.wait(lambda: rig.live._link.smoothing == 3.0)
    assert "osc /fader/1" in Settings(Path(settings._store.fileName())).get(LIVE_CONTROLLERS)
    (forget,) = row.learn.actions()
    forget.trigger()
    assert row.learn.text() == "Learn" and settings.get(LIVE_CONTROLLERS) == "{}"


def test_a_pad_presses_a_button(rig: LiveRig, osc: Osc) -> None:
    rig.begin()
    panel = rig.panel
    osc.on()
    panel.pads["freeze"].learn.setChecked(True)
    osc("/pad/1", 1.0)
    rig.wait(lambda: panel.pads["freeze"].learn.text() == "/pad/1")
    # What is learned by is no press yet, and neither is letting go.
    osc("/pad/1", 0.0)
    rig.wait(lambda: not panel.pads["freeze"]._down)
    assert not panel.freeze.isChecked()
    for wanted in (True, False):
        osc("/pad/1", 1.0)
        rig.wait(lambda wanted=wanted: panel.freeze.isChecked() is wanted)  # type: ignore[misc]
        osc("/pad/1", 0.9)
        osc("/pad/1", 0.0)
        # What is still on its way would be learned next.
        rig.wait(lambda: not panel.pads["freeze"]._down)
    seed = rig.window.controller.seed
    panel.pads["scene"].learn.setChecked(True)
    osc("/pad/2", 1.0)
    rig.wait(lambda: panel.pads["scene"].learn.text() == "/pad/2")
    osc("/pad/2", 0.0)
    osc("/pad/2", 1.0)
    rig.wait(lambda: rig.window.controller.seed != seed)


def test_a_soft_note_presses_and_what_went_learns_nothing(rig: LiveRig) -> None:
    rig.begin()
    controllers, panel = rig.live._controllers, rig.panel
    controllers._assignments.learning = "freeze"
    controllers._hear("midi 1 note 36", 0.2)
    controllers._hear("midi 1 note 36", 0.0)
    assert not panel.freeze.isChecked()
    controllers._hear("midi 1 note 36", 0.1)
    assert panel.freeze.isChecked()
    controllers._hear("midi 1 note 36", 0.0)
    # A slider's controller presses from its middle on.
    controllers._assignments.learning = "black"
    controllers._hear("midi 1 control 7", 0.0)
    controllers._hear("midi 1 control 7", 0.4)
    assert not panel.black.isChecked()
    controllers._hear("midi 1 control 7", 0.6)
    assert panel.black.isChecked()
    rig.session.do("add dusk", add_edit(rig.session.project, DUSK))
    panel.learn.emit("edit:dusk", True)
    assert controllers._assignments.learning == "edit 1"
    rig.session.undo()
    assert controllers._assignments.learning is None
    controllers._hear("midi 1 note 36", 0.5)
    assert not panel.freeze.isChecked()
    # What was learned for an edit itself, by an earlier version, moves it still.
    rig.session.redo()
    controllers._assignments._targets["midi 1 control 9"] = "edit:dusk"
    controllers._hear("midi 1 control 9", 1.0)
    assert rig.live._link.strengths["dusk"] == 2.0


def test_a_controller_learned_for_an_edit_moves_the_next_projects_too(
    rig: LiveRig, osc: Osc
) -> None:
    rig.begin()
    rig.session.do("add dusk", add_edit(rig.session.project, DUSK))
    osc.on()
    rig.panel.rows["edit:dusk"].learn.setChecked(True)
    osc("/fader/1", 1.0)
    rig.wait(lambda: rig.live._link.strengths["dusk"] == 2.0)
    rig.session.undo()
    rig.session.do("add dawn", add_edit(rig.session.project, replace(DUSK, id="dawn")))
    assert rig.panel.rows["edit:dawn"].learn.text() == "/fader/1"
    osc("/fader/1", 0.25)
    rig.wait(lambda: rig.live._link.strengths["dawn"] == -1.0)
