"""Where a file dialog begins."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths

Place = QStandardPaths.StandardLocation


def first_folder(place: QStandardPaths.StandardLocation, last: str = "") -> Path:
    """The folder used last while it is there, or else the person's own for such files, or home."""
    if last and Path(last).is_dir():
        return Path(last)
    found = Path(QStandardPaths.writableLocation(place))
    return found if found.is_dir() else Path.home()
