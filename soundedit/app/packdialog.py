"""Choose a model pack: those that are found, a folder, or one to be made around a network."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.dialogs import Dialogs
from soundedit.errors import PackError
from soundedit.packs import find_packs, read_pack_manifest, shipped_dirs

FOLDER_ROLE = Qt.ItemDataRole.UserRole


class PackDialog(QDialog):
    """Lists the packs with what they say of themselves; `chosen` tells the folder of one, `network`
    the file of a StyleGAN network, an OpenCLIP model or an audio encoder to import.
    """

    chosen = Signal(Path)
    network = Signal(Path)

    def __init__(self, dialogs: Dialogs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Choose a model pack"))
        self._dialogs = dialogs
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Model packs"))
        self.list.setSpacing(2)
        self.list.itemSelectionChanged.connect(self._refresh)
        self.list.itemActivated.connect(lambda item: self.accept())
        self.where = QLabel(self)
        self.where.setWordWrap(True)
        self.where.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        folder = shipped_dirs()[-1]
        self.where.setText(self.tr("Packs that you put into {0} are listed here.").format(folder))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.load = self.buttons.addButton(self.tr("&Load"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.browse = self.buttons.addButton(
            self.tr("&Open a folder..."), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.browse.clicked.connect(self._open)
        self.bring = self.buttons.addButton(
            self.tr("&Import a network..."), QDialogButtonBox.ButtonRole.ActionRole
        )
        self.bring.setToolTip(
            self.tr(
                "Make a pack around a StyleGAN2 or StyleGAN3 network (.pkl or .pt), or give the "
                "pack in use the words of an OpenCLIP model or the paper's audio encoder, in "
                "minutes"
            )
        )
        self.bring.clicked.connect(self._import)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.where)
        layout.addWidget(self.buttons)
        self.resize(520, 320)
        for found in find_packs():
            self._add(found)
        self.list.setCurrentRow(0)
        self._refresh()

    def accept(self) -> None:
        """Tell the pack that is selected."""
        item = self.list.currentItem()
        if item is not None and item.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.chosen.emit(Path(item.data(FOLDER_ROLE)))
            super().accept()

    def _add(self, folder: Path) -> None:
        item = QListWidgetItem(self.list)
        item.setData(FOLDER_ROLE, str(folder))
        item.setToolTip(str(folder))
        try:
            manifest = read_pack_manifest(folder)
        except PackError as error:
            item.setText(f"{folder.name}\n{error}")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setForeground(self.palette().color(QPalette.ColorRole.PlaceholderText))
            return
        facts = self.tr("{0} {1}, {2} \u00d7 {2} pixels, {3}").format(
            manifest.name, manifest.version, manifest.resolution, manifest.licence
        )
        item.setText(f"{manifest.title or manifest.name}\n{facts}")

    def _open(self) -> None:
        folder = self._dialogs.pack_folder(self, shipped_dirs()[-1])
        if folder is not None:
            self.chosen.emit(folder)
            super().accept()

    def _import(self) -> None:
        file = self._dialogs.network_to_open(self, "")
        if file is not None:
            self.network.emit(file)
            super().accept()

    def _refresh(self) -> None:
        item = self.list.currentItem()
        self.load.setEnabled(item is not None and bool(item.flags() & Qt.ItemFlag.ItemIsEnabled))
