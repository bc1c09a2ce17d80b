"""The text of a project: JSON with a schema number, older schemas brought up to date.

A field that is new and may be ignored leaves the number as it is: older versions carry it along in
`extra`. What an older version would get wrong raises the number, and a function in `UPGRADES` then
turns the schema before it into the new one, so that a project of any age can be opened.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace
from typing import Any, TypeVar

from soundedit.document import beats, commands, keyframes, looks
from soundedit.document.fields import Damage, from_json, mended, to_json
from soundedit.document.ids import new_id
from soundedit.document.model import Edit, Marker, Project
from soundedit.errors import ProjectError

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]

UPGRADES: Sequence[Upgrade] = ()
"""The function at index n makes an object of schema n + 2 of one of schema n + 1."""

SINCE = ("0.1",)
"""The soundedit that each schema, 1 first, came with: every file says which one it needs."""

_NEEDS = "needs_soundedit"
_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){1,3}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def project_text(project: Project, upgrades: Sequence[Upgrade] = UPGRADES) -> bytes:
    """A project as UTF-8 JSON text, indented, ending in a newline."""
    return object_text(project_object(project, upgrades))


def project_object(project: Project, upgrades: Sequence[Upgrade] = UPGRADES) -> dict[str, Any]:
    """A project as the object of that text."""
    schema = len(upgrades) + 1
    return {"schema": schema, _NEEDS: SINCE[min(schema, len(SINCE)) - 1], **to_json(project)}


def object_text(fields: dict[str, Any]) -> bytes:
    """A JSON object as UTF-8 text, indented, ending in a newline."""
    try:
        return (json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    except UnicodeEncodeError:  # file names that are no text
        return (json.dumps(fields, indent=1, allow_nan=False) + "\n").encode()


def project_from_text(
    text: bytes, upgrades: Sequence[Upgrade] = UPGRADES, damage: Damage = None
) -> Project:
    """The project that UTF-8 JSON text describes, upgraded from its schema.

    Numbers outside their range are moved to its end. Raises `ProjectError` if it is no such text,
    or comes from a newer schema, or has a value that it may not have. With `damage` such a value
    takes its default, or what cannot do without it is left out, and a sentence there says so, as
    one does for each number that was moved.
    """
    return project_from_object(object_from_text(text, damage), upgrades, damage)


def object_from_text(text: bytes, damage: Damage = None) -> dict[str, Any]:
    """The object that UTF-8 JSON text describes; raises `ProjectError` if there is none.

    With `damage`, numbers that are not finite become null.
    """

    def number(digits: str) -> float | None:
        value = float(digits)
        if math.isfinite(value):
            return value
        if damage is None:
            raise ValueError(f"{digits} is not finite")
        mended(damage, f"it holds {digits[:20]}, no number that can be used", "it was left out")
        return None

    try:
        fields = json.loads(text.decode(), parse_constant=number, parse_float=number)
    except (ValueError, RecursionError) as error:
        raise ProjectError(
            "The project is damaged, as its text cannot be read; open an older copy."
        ) from error
    if not isinstance(fields, dict):
        raise ProjectError("The project is damaged, as its text is no object; open an older copy.")
    return fields


def project_from_object(
    fields: dict[str, Any], upgrades: Sequence[Upgrade] = UPGRADES, damage: Damage = None
) -> Project:
    """As `project_from_text`, of the object in that text, which stays as it is."""
    fields = dict(fields)
    schema = fields.pop("schema", None)
    needs = fields.pop(_NEEDS, None)
    newest = len(upgrades) + 1
    if type(schema) is not int or schema < 1:
        raise ProjectError(
            "The project is damaged, as it has no schema number; open an older copy."
        )
    if schema > newest:
        plain = isinstance(needs, str) and _VERSION.fullmatch(needs)
        raise ProjectError(
            f"The project was made by a newer soundedit (schema {schema}, this one reads up to "
            f"{newest}); update soundedit{f' to {needs} or newer' if plain else ''} to open it."
        )
    try:
        for upgrade in upgrades[schema - 1 :]:
            fields = upgrade(fields)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ProjectError(
            f"The project is damaged, as its schema {schema} cannot be brought up to date; "
            "open an older copy."
        ) from error
    return _in_range(from_json(Project, fields, damage=damage), damage)


_Named = TypeVar("_Named", Edit, Marker)


def _in_range(project: Project, damage: Damage) -> Project:
    """The project with its values inside their ranges, by way of the commands that set them."""
    project = _with_own_ids(project, damage)
    try:
        commands.check_crop(project.start)
    except ProjectError:
        if damage is None:
            raise
        crop = ", ".join(f"{value:g}" for value in project.start.crop or ())
        mended(
            damage, f"start.crop ({crop}) lies outside its picture", "the middle is taken instead"
        )
        project = replace(project, start=replace(project.start, crop=None))
    given = project
    seed = min(max(project.start.seed, commands.SEEDS[0]), commands.SEEDS[1])
    project = replace(project, start=replace(project.start, seed=seed))
    _tell_moved(given.start, project.start, damage, "start.{}")
    project = commands.set_reactivity(project, project.reactivity.strength)
    project = commands.set_reactivity_bands(project, project.reactivity.bands)
    _tell_moved(given.reactivity, project.reactivity, damage, "reactivity.{}")
    if project.take is not None:
        seconds = commands.checked_time(project.take.seconds)
        project = replace(project, take=replace(project.take, seconds=seconds))
        _tell_moved(given.take, project.take, damage, "take.{}")
    for edit in project.edits:
        if not edit.parts and damage is not None:
            mended(damage, f'the edit "{edit.name}" has no parts', "it was left out")
            project = commands.remove_edit(project, edit.id)
            continue
        refined = edit.refined
        project = commands.set_strength(project, edit.id, edit.strength)
        project = commands.set_bands(project, edit.id, edit.bands)
        project = commands.set_span(project, edit.id, edit.span)
        project = commands.set_parts(project, edit.id, edit.parts)
        project = keyframes.set_keyframes(project, edit.id, edit.keyframes)
        restored = replace(commands.find_edit(project, edit.id), refined=refined)
        project = commands.replace_edit(project, restored)
        # A curve is also put in order: its keyframes are compared before that.
        curve = tuple(keyframes.within(keyframe) for keyframe in edit.keyframes)
        of_edit = f'{{}} of the edit "{edit.name}"'
        _tell_moved(edit, replace(restored, keyframes=curve), damage, of_edit)
    for marker in project.markers:
        project = commands.move_marker(project, marker.id, marker.seconds)
        moved = replace(marker, seconds=commands.checked_time(marker.seconds))
        _tell_moved(marker, moved, damage, f'{{}} of the marker "{marker.name}"')
    for name in ("start", "end"):
        at = getattr(project.range, name)
        if at is not None:
            _tell_moved(at, commands.checked_time(at), damage, f"range.{name}")
    project = commands.set_range(project, project.range.start, project.range.end)
    if project.beats is not None:
        inside = beats.within(project.beats)
        _tell_moved(project.beats, inside, damage, "beats.{}")
        project = beats.set_beats(project, inside)
    inside_looks = tuple(looks.within(look) for look in project.looks)
    _tell_moved(project.looks, inside_looks, damage, "looks{}")
    project = replace(project, looks=())
    for look in inside_looks:
        project = looks.set_look(project, look)
    try:
        return commands.set_fps(project, project.fps)
    except ProjectError:
        if damage is None:
            raise
        rate = Project().fps
        mended(damage, f"{project.fps[:20]!r} is no frame rate", f"{rate} is taken instead")
        return commands.set_fps(project, rate)


def _tell_moved(before: Any, after: Any, damage: Damage, said: str, where: str = "") -> None:
    """Tell of each number that was moved into its range, between two values of one shape.

    `said` says what it is a number of, with {} for its place `where` in it.
    """
    if is_dataclass(before):
        for one in fields_of(before):
            inner = f"{where}.{one.name}" if where else one.name
            _tell_moved(getattr(before, one.name), getattr(after, one.name), damage, said, inner)
    elif isinstance(before, tuple):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            _tell_moved(old, new, damage, said, f"{where}[{index}]")
    elif before != after:
        shown = f"{before:g}" if isinstance(before, float) else str(before)[:20]
        fault = f"{said.replace('{}', where)} ({shown}) lies outside its range"
        mended(damage, fault, f"{after:g} is taken instead")


def _with_own_ids(project: Project, damage: Damage) -> Project:
    """The project with an id for each of its parts that is plain and no other's."""
    wrong = []
    for group in (project.edits, project.markers, project.media):
        seen: set[str] = set()
        for item in group:
            if item.id in seen or not _ID.fullmatch(item.id):
                wrong.append(item)
            seen.add(item.id)
    if not wrong:
        return project
    # An id of media is the name of a folder: one that leads elsewhere was made to do harm.
    if damage is None or not all(_ID.fullmatch(one.id) for one in project.media):
        raise ProjectError(
            "The project is damaged, as ids of its parts are doubled or not plain; "
            "open an older copy."
        )

    def renamed(items: tuple[_Named, ...]) -> tuple[_Named, ...]:
        return tuple(
            replace(item, id=new_id()) if any(item is one for one in wrong) else item
            for item in items
        )

    for item in wrong:
        mend = "it got a new one" if isinstance(item, Edit | Marker) else "it was left out"
        mended(damage, f'the id of "{item.name}" is doubled or not plain', mend)
    media = tuple(one for one in project.media if not any(one is bad for bad in wrong))
    return replace(
        project, edits=renamed(project.edits), markers=renamed(project.markers), media=media
    )
