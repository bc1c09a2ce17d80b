"""`soundedit info`: what a sound sounds like, or what a project or a pack is."""

import argparse
import json
from pathlib import Path
from typing import Any

from soundedit.commands import options
from soundedit.commands.terminal import ProgressBar, clock, complain, print_json
from soundedit.document.projectfile import SUFFIX, open_project
from soundedit.packs import (
    MANIFEST_NAME,
    Manifest,
    find_packs,
    open_pack,
    write_manifest,
)


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "info",
        help="describe a sound, a project or a pack",
        description="Describe a sound, with what is heard when, a project, or a model pack.",
    )
    parser.add_argument(
        "target",
        metavar="SOUND|PROJECT|PACK",
        type=Path,
        help="a sound, a video, a .soundedit file, or a pack by folder or name",
    )
    options.add_engine(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the facts."""
    if args.target.suffix.lower() == SUFFIX:
        return _project(args)
    return _pack(args) if _is_pack(args.target) else _sound(args)


def _project(args: argparse.Namespace) -> int:
    with open_project(args.target) as opened:
        for sentence in (*opened.damage, *opened.missing):
            complain(sentence)
        project = opened.project
    take = "none" if project.take is None else f"{project.take.seconds:.2f} s"
    start = f"seed {project.start.seed}" if project.start.media is None else project.start.kind
    edits = [f"{edit.name}@{edit.strength:g}" for edit in project.edits]
    facts = {"pack": project.pack or "none", "start": str(start), "take": take, "fps": project.fps}
    if args.json:
        print_json({"path": str(args.target), **facts, "edits": edits})
    else:
        print(args.target, *(f"{name:9} {said}" for name, said in facts.items()), sep="\n")
        print(f"{'edits':9} {', '.join(edits) or 'none'}")
    return 0


def _is_pack(target: Path) -> bool:
    if target.is_dir() or target.name == MANIFEST_NAME:
        return True
    return not target.exists() and str(target) in {folder.name for folder in find_packs()}


def _pack(args: argparse.Namespace) -> int:
    pack = open_pack(args.target)
    if args.json:
        print_json({"path": str(pack.path), **json.loads(write_manifest(pack.manifest))})
    else:
        print(f"{pack.path}\n{_in_words(pack.manifest)}")
    return 0


def _in_words(manifest: Manifest) -> str:
    lines = [
        f"{manifest.title} ({manifest.name} {manifest.version})",
        f"picture   {manifest.resolution} x {manifest.resolution}",
        f"hears     {', '.join(manifest.classes)}",
        f"parts     {', '.join(manifest.components)}",
        f"licence   {manifest.licence}",
        *(f"{name}: {value}" for name, value in manifest.figures.items()),
        manifest.notice,
    ]
    return "\n".join(line for line in lines if line)


def _sound(args: argparse.Namespace) -> int:
    from soundedit.media.sound import probe_sound

    sound = probe_sound(args.target)
    with ProgressBar() as bar:
        bar(-1, "Starting")
        from soundedit.engine.engine import Engine

        engine = Engine.load(args.pack, args.device, bar)
        try:
            heard = engine.listen(args.target, progress=bar)
        finally:
            engine.close()
    if args.json:
        print_json(
            {
                "path": str(args.target),
                "seconds": sound.seconds,
                "sample_rate": sound.sample_rate,
                "channels": sound.channels,
                "codec": sound.codec,
                "has_video": sound.has_video,
                "heard": [
                    {
                        "start": float(span.start),
                        "end": float(span.end),
                        "label": span.label,
                        "score": float(span.score),
                    }
                    for span in heard
                ],
            }
        )
        return 0
    print(
        f"{args.target}: {sound.seconds:.2f} s, {sound.sample_rate} Hz, "
        f"{sound.channels} channel{'s' if sound.channels > 1 else ''}, {sound.codec}"
    )
    if not heard:
        print("nothing heard that the pack knows")
    for span in heard:
        when = f"{clock(span.start, tenths=True):>9} - {clock(span.end, tenths=True):>9}"
        print(f"{when}  {span.label}  {span.score:.2f}")
    return 0
