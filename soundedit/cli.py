"""The command line: without a command it opens the app, with one it does that and ends.

Exit codes: 0, 2 with one line on stderr for what the person can mend, 130 on Ctrl-C.
"""

import argparse
import importlib
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from soundedit import __version__
from soundedit.arguments import ArgumentParser
from soundedit.commands import batch, edit, info, invert, packs, render
from soundedit.commands.terminal import complain
from soundedit.cxxruntime import claim_runtime, runtime_explained
from soundedit.errors import Cancelled, SoundeditError

USER_ERROR = 2
INTERRUPTED = 130

_COMMANDS = {
    "render": render,
    "edit": edit,
    "batch": batch,
    "invert": invert,
    "info": info,
    "packs": packs,
}

# Commands with a command line of their own: its module, and the words put before the arguments.
_ELSEWHERE = {
    "train": ("soundedit.train.cli", [], "train the parts of a pack"),
    "data": ("soundedit.train.cli", ["data"], "prepare the data that training needs"),
    "evaluate": ("soundedit.evaluate.cli", [], "measure a pack's quality"),
    "bench": ("soundedit.evaluate.cli", ["bench"], "measure speed on this machine"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (`sys.argv` by default) and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    old = _terminate_like_interrupt()
    for stream in (sys.stdout, sys.stderr):
        # A name of a file may hold what the terminal's encoding cannot say.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        with runtime_explained():
            code = _run(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt as error:
        complain(str(error) or "stopped, nothing was written")
        return INTERRUPTED
    except Cancelled:
        complain("stopped, nothing was written")
        return INTERRUPTED
    except SoundeditError as error:
        complain(str(error))
        return USER_ERROR
    except BrokenPipeError:
        # The reader of the output has gone; nothing is left to say, not even by Python at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    finally:
        if old is not None:
            signal.signal(signal.SIGTERM, old)


def _run(words: list[str]) -> int:
    if not words or words[0] == "--live" or _is_file(words[0]):
        return _open_app(words)
    if words[0] in _ELSEWHERE:
        module, before, _ = _ELSEWHERE[words[0]]
        run: Callable[[list[str]], int] = importlib.import_module(module).main
        return run([*before, *words[1:]])
    parser = _parser()
    if words[0].startswith("-") and words[0] not in ("-h", "--help", "--version"):
        parser.error(f"there is no option {words[0]} before a command")
    args = parser.parse_args(words)
    command: Callable[[argparse.Namespace], int] = args.run
    return command(args)


def _is_file(word: str) -> bool:
    """True for what is meant as a sound to open, there or not, rather than as a command."""
    if word.startswith("-") or word in _COMMANDS or word in _ELSEWHERE:
        return False
    return Path(word).suffix != "" or Path(word).exists()


def _open_app(words: list[str]) -> int:
    for word in words:
        if Path(word).is_dir():
            raise SoundeditError(
                f"{word} is a folder, so open a sound or a project in it, or render all that is in "
                "it with 'soundedit batch'."
            )
        if not word.startswith("-") and not Path(word).is_file():
            raise SoundeditError(f"There is no file {word}, so check its name.")
    claim_runtime()
    try:
        app = importlib.import_module("soundedit.app.main")
    except ImportError as error:
        if not (error.name or "").startswith("PySide6") and ".so" not in str(error):
            raise
        raise SoundeditError(
            f"The window cannot open ({error}), so run packaging/start.py, which says what to "
            f"install."
        ) from error
    run: Callable[[list[str]], int] = app.run
    return run(words)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="soundedit",
        description="Turn sound into moving landscapes. Without a command, the app opens.",
        epilog="soundedit FILE opens the app with a sound; soundedit --live goes live with the "
        "microphone, soundedit --live FILE with a sound in its place.",
    )
    parser.add_argument("--version", action="version", version=f"soundedit {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=ArgumentParser
    )
    for module in _COMMANDS.values():
        module.add_to(commands)
    for name, (_, _, text) in _ELSEWHERE.items():
        commands.add_parser(name, help=text, add_help=False)
    return parser


def _terminate_like_interrupt() -> "signal._HANDLER | None":
    """Make SIGTERM clean up as Ctrl-C does; the handler before, or None off the main thread."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        return signal.signal(signal.SIGTERM, stop)
    except ValueError:
        return None
