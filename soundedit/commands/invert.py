"""`soundedit invert`: the still picture of a sound."""

import argparse
from pathlib import Path
from typing import Any

from soundedit.commands import exporting, options
from soundedit.commands.terminal import ProgressBar
from soundedit.media.png import write_png


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "invert",
        help="make a picture from a sound",
        description="Make the picture (PNG) that a sound is inverted to.",
    )
    options.add_sound(parser)
    parser.add_argument("-o", "--output", metavar="OUT.png", type=Path, required=True)
    options.add_engine(parser)
    options.add_seed(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace what is there already")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Invert the sound and write the picture."""
    from soundedit.media.sound import probe_sound

    options.check_output(args.output, ".png", args.sound)
    exporting.may_overwrite(args.output, args.overwrite)
    probe_sound(args.sound)
    with ProgressBar() as bar:
        bar(-1, "Starting")
        from soundedit.engine.engine import Engine

        engine = Engine.load(args.pack, args.device, bar)
        try:
            bar(-1, "Listening")
            picture = engine.invert(args.sound, seed=args.seed).picture
        finally:
            engine.close()
    write_png(args.output, picture)
    height, width, _ = picture.shape
    print(f"{args.output}: {width} x {height}")
    return 0
