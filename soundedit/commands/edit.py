"""`soundedit edit`: words, sounds and styles change pictures, without a screen."""

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundedit.commands import exporting, options
from soundedit.commands.editspec import (
    AddEdit,
    Gathered,
    add_edits,
    add_reactivity,
    bands,
    set_take,
    start_project,
    without_effect,
)
from soundedit.commands.interrupt import cancel_on_interrupt
from soundedit.commands.terminal import ProgressBar, complain, print_json
from soundedit.document import commands
from soundedit.document.mediafiles import media_from_file
from soundedit.document.model import Bands, MediaKind, PartKind, StartKind
from soundedit.document.projectfile import SUFFIX, open_project, save_project
from soundedit.errors import ExportError, MediaError
from soundedit.media.png import png_bytes, write_png
from soundedit.media.whole import is_there
from soundedit.progress import CancelToken, Progress

if TYPE_CHECKING:
    from soundedit.engine.engine import Engine
    from soundedit.engine.rendering import Rendering

_SPEC = "WHAT[@STRENGTH][[FROM-TO]]"


def add_to(parsers: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = parsers.add_parser(
        "edit",
        help="change pictures with words and sounds",
        description="Change a scene, a photo, a video or a project with words, sounds and styles: "
        'soundedit edit --start 7 --take wind.ogg --text "storm@0.8[2-5]" '
        "--sound rain.ogg@0.5[0-] -o out.mp4",
    )
    parser.add_argument(
        "--start",
        metavar="SEED|PHOTO|VIDEO|PROJECT",
        default="0",
        help="what the pictures start from: a number, or a file (default: seed 0)",
    )
    parser.add_argument(
        "--take",
        metavar="SOUND",
        type=Path,
        help="the sound that moves the pictures (default: the video's or the project's)",
    )
    add_reactivity(parser)
    for option, what in (
        ("--text", "a word or phrase"),
        ("--sound", "a sound file"),
        ("--style", "a photo or a seed whose style is mixed in"),
    ):
        parser.add_argument(
            option,
            metavar=_SPEC,
            dest="edits",
            action=AddEdit,
            help=f"{what}; strength -2 to 2, seconds of the take; may be repeated",
        )
    parser.add_argument(
        "--bands",
        metavar="coarse=C,mid=M,fine=F",
        type=bands,
        default=Bands(),
        help="weights 0 to 2 of the style layers that the edits change",
    )
    parser.add_argument(
        "--fade", metavar="S", type=options.seconds, default=0.0, help="fade edits in and out"
    )
    parser.add_argument(
        "--follow", action="store_true", help="edits made of sounds follow their loudness"
    )
    parser.add_argument(
        "--fine", action="store_true", help="refine words and sounds by optimisation (slow)"
    )
    parser.add_argument(
        "--refine-start",
        action="store_true",
        help="come nearer to the photo or video by optimisation",
    )
    parser.add_argument(
        "--at", metavar="S", type=options.seconds, help="the moment of a PNG (default: the middle)"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        type=Path,
        required=True,
        help="a picture (.png), a video (.mp4 and others) or a project (.soundedit)",
    )
    options.add_engine(parser)
    exporting.add_export(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace what is there already")
    parser.add_argument("--json", action="store_true", help="print what was done as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the project, hear it, and write what is asked for."""
    kind = args.output.suffix.lower()
    settings = None
    if kind in (".png", SUFFIX):
        options.check_output(args.output, kind, Path(args.start))
    else:
        settings = exporting.export_settings(args, args.output, (".png", SUFFIX))
    # A preset may have a rate of its own.
    fps = args.fps if settings is None else settings.fps
    overwrite = exporting.may_overwrite(args.output, args.overwrite)
    with (
        tempfile.TemporaryDirectory(prefix="soundedit-") as folder,
        _begun(args, fps) as made,
        ProgressBar() as bar,
        cancel_on_interrupt() as cancel,
    ):
        if args.reactivity is not None:
            made.project = replace(made.project, reactivity=args.reactivity)
            if made.project.take is None:
                complain("Without --take no sound moves the picture, so --reactivity does nothing.")
        wanted = args.edits or []
        ids = add_edits(made, wanted, args.bands, args.fade, follow=args.follow)
        _check_sources(args, made)
        if args.refine_start and made.project.start.media not in made.files:
            raise ExportError(
                "There is no photo or video to come nearer to, so leave --refine-start out."
            )
        if settings is not None and not made.project.moves:
            raise MediaError(
                "Nothing moves the picture, so give --take SOUND or an output that ends in .png."
            )
        for sentence in without_effect(
            made.project, wanted, args.bands, args.fade, follow=args.follow
        ):
            complain(sentence)
        bar(-1, "Starting")
        # Seconds of import that a wrong argument should not cost.
        from soundedit.engine.engine import Engine
        from soundedit.engine.rendering import Rendering

        pack = args.pack or made.project.pack or None
        engine = Engine.load(pack, args.device, bar)
        try:
            made.project = commands.set_pack(made.project, engine.manifest.name)
            closeness = refine(engine, made, args, ids, Path(folder), bar, cancel)
            rendering = Rendering(engine, made.project, made.files, progress=bar, cancel=cancel)
            facts: dict[str, Any] = {"output": str(args.output)}
            if settings is not None:
                from soundedit.engine.export import export
                from soundedit.engine.job import report_facts

                take, span = made.project.take, made.project.range
                report = export(
                    rendering,
                    args.output,
                    settings,
                    start=span.start or 0.0,
                    end=span.end,
                    sound=None if take is None else made.files.get(take.media),
                    progress=bar,
                    cancel=cancel,
                    overwrite=overwrite,
                )
                facts |= report_facts(report)
                done = exporting.summary(report)
            else:
                done = _write_still(engine, rendering, made, args, bar, cancel)
        finally:
            engine.close()
    for problem in rendering.problems:
        complain(problem)
    if args.json:
        facts["start_distance"] = closeness
        print_json(facts | _edit_facts(rendering, args.at))
    else:
        print(done)
        if closeness is not None:
            print("The start's distance went from {:.2f} to {:.2f}; 0 is equal.".format(*closeness))
    return 0


@contextlib.contextmanager
def _begun(args: argparse.Namespace, fps: Fraction | None) -> Iterator[Gathered]:
    """The project that the start names, or a new one; at `fps` frames a second if given."""
    if Path(args.start).suffix.lower() != SUFFIX:
        made = start_project(args.start, args.take)
        made.project = commands.set_fps(made.project, fps or "24")
        yield made
        return
    with open_project(Path(args.start)) as opened:
        for sentence in (*opened.damage, *opened.missing):
            complain(sentence)
        made = Gathered(opened.project, dict(opened.files))
        if args.take is not None:
            set_take(made, args.take)
        if fps is not None:
            made.project = commands.set_fps(made.project, fps)
        yield made


def _check_sources(args: argparse.Namespace, made: Gathered) -> None:
    """Raise ExportError if what is made would replace a file that it is made of."""
    if not is_there(args.output):
        return
    for file in (Path(args.start), *made.files.values()):
        if is_there(file) and args.output.samefile(file):
            raise ExportError(
                f"{args.output} is what the pictures are made of, so choose another name for the "
                "output."
            )


def refine(
    engine: "Engine",
    made: Gathered,
    args: argparse.Namespace,
    ids: list[str],
    folder: Path,
    progress: Progress,
    cancel: CancelToken,
) -> tuple[float, float] | None:
    """Refine the start and the new edits as asked; what is found becomes media of the project.

    Returns how far the start's picture was from the photo or video, and how far it is now.
    """
    from soundedit.engine.latents import SUFFIX as LATENTS
    from soundedit.engine.latents import Latents, write_latents
    from soundedit.engine.rendering import Rendering
    from soundedit.engine.start import refine_start

    def keep(w: Any, kind: MediaKind, fps: Fraction | None = None) -> str:
        file = folder / f"{kind}-{len(made.files)}{LATENTS}"
        name = f"{engine.manifest.name} {engine.manifest.version}"
        write_latents(file, Latents(w, name, fps, engine.manifest.latents))
        media = media_from_file(file, kind)
        made.files[media.id] = file
        made.project = commands.add_media(made.project, media)
        return media.id

    closeness = None
    start = made.project.start
    if args.refine_start:
        fps = Fraction(made.project.fps)
        fit = refine_start(engine, start, made.files, fps, progress=progress, cancel=cancel)
        moving = fps if start.kind is StartKind.VIDEO else None
        start = replace(start, latents=keep(fit.w, MediaKind.LATENTS, moving))
        made.project = commands.set_start(made.project, start)
        closeness = (fit.before, fit.distance)
    if not args.fine:
        return closeness
    still = Rendering(engine, replace(made.project, take=None, edits=()), made.files)
    scenes = still.plain(0, 1)
    for id_ in ids:
        edit = commands.find_edit(made.project, id_)
        if edit.parts[0].kind in (PartKind.TEXT, PartKind.SOUND):
            found = engine.refine_direction(
                edit.parts, made.files.__getitem__, scenes, progress=progress, cancel=cancel
            )
            direction = keep(found.dw, MediaKind.DIRECTION)
            media = commands.find_media(made.project, direction)
            made.project = commands.set_refined(made.project, id_, media)
    return closeness


def _write_still(
    engine: "Engine",
    rendering: "Rendering",
    made: Gathered,
    args: argparse.Namespace,
    progress: Progress,
    cancel: CancelToken,
) -> str:
    """One frame as PNG, or the project with that frame as its picture; says what was written."""
    size = None if args.size is None else args.size[0]
    picture = engine.picture(rendering.latents(_frame(rendering, args.at), 1)[0], size)
    if args.output.suffix.lower() == ".png":
        write_png(args.output, picture)
        height, width, _ = picture.shape
        return f"{args.output}: {width} x {height}"
    lacking = save_project(
        args.output,
        made.project,
        made.files,
        picture=png_bytes(picture),
        progress=progress,
        cancel=cancel,
    )
    for sentence in lacking:
        complain(sentence)
    return f"{args.output}: edits: {len(made.project.edits)}"


def _frame(rendering: "Rendering", at: float | None) -> int:
    if at is None:
        return rendering.frames // 2
    if at >= rendering.frames / rendering.fps:
        raise ExportError(f"--at {at:g} lies behind the end, at {rendering.seconds:.2f} s.")
    return int(at * rendering.fps)


def _edit_facts(rendering: "Rendering", at: float | None) -> dict[str, Any]:
    frame = _frame(rendering, at)
    return {
        "edits": [
            {"name": edit.name, "strength": edit.strength, "start": edit.span.start,
             "end": edit.span.end, "refined": edit.refined is not None}
            for edit in rendering.project.edits
        ],
        "frames": rendering.frames,
        "moved": {name: round(value, 4) for name, value in rendering.distance(frame).items()},
        "damped": round(rendering.damping(frame), 4),
        "problems": rendering.problems,
    }  # fmt: skip
