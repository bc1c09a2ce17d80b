import threading
import time

import numpy as np
import pytest

from soundedit.errors import DeviceError, MediaError
from soundedit.media.loopback import SAMPLE_RATE, LoopbackBackend
from soundedit.media.monitor import Monitor
from soundedit.media.record import Recorder
from soundedit.media.simulated import SimulatedBackend, SimulatedClock
from soundedit.media.sound import Sound, read_sound, write_sound


@pytest.fixture
def sound(tmp_path):
    """Half a second, stereo, at 44.1 kHz."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 22050)).astype(np.float32)
    samples = np.cumsum(samples, axis=1) * 0.02
    path = tmp_path / "walk.flac"
    write_sound(path, Sound(samples.clip(-1, 1).astype(np.float32), 44100))
    return path


def test_a_file_is_heard_like_a_microphone_in_real_time(sound, tmp_path):
    recorder = Recorder(backend=LoopbackBackend(sound, repeat=False))
    begun = time.monotonic()
    device = recorder.start(tmp_path / "take.flac")
    while recorder.seconds < 0.6 and time.monotonic() - begun < 20:
        time.sleep(0.01)
    took = time.monotonic() - begun
    recorder.stop()
    assert (device.name, device.sample_rate, device.channels) == ("walk.flac", SAMPLE_RATE, 2)
    assert took > 0.55
    take = read_sound(tmp_path / "take.flac").samples
    wanted = read_sound(sound, sample_rate=SAMPLE_RATE).samples
    n = wanted.shape[1]
    np.testing.assert_allclose(take[:, :n], wanted, atol=1e-6)
    assert not take[:, n:].any()
    assert "loopback" not in [t.name for t in threading.enumerate()]


def test_it_begins_again_at_the_end(sound):
    backend = LoopbackBackend(sound)
    stream = backend.open_input(None, lambda data, lost: None)
    length = len(stream._samples)
    np.testing.assert_array_equal(
        stream._next(length - 3)[:6], stream._samples[[-3, -2, -1, 0, 1, 2]]
    )
    assert len(backend.open_input(backend.device, lambda *_: None, quick=True)._next(0)) == 512


def test_what_is_no_sound_is_said(tmp_path):
    (tmp_path / "notes.wav").write_bytes(b"no sound")
    with pytest.raises(MediaError):
        LoopbackBackend(tmp_path / "notes.wav")


def test_another_device_is_refused(sound):
    other = SimulatedBackend(SimulatedClock()).input_devices()[0]
    with pytest.raises(DeviceError, match=r"not the file walk\.flac"):
        LoopbackBackend(sound).open_input(other, lambda data, lost: None)


def test_monitoring_is_heard_soon_and_only_when_on():
    card = SimulatedBackend(
        SimulatedClock(), sample_rate=48000, block=480, source=lambda s, n: ramp(s, n)
    )
    recorder = Recorder(backend=card, clock=card.clock, threaded=False)
    recorder.start(None)
    card.advance(0.5)
    assert not card.heard
    recorder.set_monitor(True)
    assert recorder.monitoring
    for _ in range(100):
        card.advance(0.01)
        recorder._monitor.service()
    heard = np.concatenate([out for _, out in card.heard])
    assert heard.shape[1] == 2
    loud = heard[heard[:, 0] != 0]
    np.testing.assert_array_equal(loud[:, 0], loud[:, 1])
    # What is heard at the end came in at most a tenth of a second before.
    newest = ramp(round(1.5 * 48000), 1)[0, 0]
    assert newest - loud[-1, 0] < 0.1 / 4
    recorder.set_monitor(False)
    count = len(card.heard)
    card.advance(0.5)
    assert len(card.heard) == count
    recorder.stop()
    assert "monitoring" not in [t.name for t in threading.enumerate()]


def ramp(start, count):
    """The time of each frame, over four seconds."""
    return ((np.arange(start, start + count) / 48000 + 0.1) / 4).astype(np.float32)[:, None]


def test_monitoring_across_rates_and_without_an_output():
    class Two(SimulatedBackend):
        def output_devices(self):
            return [SimulatedBackend(self.clock, sample_rate=44100).output_devices()[0]]

    card = Two(SimulatedClock(), sample_rate=48000)
    monitor = Monitor(card, 48000, 1)
    monitor.feed(np.full((4800, 1), 0.5, np.float32))
    deadline = time.monotonic() + 10
    while monitor._ready.available < 4300 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert 4300 < monitor._ready.available <= 4410
    monitor.close()
    card = SimulatedBackend(SimulatedClock(), outputs=())
    recorder = Recorder(backend=card, clock=card.clock, threaded=False)
    recorder.start(None)
    with pytest.raises(DeviceError):
        recorder.set_monitor(True)
    assert not recorder.monitoring
    recorder.stop()
