"""Clips from folders of photos and sounds made here, and from the real ones where they are."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.errors import TrainingError
from soundedit.media.probe import probe_video
from soundedit.media.sound import Sound, write_sound
from soundedit.train.preview import PreviewSettings, preview
from soundedit.train.weather.clips import (
    SAMPLE_RATE,
    ClipMaker,
    loudest_moment,
)

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("clips")
    rng = np.random.default_rng(0)
    for hint, tone in (("sea", (40, 90, 160)), ("forest", (40, 90, 40))):
        (root / "photos" / hint).mkdir(parents=True)
        for n in range(2):
            noise = rng.normal(0, 12, (80, 90, 3))
            picture = np.clip(np.array(tone) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(picture).save(root / "photos" / hint / f"{n}.png")
    (root / "photos" / "sea" / "broken.png").write_bytes(b"not a picture")
    (root / "sounds").mkdir()
    rows = []
    for kind, split in (("waves", "train"), ("thunder", "train"), ("rain", "valid")):
        file = f"{kind}.wav"
        samples = 0.01 * rng.standard_normal(3 * SAMPLE_RATE)
        samples[2 * SAMPLE_RATE : 2 * SAMPLE_RATE + 6000] *= 40
        sound = Sound(np.clip(samples, -1, 1).astype(np.float32)[None], SAMPLE_RATE)
        write_sound(root / "sounds" / file, sound)
        rows.append({"file": file, "class": kind, "split": split})
    (root / "sounds" / "broken.wav").write_bytes(b"not a sound")
    rows.append({"file": "broken.wav", "class": "waves", "split": "train"})
    with (root / "sounds" / "index.csv").open("w", newline="", encoding="utf-8") as index:
        writer = csv.DictWriter(index, ["file", "class", "split"])
        writer.writeheader()
        writer.writerows(rows)
    return root / "photos", root / "sounds"


def test_a_clip_holds_what_was_asked_for(folders: tuple[Path, Path]) -> None:
    maker = ClipMaker(*folders, size=64, fps=12, seconds=1.5, fitting=1.0)
    clip = maker.make(seed=4, kind="waves")
    assert clip.kind == "waves"
    assert clip.frames.shape == (18, 64, 64, 3)
    assert clip.samples.shape == (round(1.5 * SAMPLE_RATE),)
    assert len(clip.track) == 18
    assert clip.photo.parent.name == "sea"
    assert clip.sound.name == "waves.wav"
    assert 0 <= clip.start <= 1.5
    again = maker.make(seed=4, kind="waves")
    np.testing.assert_array_equal(again.frames, clip.frames)
    np.testing.assert_array_equal(again.samples, clip.samples)
    assert again.captions == clip.captions


def test_only_sounds_of_the_split_are_taken(folders: tuple[Path, Path]) -> None:
    maker = ClipMaker(*folders, size=64, fps=6, seconds=0.5)
    assert {maker.make(seed).kind for seed in range(12)} == {"waves", "thunder"}
    assert maker.make(0, split="valid").kind == "rain"
    with pytest.raises(TrainingError, match="no rain sound in the train split"):
        maker.make(0, kind="rain")


def test_a_clip_of_thunder_holds_the_clap(folders: tuple[Path, Path]) -> None:
    maker = ClipMaker(*folders, size=64, fps=12, seconds=1.0)
    for seed in range(4):
        clip = maker.make(seed, kind="thunder")
        clap = 2.0 - clip.start
        assert 0 <= clap < 1.0
        light = clip.frames.astype(float).mean(axis=(1, 2, 3))
        assert abs(int(light.argmax()) - int(clap * 12)) <= 1


def test_a_short_sound_is_followed_by_silence(folders: tuple[Path, Path]) -> None:
    clip = ClipMaker(*folders, size=64, fps=6, seconds=4.0).make(1, kind="waves")
    assert not clip.samples[3 * SAMPLE_RATE :].any()
    still = clip.frames[21:].astype(int)
    assert np.abs(np.diff(still, axis=0)).max() == 0


def test_the_loudest_moment() -> None:
    samples = np.zeros(SAMPLE_RATE, np.float32)
    samples[int(0.42 * SAMPLE_RATE) : int(0.48 * SAMPLE_RATE)] = 0.5
    assert loudest_moment(samples) == pytest.approx(0.4)
    assert loudest_moment(samples[:100]) == 0


def test_preview_writes_a_sheet_and_a_video_with_sound(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    photos, sounds = folders
    settings = PreviewSettings(
        str(photos), str(sounds), str(tmp_path / "look"), resolution=64, fps=12, seconds=1.0
    )
    out = preview(settings)
    video = probe_video(out / "clips.mp4")
    assert (video.width, video.height, video.frames) == (64, 64, 24)
    assert video.has_sound
    assert video.seconds == pytest.approx(2.0, abs=0.1)
    with Image.open(out / "clips.png") as sheet:
        assert sheet.size == (9 * 128, 2 * 150)
        assert np.asarray(sheet).std() > 20


def test_preview_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--photos FOLDER --sounds FOLDER"):
        preview(PreviewSettings(out=str(tmp_path)))


@pytest.mark.skipif(not SHARED.exists(), reason="the photographs and recordings are not here")
def test_real_sounds_move_real_photos() -> None:
    maker = ClipMaker(SHARED / "photos", SHARED / "sounds", size=64, fps=24, seconds=3.0)
    moved = []
    for kind in ("waves", "wind", "fire", "steps", "crickets"):
        clip = maker.make(2, kind, "train")
        change = np.abs(np.diff(clip.frames.astype(float), axis=0)).mean(axis=(1, 2, 3))
        moved.append(np.corrcoef(change, clip.track.envelope[1:])[0, 1])
    assert np.mean(moved) > 0.5
