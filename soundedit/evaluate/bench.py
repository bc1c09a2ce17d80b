"""How fast soundedit is on this machine, by the ways a person uses it."""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from soundedit.document.model import Media, MediaKind, Project, Take
from soundedit.engine.engine import Engine
from soundedit.engine.export import export
from soundedit.engine.rendering import Rendering
from soundedit.errors import SoundeditError
from soundedit.evaluate import edits
from soundedit.evaluate.figures import Figure
from soundedit.media.presets import PRESETS, default_name
from soundedit.media.sound import Sound, read_sound, write_sound
from soundedit.packs import default_pack, open_pack
from soundedit.progress import Progress
from soundedit.resources import resource_path

SECONDS = 10.0
FPS = Fraction(24)
SAMPLE = ("sounds", "storm.ogg")
LONG_SECONDS = 600.0
_CHILD_SECONDS = 3600


@dataclass(frozen=True)
class Effort:
    """How long to measure: seconds a rate, tries of a latency, whether an hour is opened and ten
    minutes are rendered, and seconds of video a preset.
    """

    rate_seconds: float
    tries: int
    hour: bool
    preset_seconds: float = 1.0


THOROUGH = Effort(4.0, 80, True, SECONDS)
QUICK = Effort(0.5, 12, False)


def machine(engine: Engine) -> dict[str, Any]:
    """What the figures were measured on and with."""
    return {
        "device": engine.device_name,
        "system": platform.platform(terse=True),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "precision": engine.precision,
        "pack": f"{engine.manifest.name} {engine.manifest.version}",
        "resolution": engine.resolution,
    }


def measure(
    pack: str | None = None,
    device: str = "auto",
    sound: Path | None = None,
    effort: Effort = THOROUGH,
    progress: Progress | None = None,
    recordings: Path | None = None,
) -> tuple[dict[str, Any], list[Figure]]:
    """The machine and its figures, measured with ten seconds of `sound` (a sample by default).

    `recordings`: a folder of sounds by class, that words are compared with (default: the samples).
    Raises SoundeditError as loading and reading do.
    """

    def report(fraction: float, text: str) -> None:
        if progress is not None:
            progress(fraction, text)

    with tempfile.TemporaryDirectory(prefix="soundedit-bench-") as name:
        folder = Path(name)
        folder_of_pack = str(open_pack(default_pack() if pack is None else pack).path)
        heard = ten_seconds(sound, folder / "sound.wav")
        report(0.0, "Starting the engine in a process of its own")
        figures = started(folder_of_pack, device)
        report(0.1, "Making frames")
        engine = Engine.load(folder_of_pack, device)
        try:
            facts = machine(engine)
            latents = engine.generate(heard, fps=FPS).w
            figures += generator_rates(engine, latents, effort)
            figures += picture_latency(engine, latents, effort)
            report(0.3, "Listening")
            figures += sound_times(engine, heard, effort)
            if "directions" in engine.manifest.components:
                report(0.35, "Editing")
                figures += edits.latencies(engine, heard, effort.tries)
                figures += edits.gains(engine)
                figures += edits.agreement(engine, recordings)
            report(0.4, "Exporting by each preset")
            figures += preset_rates(engine, heard, folder, effort.preset_seconds)
        finally:
            engine.close()
        report(0.5, "Making a video")
        figures += video_times(folder_of_pack, device, heard, folder, effort.hour)
        report(0.6, "Opening the window")
        figures += window_times(folder_of_pack, device, heard, folder)
        figures += live_times(folder_of_pack, device, heard, folder, effort.rate_seconds)
        if effort.hour:
            report(0.8, "Opening an hour of sound")
            figures += hour_times(folder_of_pack, device, heard, folder / "hour.wav")
        report(1.0, "Measured")
    return facts, figures


