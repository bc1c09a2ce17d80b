"""Which pack the engine has: the one chosen last, another one, or the same once more."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QWidget

from soundedit.app.buttons import action_button
from soundedit.app.controller import Controller
from soundedit.app.dialogs import Dialogs
from soundedit.app.jobs import Offer
from soundedit.app.packdialog import PackDialog
from soundedit.app.packimport import PackImport
from soundedit.app.settings import DEVICE, PACK, Settings
from soundedit.app.worker import Loader, load_engine
from soundedit.packs.modelfiles import ModelKind, kind_of


def chosen_loader(settings: Settings, loader: Loader) -> Loader:
    """What loads the chosen pack on the chosen device; `loader` where nothing was chosen."""
    folder, device = settings.get(PACK), settings.get(DEVICE)
    if not folder and device == DEVICE.default:
        return loader
    return partial(load_engine, pack=Path(folder) if folder else None, device=device)


class PackChoice(QObject):
    """Loads packs at the person's wish and remembers the last one that was chosen.

    Where an engine could not be loaded, buttons on the viewer offer to try again.

    Args:
        loader: makes the engine where no pack was chosen.
        again, choose: the commands for it.
    """

    offered = Signal(str, object)
    """A sentence for the status bar, and an Offer."""

    def __init__(
        self,
        window: QWidget,
        viewer: QWidget,
        controller: Controller,
        loader: Loader,
        settings: Settings,
        dialogs: Dialogs,
        again: QAction,
        choose: QAction,
    ) -> None:
        super().__init__(window)
        self._window, self._viewer, self._controller = window, viewer, controller
        self._loader, self._settings, self._dialogs = loader, settings, dialogs
        self._again = again
        self.importing = PackImport(controller.jobs, self)
        self.importing.imported.connect(self._imported)
        self.buttons = QWidget(viewer)
        row = QHBoxLayout(self.buttons)
        for action in (again, choose):
            row.addWidget(action_button(action, self.buttons))
        viewer.installEventFilter(self)
        controller.engine_changed.connect(self._refresh)
        self._refresh()

    def choose(self) -> PackDialog:
        """Ask for a pack."""
        dialog = PackDialog(self._dialogs, self._window)
        dialog.chosen.connect(self.load)
        dialog.network.connect(self.bring)
        dialog.open()
        return dialog

    def load(self, folder: Path) -> None:
        """Load the pack of a folder, now and at every start."""
        self._settings.set(PACK, str(folder))
        self.again()

    def bring(self, network: Path) -> None:
        """Make a pack around a StyleGAN network, in the background; with the words of an OpenCLIP
        model, or with an audio encoder, one of the pack in use.
        """
        generator = kind_of(network) is ModelKind.GENERATOR
        base = "" if generator else self._settings.get(PACK)
        self.importing.start(network, self._settings.get(DEVICE), base)

    def _imported(self, folder: Path) -> None:
        text = self.tr("{0} is imported, and among the model packs").format(folder.name)
        self.offered.emit(text, Offer(self.tr("Use it"), partial(self.load, folder)))

    def again(self) -> None:
        """Load the engine anew."""
        self._controller.load(chosen_loader(self._settings, self._loader))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return False

    def _refresh(self) -> None:
        failed = self._controller.engine_error is not None
        self._again.setEnabled(failed)
        self.buttons.setVisible(failed)
        self._place()

    def _place(self) -> None:
        """In the middle, below the sentence that says why."""
        self.buttons.adjustSize()
        area = self._viewer.rect()
        place = self.buttons.rect()
        place.moveCenter(area.center())
        place.moveTop(min(area.top() + area.height() * 2 // 3, area.bottom() - place.height()))
        self.buttons.move(place.topLeft())
