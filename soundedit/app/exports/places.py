"""Where exports keep what outlives the program."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs

from soundedit.document.autosave import state_folder
from soundedit.media.presets import presets_path


@dataclass(frozen=True)
class ExportPlaces:
    """The folder of the queue's lists, that of finished frames, the file of the own presets."""

    queue: Path
    frames: Path
    presets: Path


def default_places() -> ExportPlaces:
    """The person's own folders, as the system has them; frames may be deleted at any time."""
    cache = Path(platformdirs.user_cache_dir("soundedit", appauthor=False))
    return ExportPlaces(state_folder() / "exports", cache / "frames", presets_path())


def places_in(folder: Path) -> ExportPlaces:
    """All of it in one folder."""
    return ExportPlaces(folder / "queue", folder / "frames", folder / "presets.json")
