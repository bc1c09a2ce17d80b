"""Clips from videos with sound, in folders and in shards."""

import tarfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from soundedit.errors import TrainingError
from soundedit.media.probe import probe_video
from soundedit.media.sound import Sound, write_sound
from soundedit.media.video import VideoWriter
from soundedit.train.build import BuildSettings, build
from soundedit.train.clipset import clip_files, read_clip
from soundedit.train.preview import PreviewSettings, preview
from soundedit.train.videos import class_of, video_clips

SIZE, FPS = 64, 25


def make_video(file: Path, seconds: float, *, sound: bool = True) -> Path:
    """Grey that brightens with time, and noise in the second half only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    wave = file.with_suffix(".wav")
    samples = np.zeros(round(seconds * 32_000), np.float32)
    half = len(samples) // 2
    samples[half:] = 0.3 * np.random.default_rng(0).uniform(-1, 1, len(samples) - half)
    write_sound(wave, Sound(samples[None], 32_000))
    count = round(seconds * FPS)
    with VideoWriter(
        file, width=SIZE, height=SIZE, fps=Fraction(FPS), sound=wave if sound else None
    ) as video:
        for k in range(count):
            video.write(np.full((SIZE, SIZE, 3), 40 + 160 * k // count, np.uint8))
    wave.unlink()
    return file


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("videos")
    make_video(root / "fire_crackling" / "a.mp4", 2.5)
    make_video(root / "raining" / "short.mp4", 0.5)
    make_video(root / "raining" / "mute.mp4", 1.2, sound=False)
    (root / "raining" / "broken.mp4").write_bytes(b"not a video")
    inside = make_video(root / "b.mp4", 1.2)
    label = root / "b.cls"
    label.write_text("wind_noise", encoding="utf-8")
    with tarfile.open(root / "shard-000.tar", "w") as shard:
        shard.add(inside, "000001.mp4")
        shard.add(label, "000001.cls")
    inside.unlink()
    label.unlink()
    return root


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("fire_crackling", "fire"),
        ("splashing_water", "waves"),
        ("underwater_bubbling", "underwater"),
        ("waterfall_burbling", "waterfall"),
        ("wind noise", "wind"),
        ("thunder", "thunder"),
        ("cats", "other"),
    ],
)
def test_folder_names_are_understood(name: str, kind: str) -> None:
    assert class_of(name) == kind


def test_videos_become_clips(
    videos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = BuildSettings(
        videos=str(videos), out=str(tmp_path / "data"), resolution=32, seconds=1.0
    )
    folder = build(settings) / "clips"
    clips = [read_clip(file) for file in clip_files(folder)]
    assert sorted(clip.kind for clip in clips) == ["fire", "fire", "wind"]
    for clip in clips:
        assert clip.frames.shape == (FPS, 32, 32, 3)
        assert np.array_equal(clip.picture, clip.frames[0])
        light = clip.frames.mean((1, 2, 3))
        assert light[-1] > light[0] + 40
        assert len(clip.mel) == 100
    first, second = (c for c in clips if c.kind == "fire")
    assert second.picture.mean() > first.picture.mean() + 50
    assert second.mel[60:].mean() > first.mel[:40].mean() + 0.5
    for name in ("short.mp4", "mute.mp4", "broken.mp4"):
        assert f"skipped raining/{name}" in caplog.text
    before = {file: file.stat().st_mtime_ns for file in clip_files(folder)}
    build(settings)
    assert {file: file.stat().st_mtime_ns for file in clip_files(folder)} == before


def test_preview_of_videos(videos: Path, tmp_path: Path) -> None:
    out = preview(
        PreviewSettings(videos=str(videos), out=str(tmp_path), resolution=64, seconds=1.0)
    )
    info = probe_video(out / "clips.mp4")
    assert (info.width, info.frames, info.has_sound) == (64, 48, True)
    assert (out / "clips.png").stat().st_size > 1000


def test_no_videos_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no videos"):
        list(video_clips(tmp_path, 32, 25, 1.0))
