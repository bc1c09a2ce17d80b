"""Dataclasses of the document as JSON values and back, every field checked, unknown ones kept."""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from soundedit.document.ids import new_id
from soundedit.document.model import Unread
from soundedit.errors import ProjectError

T = TypeVar("T")

Damage = list[str] | None
"""Collects a sentence for each value that was mended; None where damage is refused instead."""

_NAMES = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def to_json(value: Any) -> Any:
    """A dataclass of the document, or a value in one, as what `json.dumps` takes.

    A dataclass becomes an object with all its fields, and those in `extra` beside them.
    """
    if is_dataclass(value):
        plain = {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
        extra = plain.pop("extra", {})
        return plain | {key: extra[key] for key in extra if key not in plain}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, StrEnum) else value


class FieldError(ProjectError):
    """A field holds what it may not; `said` is the fault alone."""

    def __init__(self, where: str, what: str) -> None:
        self.said = f"{where or 'it'} is not {what}"
        super().__init__(f"The project is damaged, as {self.said}; open an older copy.")


def mended(damage: Damage, fault: str, mend: str) -> None:
    """Tell of a fault in one sentence, with what is done about it."""
    if damage is not None:
        damage.append(f"The project is damaged, as {fault}; {mend}.")


def from_json(kind: type[T], value: Any, where: str = "", damage: Damage = None) -> T:
    """The dataclass `kind` that an object read from JSON describes.

    Fields that `kind` does not have go to its `extra`; absent ones take their default. `where`
    names the object in messages. Raises `FieldError` where a field has a value of another kind;
    with `damage` such a field takes its default and an item of a list without one is left out.
    """
    if not isinstance(value, dict):
        raise FieldError(where, "an object")
    known = _known(kind)  # type: ignore[arg-type]
    given = {}
    for name, (field, hint) in known.items():
        inner = f"{where}.{name}" if where else name
        optional = field.default is not MISSING or field.default_factory is not MISSING
        if name not in value and optional:
            continue
        try:
            if name not in value:
                raise FieldError(inner, "there")
            given[name] = _value(hint, value[name], inner, damage)
        except FieldError as error:
            if damage is None or not (optional or name in _STAND_INS):
                raise
            if not optional:
                given[name] = _STAND_INS[name]()
            mended(damage, error.said, f"{inner} was set to its default")
    extra = {key: value[key] for key in value if key not in known}
    return kind(**given, **({"extra": Unread(extra)} if extra else {}))


_STAND_INS: Mapping[str, Callable[[], str]] = {"id": new_id, "name": lambda: "unnamed"}
"""For fields that have no default, but no meaning either that could not be done without."""


@cache
def _known(kind: Any) -> dict[str, tuple[Field[Any], Any]]:
    hints = get_type_hints(kind)
    return {f.name: (f, hints[f.name]) for f in fields(kind) if f.name != "extra"}


def _value(hint: Any, value: Any, where: str, damage: Damage) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        inner = next(arm for arm in get_args(hint) if arm is not type(None))
        return None if value is None else _value(inner, value, where, damage)
    if get_origin(hint) is tuple:
        return _values(get_args(hint), value, where, damage)
    if is_dataclass(hint):
        return from_json(hint, value, where, damage)  # type: ignore[arg-type]
    if issubclass(hint, StrEnum):
        if value not in tuple(hint):
            raise FieldError(where, f"one of {', '.join(hint)}")
        return hint(value)
    if hint is float and type(value) is int:
        value = _float(value, where)
    if type(value) is not hint:
        raise FieldError(where, _NAMES[hint])
    return value


def _values(items: tuple[Any, ...], value: Any, where: str, damage: Damage) -> tuple[Any, ...]:
    endless = items[-1] is Ellipsis
    if not isinstance(value, list) or not (endless or len(value) == len(items)):
        raise FieldError(where, "a list" if endless else f"a list of {len(items)}")
    hints = [items[0]] * len(value) if endless else items
    found = []
    for index, (hint, item) in enumerate(zip(hints, value, strict=True)):
        inner = f"{where}[{index}]"
        try:
            found.append(_value(hint, item, inner, damage))
        except FieldError as error:
            if damage is None or not endless:
                raise
            mended(damage, error.said, f"{inner} was left out")
    return tuple(found)


def _float(value: int, where: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise FieldError(where, "a number that can be used") from error
