#!/usr/bin/env python3
"""Make the README's pictures with the app itself: python packaging/pictures.py [SOUND].

Writes `resources/pictures/window.png`, the window with a generated video, and
`resources/pictures/strip.jpg`, eight frames each of the sample sounds.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtWidgets import QApplication

from soundedit.app.samples import first_sample, sample_sounds
from soundedit.app.settings import Settings
from soundedit.app.window import MainWindow
from soundedit.engine.engine import Engine

OUT = Path(__file__).resolve().parents[1] / "resources" / "pictures"


def wait(app: QApplication, done: Callable[[], bool], seconds: float = 120) -> None:
    """Run the window until `done`, at most so many seconds."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)


def window(engine: Engine, sound: Path) -> None:
    """Open, generate, move the playhead, and save what is seen."""
    app = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "settings.ini")
        main = MainWindow(
            settings, loader=lambda progress: engine, recordings=Path(folder), state=Path(folder)
        )
        main.show()
        main.begin(sound)
        wait(app, lambda: main.controller.still is not None)
        main.controller.generate()
        wait(app, lambda: main.controller.movie is not None)
        wait(app, lambda: len(main.controller.feed.cache) > 200)
        main.axis.seek(4.0)
        end = time.monotonic() + 2
        wait(app, lambda: time.monotonic() > end)
        main.grab().save(str(OUT / "window.png"))
        main.close()


def strip(engine: Engine) -> None:
    """A row of frames for each sample sound."""
    rows = []
    for sound in sample_sounds():
        w = engine.generate(sound, fps=24).w
        chosen = np.linspace(12, len(w) - 1, 8).astype(int)
        rows.append(np.concatenate(list(engine.synthesise(w[chosen])), axis=1))
    Image.fromarray(np.concatenate(rows)).save(OUT / "strip.jpg", quality=88)


def main() -> None:
    """Make all pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    engine = Engine.load(device="cpu")
    strip(engine)
    sound = Path(sys.argv[1]) if len(sys.argv) > 1 else first_sample()
    if sound is not None:
        window(engine, sound)


if __name__ == "__main__":
    main()
