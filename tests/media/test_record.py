import os
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from soundedit.errors import DeviceError, MediaError
from soundedit.media import record
from soundedit.media.record import Recorder
from soundedit.media.simulated import SimulatedBackend, SimulatedClock
from soundedit.media.sound import probe_sound, read_sound

RATE = 16000


def tone(start, count):
    """A 440 Hz tone of amplitude 0.5, (frames, 1)."""
    t = np.arange(start, start + count) / RATE
    return (0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)[:, None]


@pytest.fixture
def card():
    return SimulatedBackend(SimulatedClock(), sample_rate=RATE, source=tone)


@pytest.fixture
def recorder(card):
    recorder = Recorder(backend=card, clock=card.clock, threaded=False)
    yield recorder
    if recorder.recording:
        recorder.stop()


def advance(card, recorder, seconds):
    for _ in range(round(seconds / 0.1)):
        card.advance(0.1)
        recorder.service()


def test_the_file_holds_every_sample(card, recorder, tmp_path):
    device = recorder.start(tmp_path / "take.flac")
    assert device.name == "Microphone"
    advance(card, recorder, 12.5)  # more than the ring holds
    recorded = recorder.seconds
    assert recorder.stop() == tmp_path / "take.flac"
    info = probe_sound(tmp_path / "take.flac")
    assert (info.codec, info.sample_rate, info.channels) == ("flac", RATE, 1)
    assert info.seconds == recorded == pytest.approx(12.5, abs=0.1)
    sound = read_sound(tmp_path / "take.flac")
    expected = tone(0, sound.samples.shape[1])[:, 0]
    np.testing.assert_allclose(sound.samples[0], expected, atol=2**-23)
    assert (recorder.overflows, recorder.problem) == (0, None)


def test_level_is_rms_and_peak_of_now(card, recorder):
    recorder.start(None)
    assert recorder.level() == (0.0, 0.0)
    advance(card, recorder, 1.0)
    rms, peak = recorder.level()
    assert rms == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    assert peak == pytest.approx(0.5, rel=0.01)
    card.source = lambda start, count: np.full((count, 1), -2.0, np.float32)
    advance(card, recorder, 0.3)
    assert recorder.level() == (1.0, 1.0)
    assert recorder.latest(0.05).shape == (1, 800)
    assert recorder.stop() is None


def test_lost_input_is_counted(card, recorder):
    recorder.start(None)
    card.overflow()
    advance(card, recorder, 1.0)
    assert recorder.overflows == 1
    card.advance(record.RING_SECONDS + 1.0)  # the recorder's thread does not come by
    assert recorder.overflows > 10
    recorder.stop()


