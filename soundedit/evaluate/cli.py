"""`soundedit bench` and `soundedit evaluate`."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from soundedit.arguments import ArgumentParser
from soundedit.errors import SoundeditError
from soundedit.progress import Progress


def main(argv: Sequence[str] | None = None) -> int:
    """Run `bench ...`, or else `evaluate`; SoundeditError for what the person can mend."""
    words = list(sys.argv[1:] if argv is None else argv)
    return _bench(words[1:]) if words[:1] == ["bench"] else _evaluate(words)


def _bench(words: list[str]) -> int:
    parser = ArgumentParser(
        prog="soundedit bench", description="Measure how fast soundedit is on this machine."
    )
    parser.add_argument("sound", metavar="SOUND", nargs="?", type=Path, help="default: a sample")
    _add_engine(parser)
    parser.add_argument("--quick", action="store_true", help="rougher, and without an hour's sound")
    parser.add_argument(
        "--recordings",
        metavar="FOLDER",
        type=Path,
        help="sounds in class folders, that words are compared with (default: the samples)",
    )
    args = parser.parse_args(words)
    if args.recordings is not None and not args.recordings.is_dir():
        raise SoundeditError(f"There is no folder {args.recordings}, so check its name.")
    from soundedit.evaluate import bench
    from soundedit.evaluate.figures import table

    effort = bench.QUICK if args.quick else bench.THOROUGH
    machine, figures = bench.measure(
        args.pack, args.device, args.sound, effort, _say(), args.recordings
    )
    if args.json:
        _print_json({"machine": machine, "figures": [figure.facts() for figure in figures]})
        return 0
    print(
        f"{machine['device']}, {machine['system']}, torch {machine['torch']} with "
        f"{machine['threads']} threads in {machine['precision']}; pack {machine['pack']}, "
        f"{machine['resolution']} x {machine['resolution']}\n\n{table(figures)}"
    )
    return 0


def _evaluate(words: list[str]) -> int:
    parser = ArgumentParser(
        prog="soundedit evaluate",
        description="Measure a pack on recordings kept out of training: are its pictures like "
        "photos, is it right about what it hears, and do its videos show it, in time?",
    )
    parser.add_argument("sounds", metavar="FOLDER", type=Path, help="recordings in class folders")
    parser.add_argument(
        "--photos", metavar="FOLDER", type=Path, required=True, help="photos to compare with"
    )
    parser.add_argument(
        "--stills", metavar="FILE", type=Path, help="stills.npz of data build (default: rendered)"
    )
    _add_engine(parser)
    parser.add_argument("--quick", action="store_true", help="rougher, in about five minutes")
    for option, text in (
        ("samples", "pictures (default 5000, quick 250, which flatter)"),
        ("clips", "videos a class (default 4, quick 1)"),
        ("stills-each", "stills a class (default 60, quick 18)"),
        ("side", "pixels that Lite2 looks at (default 128)"),
    ):
        parser.add_argument(f"--{option}", metavar="N", type=_count, help=text)
    parser.add_argument("--cache", metavar="FOLDER", type=Path, help="where features are kept")
    parser.add_argument(
        "--write-card", action="store_true", help="put the tables into the pack's model card"
    )
    args = parser.parse_args(words)
    for folder in (args.sounds, args.photos):
        if not folder.is_dir():
            raise SoundeditError(f"There is no folder {folder}, so check its name.")
    from platformdirs import user_cache_path

    from soundedit.evaluate import judging, report
    from soundedit.packs.pack import default_pack

    chosen = {"samples": args.samples, "clips": args.clips, "side": args.side}
    chosen["stills"] = args.stills_each
    effort = dataclasses.replace(
        judging.QUICK if args.quick else judging.THOROUGH,
        **{name: value for name, value in chosen.items() if value is not None},
    )
    pack = default_pack() if args.pack is None else args.pack
    cache = args.cache or user_cache_path("soundedit") / "evaluate"
    found = judging.judge_pack(
        pack, args.device, args.sounds, args.photos, cache, effort, args.stills, _say()
    )
    if args.json:
        _print_json(
            {
                "effort": dataclasses.asdict(effort),
                "figures": [figure.facts() for figure in found.figures],
                "videos": [row.facts() for row in found.videos],
                "shortfalls": found.shortfalls(),
            }
        )
    else:
        print("\n".join(report.lines(found)))
    if args.write_card:
        report.write_into_card(pack, found)
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pack", metavar="P", help="folder or name of a model pack")
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to compute"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _print_json(data: Any) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False))


def _say() -> Progress | None:
    """Progress on one line of a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        return None

    def say(fraction: float, text: str) -> None:
        end = "" if fraction < 1 else "\r\x1b[2K"
        print(f"\r\x1b[2K{text}{end}", end="", file=sys.stderr, flush=True)

    return say
