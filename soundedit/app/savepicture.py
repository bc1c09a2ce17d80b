"""Save the picture under the playhead as a file."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.folders import Place, first_folder
from soundedit.app.settings import PICTURE_FOLDER, Settings
from soundedit.errors import ExportError
from soundedit.media.png import write_png


class PictureSaver(QObject):
    """Writes the frame under the playhead, with its edits and in full size, as PNG."""

    said = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        controller: Controller,
        settings: Settings,
        dialogs: Dialogs,
        action: QAction,
    ) -> None:
        super().__init__(window)
        self._window, self._controller = window, controller
        self._settings, self._dialogs, self._action = settings, dialogs, action
        for signal in (controller.movie_changed, controller.still_changed):
            signal.connect(self._refresh)
        self._refresh()

    def save(self) -> None:
        """Ask where to and write it."""
        picture, name = self._picture()
        if picture is None:
            self.said.emit(self.tr("The picture is still being made; save it in a moment."))
            return
        path = self._dialogs.picture_to_write(self._window, self._folder() / f"{name}.png")
        if path is None:
            return
        self._settings.set(PICTURE_FOLDER, str(path.parent))
        try:
            write_png(path, picture)
        except ExportError as error:
            self.failed.emit(error)
        else:
            self.said.emit(self.tr("Saved {0}").format(path))

    def _picture(self) -> tuple[NDArray[np.uint8] | None, str]:
        """The picture, uint8 (H, W, 3), and what to call it."""
        controller = self._controller
        sound = controller.sound
        title = controller.session.title or (sound.path.stem if sound else "soundedit")
        if controller.movie is None:
            return controller.still, title
        return controller.feed.picture(), f"{title} {controller.feed.wanted + 1:05d}"

    def _folder(self) -> Path:
        return first_folder(Place.PicturesLocation, self._settings.get(PICTURE_FOLDER))

    def _refresh(self) -> None:
        controller = self._controller
        self._action.setEnabled(controller.movie is not None or controller.still is not None)
