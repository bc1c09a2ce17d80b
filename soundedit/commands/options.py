"""Options that several commands share, and their types."""

import argparse
import math
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from soundedit.errors import ExportError
from soundedit.media.whole import is_there

LARGEST_SIDE = 4096


def add_sound(parser: argparse.ArgumentParser) -> None:
    """The sound, or the video with a sound track, that a command works on."""
    parser.add_argument("sound", metavar="SOUND", type=Path, help="a sound, or a video with sound")


def add_engine(parser: argparse.ArgumentParser) -> None:
    """`--pack` and `--device`."""
    parser.add_argument("--pack", metavar="P", help="folder or name of a model pack")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to compute"
    )


def add_seed(parser: argparse.ArgumentParser) -> None:
    """`--seed`."""
    parser.add_argument(
        "--seed", metavar="N", type=seed, default=0, help="another picture for each number"
    )


def seed(text: str) -> int:
    """A whole number from 0 to 2**32 - 1."""
    value = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 4294967295")
    return value


def frame_rate(text: str) -> Fraction:
    """Frames a second, 1 to 120: 24, 24000/1001, or 23.976, which means the same as that."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(0)
    broadcast = Fraction(round(value * 1001 / 1000) * 1000, 1001)
    if value.denominator != 1 and abs(broadcast - value) < Fraction(1, 1000):
        value = broadcast
    value = value.limit_denominator(1001)
    if not 1 <= value <= 120:
        raise argparse.ArgumentTypeError(f"{text!r} is not a frame rate from 1 to 120")
    return value


def count_of(least: int) -> Callable[[str], int]:
    """A whole number from `least` up."""

    def count(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() else -1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        return value

    return count


def side(text: str) -> int:
    """Width and height of the video in pixels: even, as H.264 with yuv420p needs."""
    value = int(text) if text.isascii() and text.isdigit() else 0
    if not 16 <= value <= LARGEST_SIDE or value % 2:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an even number from 16 to {LARGEST_SIDE}"
        )
    return value


def seconds(text: str) -> float:
    """A point in the sound, in seconds."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time in seconds")
    return value


def check_output(output: Path, suffix: str, sound: Path) -> None:
    """Raise ExportError before any work if `output` cannot become a file of this kind."""
    if output.suffix.lower() != suffix:
        raise ExportError(f"{output} must end in {suffix}, so give the output that name.")
    check_folder(output)
    if output.is_dir():
        raise ExportError(f"{output} is a folder, so give the name of a file.")
    if output.exists() and sound.exists() and output.samefile(sound):
        raise ExportError(f"{output} is the sound itself, so choose another name for the output.")


def check_folder(output: Path) -> None:
    """Raise ExportError before any work if `output` is in a folder that cannot be written to."""
    folder = output.absolute().parent
    if is_there(folder) and not folder.is_dir():
        raise ExportError(f"{folder} is a file and no folder, so choose another place.")
    if not is_there(folder):
        raise ExportError(f"There is no folder {folder}, so make it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ExportError(f"The folder {folder} may not be written to, so choose another one.")
