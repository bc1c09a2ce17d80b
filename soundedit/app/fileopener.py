"""Opens whatever a person names or drops: a project, a sound, a video, a picture, a network."""

from collections.abc import Callable, Sequence
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.projectfiles import ProjectFiles
from soundedit.app.samples import NETWORK_SUFFIXES, PICTURE_SUFFIXES
from soundedit.app.settings import LAST_FOLDER, Settings
from soundedit.document.projectfile import SUFFIX


class _Kind(Enum):
    """What a file is, by its name; one of any other name is read as a sound."""

    PROJECT = auto()
    PICTURE = auto()
    NETWORK = auto()
    SOUND = auto()


class FileOpener(QObject):
    """Decides by the file's name; what is open stays until the file proves readable."""

    told = Signal(str)
    """A sentence for the status bar."""

    def __init__(
        self,
        window: QWidget,
        controller: Controller,
        projects: ProjectFiles,
        photo: Callable[[Path], object],
        network: Callable[[Path], object],
        settings: Settings,
        dialogs: Dialogs,
    ) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        self._projects, self._photo, self._network = projects, photo, network
        self._settings, self._dialogs = settings, dialogs
        self._unsaid = ""
        # After others have cleared what was said of another sound.
        for over in (controller.sound_changed, controller.failed):
            over.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command's id."""
        return {"open": self.ask}

    def ask(self) -> None:
        """Ask for a file and open it."""
        path = self._dialogs.file_to_open(self._window, self._settings.get(LAST_FOLDER))
        if path is not None:
            self.open(path)

    def open(self, path: Path) -> None:
        """Open a file: a sound or video becomes the take, a picture the start, a StyleGAN network a
        pack.
        """
        {
            _Kind.PROJECT: self._projects.open,
            _Kind.PICTURE: self._photo,
            _Kind.NETWORK: self._network,
            _Kind.SOUND: self._controller.open_sound,
        }[_kind(path)](path)

    def open_all(self, paths: Sequence[Path]) -> None:
        """Open files that were dropped together: a project alone, or else one of each kind; the
        other sounds are put into the list of recent ones, and the other files told.
        """
        kinds: dict[_Kind, list[Path]] = {}
        for path in paths:
            kinds.setdefault(_kind(path), []).append(path)
        if _Kind.PROJECT in kinds:
            opened = kinds[_Kind.PROJECT][:1]
        else:
            opened = [found[0] for found in kinds.values()]
        sounds = [path for path in kinds.get(_Kind.SOUND, []) if path not in opened]
        for path in reversed(sounds):
            self._settings.add_recent(path)
        rest = [path for path in paths if path not in opened and path not in sounds]
        self._unsaid = self._about(len(sounds), rest)
        if _Kind.SOUND not in kinds or _Kind.PROJECT in kinds:
            self._tell()
        for path in opened:
            self.open(path)

    def _tell(self) -> None:
        """Say what became of the others: not before a sound is open, which clears what was said."""
        if self._unsaid:
            self.told.emit(self._unsaid)
        self._unsaid = ""

    def _about(self, sounds: int, rest: Sequence[Path]) -> str:
        """What became of files that were not opened."""
        parts = []
        if sounds:
            parts.append(self.tr("Other sounds, now among the recent ones: {0}").format(sounds))
        if rest:
            names = ", ".join(path.name for path in rest)
            parts.append(self.tr("Not opened, one of a kind at a time: {0}").format(names))
        return "; ".join(parts)


def _kind(path: Path) -> _Kind:
    suffix = path.suffix.lower()
    if suffix == SUFFIX:
        return _Kind.PROJECT
    if suffix in PICTURE_SUFFIXES:
        return _Kind.PICTURE
    return _Kind.NETWORK if suffix in NETWORK_SUFFIXES else _Kind.SOUND
