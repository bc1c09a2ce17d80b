"""Training settings: a dataclass for each command, read from TOML over documented defaults."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from soundedit.errors import TrainingError

T = TypeVar("T")


def load_settings(kind: type[T], file: Path | None, overrides: dict[str, Any] | None = None) -> T:
    """Build `kind` (a dataclass) from a TOML file and overrides.

    TrainingError names an unreadable file, an unknown key or a value of the wrong type.
    """
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise TrainingError(
                f"The settings {file} cannot be read ({error.strerror}); check the path."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TrainingError(
                f"The settings {file} are not valid TOML ({error}); correct the file."
            ) from error
    values |= {k: v for k, v in (overrides or {}).items() if v is not None}
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key, value in values.items():
        if key not in fields:
            known = ", ".join(sorted(fields))
            raise TrainingError(f"The setting {key!r} is not known here; known are: {known}.")
        default = fields[key].default
        if isinstance(default, bool):
            right = isinstance(value, bool)
        elif isinstance(default, float):
            right = isinstance(value, int | float) and not isinstance(value, bool)
        elif isinstance(default, int | str):
            right = isinstance(value, type(default)) and not isinstance(value, bool)
        else:
            right = isinstance(value, list | tuple)
            value = tuple(value) if right else value
        if not right:
            raise TrainingError(f"The setting {key!r} cannot be {value!r}; see the defaults.")
        values[key] = float(value) if isinstance(default, float) else value
    return kind(**values)
