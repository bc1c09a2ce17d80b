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

SCRIPT = """
    import json, sys, threading
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
    positions = []
    while not ended.wait(0.01):
        positions.append(player.position())
    recorder.stop()
    player.close()
    print(json.dumps({"silent": player.silent_reason, "positions": positions}))
"""


@pytest.fixture
def sound_server(tmp_path):
    """Environment of a PulseAudio with one sink that can be listened to and no hardware."""
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
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        for _ in range(200):
            if (tmp_path / "native").exists() or server.poll() is not None:
                break
            time.sleep(0.05)
        yield environment
        server.terminate()


def test_what_is_played_can_be_recorded(sound_server, tmp_path):
    rate, every = 48000, 0.4
    samples = np.zeros((1, 2 * rate), np.float32)
    beep = 0.5 * np.sin(2 * np.pi * 2000 * np.arange(400) / rate)
    for k in range(1, 5):
        at = round(k * every * rate)
        samples[0, at : at + len(beep)] = beep
    write_sound(tmp_path / "beeps.wav", Sound(samples, rate))
    done = subprocess.run(
        [
            *(sys.executable, "-c", textwrap.dedent(SCRIPT)),
            *(str(tmp_path / "beeps.wav"), str(tmp_path / "take.flac")),
        ],
        env=sound_server,
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    told = json.loads(done.stdout)
    if "skip" in told:
        pytest.skip(told["skip"])
    assert told["silent"] is None
    positions = np.array(told["positions"])
    assert np.diff(positions).min() >= 0
    assert len(np.unique(positions)) > 20  # interpolated between blocks
    take = read_sound(tmp_path / "take.flac", mono=True)
    loud = np.flatnonzero(np.abs(take.samples[0]) > 0.1) / take.sample_rate
    onsets = loud[np.diff(loud, prepend=-1.0) > 0.1]
    np.testing.assert_allclose(np.diff(onsets), [every] * 3, atol=0.002)
