"""Opens whatever a person names or drops: a project, a sound, a video, a picture, a network."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.projectfiles import ProjectFiles
from soundedit.app.samples import NETWORK_SUFFIXES, PICTURE_SUFFIXES
from soundedit.app.settings import LAST_FOLDER, Settings
from soundedit.document.projectfile import SUFFIX


class FileOpener(QObject):
    """Decides by the file's name; what is open stays until the file proves readable."""

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
        suffix = path.suffix.lower()
        if suffix == SUFFIX:
            self._projects.open(path)
        elif suffix in PICTURE_SUFFIXES:
            self._photo(path)
        elif suffix in NETWORK_SUFFIXES:
            self._network(path)
        else:
            self._controller.open_sound(path)
