"""Photo sets: hints, squares, unreadable files, batches."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.errors import TrainingError
from soundedit.media.picture import read_square
from soundedit.train.photos import PhotoSet, photo_files, picture_batches


def _save(file: Path, colour: tuple[int, int, int], size: tuple[int, int] = (40, 20)) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(file)


def test_folder_names_are_hints(tmp_path: Path) -> None:
    _save(tmp_path / "sea" / "a.png", (0, 0, 255))
    _save(tmp_path / "b.png", (255, 0, 0))
    hints = {file.name: hint for file, hint in photo_files(tmp_path)}
    assert hints == {"a.png": "sea", "b.png": ""}


def test_index_is_followed(tmp_path: Path) -> None:
    _save(tmp_path / "a.png", (1, 2, 3))
    _save(tmp_path / "not-listed.png", (1, 2, 3))
    (tmp_path / "index.csv").write_text("file,class_hint\na.png,forest\n", encoding="utf-8")
    assert photo_files(tmp_path) == [(tmp_path / "a.png", "forest")]


def test_no_pictures_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no pictures"):
        photo_files(tmp_path)


def test_square_is_upright_and_from_the_middle(tmp_path: Path) -> None:
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = 255
    picture = Image.fromarray(wide)
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    square = read_square(tmp_path / "turned.jpg", 16)
    assert square.shape == (16, 16, 3)
    assert square.mean() > 245


def test_unreadable_pictures_are_skipped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _save(tmp_path / "p" / "good.png", (10, 20, 30))
    (tmp_path / "p" / "bad.png").write_bytes(b"not a picture")
    photos = PhotoSet(tmp_path / "p", 8, tmp_path / "cache")
    assert len(photos) == 1
    assert "bad.png" in caplog.text
    assert photos.squares[0, 0, 0].tolist() == [10, 20, 30]
    again = PhotoSet(tmp_path / "p", 8, tmp_path / "cache")
    assert np.array_equal(again.squares, photos.squares)


def test_batches_follow_the_shares() -> None:
    dark = np.zeros((3, 4, 4, 3), np.uint8)
    bright = np.full((2, 4, 4, 3), 255, np.uint8)
    batch = next(picture_batches([dark, bright], [0.25, 0.75], 400, np.random.default_rng(0)))
    assert batch.shape == (400, 3, 4, 4)
    assert set(batch.unique().tolist()) == {-1.0, 1.0}
    assert 0.68 < float((batch[:, 0, 0, 0] > 0).float().mean()) < 0.82
