"""The app as a person starts it: a process of its own, with its own settings and folders."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SHOW = """
import sys
from soundedit.app import main
from soundedit.app.starting import Starting

def painted(self):
    heavy = {"torch", "open_clip", "torchaudio", "sounddevice"} & set(sys.modules)
    print("painted", sorted(heavy), flush=True)
    self.parent().close()

Starting._start_engine = painted
sys.exit(main.run(sys.argv[1:]))
"""

STAY = """
import sys
from soundedit.app import main
from soundedit.app.starting import Starting

Starting._start_engine = lambda self: print("up", flush=True)
sys.exit(main.run([]))
"""


def environment(home: Path) -> dict[str, str]:
    own = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, **own, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def test_window_is_painted_before_torch_is_imported(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "painted []\n", done.stderr
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.rglob("soundedit.log"))


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_closes_the_window(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STAY],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
