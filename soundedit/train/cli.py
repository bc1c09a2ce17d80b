"""`soundedit train ...` and `soundedit data ...`: one subcommand for each part of a pack."""

import argparse
import dataclasses
import importlib
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from soundedit.arguments import ArgumentParser
from soundedit.errors import TrainingError
from soundedit.train.config import load_settings


class Command(NamedTuple):
    """Where a command's settings and work are found, loaded only when it is run."""

    module: str
    settings: str
    run: str
    text: str


COMMANDS = {
    "generator": Command(
        "generator", "GeneratorSettings", "train_generator", "photos -> generator, photo encoder"
    ),
    "mapping": Command(
        "mapping", "FinishSettings", "train_mapping", "fit seeds to a trained generator's photos"
    ),
    "polish": Command(
        "polish", "PolishSettings", "train_polish", "a better generator for the same latents"
    ),
    "grow": Command("grow", "GrowSettings", "train_grow", "a generator of twice the size"),
    "embedding": Command(
        "embedding", "EmbeddingSettings", "train_embedding", "sound, image and text towers"
    ),
    "words": Command("words", "WordsSettings", "train_words", "more words for the text tower"),
    "inversion": Command(
        "motion", "MotionSettings", "train_inversion", "sound -> latents, from rendered clips"
    ),
    "frames": Command("motion", "MotionSettings", "train_frames", "the recurrent frame generator"),
    "directions": Command(
        "directions", "DirectionsSettings", "train_directions", "words and sounds -> edits"
    ),
    "encoder": Command("picture_encoder", "EncoderSettings", "train_encoder", "photos as starts"),
    "pack": Command("pack", "PackSettings", "build_pack", "put a pack together"),
    "unpack": Command("unpack", "UnpackSettings", "unpack", "a pack's parts, to train on from"),
}
DATA_COMMANDS = {
    "build": Command("build", "BuildSettings", "build", "render stills and clips"),
    "preview": Command(
        "preview", "PreviewSettings", "preview", "a contact sheet and a video of clips"
    ),
}


def load(command: Command) -> tuple[type, Callable[[Any], object]]:
    """The settings class and the function of a command."""
    try:
        module = importlib.import_module(f"soundedit.train.{command.module}")
    except ModuleNotFoundError as error:
        if (error.name or "soundedit").startswith("soundedit"):
            raise
        raise TrainingError(
            f"Training needs the package {error.name!r}: pip install 'soundedit[train]'."
        ) from error
    return getattr(module, command.settings), getattr(module, command.run)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a training or data command; SoundeditError for what the person can mend."""
    words = list(argv or ["--help"])
    data = words[:1] == ["data"]
    commands = DATA_COMMANDS if data else COMMANDS
    parser = ArgumentParser(
        prog="soundedit data" if data else "soundedit train",
        description="Prepare the data that training needs."
        if data
        else "Train the parts of a pack, each from what the ones before it made.",
    )
    subparsers = parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    rest = words[1:] if data else words
    for name, command in commands.items():
        sub = subparsers.add_parser(name, help=command.text, description=command.text)
        sub.add_argument(
            "--config", metavar="FILE", type=Path, help="settings in TOML; see --defaults"
        )
        sub.add_argument(
            "--defaults", action="store_true", help="print such a file with all settings"
        )
        if name == next(iter(rest), None):
            _add_options(sub, load(command)[0], explanations(command))
    args = vars(parser.parse_args(rest))
    name, file = args.pop("command"), args.pop("config")
    if args.pop("defaults"):
        print(defaults_file(commands[name]).read_text(encoding="utf-8"), end="")
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    settings, run = load(commands[name])
    print(run(load_settings(settings, file, args)))
    return 0


def defaults_file(command: Command) -> Path:
    """The TOML file that documents a command's defaults."""
    name = command.module.rpartition(".")[2]
    return Path(__file__).parent / "settings" / f"{name}.toml"


def explanations(command: Command) -> dict[str, str]:
    """What each setting of a command means, by its name."""
    text = defaults_file(command).read_text(encoding="utf-8")
    found = re.finditer(r"^((?:#.*\n)+)(\w+) *=", text, re.MULTILINE)
    return {
        match[2]: " ".join(line.lstrip("# ") for line in match[1].splitlines()) for match in found
    }


def _add_options(
    parser: argparse.ArgumentParser, settings: type, meanings: Mapping[str, str]
) -> None:
    for field in dataclasses.fields(settings):
        option = "--" + field.name.replace("_", "-")
        meaning = meanings.get(field.name, "").replace("%", "%%") or None
        if isinstance(field.default, bool):
            parser.add_argument(
                option, action=argparse.BooleanOptionalAction, default=None, help=meaning
            )
        elif isinstance(field.default, int | float | str):
            kind = type(field.default)
            name = "TEXT" if kind is str else "N"
            parser.add_argument(option, metavar=name, type=kind, default=None, help=meaning)
