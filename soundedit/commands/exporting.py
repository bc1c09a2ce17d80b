"""Options that say what is exported and how, for the commands that do."""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundedit.commands import options
from soundedit.errors import ExportError
from soundedit.media.formats import FORMATS, Kind, Quality, format_of
from soundedit.media.presets import (
    GLIDE,
    LARGEST_SIDE,
    LONGEST_FADE,
    LONGEST_GLIDE,
    LOUDNESSES,
    PRESETS,
    R128_LOUDNESS,
    SMALLEST_SIDE,
    ExportSettings,
    Fit,
    load_presets,
    preset,
    presets_path,
)
from soundedit.media.whole import is_there

if TYPE_CHECKING:
    from soundedit.engine.export import ExportReport


def add_export(parser: argparse.ArgumentParser) -> None:
    """The options that `export_settings` reads."""
    group = parser.add_argument_group("what is made")
    group.add_argument(
        "--preset",
        metavar="NAME",
        help=f"{', '.join(PRESETS)} or one of your own; other options change it",
    )
    group.add_argument(
        "--format",
        choices=tuple(FORMATS),
        help="kind of file (default: by the name of the output, else mp4); gif and webp hold no "
        "sound and have 256 colours (webp-lossy has all, in a smaller file), png and jpeg make a "
        "folder of pictures and a WAV, latents the trajectory",
    )
    group.add_argument(
        "--fps",
        metavar="F",
        type=options.frame_rate,
        help="frames a second: 24, 23.976 or 24000/1001 (default: the project's, else 24)",
    )
    group.add_argument(
        "--size",
        metavar="S|WxH",
        type=size,
        help="side, or width x height, in pixels (default: the pack's)",
    )
    group.add_argument(
        "--fit",
        choices=[str(fit) for fit in Fit],
        help="how the square picture fills another shape (default crop)",
    )
    group.add_argument(
        "--quality", choices=[str(quality) for quality in Quality], help="default good"
    )
    group.add_argument("--no-sound", action="store_true", help="leave the sound out")
    group.add_argument(
        "--normalise",
        metavar="LUFS",
        nargs="?",
        type=loudness,
        const=R128_LOUDNESS,
        help=f"bring the sound to a loudness by EBU R128 (without a number {R128_LOUDNESS:g})",
    )
    group.add_argument(
        "--loop",
        metavar="S",
        nargs="?",
        type=glide,
        const=GLIDE,
        help="let the end of the pictures glide into their beginning for S seconds (without a "
        f"number {GLIDE:g}), so that they repeat without a seam; the sound stays as it is",
    )
    for name, what in (("in", "come out of black and silence"), ("out", "go into them")):
        group.add_argument(
            f"--fade-{name}",
            metavar="S",
            type=fade,
            help=f"let pictures and sound {what}, for S seconds (default 0)",
        )
    group.add_argument(
        "--no-metadata",
        action="store_true",
        help="leave out title, pack, seed, edits and the mark that the pictures are synthetic",
    )


def loudness(text: str) -> float:
    """A loudness in LUFS."""
    return _number(text, LOUDNESSES, "a loudness", " LUFS")


def glide(text: str) -> float:
    """How long the end of a loop takes to become its beginning, in seconds."""
    return _number(text, (0.0, LONGEST_GLIDE), "a time", " s")


def fade(text: str) -> float:
    """How long pictures and sound take to come or to go, in seconds."""
    return _number(text, (0.0, LONGEST_FADE), "a time", " s")


def _number(text: str, limits: tuple[float, float], what: str, unit: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not limits[0] <= value <= limits[1]:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not {what} from {limits[0]:g} to {limits[1]:g}{unit}"
        )
    return value


def size(text: str) -> tuple[int, int]:
    """Width and height in pixels: 512 or 1920x1080."""
    words = text.lower().split("x")
    sides = [int(word) if word.isascii() and word.isdigit() else 0 for word in words]
    if len(sides) > 2 or not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in sides):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size from {SMALLEST_SIDE} to {LARGEST_SIDE}, such as 512 or 1920x1080"
        )
    return sides[0], sides[-1]


