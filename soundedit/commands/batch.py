"""`soundedit batch`: many sounds and projects become videos, and a stopped batch goes on."""

import argparse
import contextlib
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soundedit.commands import exporting, options
from soundedit.commands.batchrecord import Record, fingerprint
from soundedit.commands.editspec import add_reactivity
from soundedit.commands.interrupt import cancel_on_interrupt
from soundedit.commands.terminal import ProgressBar, clock, complain, print_json
from soundedit.errors import Cancelled, ExportError, MediaError
from soundedit.media.presets import ExportSettings, default_name
from soundedit.packs import read_pack_manifest
from soundedit.progress import CancelToken

if TYPE_CHECKING:
    from soundedit.engine.workers import Advance, Outcome

SOME_FAILED = 1
INTERRUPTED = 130
WORK = ".soundedit-frames"
_SOURCES = {
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".aac", ".aif", ".aiff", ".wma"),
    *(".mp4", ".mov", ".mkv", ".webm", ".avi", ".soundedit"),
}


@dataclass
class Line:
    """One line of the summary; `state` is "made", "made before", "failed" or empty if stopped."""

    source: Path
    out: Path
    state: str = ""
    frames: int = 0
    seconds: float = 0.0
    took: float = 0.0
    bytes: int = 0
    why: str = ""


