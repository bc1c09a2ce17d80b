"""What the app remembers between starts: declared once, with a type and a default each."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from PySide6.QtCore import QByteArray, QSettings

T = TypeVar("T", bool, int, float, str, list[str], QByteArray)

RECENT_LIMIT = 12


@dataclass(frozen=True)
class Option(Generic[T]):
    """One remembered value: its key in the settings file and what it is before it was ever set."""

    key: str
    default: T


FIRST_START = Option("start/first", True)
RECENT = Option[list[str]]("sounds/recent", [])
RECENT_PROJECTS = Option[list[str]]("project/recent", [])
LAST_FOLDER = Option("sounds/folder", "")
PICTURE_FOLDER = Option("picture/folder", "")
PROJECT_FOLDER = Option("project/folder", "")
EXPORT_FOLDER = Option("export/folder", "")
PACK = Option("engine/pack", "")
DEVICE = Option("engine/device", "auto")
EXPORT_SETTINGS = Option("export/settings", "")
LIVE_AUTOMATIC = Option("live/automatic", True)
LIVE_CONTROLLERS = Option("live/controllers", "")
RECORDINGS_KNOWN = Option("record/known", 0.0)
MICROPHONE = Option("record/microphone", "")
MICROPHONE_API = Option("record/host_api", "")
PREROLL = Option("record/preroll", 0)
MONITOR = Option("record/monitor", False)
FRAME_RATE = Option("picture/frame_rate", "24")
CACHE_MEGABYTES = Option("frames/cache_megabytes", 512)
COLOUR_SCHEME = Option("window/colour_scheme", "system")
KEYS = Option[list[str]]("keys/changed", [])
SNAP = Option("timeline/snap", True)
FOLLOW = Option("timeline/follow", True)
SOUND_VIEW = Option("timeline/sound_view", "waveform")
ENLARGED = Option("timeline/enlarged", False)
SCRUB_SOUND = Option("playback/scrub_sound", True)
RETURN_ON_STOP = Option("playback/return_on_stop", False)
PREVIEW_SIZE = Option("playback/preview_size", 0)
OUTPUT = Option("playback/output", "")
OUTPUT_API = Option("playback/output_host_api", "")
GEOMETRY = Option("window/geometry", QByteArray())
LAYOUT = Option("window/layout", QByteArray())


class Settings:
    """Typed access to a `QSettings` file.

    Args:
        path: an INI file; None is the person's own settings.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            self._store = QSettings(
                QSettings.Format.IniFormat, QSettings.Scope.UserScope, "soundedit", "soundedit"
            )
        else:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)

    def get(self, option: Option[T]) -> T:
        """The stored value; the default where there is none or where it is of another kind."""
        value = _of_kind(self._store.value(option.key), option.default)
        return option.default if value is None else value

    def set(self, option: Option[T], value: T) -> None:
        """Remember a value."""
        self._store.setValue(option.key, value)

    def add_recent(self, path: Path, of: Option[list[str]] = RECENT) -> None:
        """Put a file first in a list of recent ones, where it stands once."""
        name = str(path.absolute())
        names = [name, *(old for old in self.get(of) if old != name)]
        self.set(of, names[:RECENT_LIMIT])

    def recent(self, besides: Collection[Path] = (), of: Option[list[str]] = RECENT) -> list[Path]:
        """The recent files that still exist, newest first, each once; none of `besides`."""
        found: list[Path] = []
        seen = {path.resolve() for path in besides}
        for path in map(Path, self.get(of)):
            if path.is_file() and path.resolve() not in seen:
                seen.add(path.resolve())
                found.append(path)
        return found

    def save(self) -> None:
        """Write to disk now."""
        self._store.sync()


def _of_kind(value: object, like: T) -> T | None:
    """A value as the INI file gives it back, text mostly, in the type of `like`; None if it is not.

    Qt's own conversion makes 0 of nonsense.
    """
    kind = type(like)
    if isinstance(value, str) and isinstance(like, bool):
        value = {"true": True, "false": False}.get(value)
    elif isinstance(value, str) and isinstance(like, int | float):
        try:
            value = kind(value)
        except ValueError:
            return None
    elif isinstance(value, str) and isinstance(like, list):
        value = [value]
    return value if isinstance(value, kind) else None
