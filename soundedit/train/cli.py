"""`soundedit train ...`: one subcommand for each part of a pack."""

import argparse
import dataclasses
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from soundedit.train.config import load_settings


def _generator(settings: Any) -> object:
    from soundedit.train.generator import train_generator

    return train_generator(settings)


def _kinds() -> dict[str, tuple[type, Callable[[Any], object], str]]:
    from soundedit.train.generator import GeneratorSettings

    return {
        "generator": (
            GeneratorSettings,
            _generator,
            "photos -> generator and photo encoder",
        )
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run a training command; SoundeditError for what the person can mend."""
    parser = argparse.ArgumentParser(prog="soundedit train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    kinds = _kinds()
    for name, (kind, _, text) in kinds.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--config", type=Path, help="settings in TOML")
        for field in dataclasses.fields(kind):
            option = "--" + field.name.replace("_", "-")
            if isinstance(field.default, bool):
                command.add_argument(option, action=argparse.BooleanOptionalAction, default=None)
            elif isinstance(field.default, int | float | str):
                command.add_argument(option, type=type(field.default), default=None)
    args = vars(parser.parse_args(argv))
    name, file = args.pop("command"), args.pop("config")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    kind, train, _ = kinds[name]
    print(train(load_settings(kind, file, args)))
    return 0
