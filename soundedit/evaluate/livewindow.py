"""Times live through its own window: `python -m soundedit.evaluate.livewindow SOUND ...`.

Run in a process of its own, with Qt imported by name as in `soundedit.evaluate.window`. Arguments:
a sound that is heard as if it were the microphone, a pack, a device, an empty folder, and for how
many seconds to measure. Prints one JSON object.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from soundedit.evaluate.scrubbing import percentile

SETTLE_SECONDS = 3.0
GIVE_UP_SECONDS = 120


def main(sound: str, pack: str, device: str, folder: str, seconds: str) -> dict[str, Any]:
    """Frames painted a second, and milliseconds from a block of sound to the paint of its frame."""
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
        settings.Settings(room / "settings.ini"), loader=load, recordings=room / "recordings"
    )
    waits: list[float] = []
    times: list[float] = []

    def painted(now: float) -> None:
        frame = window.live.shown
        if frame is not None and frame.fresh:
            times.append(now)
            waits.append(1000 * (now - frame.heard.captured))
        if len(times) == 1:
            core.QTimer.singleShot(round(1000 * (SETTLE_SECONDS + float(seconds))), end)

    def end() -> None:
        window.live.close()
        window.close()
        application.quit()

    def opened() -> None:
        window.live.window.painted.connect(painted)

    window.live.running_changed.connect(lambda on: opened() if on else None)
    core.QTimer.singleShot(1000 * GIVE_UP_SECONDS, end)
    window.show()
    window.begin(live=True, live_sound=Path(sound))
    application.exec()
    kept = [wait for wait, at in zip(waits, times, strict=True) if at > times[0] + SETTLE_SECONDS]
    if not kept:
        return {}
    return {
        "rate": len(kept) / float(seconds),
        "p50": percentile(kept, 0.5),
        "p95": percentile(kept, 0.95),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
