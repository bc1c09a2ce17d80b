"""Times the app through its own window: `python -m soundedit.evaluate.window BEGUN ...`.

Run in a process of its own; Qt is imported by name only here, so that measuring needs no Qt.
Arguments: the time of day at which the parent began, a sound, a pack, a device, and an empty
folder for settings and the video. Prints one JSON object.
"""

import importlib
import json
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

from soundedit.evaluate.scrubbing import Scrubbing, percentile
from soundedit.media.presets import ExportSettings

BEAT_MILLISECONDS = 5
EXPORT_RATE = Fraction(60)
"""Frames a second of the export, so that it lasts for as long as is scrubbed beside it."""


def main(begun: str, sound: str, pack: str, device: str, folder: str) -> dict[str, Any]:
    """Open, invert, generate, scrub, and scrub while exporting; what was there when, in seconds
    after BEGUN.

    `blocked` has the longest time, in seconds, that the GUI thread answered nothing in each phase:
    load, open, generate, scrub, export. `fresh` and `cached` are the 95th percentiles of the time
    from a move of the playhead to the painted picture; `busy` is that of `fresh` while a job of the
    queue runs.
    """
    core = importlib.import_module("PySide6.QtCore")
    widgets = importlib.import_module("PySide6.QtWidgets")
    window_module = importlib.import_module("soundedit.app.window")
    settings = importlib.import_module("soundedit.app.settings")
    plan = importlib.import_module("soundedit.app.exports.plan")
    application = widgets.QApplication(["soundedit"])
    blocked = {"load": 0.0}
    times: dict[str, Any] = {"blocked": blocked}

    def note(name: str) -> None:
        times.setdefault(name, time.time() - float(begun))

    def load(progress: Any) -> Any:
        worker = importlib.import_module("soundedit.app.worker")
        return worker.load_engine(progress, pack, device)

    window = window_module.MainWindow(
        settings.Settings(Path(folder) / "settings.ini"),
        loader=load,
        recordings=Path(folder) / "recordings",
        exports=importlib.import_module("soundedit.app.exports.places").places_in(Path(folder)),
        state=Path(folder) / "state",
    )
    controller = window.controller

    def moved_on() -> None:
        if controller.engine is not None and "ready" not in times:
            note("ready")
            enter("open")
        if controller.engine_error is not None:
            fail(controller.engine_error)
        if controller.still is not None and "inverted" not in times:
            note("inverted")
            enter("generate")
            controller.generate()
        if controller.movie is not None and "generated" not in times:
            note("generated")
            enter("scrub")
            scrubbing.append(Scrubbing(core, window, scrubbed))

    def scrubbed() -> None:
        times["fresh"] = percentile(scrubbing[0].fresh, 0.95)
        times["cached"] = percentile(scrubbing[0].cached, 0.95)
        enter("export")
        # Every frame is a new one again.
        limit = controller.feed.cache.limit
        controller.feed.set_cache_limit(0)
        controller.feed.set_cache_limit(limit)
        subject = window.exporter.subject()
        wanted = ExportSettings(fps=EXPORT_RATE)
        movie = Path(folder) / "movie.mp4"
        window.exporter.add(plan.Plan(wanted, movie, 0.0, subject.seconds), subject)

    def frames_made() -> bool:
        job = window.exporter.queue.running
        return job is not None and 0 < job.done < job.frames

    def advanced(_: str) -> None:
        if len(scrubbing) == 1 and frames_made():
            scrubbing.append(Scrubbing(core, window, scrubbed_beside, frames_made))

    def scrubbed_beside() -> None:
        times["busy"] = percentile(scrubbing[1].fresh, 0.95)
        leave()

    def exported(job: Any) -> None:
        if job.error:
            times["failed"] = job.error
        note("exported")
        if len(scrubbing) == 1:
            times["busy"] = None
        leave()

    def leave() -> None:
        if "busy" in times and "exported" in times:
            window.close()
            application.quit()

    def fail(error: object) -> None:
        times["failed"] = str(error)
        window.close()
        application.quit()

    beat = core.QTimer(window)
    beat.setTimerType(core.Qt.TimerType.PreciseTimer)
    beat.setInterval(BEAT_MILLISECONDS)
    last = [0.0]
    phase = ["load"]
    scrubbing: list[Scrubbing] = []

    def enter(name: str) -> None:
        phase[0] = name
        blocked[name] = 0.0

    def alive() -> None:
        now = time.perf_counter()
        if last[0]:
            gap = now - last[0] - BEAT_MILLISECONDS / 1000
            blocked[phase[0]] = max(blocked[phase[0]], gap)
        last[0] = now

    beat.timeout.connect(alive)

    def painted() -> None:
        if "window" not in times:
            note("window")
            beat.start()

    queued = core.Qt.ConnectionType.QueuedConnection
    window.viewer.painted.connect(painted)
    for signal in (controller.engine_changed, controller.still_changed, controller.movie_changed):
        signal.connect(moved_on, queued)
    window.exporter.queue.ended.connect(exported, queued)
    window.exporter.queue.advanced.connect(advanced, queued)
    controller.failed.connect(fail, queued)
    window.show()
    window.begin(Path(sound))
    application.exec()
    return times


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
