"""`soundedit render`: a sound or a project becomes a video with its sound."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundedit.commands import exporting, options
from soundedit.commands.editspec import add_reactivity
from soundedit.commands.interrupt import cancel_on_interrupt
from soundedit.commands.terminal import ProgressBar, complain, print_json
from soundedit.document.projectfile import SUFFIX
from soundedit.errors import ExportError
from soundedit.media.decode import check_sound_file
from soundedit.packs import read_pack_manifest

if TYPE_CHECKING:
    from soundedit.engine.export import ExportReport


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "render",
        help="make a video from a sound or a project",
        description="Make a video that moves with a sound, and holds it, from the sound or from a "
        "project: MP4, WebM, MOV, GIF, WebP, pictures, or the trajectory itself.",
    )
    parser.add_argument(
        "source", metavar="SOUND|PROJECT", type=Path, help="a sound, a video, or a .soundedit file"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        required=True,
        help="its ending says what is made",
    )
    options.add_engine(parser)
    parser.add_argument(
        "--seed",
        metavar="N",
        type=options.seed,
        help="another picture for each number (default: the project's, else 0)",
    )
    add_reactivity(parser)
    parser.add_argument("--start", metavar="S", type=options.seconds, help="begin here, in seconds")
    parser.add_argument(
        "--end", metavar="S", type=options.seconds, help="end here, in seconds (default: the end)"
    )
    exporting.add_export(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace what is there already")
    parser.add_argument(
        "--work",
        metavar="DIR",
        type=Path,
        help="keep finished frames here, to go on after a stop and to export them again",
    )
    parser.add_argument("--json", action="store_true", help="print what was made as JSON")
    parser.add_argument(
        "--verbose", action="store_true", help="when it fails, print what ffmpeg said"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Render one job; only a few seconds of it are in memory."""
    settings = exporting.export_settings(args, args.output)
    overwrite = exporting.may_overwrite(args.output, args.overwrite)
    if args.end is not None and args.end <= (args.start or 0.0):
        raise ExportError("The range must end after it begins, so choose another --end.")
    if args.source.suffix.lower() != SUFFIX:
        check_sound_file(args.source)
    if args.pack is not None:
        read_pack_manifest(args.pack)
    with ProgressBar() as bar, cancel_on_interrupt() as cancel:
        bar(-1, "Starting")
        # Seconds of import that a wrong argument should not cost.
        from soundedit.engine.job import Engines, Job, run_job

        job = Job(
            args.source,
            args.output,
            settings,
            seed=args.seed,
            start=args.start,
            end=args.end,
            pack=args.pack,
            device=args.device,
            overwrite=overwrite,
            work=args.work,
            reactivity=args.reactivity,
        )
        try:
            with Engines() as engines:
                report = run_job(job, engines, progress=bar, cancel=cancel)
        except ExportError as error:
            if args.verbose and error.details:
                print(error.details, file=sys.stderr)
            raise
    for note in report.notes:
        complain(note)
    if args.json:
        print_json(_facts(report, args))
    else:
        print(exporting.summary(report))
    return 0


def _facts(report: "ExportReport", args: argparse.Namespace) -> dict[str, Any]:
    from soundedit.engine.job import report_facts

    facts = report_facts(report)
    return {"output": facts.pop("path"), **facts, "start": args.start, "end": args.end}
