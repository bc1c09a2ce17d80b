"""Times live through its own window: `python -m soundedit.evaluate.livewindow SOUND ...`.

Run in a process of its own, with Qt imported by name as in `soundedit.evaluate.window`. Arguments:
a sound that is heard as if it were the microphone, a pack, a device, an empty folder, and for how
many seconds to measure. Prints one JSON object.

Then one edit, and three, are added while it runs, and their sliders move all the time.
"""

import importlib
import json
import math
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from soundedit.document.commands import add_edit, text_edit
from soundedit.document.model import Project
from soundedit.evaluate.scrubbing import percentile

SETTLE_SECONDS = 3.0
EDIT_SETTLE_SECONDS, EDIT_SECONDS = 1.5, 3.0
GIVE_UP_SECONDS = 120
MOVE_MILLISECONDS = 33
WORDS = ("storm", "fog", "night")
EDITS = (1, 3)
"""How many edits move at a time, one number after the other."""


def main(sound: str, pack: str, device: str, folder: str, seconds: str) -> dict[str, Any]:
    """Frames painted a second, and milliseconds from a block of sound to the paint of its frame.

    The same for each number of edits, under its name.
    """
    core = importlib.import_module("PySide6.QtCore")
    widgets = importlib.import_module("PySide6.QtWidgets")
    window_module = importlib.import_module("soundedit.app.window")
    settings = importlib.import_module("soundedit.app.settings")
    application = widgets.QApplication(["soundedit"])

    def load(progress: Any) -> Any:
        worker = importlib.import_module("soundedit.app.worker")
        return worker.load_engine(progress, pack, device)

    room = Path(folder)
    window = window_module.MainWindow(
        settings.Settings(room / "settings.ini"),
        loader=load,
        recordings=room / "recordings",
        state=room / "state",
    )
    long = float(seconds)
    short = min(long / 2, EDIT_SECONDS)
    lengths = [SETTLE_SECONDS + long] + [EDIT_SETTLE_SECONDS + short for _ in EDITS]
    painted: list[tuple[float, float]] = []
    stages: list[float] = []

    def paint(now: float) -> None:
        frame = window.live.shown
        if frame is not None and frame.fresh:
            painted.append((now, 1000 * (now - frame.heard.captured)))
            if len(painted) == 1:
                advance()

    def advance() -> None:
        stages.append(time.monotonic())
        if len(stages) > len(lengths):
            window.live.close()
            # Nothing is worth keeping, and nobody is there to be asked.
            window.session.begin(Project(), {})
            window.close()
            application.quit()
            return
        if len(stages) > 1:
            _add_words(window.session, EDITS[len(stages) - 2])
            mover.start()
        core.QTimer.singleShot(round(1000 * lengths[len(stages) - 1]), advance)

    def move() -> None:
        if window.live.window is not None:
            rows = window.live.window.panel.rows
            for n, row in enumerate(row for name, row in rows.items() if name.startswith("edit:")):
                row.slider.number.setValue(math.sin((1 + 0.3 * n) * time.monotonic()))

    mover = core.QTimer(interval=MOVE_MILLISECONDS)
    mover.timeout.connect(move)
    window.live.running_changed.connect(
        lambda on: window.live.window.painted.connect(paint) if on else None
    )
    core.QTimer.singleShot(1000 * GIVE_UP_SECONDS, application.quit)
    window.show()
    window.begin(live=True, live_sound=Path(sound))
    application.exec()
    found: dict[str, Any] = {}
    for n, (_, end) in enumerate(pairwise(stages)):
        took = short if n else long
        waits = [wait for now, wait in painted if end - took <= now < end]
        if waits:
            about = {
                "rate": len(waits) / took,
                "p50": percentile(waits, 0.5),
                "p95": percentile(waits, 0.95),
            }
            found.update({f"edits_{EDITS[n - 1]}": about} if n else about)
    return found


def _add_words(session: Any, count: int) -> None:
    """Make so many edits by words the project's."""
    project = session.project
    for words in WORDS[len(project.edits) : count]:
        project = add_edit(project, text_edit(words))
    session.do("add edits", project)


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
