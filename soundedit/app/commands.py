"""What the commands for files, pictures and the window do."""

import random
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.exports.exporter import Exporter
from soundedit.app.help import open_log_folder, show_about, show_shortcuts
from soundedit.app.layout import FullScreen
from soundedit.app.live.live import Live
from soundedit.app.microphone import Microphone
from soundedit.app.packs import PackChoice
from soundedit.app.picturepanel import PicturePanel
from soundedit.app.playback import Playback
from soundedit.app.preferences import Preferences
from soundedit.app.savepicture import PictureSaver
from soundedit.app.settings import FRAME_RATE
from soundedit.app.viewer import ZOOM_STEP, Viewer

NEW_SEEDS = 10_000


class Commands(QObject):
    """Carries out commands on the parts of one window."""

    def __init__(
        self,
        window: QWidget,
        *,
        controller: Controller,
        playback: Playback,
        microphone: Microphone,
        live: Live,
        picture: PicturePanel,
        full_screen: FullScreen,
        exporter: Exporter,
        packs: PackChoice,
        pictures: PictureSaver,
        preferences: Preferences,
        dialogs: Dialogs,
        viewer: Viewer,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._playback = playback
        self._microphone = microphone
        self._live = live
        self._picture = picture
        self._full_screen = full_screen
        self._exporter, self._packs, self._pictures = exporter, packs, pictures
        self._preferences = preferences
        self._settings = preferences.settings
        self._dialogs, self._viewer = dialogs, viewer

    def handlers(self) -> dict[str, Callable[[], object]]:
        """What to call for each command's id."""
        window = self._window
        return {
            "record": self._record,
            "live": self._go_live,
            "export": self._exporter.ask,
            "export_again": self._exporter.again,
            "save_picture": self._pictures.save,
            "pack": self._packs.choose,
            "load_again": self._packs.again,
            "devices": self._look_for_devices,
            "quit": window.close,
            "generate": self._generate,
            "new_seed": self._new_seed,
            "cancel": self._controller.jobs.cancel_current,
            "picture_in": lambda: self._viewer.zoom_by(ZOOM_STEP),
            "picture_out": lambda: self._viewer.zoom_by(1 / ZOOM_STEP),
            "picture_whole": self._viewer.show_whole,
            "full_screen": self._full_screen.toggle,
            "settings": lambda: self._preferences.show(window),
            "shortcuts": lambda: show_shortcuts(window, self._preferences.keymap),
            "log": open_log_folder,
            "about": lambda: show_about(window),
        }

    def _generate(self) -> None:
        self._playback.pause()
        self._controller.generate()

    def set_seed(self, seed: int) -> None:
        """Begin from the scene of a seed."""
        self._playback.pause()
        self._controller.set_seed(seed)

    def set_rate(self, rate: str) -> None:
        """Show so many frames a second, now and in the next project."""
        self._settings.set(FRAME_RATE, rate)
        self._controller.set_rate(rate)

    def _new_seed(self) -> None:
        self._picture.seed.setValue(random.randrange(NEW_SEEDS))

    def _record(self) -> None:
        self._playback.pause()
        self._microphone.toggle()

    def _go_live(self) -> None:
        self._playback.pause()
        # A device is heard by one at a time on some systems.
        self._microphone.recording.stop()
        self._microphone.recording.when_free(self._live.open)

    def _look_for_devices(self) -> None:
        # Looking again closes every open stream.
        self._playback.pause()
        self._microphone.look_again()
