"""The app killed in the middle of an export, and started again: a process of its own each time."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from soundedit.media.probe import probe_video

ROOT = Path(__file__).parents[3]
SECONDS = 5.0

APP = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from soundedit.app.devices import FoundDevices
from soundedit.app.dialogs import Dialogs, Leave
from soundedit.app.recovery import RecoveryChoice
from soundedit.app.exports.places import places_in
from soundedit.app.settings import FIRST_START, Settings
from soundedit.app.window import MainWindow
from soundedit.app.worker import load_engine

class Answers(Dialogs):
    def recovery(self, parent, found):
        return RecoveryChoice()

    def leave(self, parent, name, note=""):
        return Leave.DISCARD

folder, pack, sound, film = (Path(name) for name in sys.argv[1:5])
app = QApplication([])
settings = Settings(folder / "settings.ini")
settings.set(FIRST_START, False)
window = MainWindow(
    settings,
    loader=lambda progress: load_engine(progress, pack, "cpu"),
    find=lambda again: FoundDevices((), "None.", "None."),
    recordings=folder / "recordings",
    exports=places_in(folder / "exports"),
    state=folder / "state",
    dialogs=Answers(),
)
queue = window.exporter.queue

def changed(*_):
    for job in queue.jobs:
        print(job.state, job.done, flush=True)
        if job.state in ("done", "failed"):
            print("reused", job.reused, job.error, flush=True)
            window.close()
            app.quit()

def begin():
    if window.controller.sound is not None and window.controller.engine is not None:
        window.exporter.export_to(film)

queue.changed.connect(changed)
queue.advanced.connect(changed)
if sys.argv[5] == "add":
    window.controller.sound_changed.connect(begin)
    window.controller.engine_changed.connect(begin)
window.show()
window.begin(sound if sys.argv[5] == "add" else None)
app.exec()
"""


def start(folder: Path, pack: Path, sound: Path, film: Path, what: str) -> "subprocess.Popen[str]":
    own = {name: str(folder / "home") for name in ("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(
        [sys.executable, "-c", APP, *map(str, (folder, pack, sound, film)), what],
        env={**os.environ, **own, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
def test_killed_in_the_middle_it_goes_on_with_the_frames_it_has(
    tmp_path: Path, tiny_pack: Path, make_sound: Callable[..., Path]
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    sound, film = make_sound(SECONDS), films / "film.mp4"
    frames = round(SECONDS * 24)
    with start(tmp_path, tiny_pack, sound, film, "add") as first:
        assert first.stdout is not None and first.stderr is not None
        for line in first.stdout:
            if line.startswith("running") and int(line.split()[1]) >= 30:
                break
        else:
            pytest.fail(first.stderr.read())
        first.send_signal(signal.SIGKILL)
    assert not film.exists()
    listed = json.loads((tmp_path / "exports" / "queue" / "1" / "jobs.json").read_text())
    assert [job["state"] for job in listed["jobs"]] == ["running"]
    # What was added is what is made, whatever became of the file.
    sound.unlink()
    with start(tmp_path, tiny_pack, sound, film, "go on") as second:
        said, errors = second.communicate(timeout=200)
    assert "done" in said, errors
    info = probe_video(film)
    assert (info.frames, info.has_sound) == (frames, True)
    assert [path.name for path in films.iterdir()] == ["film.mp4"]
    (reused,) = [line.split()[1] for line in said.splitlines() if line.startswith("reused")]
    # Those that waited for the encoder when the program was killed were not kept yet.
    assert 4 <= int(reused) < frames
    seen = pictures(film)
    assert len(seen) == frames
    assert all(picture.std() > 1 for picture in seen)
