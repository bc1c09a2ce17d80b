"""Dataclasses of the document as JSON values and back, every field checked, unknown ones kept."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from soundedit.document.model import Unread
from soundedit.errors import ProjectError

T = TypeVar("T")

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


def from_json(kind: type[T], value: Any, where: str = "") -> T:
    """The dataclass `kind` that an object read from JSON describes.

    Fields that `kind` does not have go to its `extra`; absent ones take their default. `where`
    names the object in messages. Raises `ProjectError` where a field has a value of another kind.
    """
    if not isinstance(value, dict):
        raise _wrong(where, "an object")
    known = _known(kind)  # type: ignore[arg-type]
    given = {}
    for name, (field, hint) in known.items():
        inner = f"{where}.{name}" if where else name
        if name in value:
            given[name] = _value(hint, value[name], inner)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise _wrong(inner, "there")
    extra = {key: value[key] for key in value if key not in known}
    return kind(**given, **({"extra": Unread(extra)} if extra else {}))


@cache
def _known(kind: Any) -> dict[str, tuple[Field[Any], Any]]:
    hints = get_type_hints(kind)
    return {f.name: (f, hints[f.name]) for f in fields(kind) if f.name != "extra"}


def _value(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        inner = next(arm for arm in get_args(hint) if arm is not type(None))
        return None if value is None else _value(inner, value, where)
    if get_origin(hint) is tuple:
        return _values(get_args(hint), value, where)
    if is_dataclass(hint):
        return from_json(hint, value, where)  # type: ignore[arg-type]
    if issubclass(hint, StrEnum):
        if value not in tuple(hint):
            raise _wrong(where, f"one of {', '.join(hint)}")
        return hint(value)
    if hint is float and type(value) is int:
        value = _float(value, where)
    if type(value) is not hint:
        raise _wrong(where, _NAMES[hint])
    return value


def _values(items: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    endless = items[-1] is Ellipsis
    if not isinstance(value, list) or not (endless or len(value) == len(items)):
        raise _wrong(where, "a list" if endless else f"a list of {len(items)}")
    hints = [items[0]] * len(value) if endless else items
    return tuple(
        _value(hint, item, f"{where}[{index}]")
        for index, (hint, item) in enumerate(zip(hints, value, strict=True))
    )


def _float(value: int, where: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise _wrong(where, "a number that can be used") from error


def _wrong(where: str, what: str) -> ProjectError:
    return ProjectError(
        f"The project is damaged, as {where or 'it'} is not {what}; open an older copy."
    )
