"""The same jobs on a Ray cluster of this machine alone: two processes, the same bytes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from soundedit.engine.cluster import _place, run_on_cluster
from soundedit.engine.job import Engines, Job, run_job
from soundedit.errors import ExportError, SoundeditError
from soundedit.media.sound import write_sound

from .conftest import MakeNoise

pytest.importorskip("ray", reason="the extra [cluster] is not installed")
ROOT = Path(__file__).resolve().parents[2]
BATCH = [sys.executable, "-m", "soundedit", "batch"]
LONGEST_SECONDS = 240


def test_a_cluster_makes_what_this_machine_makes(
    tiny_pack: Path, noise: MakeNoise, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for k in range(2):
        write_sound(tmp_path / "in" / f"s{k}.wav", noise(1.0, seed=k))
    (tmp_path / "in" / "broken.wav").write_text("no sound")
    words = [tmp_path / "in", "--out", tmp_path / "there", "--pack", tiny_pack, "--ray", "local"]
    try:
        done = subprocess.run(
            [*BATCH, *map(str, words), "--device", "cpu", "--json"],
            cwd=ROOT,
            # Ray's processes give way to all others otherwise, for minutes on a busy machine.
            env={**os.environ, "PYTHONPATH": str(ROOT), "RAY_worker_niceness": "0"},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        # Its own processes end with the one that started them.
        pytest.skip(f"Ray made nothing here in {LONGEST_SECONDS} seconds")
    if done.stderr.startswith("soundedit: There is no Ray cluster at local"):
        pytest.skip(f"Ray does not start here: {done.stderr.strip()}")
    assert (done.returncode, done.stderr) == (1, "")
    lines = {Path(line["out"]).name: line for line in json.loads(done.stdout)}
    assert {name: line["state"] for name, line in lines.items()} == {
        "s0.mp4": "made", "s1.mp4": "made", "broken.mp4": "failed"
    }  # fmt: skip
    assert "not a sound" in lines["broken.mp4"]["why"]
    engines = Engines()
    for name in ("s0", "s1"):
        job = Job(
            tmp_path / "in" / f"{name}.wav",
            tmp_path / f"{name}.mp4",
            pack=str(tiny_pack),
            device="cpu",
        )
        run_job(job, engines)
        assert (tmp_path / "there" / f"{name}.mp4").read_bytes() == job.out.read_bytes()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere.invalid:6379"])
def test_no_cluster_is_told(address: str) -> None:
    with pytest.raises(SoundeditError, match="There is no Ray cluster at"):
        list(run_on_cluster([], address))


def test_what_comes_back_takes_no_other_files_away(tmp_path: Path) -> None:
    out = tmp_path / "frames"
    out.mkdir()
    (out / "thesis.docx").write_text("mine")
    with pytest.raises(ExportError, match="holds other things"):
        _place(out, {"frame_000000.png": b"new"})
    assert [file.name for file in out.iterdir()] == ["thesis.docx"]
    (out / "thesis.docx").rename(out / "frame_000001.png")
    _place(out, {"frame_000000.png": b"new"})
    assert [file.name for file in out.iterdir()] == ["frame_000000.png"]
    assert [file.name for file in tmp_path.iterdir()] == ["frames"]
