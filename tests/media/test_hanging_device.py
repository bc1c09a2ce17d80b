"""A sound device that never comes back when it is stopped or closed is left behind."""

import logging
import threading

import pytest

from soundedit.errors import DeviceError
from soundedit.media import portaudio
from soundedit.media.portaudio import AudioDevice, PortAudioBackend, _PortAudioStream

DEVICE = AudioDevice("Microphone", "ALSA", 0, 1, 48000, True)


class Raw:
    """As a stream of sounddevice whose server was stopped."""

    samplerate, channels, latency, active, time = 48000.0, 1, 0.01, True, 0.0

    def __init__(self) -> None:
        self.answers, self.called = threading.Event(), threading.Event()
        self.calls: list[str] = []

    def abort(self, ignore_errors: bool) -> None:
        self.calls.append("abort")
        self.called.set()
        self.answers.wait()

    def close(self, ignore_errors: bool) -> None:
        self.calls.append("close")
        self.called.set()
        self.answers.wait()


@pytest.fixture
def raw(monkeypatch: pytest.MonkeyPatch) -> Raw:
    monkeypatch.setattr(portaudio, "CLOSE_SECONDS", 0.05)
    monkeypatch.setattr(portaudio, "_hanging", [])
    return Raw()


@pytest.mark.parametrize("way", ["stop", "close"])
def test_who_stops_it_goes_on(raw: Raw, way: str, caplog: pytest.LogCaptureFixture) -> None:
    ended = threading.Event()
    stream = _PortAudioStream(raw, DEVICE, ended)
    assert stream.active
    with caplog.at_level(logging.WARNING):
        getattr(stream, way)()
    assert ended.is_set() and not stream.active
    assert "Microphone hangs" in caplog.text
    stream.close()
    stream.stop()
    assert raw.called.wait(10)
    assert len(raw.calls) == 1
    raw.answers.set()


def test_one_that_answers_is_closed_once(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portaudio, "CLOSE_SECONDS", 10.0)
    raw.answers.set()
    stream = _PortAudioStream(raw, DEVICE, threading.Event())
    stream.stop()
    assert stream.active
    stream.close()
    stream.close()
    assert raw.calls == ["abort", "close"]
    assert not stream.active and portaudio._hanging == []


def test_devices_are_not_looked_for_while_one_hangs(raw: Raw) -> None:
    backend = PortAudioBackend()
    stream = _PortAudioStream(raw, DEVICE, threading.Event())
    backend._streams.add(stream)
    stream.close()
    del stream
    with pytest.raises(DeviceError, match="The sound system hangs"):
        backend.rescan()
    raw.answers.set()
