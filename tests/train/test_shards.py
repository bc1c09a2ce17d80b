"""Photos and sounds in tar shards: the same as those in folders."""

import io
import json
import logging
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.errors import TrainingError
from soundedit.media.sound import Sound, write_sound
from soundedit.train import photos, sounds
from soundedit.train.photos import PhotoSet, photo_files
from soundedit.train.shards import shard_files, unpacked
from soundedit.train.sounds import MelSettings, SoundSet, recordings


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where shards are unpacked."""
    folder = tmp_path / "cache"
    for module in (photos, sounds):
        monkeypatch.setattr(module, "unpacked", lambda s, x: unpacked(s, x, folder))
    return folder


def pack(file: Path, members: dict[str, bytes]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w") as shard:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            shard.addfile(info, io.BytesIO(data))


def picture(level: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (20, 16), (level, level, level)).save(stream, "PNG")
    return stream.getvalue()


def test_photos(tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "shards"
    pack(folder / "0.tar", {"a.png": picture(10), "a.cls": b"sea\n", "b.png": picture(20)})
    told = json.dumps({"class_hint": "forest"}).encode()
    pack(folder / "1.tar", {"../../c.png": picture(30), "../../c.json": told})
    pack(folder / "2.tar", {"night/d.png": picture(40), "night/e.png": b"no picture"})
    (folder / "3.tar").write_bytes(b"no shard")
    with caplog.at_level(logging.WARNING):
        made = PhotoSet(folder, 16, tmp_path / "arrays")
    assert made.hints == ["sea", "", "forest", "night"]
    assert made.squares[:, 8, 8, 0].tolist() == [10, 20, 30, 40]
    assert "3.tar" in caplog.text and "000001.png" in caplog.text
    # Nothing of an archive lands elsewhere, whatever its names say.
    assert not (tmp_path / "c.png").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["arrays", "cache", "shards"]
    assert [hint for _, hint in photo_files(folder / "[01].tar")] == ["sea", "", "forest"]
    assert [hint for _, hint in photo_files(folder / "1.tar")] == ["forest"]
    Image.new("RGB", (20, 16)).save(folder / "plain.png")
    assert len(photo_files(folder)) == 6
    with pytest.raises(TrainingError, match="There are no pictures"):
        photo_files(folder / "9*.tar")


def test_shards_are_unpacked_once_and_again_when_changed(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "a.tar"
    pack(file, {"x.png": picture(1)})
    ((first, _),) = unpacked(file, {".png"}, cache)
    before = first.stat().st_mtime_ns
    assert unpacked(file, {".png"}, cache) == [(first, {"class": ""})]
    assert first.stat().st_mtime_ns == before
    pack(file, {"x.png": picture(1), "y.png": picture(2), "y.txt": b"sea"})
    assert [facts["class"] for _, facts in unpacked(file, {".png"}, cache)] == ["", "sea"]
    assert shard_files(tmp_path) == [file]


def test_sounds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    wav = tmp_path / "s.wav"
    write_sound(wav, Sound(rng.normal(0, 0.1, (1, 8000)).astype(np.float32).clip(-1, 1), 16_000))
    data = wav.read_bytes()
    wav.unlink()
    members: dict[str, bytes] = {}
    for k in range(10):
        members |= {f"{k}.wav": data, f"{k}.cls": b"rain"}
    members["fire/x.wav"] = data
    told = {"class": "fire", "split": "valid", "recording": "campfire"}
    members |= {"y.wav": data, "y.json": json.dumps(told).encode()}
    pack(tmp_path / "a.tar", members)
    found = recordings(tmp_path / "a.tar")
    assert [(clip.label, clip.split) for clip in found] == [
        *[("rain", "train")] * 9,
        ("rain", "valid"),
        ("fire", "train"),
        ("fire", "valid"),
    ]
    assert found[-1].source == "campfire" and len({clip.source for clip in found}) == 12
    made = SoundSet(tmp_path / "a.tar", MelSettings(), tmp_path / "mels")
    assert [clip.label for clip in made.clips] == [clip.label for clip in found]
    assert len(made.mel(3)) == 50
    with pytest.raises(TrainingError, match="There are no sounds"):
        recordings(tmp_path / "b.tar")
