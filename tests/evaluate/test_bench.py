"""The bench measures every figure, with a small pack and hardly any effort."""

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from soundedit.errors import MediaError, PackError, SoundeditError
from soundedit.evaluate import bench, child
from soundedit.evaluate.cli import main
from soundedit.media.presets import PRESETS
from soundedit.media.sound import Sound, probe_sound, read_sound, write_sound

HARDLY = bench.Effort(rate_seconds=0.02, tries=3, hour=False, preset_seconds=0.1)


@pytest.fixture
def beep(tmp_path: Path) -> Path:
    wave = np.sin(np.arange(12_000) * 0.1).astype(np.float32)[None] * 0.3
    write_sound(tmp_path / "beep.wav", Sound(wave, 16_000))
    return tmp_path / "beep.wav"


def test_everything(
    tiny_pack: Path, beep: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "QUICK", HARDLY)
    words = ["bench", str(beep), "--pack", str(tiny_pack), "--device", "cpu", "--quick", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    machine = found["machine"]
    assert machine["pack"] == "tiny 1.0"
    assert machine["resolution"] == 64
    assert machine["device"].startswith("cpu ")
    assert machine["threads"] >= 1
    figures = {figure["name"]: figure for figure in found["figures"]}
    assert set(figures) == {
        "engine_ready",
        "frames_64_batch_1",
        "frames_64_batch_8",
        "frames_32_batch_1",
        "frames_32_batch_8",
        "picture_p50",
        "picture_p95",
        "inverted",
        "listened",
        "generated",
        "text_embedded",
        "video",
        "video_memory",
        *(f"export_{name}" for name in PRESETS),
        "window",
        "window_ready",
        *(f"gui_blocked_{phase}" for phase in ("load", "open", "generate", "scrub", "export")),
        "scrub_fresh",
        "scrub_cached",
        "scrub_busy",
        *(
            f"{name}_{figure}"
            for name in ("live", "live_edit", "live_edits")
            for figure in ("rate", "p50", "p95")
        ),
        "direction_fast",
        "direction_sound",
        "direction_fine",
        "redraw_p50",
        "redraw_p95",
        *(f"gain_{name}" for name in ("rain", "wind", "birds", "mean")),
        *(f"agreement_{name}" for name in ("wind", "birds", "mean")),
    }
    for name in [name for name in figures if name.startswith(("gain", "agreement"))]:
        assert -2 <= figures.pop(name)["value"] <= 2
    for figure in figures.values():
        assert figure["value"] is not None and figure["value"] > 0, figure
        assert math.isfinite(figure["value"])
    assert figures["window"]["value"] < figures["window_ready"]["value"]
    assert figures["picture_p50"]["value"] <= figures["picture_p95"]["value"]


def test_ten_seconds(beep: Path, tmp_path: Path) -> None:
    made = bench.ten_seconds(beep, tmp_path / "ten.wav")
    info = probe_sound(made)
    assert (info.seconds, info.sample_rate, info.channels) == (10.0, 16_000, 1)
    samples = read_sound(made).samples
    np.testing.assert_allclose(samples[:, :12_000], samples[:, 12_000:24_000], atol=1e-6)
    sample = probe_sound(bench.ten_seconds(None, tmp_path / "sample.wav"))
    assert sample.seconds == 10.0


def test_long_sounds(tiny_pack: Path, beep: Path) -> None:
    found = child.hour(str(beep), str(tiny_pack), "cpu")
    assert found["opened"] > 0 and found["inverted"] > 0
    memory = found["megabytes"]
    if sys.platform == "win32":
        assert memory is None
    else:
        assert 50 < memory < 10_000


def test_start(tiny_pack: Path) -> None:
    found = child.start(repr(time.time()), str(tiny_pack), "cpu")
    assert 0 < found["imported"] < found["ready"]


def test_a_window_that_fails_is_not_measured(beep: Path, tmp_path: Path) -> None:
    figures = bench.window_times(str(tmp_path / "no pack"), "cpu", beep, tmp_path)
    values = {figure.name: figure.value for figure in figures}
    assert values["window_ready"] is None
    assert values["gui_blocked_export"] is None and values["scrub_fresh"] is None


def test_what_cannot_be_measured_is_said(tiny_pack: Path, tmp_path: Path) -> None:
    with pytest.raises(SoundeditError, match="unrecognized arguments: --fast"):
        main(["bench", "--fast"])
    with pytest.raises(SoundeditError, match="required: FOLDER"):
        main([])
    with pytest.raises(PackError):
        main(["bench", "--pack", str(tmp_path / "absent"), "--quick"])
    with pytest.raises(MediaError, match=r"absent\.wav"):
        main(["bench", str(tmp_path / "absent.wav"), "--pack", str(tiny_pack), "--quick"])
    with pytest.raises(SoundeditError, match="There is no folder"):
        main([str(tmp_path / "absent"), "--photos", str(tmp_path), "--pack", str(tiny_pack)])
    with pytest.raises(SoundeditError, match="A measurement failed"):
        bench._child("child", "nothing")
