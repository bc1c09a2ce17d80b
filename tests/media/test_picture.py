"""Photos and frames of videos as squares."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from soundedit.errors import Cancelled, MediaError
from soundedit.media.picture import read_square, square_of, video_squares
from soundedit.media.video import VideoWriter
from soundedit.progress import CancelToken


def halves(width: int = 60, height: int = 40) -> np.ndarray:
    """Left half red, right half blue."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, : width // 2, 0] = 255
    picture[:, width // 2 :, 2] = 255
    return picture


@pytest.mark.parametrize(
    ("crop", "square"),
    [
        (None, (10, 0, 40)),
        ((0.5, 0.0, 0.5), (30, 0, 30)),
        ((0.9, 0.9, 0.5), (30, 10, 30)),
        ((0.0, 0.0, 5.0), (0, 0, 40)),
        ((-1.0, -1.0, 0.25), (0, 0, 15)),
    ],
)
def test_squares(
    crop: tuple[float, float, float] | None, square: tuple[float, float, float]
) -> None:
    assert square_of(60, 40, crop) == square


def test_crops(tmp_path: Path) -> None:
    Image.fromarray(halves()).save(tmp_path / "a.png")
    right = read_square(tmp_path / "a.png", 16, (0.5, 0.0, 0.5))
    assert np.abs(right.reshape(-1, 3).mean(0) - [0, 0, 255]).max() < 2
    middle = read_square(tmp_path / "a.png", 16)
    assert np.abs(middle[:, :6].mean((0, 1)) - [255, 0, 0]).max() < 2


def test_modes_and_turns(tmp_path: Path) -> None:
    grey = Image.new("LA", (30, 20), (90, 255))
    grey.save(tmp_path / "g.png")
    assert (read_square(tmp_path / "g.png", 8) == 90).all()
    turned = Image.fromarray(halves(400, 400))
    exif = turned.getexif()
    exif[0x0112] = 3
    turned.save(tmp_path / "t.jpg", exif=exif, quality=95)
    assert read_square(tmp_path / "t.jpg", 16)[8, 2, 2] > 200


def test_pictures_of_more_than_8_bits_keep_their_light(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65_535, 64 * 64).reshape(64, 64)
    Image.fromarray(ramp.astype(np.uint16)).save(tmp_path / "ramp.png")
    Image.fromarray(ramp.astype(np.uint16)).save(tmp_path / "ramp.tif")
    Image.fromarray((ramp / 65_535).astype(np.float32)).save(tmp_path / "share.tif")
    Image.fromarray(ramp.astype(np.int32) // 257).save(tmp_path / "bytes.tif")
    wanted = np.rint(ramp / 257)
    for name in ("ramp.png", "ramp.tif", "share.tif", "bytes.tif"):
        found = read_square(tmp_path / name, 64).astype(int)
        assert np.abs(found - wanted[:, :, None]).max() <= 2, name


def test_a_large_photo_is_read_without_a_warning(tmp_path: Path) -> None:
    Image.new("L", (12_000, 8_000), 7).save(tmp_path / "large.png", compress_level=1)
    assert (read_square(tmp_path / "large.png", 8) == 7).all()


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="There is no file"):
        read_square(tmp_path / "none.png", 8)
    Image.fromarray(halves()).save(tmp_path / "cut.png")
    data = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(MediaError, match="damaged or no picture"):
        read_square(tmp_path / "cut.png", 8)


def test_frames_of_a_video(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    with VideoWriter(path, width=60, height=40, fps=Fraction(10)) as writer:
        for _ in range(10):
            writer.write(halves())
    frames = list(video_squares(path, 16, Fraction(5)))
    assert len(frames) == 5
    assert frames[0].shape == (16, 16, 3)
    assert frames[2][8, 2, 0] > 180
    assert frames[2][8, 13, 2] > 180
    right = next(video_squares(path, 16, Fraction(5), (0.6, 0.0, 0.4)))
    assert right[8, 2, 2] > 180
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list(video_squares(path, 16, Fraction(5), cancel=token))
    with pytest.raises(MediaError, match="no moving picture"):
        (tmp_path / "n.mp4").write_bytes(b"nothing at all")
        list(video_squares(tmp_path / "n.mp4", 16, Fraction(5)))