def ten_seconds(source: Path | None, target: Path) -> Path:
    """Ten seconds of a sound, repeated if shorter; noise without a sound or the sample."""
    if source is None and resource_path(*SAMPLE).is_file():
        source = resource_path(*SAMPLE)
    if source is None:
        noise = np.random.default_rng(0).standard_normal((2, 441_000)) * 0.1
        sound = Sound(noise.clip(-1, 1).astype(np.float32), 44_100)
    else:
        sound = read_sound(source, end=SECONDS)
    count = round(SECONDS * sound.sample_rate)
    times = -(-count // sound.samples.shape[1])
    samples = np.tile(sound.samples, (1, times))[:, :count]
    write_sound(target, Sound(np.ascontiguousarray(samples), sound.sample_rate))
    return target


def started(pack: str, device: str) -> list[Figure]:
    """A fresh process until the engine answers, imports included."""
    found = _child("child", "start", repr(time.time()), pack, device)
    return [
        Figure("engine_ready", "engine ready after start, imports included", "s", found["ready"], 8)
    ]


def generator_rates(engine: Engine, latents: NDArray[np.float32], effort: Effort) -> list[Figure]:
    """Frames a second of synthesis alone, whole and at half the size."""
    full, half = engine.resolution, max(engine.resolution // 2, 16)
    figures = []
    for size in (full, half):
        for batch in (1, 8):
            rate = _frame_rate(engine, latents, batch, size, effort.rate_seconds)
            figures.append(
                Figure(
                    f"frames_{size}_batch_{batch}",
                    f"generator alone, {size} x {size}, "
                    + ("one frame at a time" if batch == 1 else f"{batch} at a time"),
                    "frames/s",
                    rate,
                    40 if (size, batch) == (full, 8) else None,
                    at_least=True,
                )
            )
    return figures


def _frame_rate(
    engine: Engine, latents: NDArray[np.float32], batch: int, size: int, seconds: float
) -> float:
    for _ in engine.synthesise(latents[: 2 * batch], batch=batch, size=size):
        pass
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for _ in engine.synthesise(latents[: 4 * batch], batch=batch, size=size):
            done += 1
    return done / (time.perf_counter() - begun)


def picture_latency(engine: Engine, latents: NDArray[np.float32], effort: Effort) -> list[Figure]:
    """The frame under a moved playhead, not in the cache."""
    rng = np.random.default_rng(0)
    places = rng.integers(0, len(latents), effort.tries)
    waits = []
    for w in latents[places]:
        begun = time.perf_counter()
        engine.picture(w)
        waits.append(1000 * (time.perf_counter() - begun))
    half, most = np.percentile(waits, [50, 95])
    what = "playhead moved -> frame, not cached"
    return [
        Figure("picture_p50", f"{what}, median", "ms", float(half)),
        Figure("picture_p95", f"{what}, p95", "ms", float(most), 60),
    ]


def sound_times(engine: Engine, heard: Path, effort: Effort) -> list[Figure]:
    """What is made of ten seconds of sound, with a warm engine; the median of a few tries."""
    tries = max(effort.tries // 16, 1)

    def median(work: Callable[[], object]) -> float:
        work()
        return float(np.median([_timed(work) for _ in range(tries)]))

    return [
        Figure(
            "inverted",
            "sound opened (10 s) -> inverted picture",
            "s",
            median(lambda: engine.invert(heard)),
            1,
        ),
        Figure("listened", "10 s heard and labelled", "s", median(lambda: engine.listen(heard))),
        Figure(
            "generated",
            "10 s of sound -> trajectory",
            "s",
            median(lambda: engine.generate(heard, fps=FPS)),
        ),
        Figure(
            "text_embedded",
            "a phrase embedded",
            "ms",
            1000 * median(lambda: engine.embed_text("rain on a tin roof")),
        ),
    ]


def video_times(pack: str, device: str, heard: Path, folder: Path, long: bool) -> list[Figure]:
    """Ten seconds, and ten minutes if `long`, of sound to a finished MP4, as `render` makes it."""
    found = _child("child", "video", str(heard), pack, device, str(folder / "video.mp4"))
    figures = [
        Figure("video", "10 s sound -> finished MP4 with sound", "s", found["took"], 10),
        Figure("video_memory", "10 s sound -> MP4: memory", "MB", found["megabytes"]),
    ]
    if long:
        minutes = folder / "minutes.wav"
        repeat_sound(heard, minutes, LONG_SECONDS)
        found = _child("child", "video", str(minutes), pack, device, str(folder / "minutes.mp4"))
        speed = found["seconds"] / found["took"]
        figures += [
            Figure("long_video", "10 min sound -> MP4, times real time", "x", speed),
            Figure(
                "long_video_memory", "10 min sound -> MP4: most memory", "MB", found["megabytes"]
            ),
        ]
    return figures


def preset_rates(engine: Engine, heard: Path, folder: Path, seconds: float) -> list[Figure]:
    """How many times as fast as the sound each preset is exported, the engine being loaded."""
    media = (Media("sound", heard.name, MediaKind.SOUND),)
    project = Project(take=Take("sound", SECONDS), media=media)
    figures = []
    for name, settings in PRESETS.items():
        rate = settings.fps or FPS
        rendering = Rendering(engine, project, {"sound": heard}, fps=rate)
        out = folder / default_name(f"preset-{name}", settings)
        report = export(rendering, out, settings, end=seconds, sound=heard)
        out.unlink()
        what = f"{settings.kind.title}, {report.width} x {report.height}, {rate} frames/s"
        speed = report.seconds / report.took
        figures.append(
            Figure(f"export_{name}", f"export, preset {name} ({what}), times real time", "x", speed)
        )
    return figures


BLOCKED = (
    ("load", "while the engine loads"),
    ("open", "while a sound is opened and inverted"),
    ("generate", "while a video is generated"),
    ("scrub", "while scrubbing"),
    ("export", "while a video is exported"),
)
"""Phases of a run through the window, as `evaluate.window` names them."""


def live_times(pack: str, device: str, heard: Path, folder: Path, seconds: float) -> list[Figure]:
    """Live in the window with a file as the microphone, without edits and while one and three are
    moved; not measured without Qt.
    """
    room = folder / "live"
    room.mkdir()
    try:
        found = _child(
            "livewindow", str(heard), pack, device, str(room), repr(max(2 * seconds, 2.0))
        )
    except SoundeditError:
        found = {}
    figures = []
    for name, what, part in (
        ("live", "live", found),
        ("live_edit", "live with an edit that moves", found.get("edits_1", {})),
        ("live_edits", "live with three edits that move", found.get("edits_3", {})),
    ):
        wait = f"{what}, microphone block -> frame painted"
        figures += [
            Figure(
                f"{name}_rate",
                f"{what}, frames painted",
                "frames/s",
                part.get("rate"),
                20,
                at_least=True,
            ),
            Figure(f"{name}_p50", f"{wait}, median", "ms", part.get("p50")),
            Figure(f"{name}_p95", f"{wait}, p95", "ms", part.get("p95"), 150),
        ]
    return figures


def window_times(pack: str, device: str, heard: Path, folder: Path) -> list[Figure]:
    """The app, off screen, from its start to an exported video; not measured without Qt."""
    room = folder / "window"
    room.mkdir()
    began = time.time()
    try:
        found = _child("window", repr(began), str(heard), pack, device, str(room))
    except SoundeditError:
        found = {}
    whole = "exported" in found
    return [
        Figure("window", "window up after start", "s", found.get("window"), 1.5),
        Figure("window_ready", "engine ready in the window", "s", found.get("ready"), 8),
        *(
            Figure(
                f"gui_blocked_{phase}",
                f"GUI thread blocked, longest, {when}",
                "ms",
                1000 * found["blocked"][phase] if whole else None,
                50,
            )
            for phase, when in BLOCKED
        ),
        *(
            Figure(
                f"scrub_{name}",
                f"playhead moved -> picture painted, {what}, p95",
                "ms",
                1000 * found[name] if whole and found[name] is not None else None,
                bound,
            )
            for name, what, bound in (
                ("fresh", "frame not made before", 60),
                ("cached", "frame in memory", 16),
                ("busy", "frame not made before, during an export", 60),
            )
        ),
    ]


def hour_times(pack: str, device: str, heard: Path, target: Path) -> list[Figure]:
    """One hour, stereo, 16 bit, 44.1 kHz."""
    repeat_sound(heard, target, 3600)
    found = _child("child", "hour", str(target), pack, device)
    target.unlink()
    return [
        Figure("hour_opened", "one hour of sound: waveform", "s", found["opened"], 5),
        Figure("hour_inverted", "one hour of sound: inverted picture", "s", found["inverted"]),
        Figure("hour_memory", "one hour of sound: most memory", "MB", found["megabytes"], 1500),
    ]


def repeat_sound(heard: Path, target: Path, seconds: float) -> None:
    """Write a sound of ten seconds over and over: stereo, 16 bit, 44.1 kHz, in flat memory."""
    sound = read_sound(heard, sample_rate=44_100)
    stereo = np.resize(sound.samples, (2, sound.samples.shape[1]))
    block = (stereo.T * 32767).astype("<i2").tobytes()
    with wave.open(str(target), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44_100)
        for _ in range(round(seconds / SECONDS)):
            file.writeframes(block)


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _child(module: str, *words: str) -> dict[str, Any]:
    """Run a module of this room in a process of its own; SoundeditError if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", f"soundedit.evaluate.{module}", *words],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_CHILD_SECONDS,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise SoundeditError(f"A measurement failed ({last}); try again, or leave it out.")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found
