"""Real PortAudio streams, on a private sound server without a card."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

from soundedit.media.sound import Sound, read_sound, write_sound

DRIFT_SECONDS = float(os.environ.get("SOUNDEDIT_DRIFT_SECONDS", "6"))
"""Length of the test of drift; 600 is ten minutes."""

SCRIPT = """
    import json, sys, threading, time
    from soundedit.media.playback import Player
    from soundedit.media.portaudio import why_no_sound_device
    from soundedit.media.record import Recorder

    reason = why_no_sound_device()
    if reason is not None:
        print(json.dumps({"skip": reason}))
        raise SystemExit
    ended = threading.Event()
    recorder, player = Recorder(), Player()
    recorder.start(sys.argv[2])
    player.on_ended = ended.set
    player.open(sys.argv[1])
    player.play()
    positions, times = [], []
    while not ended.wait(0.01):
        times.append(time.monotonic())
        positions.append(player.position())
    recorder.stop()
    player.close()
    print(json.dumps({"silent": player.silent_reason, "positions": positions, "times": times}))
"""

HEARING = """
    import json, os, signal, sys, time
    from soundedit.media.portaudio import why_no_sound_device
    from soundedit.media.record import Recorder

    def wait(condition, seconds):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)

    reason = why_no_sound_device()
    if reason is not None:
        print(json.dumps({"skip": reason}))
        raise SystemExit
    recorder = Recorder(preroll=1.0)
    recorder.start(None)
    recorder.set_monitor(True)
    wait(lambda: recorder.seconds > 3.0 or recorder.problem, 20)
    before = recorder.problem
    recorder.begin(sys.argv[1])
    time.sleep(1.0)
    recorder.end()
    recorder.set_monitor(False)
    recorder.begin(sys.argv[2])
    os.kill(int(os.environ["SOUND_SERVER"]), signal.SIGKILL)
    wait(lambda: recorder.problem, 10)
    recorder.stop()
    print(json.dumps({"before": before, "problem": recorder.problem}))
