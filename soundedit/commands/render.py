"""`soundedit render`: a sound becomes a video with that sound."""

import argparse
from fractions import Fraction
from pathlib import Path
from typing import Any

from soundedit.commands import options
from soundedit.commands.interrupt import cancel_on_interrupt
from soundedit.commands.terminal import ProgressBar, print_json
from soundedit.errors import MediaError


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "render",
        help="make a video from a sound",
        description="Make an MP4 (H.264, AAC) that moves with a sound, and holds it.",
    )
    options.add_sound(parser)
    parser.add_argument("-o", "--output", metavar="OUT.mp4", type=Path, required=True)
    options.add_engine(parser)
    options.add_seed(parser)
    parser.add_argument(
        "--fps",
        metavar="F",
        type=options.frame_rate,
        default=Fraction(24),
        help="frames a second: 24, 23.976 or 24000/1001 (default 24)",
    )
    parser.add_argument(
        "--size", metavar="S", type=options.side, help="side of the video in pixels, even"
    )
    parser.add_argument(
        "--start", metavar="S", type=options.seconds, default=0.0, help="begin here, in seconds"
    )
    parser.add_argument(
        "--end", metavar="S", type=options.seconds, help="end here, in seconds (default: the end)"
    )
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Stream latents to frames to the file; only a few seconds of it are in memory."""
    from soundedit.media.sound import probe_sound

    options.check_output(args.output, ".mp4", args.sound)
    info = probe_sound(args.sound)
    end = info.seconds if args.end is None else min(args.end, info.seconds)
    if args.start >= end:
        raise MediaError(
            f"{args.sound} is {info.seconds:.2f} s long, so --start must lie before that and "
            f"before --end."
        )
    with ProgressBar() as bar:
        bar(-1, "Starting")
        made = _render(args, end, bar)
    if args.json:
        print_json(made)
    return 0


def _render(args: argparse.Namespace, end: float, bar: ProgressBar) -> dict[str, Any]:
    # Seconds of import that a wrong argument should not cost.
    from soundedit.engine.engine import Engine
    from soundedit.media.video import VideoWriter

    engine = Engine.load(args.pack, args.device, bar)
    try:
        size = args.size or engine.resolution
        span = {"fps": args.fps, "start": args.start, "end": end}
        total = engine.frame_count(args.sound, **span)
        frames = 0
        with (
            cancel_on_interrupt() as cancel,
            VideoWriter(
                args.output, width=size, height=size, sound=args.sound, cancel=cancel, **span
            ) as writer,
        ):
            blocks = engine.generate_blocks(args.sound, seed=args.seed, cancel=cancel, **span)
            for frame in engine.synthesise(blocks, size=size, cancel=cancel):
                writer.write(frame)
                frames += 1
                bar(frames / total, "Rendering")
            bar(-1, "Finishing")
        return {
            "output": str(args.output),
            "frames": frames,
            "width": size,
            "height": size,
            "fps": str(args.fps),
            "seconds": float(frames / args.fps),
            "start": args.start,
            "end": end,
            "seed": args.seed,
            "pack": engine.manifest.name,
            "device": engine.device,
        }
    finally:
        engine.close()
