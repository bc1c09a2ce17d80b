"""What controllers say and whom they move; packages that are missing."""

import importlib
from types import SimpleNamespace

import numpy as np
import pytest

from soundedit.app.live import camera
from soundedit.app.live.remote import Assignments, MidiInput, OscInput, midi_message
from soundedit.app.live.rows import short_name
from soundedit.errors import DeviceError


def test_a_controller_moves_what_it_was_taught() -> None:
    known = Assignments()
    assert known.hear("midi 1 control 7") == (None, False)
    known.learning = "edit:rain"
    assert known.hear("midi 1 control 7") == ("edit:rain", True)
    assert known.hear("midi 1 control 7") == ("edit:rain", False)
    known.learning = "edit:rain"
    assert known.hear("osc /a") == ("edit:rain", True)
    assert known.hear("midi 1 control 7") == (None, False)
    assert Assignments(known.text()).hear("osc /a") == ("edit:rain", False)


def test_what_moves_a_target_can_be_let_go() -> None:
    known = Assignments('{"osc /a": "edit 1", "osc /b": "smoothing"}')
    assert known.moving() == {"edit 1": "osc /a", "smoothing": "osc /b"}
    known.forget("edit 1")
    assert known.hear("osc /a") == (None, False)
    assert known.moving() == {"smoothing": "osc /b"}


@pytest.mark.parametrize(
    ("controller", "wanted"),
    [
        ("midi 1 control 7", "CC 7"),
        ("midi 10 note 60", "note 60"),
        ("midi 3 pitch", "pitch"),
        ("osc /fader/1", "/fader/1"),
        ("osc /mixer/channel/3/fader", "\u2026nel/3/fader"),
    ],
)
def test_short_names_of_controllers(controller: str, wanted: str) -> None:
    assert short_name(controller) == wanted


@pytest.mark.parametrize("text", ["", "nonsense", "[1, 2]", "null"])
def test_nonsense_in_the_settings_is_nothing_learned(text: str) -> None:
    assert Assignments(text).hear("osc /a") == (None, False)


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (dict(type="control_change", channel=0, control=7, value=127), ("midi 1 control 7", 1.0)),
        (dict(type="note_on", channel=9, note=60, velocity=0), ("midi 10 note 60", 0.0)),
        (dict(type="note_off", channel=0, note=60, velocity=99), ("midi 1 note 60", 0.0)),
        (dict(type="pitchwheel", channel=2, pitch=8191), ("midi 3 pitch", 1.0)),
        (dict(type="clock"), None),
    ],
)
def test_midi_messages(message: dict[str, object], wanted: object) -> None:
    assert midi_message(SimpleNamespace(**message)) == wanted


def test_real_midi_messages_and_no_controller() -> None:
    mido = pytest.importorskip("mido", reason="mido is not installed")
    assert midi_message(mido.Message("control_change", channel=1, control=3, value=0)) == (
        "midi 2 control 3",
        0.0,
    )
    pytest.importorskip("rtmidi", reason="python-rtmidi is not installed")
    try:
        MidiInput(lambda name, value: None).close()
    except DeviceError as error:
        assert str(error).startswith(("MIDI cannot", "No MIDI controller"))


@pytest.mark.parametrize(
    ("package", "make"),
    [
        ("mido", lambda: MidiInput(lambda name, value: None)),
        ("pythonosc.dispatcher", lambda: OscInput(lambda name, value: None)),
        ("pyvirtualcam", camera.VirtualCamera),
    ],
)
def test_a_missing_package_is_said(
    package: str, make: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.import_module

    def without(name: str, *rest: object) -> object:
        if name == package:
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(DeviceError, match=r"install it with|install them with"):
        make()  # type: ignore[operator]


def test_no_virtual_camera_is_said() -> None:
    pytest.importorskip("pyvirtualcam", reason="pyvirtualcam is not installed")
    try:
        camera.VirtualCamera().close()
    except DeviceError as error:
        assert str(error).startswith("No virtual camera can be used")


@pytest.mark.usefixtures("qapp")
def test_the_whole_picture_is_in_the_cameras_frame() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:] = 10, 200, 30
    frame = camera.in_frame(picture)
    assert frame.shape == (720, 1280, 3)
    left = (1280 - 720) // 2
    assert not frame[:, : left - 1].any()
    assert not frame[:, -left + 1 :].any()
    assert (frame[2:-2, left + 2 : -left - 2] == (10, 200, 30)).all()