"""


@pytest.fixture
def sound_server(tmp_path):
    """Environment of a PulseAudio with two sinks that can be listened to and no hardware."""
    program = shutil.which("pulseaudio")
    if program is None or sys.platform != "linux":
        pytest.skip("pulseaudio is not installed")
    environment = {
        **os.environ,
        "XDG_RUNTIME_DIR": str(tmp_path),
        "HOME": str(tmp_path),
        "PULSE_SERVER": f"unix:{tmp_path}/native",
        "PULSE_SINK": "loop",
        "PULSE_SOURCE": "loop.monitor",
    }
    command = [program, "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1"]
    command += ["--disable-shm", "--log-target=stderr", "--log-level=error"]
    command += [f"--load=module-native-protocol-unix socket={tmp_path}/native auth-anonymous=1"]
    command += ["--load=module-null-sink sink_name=loop rate=48000"]
    command += ["--load=module-null-sink sink_name=heard rate=48000"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        environment["SOUND_SERVER"] = str(server.pid)
        for _ in range(200):
            if (tmp_path / "native").exists() or server.poll() is not None:
                break
            time.sleep(0.05)
        yield environment
        server.terminate()


def play_and_record(server, folder, seconds, every):
    """Plays beeps `every` so many seconds; what the player told, and when beeps were recorded."""
    rate = 48000
    samples = np.zeros((1, round(seconds * rate)), np.float32)
    beep = 0.5 * np.sin(2 * np.pi * 2000 * np.arange(400) / rate)
    for k in range(1, round(seconds / every)):
        at = round(k * every * rate)
        samples[0, at : at + len(beep)] = beep
    write_sound(folder / "beeps.wav", Sound(samples, rate))
    done = subprocess.run(
        [
            *(sys.executable, "-c", textwrap.dedent(SCRIPT)),
            *(str(folder / "beeps.wav"), str(folder / "take.flac")),
        ],
        env=server,
        capture_output=True,
        text=True,
        check=True,
        timeout=120 + 2 * seconds,
    )
    told = json.loads(done.stdout)
    if "skip" in told:
        pytest.skip(told["skip"])
    assert told["silent"] is None
    if "underrun" in done.stderr or "overrun" in done.stderr:
        pytest.skip("other work kept the sound server from playing without gaps")
    take = read_sound(folder / "take.flac", mono=True)
    loud = np.flatnonzero(np.abs(take.samples[0]) > 0.1) / take.sample_rate
    return told, loud[np.diff(loud, prepend=-1.0) > 0.1]


def test_what_is_played_can_be_recorded(sound_server, tmp_path):
    every = 0.4
    told, onsets = play_and_record(sound_server, tmp_path, 2.0, every)
    positions = np.array(told["positions"])
    assert np.diff(positions).min() >= 0
    assert len(np.unique(positions)) > 20  # interpolated between blocks
    np.testing.assert_allclose(np.diff(onsets), [every] * 3, atol=0.002)


def test_preroll_monitoring_and_a_server_that_dies(sound_server, tmp_path):
    pacat = shutil.which("pacat")
    if pacat is None:
        pytest.skip("pulseaudio-utils is not installed")
    every, rate = 0.5, 48000
    beeps = np.zeros((60, round(every * rate)), np.int16)
    beeps[:, :2400] = 16000 * np.sin(2 * np.pi * 1000 * np.arange(2400) / rate)
    (tmp_path / "beeps.raw").write_bytes(beeps.tobytes())
    sound = [f"--rate={rate}", "--channels=1", "--format=s16le", "--latency-msec=50"]
    feed = [pacat, "-p", "--device=loop", *sound, str(tmp_path / "beeps.raw")]
    listen = [pacat, "-r", "--device=heard.monitor", *sound]
    script = [sys.executable, "-c", textwrap.dedent(HEARING)]
    with (
        (tmp_path / "heard.raw").open("wb") as heard,
        subprocess.Popen(feed, env=sound_server, stderr=subprocess.DEVNULL) as feeding,
        subprocess.Popen(
            listen, env=sound_server, stdout=heard, stderr=subprocess.DEVNULL
        ) as listening,
    ):
        done = subprocess.run(
            [*script, *(str(tmp_path / name) for name in ("first.flac", "second.flac"))],
            env={**sound_server, "PULSE_SINK": "heard"},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        for process in (feeding, listening):
            process.kill()
    told = json.loads(done.stdout)
    if "skip" in told:
        pytest.skip(told["skip"])
    assert told["before"] is None
    assert "stopped answering, so recording ended; what came before is kept" in told["problem"]
    for name, least in (("first.flac", 1.9), ("second.flac", 0.9)):
        take = read_sound(tmp_path / name, mono=True)
        assert take.samples.shape[1] / take.sample_rate >= least
        assert np.abs(take.samples).max() > 0.3
    monitored = np.fromfile(tmp_path / "heard.raw", np.int16)
    assert np.abs(monitored).max() > 0.3 * 32768


@pytest.mark.skipif(
    "SOUNDEDIT_DRIFT_SECONDS" not in os.environ,
    reason="times a real stream on a machine with nothing else to do: set SOUNDEDIT_DRIFT_SECONDS",
)
@pytest.mark.timeout(300 + 3 * DRIFT_SECONDS)
def test_the_playhead_does_not_drift_from_what_is_heard(sound_server, tmp_path):
    every = 0.5
    told, onsets = play_and_record(sound_server, tmp_path, DRIFT_SECONDS, every)
    times, positions = np.array(told["times"]), np.array(told["positions"])
    moving = (positions > 1.0) & (positions < DRIFT_SECONDS - 0.5)
    passed = times[moving][-1] - times[moving][0]
    moved = positions[moving][-1] - positions[moving][0]
    assert len(onsets) == round(DRIFT_SECONDS / every) - 1
    # The server's clock is the machine's, and none of the sound was lost.
    assert onsets[-1] - onsets[0] == pytest.approx((len(onsets) - 1) * every, abs=1 / 24)
    assert abs(passed - moved) <= 1 / 24
