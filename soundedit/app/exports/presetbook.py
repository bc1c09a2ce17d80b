"""The presets the export dialog offers: those that ship, and the person's own in a file."""

from collections.abc import Mapping
from pathlib import Path

from soundedit.errors import ExportError
from soundedit.media.presets import (
    PRESETS,
    ExportSettings,
    load_presets,
    preset,
    save_presets,
)


class PresetBook:
    """All presets by name; the person's own hide shipped ones of the same name."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.own: dict[str, ExportSettings] = {}
        self.error: ExportError | None = None
        """Why the person's own presets could not be read."""
        try:
            self.own = load_presets(path)
        except ExportError as error:
            self.error = error

    @property
    def shipped(self) -> Mapping[str, ExportSettings]:
        """Those that come with soundedit."""
        return PRESETS

    def settings(self, name: str) -> ExportSettings:
        """The settings of a preset; `ExportError` if there is none."""
        return preset(name, self.own)

    def name_of(self, settings: ExportSettings) -> str | None:
        """The preset that these settings are; None where they are none."""
        for names in (self.own, PRESETS):
            found = [name for name, one in names.items() if one == settings]
            if found:
                return found[0]
        return None

    def own_name(self, name: str | None) -> str:
        """The name if it is one of the person's own, else nothing."""
        return name if name in self.own and name is not None else ""

    def save(self, name: str, settings: ExportSettings) -> None:
        """Keep settings under a name; `ExportError` if the file cannot be written."""
        self._write({**self.own, name: settings})

    def delete(self, name: str) -> None:
        """Forget one of the person's own; `ExportError` if the file cannot be written."""
        self._write({one: found for one, found in self.own.items() if one != name})

    def _write(self, own: dict[str, ExportSettings]) -> None:
        if self.error is not None:
            raise self.error
        save_presets(self._path, own)
        self.own = own