def add_to(commands: "argparse._SubParsersAction[Any]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "batch",
        help="make videos from many sounds or projects",
        description="Render every sound and project of a folder or a list. Run the same command "
        "again to go on with a batch that was stopped. Exit code 1 if some failed.",
    )
    parser.add_argument(
        "source",
        metavar="DIR|LIST",
        type=Path,
        help="a folder, or a text file with a path a line, relative to its own folder",
    )
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="made if need be")
    parser.add_argument(
        "--jobs", metavar="N", type=_count, default=1, help="so many at a time (default 1)"
    )
    parser.add_argument(
        "--recursive", action="store_true", help="the folders in DIR too, kept apart in the output"
    )
    options.add_engine(parser)
    parser.add_argument("--seed", metavar="N", type=options.seed, help="as in render")
    add_reactivity(parser)
    exporting.add_export(parser)
    parser.add_argument(
        "--overwrite", action="store_true", help="render all anew, replacing what is there"
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="run on a Ray cluster: host:port, ray://host:port, or auto for one on this machine",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Render what is not yet made; the summary on stdout."""
    settings = exporting.export_settings(args)
    sources = _sources(args)
    if args.ray is None:
        if args.pack is not None:
            read_pack_manifest(args.pack)
        if args.device not in ("auto", "cpu"):
            # Seconds of import that only a device that may be missing is worth.
            from soundedit.engine.device import choose_device

            choose_device(args.device)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(
            f"The folder {args.out} cannot be made ({error.strerror}), so choose another one."
        ) from error
    lines = [
        Line(source, out)
        for source, out in zip(sources, _outputs(sources, args, settings), strict=True)
    ]
    stopped = False
    with ProgressBar() as bar, cancel_on_interrupt() as cancel:
        bar(-1, "Starting")
        batch = _Batch(args, settings, lines)
        try:
            for what in batch.happenings(cancel):
                batch.note(what)
                bar(batch.fraction, f"{batch.ended} of {len(lines)} made")
        except Cancelled:
            stopped = True
    if args.json:
        print_json([{**asdict(x), "source": str(x.source), "out": str(x.out)} for x in lines])
    else:
        print(table(lines))
    if stopped:
        complain("stopped, run the same command again to go on")
        return INTERRUPTED
    return SOME_FAILED if any(line.state == "failed" for line in lines) else 0


class _Batch:
    """The jobs of a batch that are not done, and what becomes of them."""

    def __init__(
        self, args: argparse.Namespace, settings: ExportSettings, lines: Sequence[Line]
    ) -> None:
        from soundedit.engine.job import Job

        self._args = args
        self._record = Record(args.out)
        self._lines = {line.out: line for line in lines}
        self._marks: dict[Path, str] = {}
        self._parts: dict[Path, float] = {}
        self._jobs: list[Job] = []
        for line in lines:
            job = Job(
                line.source,
                line.out,
                settings,
                args.seed,
                pack=args.pack,
                reactivity=args.reactivity,
            )
            mark = self._marks[line.out] = fingerprint(job)
            made = self._record.report(line.out, mark)
            if made is not None and not args.overwrite:
                self._fill(line, made, "made before")
                continue
            # What this batch made from something else may go.
            over = args.overwrite or line.out in self._record
            work = None if args.ray else args.out / WORK / mark
            self._jobs.append(replace(job, device=args.device, overwrite=over, work=work))
            with contextlib.suppress(OSError):
                line.out.parent.mkdir(parents=True, exist_ok=True)

    @property
    def ended(self) -> int:
        """Files made or failed."""
        return sum(line.state != "" for line in self._lines.values())

    @property
    def fraction(self) -> float:
        """How far the batch is, 0 to 1."""
        return (self.ended + sum(self._parts.values())) / max(len(self._lines), 1)

    def happenings(self, cancel: CancelToken) -> "Iterator[Outcome | Advance]":
        """Render the jobs here or on a cluster."""
        if self._args.ray:
            from soundedit.engine.cluster import run_on_cluster

            yield from run_on_cluster(self._jobs, self._args.ray, cancel=cancel)
            return
        from soundedit.engine.workers import run_jobs

        try:
            yield from run_jobs(self._jobs, self._args.jobs, cancel)
        finally:
            # Not before: the next job may be about to make its own folder in it.
            with contextlib.suppress(OSError):
                (self._args.out / WORK).rmdir()

    def note(self, what: "Outcome | Advance") -> None:
        """Take down what happened."""
        from soundedit.engine.job import report_facts
        from soundedit.engine.workers import Advance

        line = self._lines[what.job.out]
        if isinstance(what, Advance):
            self._parts[line.out] = what.fraction
            return
        self._parts.pop(line.out, None)
        if what.report is None:
            line.state, line.why = "failed", what.error
            return
        facts = report_facts(what.report)
        self._record.add(line.out, self._marks[line.out], facts)
        self._fill(line, facts, "made")
        if what.job.work is not None:
            shutil.rmtree(what.job.work, ignore_errors=True)

    def _fill(self, line: Line, report: dict[str, Any], state: str) -> None:
        line.state = state
        for name in ("frames", "seconds", "took", "bytes"):
            setattr(line, name, report[name])
        line.why = " ".join(report["notes"])


def table(lines: Sequence[Line]) -> str:
    """The summary: a line a file, and one for all."""
    rows = [("file", "state", "length", "frames", "MB", "took", "")]
    for line in lines:
        made = line.state.startswith("made")
        rows.append(
            (
                line.out.name,
                line.state or "stopped",
                clock(line.seconds, tenths=True) if made else "",
                str(line.frames) if made else "",
                f"{line.bytes / 1e6:.1f}" if made else "",
                clock(line.took, tenths=True) if made else "",
                line.why,
            )
        )
    count = {state: sum(x.state == state for x in lines) for state in ("made", "made before")}
    failed = sum(line.state == "failed" for line in lines)
    widths = [max(len(row[i]) for row in rows) for i in range(6)]
    text = [
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=False))
        )
        + (f"  {row[6]}" if row[6] else "")
        for row in rows
    ]
    before = f", {count['made before']} made before" if count["made before"] else ""
    return "\n".join([*text, f"{count['made']} made{before}, {failed} failed"])


def _sources(args: argparse.Namespace) -> list[Path]:
    source: Path = args.source
    if source.is_dir():
        made = Record(args.out)
        try:
            found = sorted(
                file
                for file in (source.rglob("*") if args.recursive else source.iterdir())
                if file.suffix.lower() in _SOURCES
                and file.is_file()
                and not file.name.startswith(".")
                and not made.made(file)
            )
        except OSError as error:
            raise MediaError(
                f"The folder {source} cannot be read ({error.strerror}), so allow it or choose "
                "another one."
            ) from error
        if not found:
            raise MediaError(f"{source} holds no sound and no project, so choose another folder.")
        return found
    try:
        text = source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MediaError(
            f"{source} is neither a folder nor a list of paths, so check its name."
        ) from error
    named = [line.strip() for line in text.splitlines()]
    found = [source.parent / line for line in named if line and not line.startswith("#")]
    if not found:
        raise MediaError(f"The list {source} names no file, so write a path a line in it.")
    if len(set(found)) < len(found):
        raise MediaError(f"The list {source} names a file twice, so take one of them out.")
    return found


def _outputs(
    sources: Sequence[Path], args: argparse.Namespace, settings: ExportSettings
) -> list[Path]:
    """A path for each source, under its own name; where two would be one, with its ending too."""
    folders = [
        args.out / source.parent.relative_to(args.source) if args.source.is_dir() else args.out
        for source in sources
    ]
    plain = [
        folder / default_name(source.stem, settings)
        for folder, source in zip(folders, sources, strict=True)
    ]
    # Some file systems take names that differ in case for the same.
    folded = [str(out).casefold() for out in plain]
    outs, used = [], set[str]()
    for folder, source, out, low in zip(folders, sources, plain, folded, strict=True):
        if folded.count(low) > 1:
            out = folder / default_name(source.name.replace(".", "-"), settings)
        name, number = out, 2
        while str(name).casefold() in used:
            name = out.with_stem(f"{out.stem}-{number}")
            number += 1
        used.add(str(name).casefold())
        outs.append(name)
    return outs


def _count(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else 0
    if not 1 <= value <= 256:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to 256")
    return value
