"""`soundedit packs import`: a pack with a network of another program."""

import argparse
import contextlib
import json
import re
from pathlib import Path
from typing import Any

from soundedit.commands import importnetwork, importsounds, importwords, options
from soundedit.commands.interrupt import cancel_on_interrupt
from soundedit.commands.terminal import ProgressBar
from soundedit.errors import PackError
from soundedit.packs import check_place, find_packs, shipped_dirs
from soundedit.packs.modelfiles import ModelKind, kind_of, name_of

_MAKERS = {
    ModelKind.GENERATOR: importnetwork.make,
    ModelKind.TOWERS: importwords.make,
    ModelKind.SOUND_ENCODER: importsounds.make,
}


def add_to(actions: "argparse._SubParsersAction[Any]") -> None:
    """Declare the action."""
    parser = actions.add_parser(
        "import",
        help="make a pack with a StyleGAN network, an OpenCLIP model or an audio encoder",
        description=(
            "Make a pack around a generator of StyleGAN2-ADA or StyleGAN3 (a network .pkl of "
            "NVIDIA's programs) or of rosinality's StyleGAN2 (.pt), driven by the sounds and words "
            "of an own pack; or give a pack the words of an OpenCLIP model (its folder or weights) "
            "or of OpenAI's CLIP (.pt), and where these are of ViT-B/32, the audio encoder of "
            "sound-guided image manipulation (.pth) for the sounds in edits. Nothing in the file "
            "is run, and nothing is trained: the generator's pictures are looked at for minutes."
        ),
    )
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="the file of the network, or a model's folder"
    )
    parser.add_argument("--name", help="short name of the pack (default: that of the file)")
    parser.add_argument("--title", help="title that the app shows (default: after the file)")
    parser.add_argument(
        "--out", metavar="FOLDER", type=Path, help="folder of the pack (default: with your packs)"
    )
    parser.add_argument(
        "--licence", metavar="TEXT", help="terms of the imported network, for the card"
    )
    parser.add_argument(
        "--samples",
        type=options.count_of(200),
        metavar="N",
        help="pictures to look at, 200 or more (default: 800, of slow networks 300)",
    )
    generators = parser.add_argument_group("of generators")
    generators.add_argument(
        "--label",
        type=options.count_of(0),
        metavar="N",
        help="class of a conditional network (default: 0)",
    )
    words = parser.add_argument_group("of OpenCLIP models")
    words.add_argument(
        "--model",
        metavar="NAME",
        help="its architecture, as ViT-B-32, where neither a config beside it nor its sizes tell",
    )
    words.add_argument(
        "--about",
        metavar="TEXT",
        help="what the pack's pictures show, as 'a face' (default: a landscape)",
    )
    options.add_engine(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace the pack of that name")
    parser.add_argument(
        "--json-lines", action="store_true", help="print progress and the result as lines of JSON"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the network, fit what it needs, write the pack."""
    kind = kind_of(args.file)
    if args.model is not None or args.about is not None:
        kind = ModelKind.TOWERS
    if kind is not ModelKind.GENERATOR and args.label is not None:
        raise PackError(f"{args.file} is not a generator with classes, so leave --label out.")
    name, folder = place_of(args)
    bar = contextlib.nullcontext(_tell) if args.json_lines else ProgressBar()
    with cancel_on_interrupt() as cancel, bar as progress:
        progress(0.0, "Reading the network")
        try:
            pack, told = _MAKERS[kind](args, name, folder, progress, cancel)
        except OSError as error:
            raise PackError(
                f"The pack could not be made ({error}), so look after the disk and the file."
            ) from error
    if args.json_lines:
        print(json.dumps({"pack": str(pack.path), "figures": pack.manifest.figures}), flush=True)
    else:
        print(f"{pack.path}: {told}")
    return 0


def place_of(args: argparse.Namespace) -> tuple[str, Path]:
    """Name and folder of the new pack: those asked for, or the first that are free."""
    taken = {pack.name for pack in find_packs()}
    wanted = args.name or slug(Path(name_of(args.file)).stem)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", wanted):
        raise PackError(f"{wanted!r} cannot be a pack's name; use letters, digits and hyphens.")
    packs = shipped_dirs()[-1]
    name, number = wanted, 1
    while not (args.name or args.out or args.overwrite) and (
        name in taken or (packs / name).exists()
    ):
        number += 1
        name = f"{wanted}-{number}"
    folder = (args.out or packs / name).absolute()
    if not args.overwrite and (folder.exists() or (name in taken and not args.out)):
        raise PackError(
            f"There is a pack {folder.name} already, so choose another name, or --overwrite it."
        )
    check_place(folder)
    return name, folder


def slug(text: str) -> str:
    """A pack's name made of a file's."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64] or "imported"


def _tell(fraction: float, text: str) -> None:
    print(json.dumps({"progress": round(fraction, 4), "text": text}), flush=True)
