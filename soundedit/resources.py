"""Where the files that ship beside the code lie, in a checkout and in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource_path(*parts: str) -> Path:
    """Return the path of `resources/<parts>`; the file itself may be absent."""
    return shipped_folder("resources").joinpath(*parts)


def shipped_folder(name: str) -> Path:
    """Return the folder `name` that ships with soundedit (`resources` or `weights`).

    A wheel carries it inside the package as `_data/<name>`; a checkout has it at the top level.
    """
    packaged = _PACKAGE / "_data" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
