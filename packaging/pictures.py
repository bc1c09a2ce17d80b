#!/usr/bin/env python3
"""Make the README's pictures with the app itself: python packaging/pictures.py [SOUND].

Writes `resources/pictures/window.png`, the window with a generated video, and
`resources/pictures/strip.jpg`, eight frames each of the sample sounds, and
`resources/pictures/edits.jpg`, words and sounds at several strengths; and for
`resources/pages/timeline.md` the timeline at three zooms, live, and the table of keys.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image, ImageDraw
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QApplication

from soundedit.app.samples import first_sample, sample_sounds
from soundedit.app.settings import Settings
from soundedit.app.shortcutdialog import ShortcutDialog
from soundedit.app.shortcuts import COMMANDS
from soundedit.app.theme import set_colour_scheme
from soundedit.app.window import MainWindow
from soundedit.document.commands import add_edit, text_edit
from soundedit.document.keyframes import set_keyframe
from soundedit.document.model import Easing, Keyframe, Part, PartKind
from soundedit.engine.engine import Engine

SCENES = (3, 7)
OUT = Path(__file__).resolve().parents[1] / "resources" / "pictures"


def wait(app: QApplication, done: Callable[[], bool], seconds: float = 120) -> None:
    """Run the window until `done`, at most so many seconds."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        app.processEvents()
        time.sleep(0.005)


def window(engine: Engine, sound: Path) -> None:
    """Open, generate, edit, move the playhead, and save what is seen."""
    app = QApplication([])
    set_colour_scheme("light")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "settings.ini")
        main = MainWindow(
            settings, loader=lambda progress: engine, recordings=Path(folder), state=Path(folder)
        )
        # The screen of the offscreen platform is smaller than any that is in use.
        main.resize(1180, 800)
        main.show()
        main.begin(sound)
        wait(app, lambda: main.controller.still is not None)
        main.controller.generate()
        wait(app, lambda: main.controller.movie is not None)
        sunset = text_edit("sunset")
        project = add_edit(main.session.project, sunset)
        for seconds, strength in ((1.0, 0.0), (4.0, 0.9), (8.5, 0.2)):
            project = set_keyframe(project, sunset.id, Keyframe(seconds, strength, Easing.SMOOTH))
        main.session.do("Add sunset", project)
        wait(app, lambda: main.controller.movie is not None)
        wait(app, lambda: len(main.controller.feed.cache) > 200)
        main.axis.seek(4.0)
        end = time.monotonic() + 2
        wait(app, lambda: time.monotonic() > end)
        main.grab().save(str(OUT / "window.png"))
        timeline(app, main)
        keys = ShortcutDialog(COMMANDS, main.preferences.keymap, main)
        keys.show()
        save(keys.grab(), "keys.png")
        keys.close()
        set_colour_scheme("dark")
        live(app, main, sound)
        main.end()


def save(picture: QPixmap, name: str) -> None:
    """A picture of the screen, in 256 colours, which are a third of the bytes."""
    image = picture.toImage().convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    pixels = lines[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    small = Image.fromarray(pixels).quantize(256, dither=Image.Dither.NONE)
    small.save(OUT / name, optimize=True)


def timeline(app: QApplication, main: MainWindow) -> None:
    """The timeline of the whole take, of two seconds and of five frames, in light colours."""
    for name, seconds in (("whole", 0.0), ("seconds", 2.0), ("frames", 0.2)):
        main.axis.fit()
        if seconds:
            main.axis.zoom(main.axis.span / seconds, 4.0)
        end = time.monotonic() + 2
        wait(app, lambda end=end: time.monotonic() > end)  # type: ignore[misc]
        save(main.timeline.grab(), f"timeline-{name}.png")


def live(app: QApplication, main: MainWindow, sound: Path) -> None:
    """Live, hearing the sound as if it came from the microphone."""
    main.live.open(sound)
    wait(app, lambda: main.live.shown is not None)
    end = time.monotonic() + 5
    wait(app, lambda: time.monotonic() > end)
    assert main.live.window is not None
    main.live.window.grab().save(str(OUT / "live.jpg"), quality=88)
    main.live.window.close()
    wait(app, lambda: not main.live.running)


def strip(engine: Engine) -> None:
    """A row of frames for each sample sound."""
    rows = []
    for sound in sample_sounds():
        w = engine.generate(sound, fps=24).w
        chosen = np.linspace(12, len(w) - 1, 8).astype(int)
        rows.append(np.concatenate(list(engine.synthesise(w[chosen])), axis=1))
    Image.fromarray(np.concatenate(rows)).save(OUT / "strip.jpg", quality=88)


def edits(engine: Engine, file: Path) -> None:
    """Rows: words and recordings; columns: strengths, on two scenes."""
    words = ("rain", "storm", "fire", "snow", "night", "sunset", "fog", "waves", "underwater")
    sounds = sample_sounds()
    rows = [(word, Part(PartKind.TEXT, word)) for word in words]
    rows += [(sound.name, Part(PartKind.SOUND, str(sound))) for sound in sounds]
    strengths, left, top, size = (-0.5, 0.0, 0.5, 1.0), 96, 18, 144
    width, height = left + size * len(strengths) * len(SCENES), top + size * len(rows)
    sheet = Image.new("RGB", (width, height), (24, 24, 24))
    pen = ImageDraw.Draw(sheet)
    for n, (name, part) in enumerate(rows):
        dw = engine.direction([part], Path).dw
        pen.text((6, top + size * n + size // 2), name, fill=(230, 230, 230))
        for k, seed in enumerate(SCENES):
            scene = engine.sample(seed)
            moved = np.stack([scene + np.float32(s) * dw for s in strengths])
            bounded, _ = engine.bound(moved, np.broadcast_to(scene, moved.shape))
            for j, frame in enumerate(engine.synthesise(bounded)):
                x = left + size * (k * len(strengths) + j)
                small = Image.fromarray(frame).resize((size, size), Image.Resampling.LANCZOS)
                sheet.paste(small, (x, top + size * n))
                pen.text((x + 4, 4), f"{strengths[j]:g}", fill=(230, 230, 230))
    sheet.save(file, quality=86)


def main() -> None:
    """Make all pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    engine = Engine.load(device="cpu")
    strip(engine)
    if "directions" in engine.manifest.components:
        edits(engine, OUT / "edits.jpg")
    sound = Path(sys.argv[1]) if len(sys.argv) > 1 else first_sample()
    if sound is not None:
        window(engine, sound)


if __name__ == "__main__":
    main()
