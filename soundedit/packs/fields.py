"""Typed reading of a JSON object, with errors that name the field."""

import math
from typing import Any

from soundedit.errors import PackError


class Fields:
    """One JSON object; every read says which field is missing or of the wrong type."""

    def __init__(self, data: Any, path: str, document: str) -> None:
        """`path` is the object's own place (`mel`, `components.audio`, empty at the top)."""
        self._document = document
        self._path = path
        if not isinstance(data, dict):
            raise PackError(f"{document}: {path or 'the top'} must be an object in braces.")
        self._data: dict[str, Any] = data
        self._read: set[str] = set()

    def names(self) -> list[str]:
        """The names of all fields, in the file's order."""
        return list(self._data)

    def rest(self) -> dict[str, Any]:
        """The fields that nothing has read so far."""
        return {name: value for name, value in self._data.items() if name not in self._read}

    def integer(self, name: str, *, at_least: int, at_most: int | None = None) -> int:
        """A whole number in [at_least, at_most]."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "a whole number", value)
        if value < at_least or (at_most is not None and value > at_most):
            limits = f"at least {at_least}" + ("" if at_most is None else f", at most {at_most}")
            raise self._wrong(name, limits, value)
        return value

    def number(self, name: str, *, at_least: float) -> float:
        """A finite number, at least `at_least`."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, "a number", value)
        if not math.isfinite(value) or value < at_least:
            raise self._wrong(name, f"at least {at_least:g}", value)
        return float(value)

    def string(self, name: str, *, not_empty: bool = False) -> str:
        """A text."""
        value = self._get(name)
        if not isinstance(value, str):
            raise self._wrong(name, "a text in quotes", value)
        if not_empty and not value:
            raise self._wrong(name, "a text that is not empty", value)
        return value

    def optional_string(self, name: str) -> str:
        """A text; empty where the field is missing."""
        return self.string(name) if name in self._data else ""

    def strings(self, name: str) -> list[str]:
        """A list of texts."""
        value = self._get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "a list of texts", value)
        return value

    def optional_strings(self, name: str) -> list[str]:
        """A list of texts; empty where the field is missing."""
        return self.strings(name) if name in self._data else []

    def pair(self, name: str) -> tuple[int, int]:
        """Two whole numbers."""
        value = self._get(name)
        if (
            not isinstance(value, list)
            or len(value) != 2
            or any(isinstance(item, bool) or not isinstance(item, int) for item in value)
        ):
            raise self._wrong(name, "a list of two whole numbers", value)
        return value[0], value[1]

    def mapping(self, name: str) -> dict[str, Any]:
        """An object of any content."""
        value = self._get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object in braces", value)
        return value

    def string_lists(self, name: str) -> dict[str, list[str]]:
        """An object whose every field is a list of texts."""
        inner = self.section(name)
        return {key: inner.strings(key) for key in inner.names()}

    def section(self, name: str) -> "Fields":
        """An object to be read field by field."""
        return Fields(self._get(name), self._place(name), self._document)

    def _get(self, name: str) -> Any:
        if name not in self._data:
            raise PackError(f"{self._document}: {self._place(name)} is missing.")
        self._read.add(name)
        return self._data[name]

    def _place(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _wrong(self, name: str, wanted: str, value: Any) -> PackError:
        shown = repr(value)
        if len(shown) > 40:
            shown = shown[:37] + "..."
        return PackError(
            f"{self._document}: {self._place(name)} must be {wanted}, but it is {shown}."
        )
