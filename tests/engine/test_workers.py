"""Jobs in processes of their own: what they make, what they fail at, and when they die."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from soundedit.engine.job import Job, job_facts, job_from
from soundedit.engine.workers import Advance, Outcome, run_jobs
from soundedit.errors import Cancelled
from soundedit.media.presets import PRESETS, ExportSettings
from soundedit.media.probe import probe_video
from soundedit.media.sound import write_sound
from soundedit.progress import CancelToken

from .conftest import MakeNoise


def worker_processes() -> list[int]:
    listed = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "pid=,args="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if "engine.worker" in line]


def test_jobs_survive_json() -> None:
    job = Job(Path("a b.wav"), Path("o.mov"), PRESETS["master"], 7, 0.5, None, "p", work=Path("w"))
    assert job_from(job_facts(job)) == job
    assert job_from(job_facts(Job(Path("a"), Path("b")))) == Job(Path("a"), Path("b"))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_a_process_that_dies_fails_its_job_alone(
    tiny_pack: Path, noise: MakeNoise, tmp_path: Path
) -> None:
    write_sound(tmp_path / "long.wav", noise(20.0))
    write_sound(tmp_path / "short.wav", noise(0.5))
    small = ExportSettings(width=16, height=16)
    jobs = [
        Job(tmp_path / f"{name}.wav", tmp_path / f"{name}.mp4", small, pack=str(tiny_pack))
        for name in ("long", "short")
    ]
    outcomes: dict[str, Outcome] = {}
    killed = False
    for what in run_jobs(jobs, 1):
        if isinstance(what, Advance) and not killed:
            (worker,) = worker_processes()
            os.kill(worker, signal.SIGKILL)
            killed = True
        elif isinstance(what, Outcome):
            outcomes[what.job.out.stem] = what
    assert outcomes["long"].report is None
    assert "the system ended it" in outcomes["long"].error
    report = outcomes["short"].report
    assert report is not None and report.frames == 12
    assert probe_video(tmp_path / "short.mp4").frames == 12
    names = ["long.wav", "short.mp4", "short.wav"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert worker_processes() == []


def test_cancel_ends_every_process(tiny_pack: Path, noise: MakeNoise, tmp_path: Path) -> None:
    write_sound(tmp_path / "long.wav", noise(20.0))
    job = Job(tmp_path / "long.wav", tmp_path / "long.mp4", pack=str(tiny_pack))
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        for _ in run_jobs([job], 2, cancel):
            cancel.cancel()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["long.wav"]
    if sys.platform != "win32":
        assert worker_processes() == []


def test_no_jobs_need_no_process() -> None:
    assert list(run_jobs([], 4)) == []
