"""Photos as squares: upright, cropped, resized; and the squares of a video's frames."""

import contextlib
import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from soundedit.errors import MediaError
from soundedit.media.decode import check_sound_file
from soundedit.media.ffmpeg import FFmpeg, file_argument, shown
from soundedit.progress import CancelToken

Crop = tuple[float, float, float]
"""Left, top and side of a square, in shares of the picture's width, height and width."""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                yield picture
    except FileNotFoundError as error:
        raise MediaError(f"There is no file {shown(path)}; check its name and folder.") from error
    except Image.DecompressionBombError as error:
        raise MediaError(f"{shown(path)} is too large; make it smaller.") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(
            f"{shown(path)} is damaged or no picture; open a JPEG, PNG or WebP file."
        ) from error


def picture_size(path: str | Path) -> tuple[int, int]:
    """Width and height of a picture file as it is stored; MediaError as `read_square`."""
    with _opened(Path(path)) as picture:
        size: tuple[int, int] = picture.size
    return size


def read_square(path: str | Path, size: int, crop: Crop | None = None) -> NDArray[np.uint8]:
    """A picture file upright (EXIF), cut and resized: uint8 [size, size, 3].

    `crop` None is the largest square in the middle; one that reaches out is moved and shrunk to
    fit. MediaError if the file is missing or no picture, or has more than about 180 million pixels.
    """
    with _opened(Path(path)) as picture:
        if crop is None:
            # A large JPEG is decoded at a fraction of its size.
            picture.draft("RGB", (2 * size, 2 * size))
        upright = _colours(ImageOps.exif_transpose(picture))
    left, top, side = square_of(upright.width, upright.height, crop)
    box = (left, top, left + side, top + side)
    square = upright.resize((size, size), Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    return np.asarray(square, dtype=np.uint8)


def _colours(picture: Image.Image) -> Image.Image:
    """A picture as 8-bit RGB; Pillow would cut off what is brighter than 255."""
    if picture.mode.startswith("I;16"):
        grey = np.asarray(picture).astype(np.float32) / 257
    elif picture.mode in ("I", "F"):
        grey = np.nan_to_num(np.asarray(picture, np.float32), posinf=0.0, neginf=0.0)
        # Such files tell no range: what they hold says whether it is 0 to 1, 8 or 16 bits.
        most = float(grey.max(initial=0.0))
        grey = grey * (255.0 if most <= 1 else 1.0 if most <= 255 else 255 / max(most, 65535.0))
    else:
        return picture.convert("RGB")
    return Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8)).convert("RGB")


def square_of(width: int, height: int, crop: Crop | None) -> tuple[float, float, float]:
    """Left, top and side in pixels of a crop of a picture, made to fit into it."""
    most = float(min(width, height))
    if crop is None:
        return (width - most) / 2, (height - most) / 2, most
    side = min(max(crop[2] * width, 1.0), most)
    left = min(max(crop[0] * width, 0.0), width - side)
    top = min(max(crop[1] * height, 0.0), height - side)
    return left, top, side


def video_squares(
    path: str | Path,
    size: int,
    fps: Fraction,
    crop: Crop | None = None,
    *,
    cancel: CancelToken | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """The frames of a video at `fps`, upright, cut and resized: uint8 [size, size, 3], streamed.

    `crop` as in `read_square`. MediaError if the file is missing or has no moving picture;
    `Cancelled` once `cancel` is set.
    """
    path = check_sound_file(path)
    if crop is None:
        cut = "crop='min(iw,ih)':'min(iw,ih)'"
    else:
        side = f"min(min({crop[2]:.6f}*iw,iw),ih)"
        cut = (
            f"crop='{side}':'{side}':'max(min({crop[0]:.6f}*iw,iw-ow),0)'"
            f":'max(min({crop[1]:.6f}*ih,ih-oh),0)'"
        )
    scale = f"scale={size}:{size}:flags=lanczos+accurate_rnd"
    arguments = [
        *("-loglevel", "error", "-protocol_whitelist", "file,pipe", "-i", file_argument(path)),
        *(
            "-map",
            "0:V:0",
            "-vf",
            f"fps={fps},{cut},{scale}",
        ),
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"),
    ]
    count = size * size * 3
    found = False
    with FFmpeg(arguments, read=True, cancel=cancel) as ffmpeg:
        while len(data := ffmpeg.stdout.read(count)) == count:
            if cancel is not None:
                cancel.check()
            found = True
            yield np.frombuffer(data, np.uint8).reshape(size, size, 3)
        ffmpeg.wait()
    if cancel is not None:
        cancel.check()
    if not found:
        raise MediaError(f"{shown(path)} has no moving picture; open an MP4, MOV or WebM file.")
