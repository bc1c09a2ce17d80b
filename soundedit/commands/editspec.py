"""Edits and starts as the command line says them: `storm@0.8[2-5]`, a seed, a photo, a video."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from soundedit.document import commands
from soundedit.document.ids import new_id
from soundedit.document.mediafiles import media_from_file
from soundedit.document.model import (
    Bands,
    Edit,
    Media,
    MediaKind,
    Part,
    PartKind,
    Project,
    Reactivity,
    Span,
    Start,
    StartKind,
    Take,
)
from soundedit.errors import MediaError, ProjectError
from soundedit.media.sound import probe_sound

PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_SPEC = re.compile(
    rf"(?P<what>.+?)(?:@(?P<strength>[-+]?(?:{_NUMBER})))?"
    rf"(?:\[(?P<start>{_NUMBER})?-(?P<end>{_NUMBER})?\])?",
    re.DOTALL,
)


_HALF = re.compile(rf"[\[\]]|@\s*(?:$|[-+]?(?:{_NUMBER}))")
"""What a strength or span that was mistyped leaves behind."""


@dataclass(frozen=True)
class EditSpec:
    """One edit: a phrase, a sound file or a style (a photo or a seed), how strong, from when on."""

    kind: PartKind
    what: str
    strength: float = 1.0
    start: float = 0.0
    end: float | None = None


@dataclass
class Gathered:
    """A project being made, and the file of each of its media."""

    project: Project
    files: dict[str, Path] = field(default_factory=dict)

    def media(self, path: Path, kind: MediaKind) -> Media:
        """An entry for a file; the same one for the same file. MediaError if it is not there."""
        if not path.is_file():
            raise MediaError(f"There is no file {path}, so check its name.")
        for id_, known in self.files.items():
            if known == path:
                return commands.find_media(self.project, id_)
        found = media_from_file(path, kind)
        self.files[found.id] = path
        self.project = commands.add_media(self.project, found)
        return found


class AddEdit(argparse.Action):
    """Collects `--text`, `--sound` and `--style` in one list, in the order they are given."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Read one; a mistake ends the program with a line that names it."""
        kinds = {"--text": PartKind.TEXT, "--sound": PartKind.SOUND, "--style": PartKind.PICTURE}
        assert option_string is not None
        try:
            spec = edit_spec(kinds[option_string], str(values))
        except ValueError as error:
            parser.error(f"argument {option_string}: {error}")
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), spec])


def edit_spec(kind: PartKind, text: str) -> EditSpec:
    """`WHAT@STRENGTH[START-END]`, all but WHAT optional; ValueError says what is wrong."""
    found = _SPEC.fullmatch(text.strip())
    if found is None or not found["what"].strip():
        raise ValueError(f"{text!r} does not say what; write for example storm@0.8[2-5]")
    what = found["what"].strip()
    # In the name of a file anything may stand; there has to be one of that name.
    if kind is PartKind.TEXT and _HALF.search(what):
        raise ValueError(
            f"the strength or span of {text!r} cannot be read; write for example storm@0.8[2-5]"
        )
    strength = float(found["strength"] or 1.0)
    if not commands.STRENGTHS[0] <= strength <= commands.STRENGTHS[1]:
        raise ValueError(f"the strength {strength:g} of {what!r} is not between -2 and 2")
    start, end = float(found["start"] or 0.0), found["end"]
    if end is not None and float(end) <= start:
        raise ValueError(f"the span of {what!r} ends before it starts")
    if kind is PartKind.PICTURE and what.isascii() and what.isdigit():
        kind = PartKind.SEED
    return EditSpec(kind, what, strength, start, None if end is None else float(end))


def bands(text: str) -> Bands:
    """`coarse=0.2,mid=1,fine=1`; a band that is not named keeps its weight of 1."""
    weights: dict[str, Any] = {}
    for item in text.split(","):
        name, equals, value = item.strip().partition("=")
        if name not in ("coarse", "mid", "fine") or not equals or name in weights:
            raise argparse.ArgumentTypeError(f"{text!r} is not like coarse=0.2,mid=1,fine=1")
        if not re.fullmatch(_NUMBER, value) or float(value) > commands.BANDS[1]:
            raise argparse.ArgumentTypeError(f"the weight of {name} is not a number from 0 to 2")
        weights[name] = float(value)
    return Bands(**weights)


def reactivity(text: str) -> Reactivity:
    """`0.6` or `0.6:coarse=0.2,fine=1`: a strength 0 to 2, and the weights of `bands`."""
    strength, colon, weights = text.strip().partition(":")
    if not re.fullmatch(_NUMBER, strength) or float(strength) > commands.REACTIVITIES[1]:
        raise argparse.ArgumentTypeError(f"{strength!r} is not a number from 0 to 2")
    return Reactivity(float(strength), bands(weights) if colon else Bands())