def export_settings(
    args: argparse.Namespace, output: Path | None = None, others: Sequence[str] = ()
) -> ExportSettings:
    """The settings that the options and the name of the output ask for.

    `others` are endings of outputs that the command makes and that are no exports.
    Raises `ExportError` for a name, a preset or a size that cannot be.
    """
    settings = ExportSettings()
    if args.preset is not None:
        settings = preset(args.preset, _own_presets(args.preset))
    changes: dict[str, Any] = {}
    named = None if output is None else format_of(output.suffix)
    if args.format is not None:
        changes["format"] = args.format
    elif named is not None and settings.kind.suffix != named.suffix:
        changes["format"] = named.name
    if args.fps is not None:
        changes["fps"] = args.fps
    if args.size is not None:
        changes["width"], changes["height"] = args.size
    if args.fit is not None:
        changes["fit"] = Fit(args.fit)
    if args.quality is not None:
        changes["quality"] = Quality(args.quality)
    if args.no_sound:
        changes["sound"] = False
    if args.normalise is not None:
        changes |= {"normalise": True, "loudness": args.normalise}
    if args.loop is not None:
        changes["glide"] = args.loop
    for name in ("fade_in", "fade_out"):
        if getattr(args, name) is not None:
            changes[name] = getattr(args, name)
    if args.no_metadata:
        changes["metadata"] = False
    settings = replace(settings, **changes)
    if output is not None:
        _check_name(output, settings, () if args.format else others, chosen=bool(args.format))
    return settings


def _own_presets(wanted: str) -> dict[str, ExportSettings]:
    """The person's own; a damaged file does not keep one that ships from being used."""
    try:
        return load_presets(presets_path())
    except ExportError:
        if wanted in PRESETS:
            return {}
        raise


def summary(report: "ExportReport") -> str:
    """One line that says what was made."""
    rate = f"{float(report.fps):g}" if report.fps.denominator == 1 else f"{float(report.fps):.3f}"
    kept = f", {report.reused} frames made before" if report.reused else ""
    return (
        f"{report.path}: {report.frames} frames, {report.seconds:.2f} s, "
        f"{report.width} x {report.height} at {rate} frames/s, {report.bytes / 1e6:.1f} MB, "
        f"made in {report.took:.1f} s ({report.seconds / max(report.took, 1e-3):.1f} x real time)"
        f"{kept}"
    )


def may_overwrite(output: Path, asked: bool) -> bool:
    """Whether what is there already may be replaced: `asked` for, or agreed to on a terminal.

    Raises `ExportError` if there is something that may not.
    """
    if asked or not is_there(output) or (output.is_dir() and not any(output.iterdir())):
        return asked
    if sys.stdin.isatty() and sys.stderr.isatty():
        print(f"{output} is there already. Overwrite it? [y/N] ", end="", file=sys.stderr)
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return True
    raise ExportError(f"{output} is there already, so give --overwrite or another name.")


def _check_name(
    output: Path, settings: ExportSettings, others: Sequence[str], *, chosen: bool
) -> None:
    form = settings.kind
    if output.suffix.lower() != form.suffix and form.kind is not Kind.SEQUENCE:
        told = f"{output} must end in {form.suffix} for {form.title}, so give the output that name"
        if chosen and format_of(output.suffix) is not None:
            raise ExportError(f"{told}, or leave --format out.")
        endings = {other.suffix for other in FORMATS.values() if other.suffix} | set(others)
        listed = ", ".join(sorted(endings - {form.suffix}))
        raise ExportError(f"{told}, or one that ends in {listed}.")
    if form.kind is Kind.SEQUENCE and output.suffix.lower() in (".png", ".jpg", ".jpeg"):
        raise ExportError(
            f"{output} will be a folder of pictures, so give a name without {output.suffix}."
        )
    options.check_folder(output)
    if output.is_dir() and form.kind is not Kind.SEQUENCE:
        raise ExportError(f"{output} is a folder, so give the name of a file.")
