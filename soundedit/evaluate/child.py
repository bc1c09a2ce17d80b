"""What must be measured in a process of its own: `python -m soundedit.evaluate.child WHAT ...`.

Each prints one JSON object. `start BEGUN PACK DEVICE` loads the engine; `hour SOUND PACK DEVICE`
opens a long sound and inverts it; `video SOUND PACK DEVICE OUT` renders one. BEGUN is the time of
day at which the parent started it.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from soundedit.media.peaks import build_peaks


def start(begun: str, pack: str, device: str) -> dict[str, Any]:
    """Seconds from the start of the process until the engine answers."""
    from soundedit.engine.engine import Engine

    imported = time.time() - float(begun)
    Engine.load(pack, device)
    return {"imported": imported, "ready": time.time() - float(begun)}


def hour(sound: str, pack: str, device: str) -> dict[str, Any]:
    """Seconds to the waveform and to the picture of a sound, and the most memory it took."""
    begun = time.perf_counter()
    peaks = build_peaks(Path(sound))
    peaks.window(0, peaks.seconds, 1000)
    opened = time.perf_counter() - begun
    from soundedit.engine.engine import Engine

    engine = Engine.load(pack, device)
    begun = time.perf_counter()
    engine.invert(sound)
    return {
        "opened": opened,
        "inverted": time.perf_counter() - begun,
        "megabytes": peak_megabytes(),
    }


def video(sound: str, pack: str, device: str, out: str) -> dict[str, Any]:
    """Seconds from a sound to its finished MP4, imports and loading apart, and the most memory."""
    from soundedit.engine.job import Engines, Job, run_job

    with Engines() as engines:
        engines.get(pack, device)
        begun = time.perf_counter()
        report = run_job(Job(Path(sound), Path(out), pack=pack, device=device), engines)
        took = time.perf_counter() - begun
    return {"took": took, "seconds": report.seconds, "megabytes": peak_megabytes()}


def peak_megabytes() -> float | None:
    """The most memory (RSS) that this process held, without ffmpeg's; None on Windows."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not what getrusage says, which begins with the parent's.
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    if sys.platform == "win32":
        return None
    import resource

    # In bytes on macOS.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


_MEASURES: dict[str, Callable[..., dict[str, Any]]] = {"start": start, "hour": hour, "video": video}

if __name__ == "__main__":
    print(json.dumps(_MEASURES[sys.argv[1]](*sys.argv[2:])))