def add_reactivity(parser: argparse.ArgumentParser) -> None:
    """`--reactivity`."""
    parser.add_argument(
        "--reactivity",
        metavar="S[:coarse=C,mid=M,fine=F]",
        type=reactivity,
        help="how far the sound moves the pictures away from their start: 0 shows the start, 1 all "
        "the sound does, 2 more; weights 0 to 2 of the style layers (default: the project's, 0.5 "
        "of a photo or video, else 1)",
    )


def start_project(text: str, take: Path | None) -> Gathered:
    """A new project that starts from a seed, a photo or a video, moved by the sound `take`.

    Without `take` a video's own sound moves it. MediaError for a file that is missing.
    """
    made = Gathered(Project())
    whole = text.isascii() and text.isdigit()
    if whole and int(text) <= commands.SEEDS[1]:
        made.project = commands.set_seed(made.project, int(text))
    elif re.fullmatch(rf"[-+]?(?:{_NUMBER})", text) and (whole or not Path(text).exists()):
        raise ProjectError(
            f"The seed {text} cannot be; use a whole number from 0 to {commands.SEEDS[1]}."
        )
    else:
        path = Path(text)
        if not path.suffix and not path.exists():
            raise MediaError(
                f"{text} is neither a seed, a whole number, nor a file that is there, so check it."
            )
        photo = path.suffix.lower() in PHOTO_SUFFIXES
        media = made.media(path, MediaKind.PICTURE if photo else MediaKind.VIDEO)
        start = Start(StartKind.PHOTO if photo else StartKind.VIDEO, media=media.id)
        made.project = commands.set_start(made.project, start)
        if not photo and take is None and _has_sound(path):
            take = path
    if take is not None:
        set_take(made, take)
    return made


def set_take(made: Gathered, take: Path) -> None:
    """Let another sound move the pictures; MediaError if it cannot be read."""
    seconds = probe_sound(take).seconds
    media = made.media(take, MediaKind.SOUND)
    made.project = commands.set_take(made.project, Take(media.id, seconds))


def add_edits(
    made: Gathered, specs: Sequence[EditSpec], weights: Bands, fade: float, *, follow: bool
) -> list[str]:
    """Put the edits on the stack; returns their ids."""
    ids = []
    for spec in specs:
        value = spec.what
        if spec.kind is PartKind.SOUND:
            value = made.media(Path(spec.what), MediaKind.SOUND).id
            probe_sound(Path(spec.what))
        elif spec.kind is PartKind.PICTURE:
            value = made.media(Path(spec.what), MediaKind.PICTURE).id
        edit = Edit(
            new_id(),
            Path(spec.what).stem if spec.kind in (PartKind.SOUND, PartKind.PICTURE) else spec.what,
            (Part(spec.kind, value),),
            strength=spec.strength,
            bands=weights,
            span=Span(spec.start, spec.end, fade_in=fade, fade_out=fade),
            follow=follow and spec.kind is PartKind.SOUND,
        )
        if not made.project.moves:
            # A still has no time that a span could be a part of.
            edit = replace(edit, span=Span())
        made.project = commands.add_edit(made.project, edit)
        ids.append(edit.id)
    return ids


def without_effect(
    project: Project, specs: Sequence[EditSpec], weights: Bands, fade: float, *, follow: bool
) -> list[str]:
    """A sentence for each thing asked for that changes nothing."""
    found = []
    sounds = any(spec.kind is PartKind.SOUND for spec in specs)
    if follow and not sounds:
        found.append("No edit is made of a sound, so --follow does nothing.")
    if not specs and weights != Bands():
        found.append("There is no new edit, so --bands does nothing.")
    if not specs and fade:
        found.append("There is no new edit, so --fade does nothing.")
    if not project.moves and (fade or any(spec.start or spec.end is not None for spec in specs)):
        found.append("Without --take the picture stands still, so spans and fades do nothing.")
    if project.take is not None:
        seconds = project.take.seconds
        for spec in specs:
            name = Path(spec.what).name
            if spec.start >= seconds:
                found.append(
                    f'"{name}" does nothing, as its span begins at {spec.start:g} s and the take '
                    f"ends at {seconds:.2f} s."
                )
            elif spec.end is not None and spec.end > seconds + 0.05:
                found.append(
                    f'The span of "{name}" ends at {spec.end:g} s, but the take at {seconds:.2f} s.'
                )
    return found


def _has_sound(video: Path) -> bool:
    try:
        probe_sound(video)
    except MediaError:
        return False
    return True
