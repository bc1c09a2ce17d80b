"""`soundedit bench` and `soundedit evaluate`."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from soundedit.errors import SoundeditError
from soundedit.progress import Progress


class _Parser(argparse.ArgumentParser):
    """Raises what is wrong as one sentence."""

    def error(self, message: str) -> NoReturn:
        raise SoundeditError(f"{message} (see {self.prog} --help)")


def main(argv: Sequence[str] | None = None) -> int:
    """Run `bench ...`, or else `evaluate`; SoundeditError for what the person can mend."""
    words = list(sys.argv[1:] if argv is None else argv)
    return _bench(words[1:]) if words[:1] == ["bench"] else _evaluate(words)


def _bench(words: list[str]) -> int:
    parser = _Parser(
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
    parser = _Parser(
        prog="soundedit evaluate",
        description="Measure a pack on recordings kept out of training: is it right about what it "
        "hears, and do its pictures move in time?",
    )
    parser.add_argument("sounds", metavar="FOLDER", type=Path, help="recordings in class folders")
    _add_engine(parser)
    args = parser.parse_args(words)
    if not args.sounds.is_dir():
        raise SoundeditError(f"There is no folder {args.sounds}, so check its name.")
    from soundedit.engine.engine import Engine
    from soundedit.evaluate.quality import measure

    engine = Engine.load(args.pack, args.device, _say())
    try:
        found = measure(engine, args.sounds, progress=_say())
    finally:
        engine.close()
    if args.json:
        # JSON has no NaN; what could not be measured is null.
        _print_json({k: v if v == v else None for k, v in found.figures().items()})
    else:
        print("| what | measured |\n|---|---|")
        for name, value in found.figures().items():
            print(f"| {name.replace('_', ' ')} | {value:g} |")
    return 0


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