def test_the_clip_is_written_within_range(card, recorder, tmp_path):
    card.source = lambda start, count: np.array([[np.nan], [3.0], [-3.0], [0.25]] * (count // 4))
    recorder.start(tmp_path / "loud.flac")
    advance(card, recorder, 0.5)
    recorder.stop()
    samples = read_sound(tmp_path / "loud.flac").samples[0, :4]
    np.testing.assert_allclose(samples, [0.0, 1.0, -1.0, 0.25], atol=1e-6)


def test_an_existing_file_is_not_overwritten(card, recorder, tmp_path):
    path = tmp_path / "take.flac"
    path.write_bytes(b"precious")
    with pytest.raises(MediaError, match="already exists"):
        recorder.start(path)
    assert path.read_bytes() == b"precious"
    assert not card.streams


def test_a_folder_that_is_not_there_is_said(card, recorder, tmp_path):
    with pytest.raises(MediaError, match="cannot be written"):
        recorder.start(tmp_path / "nowhere" / "take.flac")
    assert card.streams[0].closed
    assert not recorder.recording


def test_no_input_is_said_and_leaves_no_file(card, recorder, tmp_path):
    card.inputs = []
    with pytest.raises(DeviceError):
        recorder.start(tmp_path / "take.flac")
    assert list(tmp_path.iterdir()) == []


def test_a_busy_input_is_passed_over_for_the_next(card, recorder):
    card.inputs = ["Microphone", "Webcam"]
    card.busy.add("Microphone")
    assert recorder.start(None).name == "Webcam"
    recorder.stop()


def test_the_chosen_input_is_used(card, recorder):
    card.inputs = ["Microphone", "Webcam"]
    assert recorder.start(None, card.input_devices()[1]).name == "Webcam"
    recorder.stop()


def test_an_input_that_vanishes_keeps_what_was_recorded(card, recorder, tmp_path):
    recorder.start(tmp_path / "take.flac")
    advance(card, recorder, 2.0)
    card.unplug("Microphone")
    advance(card, recorder, 2.0)
    assert '"Microphone" stopped answering' in str(recorder.problem)
    assert recorder.stop() == tmp_path / "take.flac"
    assert probe_sound(tmp_path / "take.flac").seconds == pytest.approx(2.0, abs=0.1)


def test_an_input_may_be_slow_to_begin(card, recorder):
    recorder.start(None)
    card.unplug("Microphone")  # nothing comes yet, as from a sound server that starts
    advance(card, recorder, 3.0)
    assert recorder.problem is None
    advance(card, recorder, 1.5)
    assert "stopped answering" in str(recorder.problem)


def test_an_input_that_gives_nothing_is_said_and_leaves_no_file(card, recorder, tmp_path):
    recorder.start(tmp_path / "take.flac")
    with pytest.raises(DeviceError, match="gave no sound"):
        recorder.stop()
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_dies_is_said(card, recorder, tmp_path):
    recorder.start(tmp_path / "take.flac")
    advance(card, recorder, 1.0)
    recorder._writer._ffmpeg._process.kill()
    recorder._writer._ffmpeg._process.wait()
    advance(card, recorder, 1.0)
    assert "could not be written to its end" in str(recorder.problem)
    with pytest.raises(MediaError, match="what was recorded before is kept"):
        recorder.stop()


def test_start_and_stop_out_of_turn_are_refused(card, recorder):
    with pytest.raises(DeviceError, match="Nothing is being recorded"):
        recorder.stop()
    recorder.start(None)
    with pytest.raises(DeviceError, match="already running"):
        recorder.start(None)
    recorder.stop()
    recorder.start(None)
    recorder.stop()


def test_with_its_own_thread(card, tmp_path):
    recorder = Recorder(backend=card)
    recorder.start(tmp_path / "take.flac")
    card.advance(3.0)
    recorder.stop()
    assert probe_sound(tmp_path / "take.flac").seconds == pytest.approx(3.0, abs=0.1)
    assert "recording" not in [t.name for t in threading.enumerate()]


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_after_a_crash_the_recording_is_there(tmp_path):
    script = """
        import os, signal, sys, time
        import numpy as np
        from soundedit.media.record import Recorder
        from soundedit.media.simulated import SimulatedBackend, SimulatedClock

        noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1024, 1)).astype(np.float32)
        card = SimulatedBackend(SimulatedClock(), sample_rate=16000, source=lambda s, n: noise)
        recorder = Recorder(backend=card, clock=card.clock, threaded=False)
        recorder.start(sys.argv[1])
        for _ in range(50):
            card.advance(0.1)
            recorder.service()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    path = tmp_path / "take.flac"
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    finished = subprocess.run(  # the encoder, left alone, ends by itself at the pipe's end
        [sys.executable, "-c", textwrap.dedent(WAIT_UNTIL_STILL), str(path)],
        check=True,
        timeout=60,
    )
    assert finished.returncode == 0
    assert probe_sound(path).seconds == pytest.approx(5.0, abs=0.1)


WAIT_UNTIL_STILL = """
    import sys, time
    from pathlib import Path

    path, sizes = Path(sys.argv[1]), [-1]
    while len(sizes) < 5 or len(set(sizes[-5:])) > 1 or sizes[-1] <= 0:
        time.sleep(0.05)
        sizes.append(path.stat().st_size)
"""


def test_preroll_holds_what_came_before(card, tmp_path):
    recorder = Recorder(backend=card, clock=card.clock, threaded=False, preroll=1.5)
    recorder.start(None)
    advance(card, recorder, 30.0)
    assert sum(map(len, recorder._kept)) < 4 * RATE
    first = recorder.begin(tmp_path / "take.flac")
    heard = recorder._ring.written
    assert heard - first == round(1.5 * RATE)
    assert recorder.seconds == pytest.approx(1.5)
    with pytest.raises(DeviceError, match="already running"):
        recorder.begin(tmp_path / "second.flac")
    advance(card, recorder, 1.0)
    assert recorder.end() == tmp_path / "take.flac"
    assert (recorder.recording, recorder.writing) == (True, False)
    sound = read_sound(tmp_path / "take.flac").samples[0]
    assert len(sound) == recorder.written == pytest.approx(2.5 * RATE, abs=1100)
    np.testing.assert_allclose(sound, tone(first, len(sound))[:, 0], atol=2**-23)
    with pytest.raises(DeviceError, match="Nothing is being recorded"):
        recorder.end()
    # The next take has its own beginning, and no frame of it was lost meanwhile.
    exact = recorder._ring.written - 100
    assert recorder.begin(tmp_path / "next.flac", first=exact) == exact
    advance(card, recorder, 0.5)
    recorder.stop()
    again = read_sound(tmp_path / "next.flac").samples[0]
    np.testing.assert_allclose(again, tone(exact, len(again))[:, 0], atol=2**-23)


def test_preroll_goes_no_further_back_than_was_heard(card, recorder, tmp_path):
    recorder.start(None)
    advance(card, recorder, 0.5)
    assert recorder.begin(tmp_path / "take.flac", preroll=20.0) == 0
    recorder.stop()
    with pytest.raises(DeviceError, match="Nothing is being heard"):
        recorder.begin(tmp_path / "other.flac")


def test_a_tap_gives_every_frame_once(card, recorder):
    recorder.start(None, quick=True, tapped=True)
    parts = []
    for _ in range(20):
        card.advance(0.07)
        frames, at = recorder.tap()
        parts.append(frames)
        assert card.clock.now - at < 0.07
    recorder.stop()
    found = np.concatenate(parts)[:, 0]
    np.testing.assert_array_equal(found, tone(0, len(found))[:, 0])
    assert len(found) == pytest.approx(1.4 * RATE, abs=2100)
