import ctypes.util
import importlib
import sys

import pytest

from soundedit.errors import DeviceError
from soundedit.media import portaudio
from soundedit.media.portaudio import AudioDevice, install_command


@pytest.fixture
def unloaded(monkeypatch):
    """The state before sounddevice was ever asked for."""
    monkeypatch.setattr(portaudio, "_module", None)
    monkeypatch.setattr(portaudio, "_reason", None)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.delitem(sys.modules, "_sounddevice", raising=False)


@pytest.mark.parametrize(
    ("os_release", "command"),
    [
        ({"ID": "debian"}, "`sudo apt-get install -y libportaudio2`"),
        (
            {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"},
            "`sudo apt-get install -y libportaudio2`",
        ),
        ({"ID": "fedora"}, "`sudo dnf install -y portaudio`"),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, "`sudo dnf install -y portaudio`"),
        ({"ID": "manjaro", "ID_LIKE": "arch"}, "`sudo pacman -S --needed --noconfirm portaudio`"),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse"}, "`sudo zypper install libportaudio2`"),
        ({}, "your distribution's package manager (it is called portaudio or libportaudio2)"),
    ],
)
def test_each_linux_distribution_gets_its_own_command(os_release, command):
    assert install_command("Linux", os_release) == command


@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_where_wheels_carry_portaudio_the_wheel_is_reinstalled(system):
    assert install_command(system, {}) == "`python -m pip install --force-reinstall sounddevice`"


@pytest.mark.skipif(sys.platform != "linux", reason="other wheels carry PortAudio")
def test_missing_library_is_named_with_its_command(unloaded, monkeypatch):
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.setattr(portaudio, "_os_release", lambda: {"ID": "debian"})
    reason = portaudio.why_no_sound_device()
    assert reason == (
        "Playback and recording are off because the PortAudio library is missing; "
        "install it with `sudo apt-get install -y libportaudio2`."
    )
    with pytest.raises(DeviceError, match="apt-get install -y libportaudio2"):
        portaudio.input_devices()


def test_missing_python_package_is_named(unloaded, monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)  # what import takes for absent
    assert "`python -m pip install sounddevice`" in str(portaudio.why_no_sound_device())


def test_the_reason_is_kept_until_rescan(unloaded, monkeypatch):
    asked = []

    def absent(name):
        asked.append(name)
        raise OSError("PortAudio library not found")

    monkeypatch.setattr(importlib, "import_module", absent)
    portaudio.why_no_sound_device()
    portaudio.why_no_sound_device()
    assert asked == ["sounddevice"]
    portaudio.rescan()
    portaudio.why_no_sound_device()
    assert asked == ["sounddevice"] * 2


class OneCard:
    """What sounddevice answers on a machine with one card and a sound server."""

    class PortAudioError(Exception):
        pass

    class default:
        device = {"input": -1, "output": 2}  # noqa: RUF012

    def __init__(self, devices):
        self.devices = devices
        self.calls = []

    def query_hostapis(self):
        return [{"name": "ALSA", "default_input_device": 0}]

    def query_devices(self):
        return [
            {
                "name": name,
                "hostapi": 0,
                "max_input_channels": inputs,
                "max_output_channels": outputs,
                "default_samplerate": 44100.0,
            }
            for name, inputs, outputs in self.devices
        ]

    def _terminate(self):
        self.calls.append("terminate")

    def _initialize(self):
        self.calls.append("initialize")


def test_devices_are_listed_default_first_then_the_sound_server(unloaded, monkeypatch):
    card = OneCard([("hw:0", 2, 8), ("pulse", 32, 32), ("hw:1", 0, 2)])
    monkeypatch.setattr(portaudio, "_module", card)
    assert [d.name for d in portaudio.output_devices()] == ["hw:1", "pulse", "hw:0"]
    assert [d.name for d in portaudio.input_devices()] == ["hw:0", "pulse"]
    assert portaudio.input_devices()[0] == AudioDevice("hw:0", "ALSA", 0, 2, 44100, True)
    assert portaudio.why_no_sound_device() is None


def test_no_device_is_told_apart_from_no_library(unloaded, monkeypatch):
    monkeypatch.setattr(portaudio, "_module", OneCard([("hw:1", 0, 2)]))
    assert portaudio.why_no_sound_device("output") is None
    assert portaudio.why_no_sound_device("any") is None
    reason = str(portaudio.why_no_sound_device("input"))
    assert reason.startswith("No sound input was found, so recording is off;")
    monkeypatch.setattr(portaudio, "_module", OneCard([]))
    reason = str(portaudio.why_no_sound_device())
    assert reason.startswith("No sound device was found, so playback and recording are off;")
    assert "install" not in reason


def test_a_chosen_device_that_is_gone_is_named(unloaded, monkeypatch):
    monkeypatch.setattr(portaudio, "_module", OneCard([("hw:1", 0, 2)]))
    gone = AudioDevice("USB headset", "ALSA", 1, 2, 48000)
    with pytest.raises(DeviceError, match="USB headset is not connected"):
        portaudio.portaudio().open_output(gone, lambda out, heard_at: None)


def test_devices_are_the_same_by_name_and_host_api_not_by_index():
    before = AudioDevice("Mic", "ALSA", 3, 1, 48000)
    assert before.is_same(AudioDevice("Mic", "ALSA", 7, 2, 44100, True))
    assert not before.is_same(AudioDevice("Mic", "JACK", 3, 1, 48000))


def test_rescan_restarts_portaudio(unloaded, monkeypatch):
    card = OneCard([])
    monkeypatch.setattr(portaudio, "_module", card)
    portaudio.rescan()
    assert card.calls == ["terminate", "initialize"]
