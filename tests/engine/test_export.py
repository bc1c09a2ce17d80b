"""A rendering written to a file: span, size, cache, pause, failures."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from soundedit.document.commands import set_reactivity
from soundedit.document.model import (
    Edit,
    Media,
    MediaKind,
    Part,
    PartKind,
    Project,
    Span,
    Start,
    Take,
)
from soundedit.engine.engine import Engine
from soundedit.engine.export import check_target, export, provenance
from soundedit.engine.latents import read_latents
from soundedit.engine.rendering import Rendering
from soundedit.errors import Cancelled, ExportError
from soundedit.media.presets import ExportSettings
from soundedit.media.probe import probe_video
from soundedit.media.sound import read_sound, write_sound
from soundedit.progress import CancelToken

from .conftest import MakeNoise


@pytest.fixture(scope="module")
def sound(noise: MakeNoise, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sounds") / "take.wav"
    write_sound(path, noise(2.0))
    return path


@pytest.fixture(scope="module")
def rendering(engine: Engine, sound: Path) -> Rendering:
    media = (Media("m1", "take.wav", MediaKind.SOUND),)
    project = Project(
        title="Rain", take=Take("m1", 2.0), media=media, fps="12", start=Start(seed=5)
    )
    return Rendering(engine, project, {"m1": sound})


def test_export(rendering: Rendering, sound: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    told: list[float] = []
    report = export(
        rendering, out, ExportSettings(), sound=sound, progress=lambda part, _: told.append(part)
    )
    assert (report.frames, report.width, report.height) == (24, 64, 64)
    assert report.bytes == out.stat().st_size
    info = probe_video(out)
    assert (info.frames, info.fps, info.has_sound) == (24, Fraction(12), True)
    assert told[-1] == -1 and max(told) == 1.0


def test_span(rendering: Rendering, sound: Path, tmp_path: Path) -> None:
    report = export(
        rendering, tmp_path / "out.mp4", ExportSettings(), sound=sound, start=0.5, end=1.26
    )
    assert report.frames == 10  # [6/12 s, 16/12 s)
    with pytest.raises(ExportError, match=r"has 2\.00 s"):
        export(rendering, tmp_path / "no.mp4", ExportSettings(), sound=sound, start=2.0)


def test_pictures_and_sound_come_and_go(rendering: Rendering, sound: Path, tmp_path: Path) -> None:
    plain = ExportSettings("png")
    faded = replace(plain, fade_in=0.5, fade_out=1.0)
    frames, sounds = [], []
    # The frames that are kept have all their light, so that both exports share them.
    for name, settings, reused in (("faded", faded, 0), ("plain", plain, 24)):
        out = tmp_path / name
        report = export(rendering, out, settings, sound=sound, work=tmp_path / "work")
        assert report.reused == reused
        files = sorted(out.glob("frame_*.png"))
        frames.append(np.stack([np.asarray(Image.open(file), np.float64) for file in files]))
        sounds.append(read_sound(out / "sound.wav").samples)
    light = frames[0].mean((1, 2, 3)) / frames[1].mean((1, 2, 3))
    numbers = np.arange(24)
    wanted = np.minimum(np.minimum(numbers / 6, (23 - numbers) / 12), 1)
    np.testing.assert_allclose(light, wanted, atol=0.01)
    assert sounds[0].shape == sounds[1].shape == (2, 96_000)
    seconds = np.arange(96_000) / 48_000
    shares = np.minimum(np.minimum(seconds / 0.5, 2 - seconds), 1)
    np.testing.assert_allclose(sounds[0], sounds[1] * shares, atol=2e-4)


def test_other_files_are_not_overwritten_with_pictures(
    rendering: Rendering, tmp_path: Path
) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    settings = ExportSettings("png")
    with pytest.raises(ExportError, match="holds other things"):
        check_target(tmp_path, settings, overwrite=True)
    assert (tmp_path / "thesis.docx").read_text() == "mine"


def test_is_not_overwritten_unasked(rendering: Rendering, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"old")
    with pytest.raises(ExportError, match="there already"):
        export(rendering, out, ExportSettings(), sound=None)
    assert out.read_bytes() == b"old"
    export(rendering, out, ExportSettings(), sound=None, overwrite=True)
    assert probe_video(out).frames == 24


def test_cancel_and_failing_progress(rendering: Rendering, sound: Path, tmp_path: Path) -> None:
    cancel = CancelToken()

    def stop(part: float, _: str) -> None:
        if part > 0.5:
            cancel.cancel()

    def fail(part: float, _: str) -> None:
        if part > 0.5:
            raise RuntimeError("no")

    out = tmp_path / "o" / "out.mp4"
    out.parent.mkdir()
    with pytest.raises(Cancelled):
        export(rendering, out, ExportSettings(), sound=sound, progress=stop, cancel=cancel)
    with pytest.raises(RuntimeError, match="no"):
        export(rendering, out, ExportSettings(), sound=sound, progress=fail)
    assert list(out.parent.iterdir()) == []


def test_pause(rendering: Rendering, tmp_path: Path) -> None:
    asked: list[int] = []

    def pause() -> bool:
        asked.append(1)
        return len(asked) in (2, 3)

    export(rendering, tmp_path / "out.mp4", ExportSettings(), sound=None, pause=pause)
    assert len(asked) == 5  # three batches, two waits


def decoded(path: Path) -> np.ndarray:
    with av.open(str(path)) as file:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)])


def test_an_interrupted_export_goes_on_from_its_frames(
    rendering: Rendering, sound: Path, tmp_path: Path
) -> None:
    cancel = CancelToken()

    def stop(part: float, _: str) -> None:
        if part >= 0.5:
            cancel.cancel()

    out, work = tmp_path / "out.mp4", tmp_path / "work"
    with pytest.raises(Cancelled):
        export(
            rendering, out, ExportSettings(), sound=sound, work=work, progress=stop, cancel=cancel
        )
    assert not out.exists()
    report = export(rendering, out, ExportSettings(), sound=sound, work=work)
    assert report.reused == 13 and report.frames == 24
    again = export(rendering, tmp_path / "again.mp4", ExportSettings(), sound=sound, work=work)
    assert again.reused == 24
    assert np.array_equal(decoded(out), decoded(again.path))
    # An edit changes the frames of its span alone; the others are made no more.
    edit = Edit("e", "rain", (Part(PartKind.TEXT, "rain"),), strength=0.02, span=Span(1.0, 1.5))
    edited = rendering.with_project(replace(rendering.project, edits=(edit,)))
    some = export(edited, tmp_path / "edited.webm", ExportSettings("webm"), sound=None, work=work)
    assert some.reused == 18


def test_latents(rendering: Rendering, tmp_path: Path) -> None:
    out = tmp_path / "path.safetensors"
    told = export(rendering, out, ExportSettings("latents"), sound=None, start=0.5)
    with safe_open(out, "numpy") as file:
        assert np.array_equal(file.get_tensor("w"), rendering.latents(6, 18))
        assert file.get_tensor("seconds") == pytest.approx(np.arange(6, 24) / 12)
        facts = file.metadata()
    assert (facts["pack"], facts["fps"], facts["title"]) == ("tiny 1.0", "12", "Rain")
    assert told.bytes == out.stat().st_size
    back = read_latents(out, (rendering.engine.num_ws, rendering.engine.w_dim), "tiny")
    assert (back.fps, len(back.w)) == (Fraction(12), 18)


def test_metadata(rendering: Rendering, tmp_path: Path) -> None:
    edit = Edit("e", "stürm", (Part(PartKind.TEXT, "a storm"),), strength=0.25, span=Span(1.0))
    edited = rendering.with_project(replace(rendering.project, edits=(edit,)))
    assert "reactivity" not in provenance(edited.project, edited.engine)
    edited = edited.with_project(set_reactivity(edited.project, 0.75))
    export(edited, tmp_path / "a.mp4", ExportSettings(), sound=None)
    export(edited, tmp_path / "b.mp4", ExportSettings(metadata=False), sound=None)
    with av.open(str(tmp_path / "a.mp4")) as file:
        tags = dict(file.metadata)
    assert tags["title"] == "Rain"
    made = json.loads(tags["comment"])
    assert (made["pack"], made["seed"]) == ("tiny 1.0", 5)
    assert made["reactivity"]["strength"] == 0.75
    (said,) = made["edits"]
    assert (said["name"], said["parts"], said["strength"]) == ("stürm", ["a storm x 1"], 0.25)
    assert said["span"]["start"] == 1.0
    assert b"trainedAlgorithmicMedia" in (tmp_path / "a.mp4").read_bytes()
    with av.open(str(tmp_path / "b.mp4")) as file:
        assert not {"title", "comment"} & set(file.metadata)
    assert b"trainedAlgorithmicMedia" not in (tmp_path / "b.mp4").read_bytes()


def test_what_a_format_cannot_hold_is_told(
    rendering: Rendering, sound: Path, tmp_path: Path
) -> None:
    report = export(rendering, tmp_path / "a.gif", ExportSettings("gif"), sound=sound)
    assert report.notes == ("GIF holds no sound.",)
    report = export(rendering, tmp_path / "frames", ExportSettings("png"), sound=sound)
    assert report.notes == () and (tmp_path / "frames" / "sound.wav").is_file()
    fast = Rendering(rendering.engine, rendering.project, {"m1": sound}, fps=Fraction(60))
    with pytest.raises(ExportError, match="GIF cannot show 60"):
        export(fast, tmp_path / "b.gif", ExportSettings("gif"), sound=sound)
