"""The questions about files, in one place so that they can be answered without a person."""

from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from soundedit.app.folders import Place, first_folder
from soundedit.app.recovery import RecoveryChoice, RecoveryDialog
from soundedit.app.samples import NETWORK_SUFFIXES, PICTURE_SUFFIXES, SOUND_SUFFIXES, VIDEO_SUFFIXES
from soundedit.document.autosave import Recovery
from soundedit.document.projectfile import SUFFIX

MAX_SEED = 2**31 - 1


class Leave(Enum):
    """What to do with unsaved work."""

    SAVE = "save"
    DISCARD = "discard"
    STAY = "stay"


class Dialogs:
    """Asks for files with the system's dialogs."""

    def sound_to_open(self, parent: QWidget, folder: str) -> Path | None:
        """The sound or video to open; None when the person thought better of it."""
        patterns = " ".join(f"*{suffix}" for suffix in (*SOUND_SUFFIXES, *VIDEO_SUFFIXES))
        filters = parent.tr("Sounds and videos ({0});;All files (*)").format(patterns)
        return _open_file(parent, parent.tr("Open a sound"), folder, filters)

    def may_replace(self, parent: QWidget, path: Path) -> bool:
        """Whether a file that is there already may be replaced."""
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(parent.tr("Replace the file?"))
        box.setText(parent.tr("{0} is there already.").format(path.name))
        box.setInformativeText(parent.tr("It is replaced once the new one is whole."))
        replace = box.addButton(parent.tr("&Replace"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        agreed = box.clickedButton() is replace
        box.deleteLater()
        return agreed

    def export_folder(self, parent: QWidget, folder: Path) -> Path | None:
        """The folder to export to; None when the person thought better of it."""
        name = QFileDialog.getExistingDirectory(parent, parent.tr("Export to"), str(folder))
        return Path(name) if name else None

    def picture_to_write(self, parent: QWidget, suggestion: Path) -> Path | None:
        """Where to write a picture; asks before a file is replaced."""
        kind = parent.tr("PNG picture (*.png)")
        return _save_file(parent, parent.tr("Save the picture"), suggestion, kind, ".png")

    def pack_folder(self, parent: QWidget, folder: Path) -> Path | None:
        """The folder of a model pack; None when the person thought better of it."""
        name = QFileDialog.getExistingDirectory(
            parent, parent.tr("Folder of the model pack"), str(folder)
        )
        return Path(name) if name else None

    def network_to_open(self, parent: QWidget, folder: str) -> Path | None:
        """The StyleGAN network or OpenCLIP model to import; None if the person chose none."""
        patterns = " ".join(f"*{suffix}" for suffix in NETWORK_SUFFIXES)
        filters = parent.tr("StyleGAN networks, OpenCLIP models ({0});;All files (*)")
        title = parent.tr("Import a network")
        return _open_file(parent, title, folder, filters.format(patterns))

    def preset_name(self, parent: QWidget, suggestion: str) -> str:
        """What to call a preset; empty when the person thought better of it."""
        name, agreed = QInputDialog.getText(
            parent,
            parent.tr("Save as a preset"),
            parent.tr("Name of the preset:"),
            text=suggestion,
        )
        return name.strip() if agreed else ""

    def file_to_open(self, parent: QWidget, folder: str) -> Path | None:
        """The project, sound, video or picture to open."""
        sounds = " ".join(f"*{suffix}" for suffix in (*SOUND_SUFFIXES, *VIDEO_SUFFIXES))
        projects, pictures = f"*{SUFFIX}", " ".join(f"*{one}" for one in PICTURE_SUFFIXES)
        filters = (
            parent.tr("All that can be opened ({0})").format(f"{projects} {sounds} {pictures}"),
            parent.tr("Projects ({0})").format(projects),
            parent.tr("Sounds and videos ({0})").format(sounds),
            parent.tr("Pictures ({0})").format(pictures),
            parent.tr("All files (*)"),
        )
        return _open_file(parent, parent.tr("Open"), folder, ";;".join(filters))

    def project_to_write(self, parent: QWidget, suggestion: Path) -> Path | None:
        """Where to save the project; asks before a file is replaced."""
        kind = parent.tr("soundedit projects (*{0})").format(SUFFIX)
        return _save_file(parent, parent.tr("Save the project"), suggestion, kind, SUFFIX)

    def leave(self, parent: QWidget, name: str, note: str = "") -> Leave:
        """What to do with the unsaved changes of a project that is about to be closed.

        `note` is what else there is to know.
        """
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(parent.tr("Save the project?"))
        box.setText(parent.tr("{0} has changes that are not saved.").format(name))
        box.setInformativeText(note)
        save = box.addButton(QMessageBox.StandardButton.Save)
        discard = box.addButton(parent.tr("&Don't save"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(save)
        box.exec()
        clicked = box.clickedButton()
        box.deleteLater()
        if clicked is save:
            return Leave.SAVE
        return Leave.DISCARD if clicked is discard else Leave.STAY

    def recovery(self, parent: QWidget, found: Sequence[Recovery]) -> RecoveryChoice:
        """Which of the works left behind to open, and which to delete."""
        dialog = RecoveryDialog(found, parent)
        dialog.exec()
        dialog.deleteLater()
        return dialog.choice

    def picture_to_open(self, parent: QWidget, folder: str) -> Path | None:
        """A picture whose style is mixed in."""
        patterns = " ".join(f"*{suffix}" for suffix in PICTURE_SUFFIXES)
        filters = parent.tr("Pictures ({0});;All files (*)").format(patterns)
        first = str(first_folder(Place.PicturesLocation, folder))
        return _open_file(parent, parent.tr("Open a picture"), first, filters)

    def start_to_open(self, parent: QWidget, folder: str) -> Path | None:
        """The photo or video that the pictures start from."""
        patterns = " ".join(f"*{suffix}" for suffix in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES))
        filters = parent.tr("Photos and videos ({0});;All files (*)").format(patterns)
        first = str(first_folder(Place.PicturesLocation, folder))
        return _open_file(parent, parent.tr("Start from a photo or a video"), first, filters)

    def direction_to_open(self, parent: QWidget, folder: str) -> Path | None:
        """A direction saved before."""
        filters = parent.tr("Directions ({0})").format("*.latents")
        return _open_file(parent, parent.tr("Open a saved direction"), folder, filters)

    def direction_name(self, parent: QWidget, suggestion: str) -> str:
        """What to call a saved direction; empty when the person thought better of it."""
        name, agreed = QInputDialog.getText(
            parent,
            parent.tr("Save the direction"),
            parent.tr("Name in your library:"),
            text=suggestion,
        )
        return name.strip() if agreed else ""

    def seed_to_mix(self, parent: QWidget, seed: int) -> int | None:
        """The seed of a scene whose style is mixed in."""
        value, chosen = QInputDialog.getInt(
            parent,
            parent.tr("Mix in a seed"),
            parent.tr("The seed of the scene whose style is mixed in:"),
            min(seed, MAX_SEED),
            0,
            MAX_SEED,
        )
        return value if chosen else None


def _open_file(parent: QWidget, title: str, folder: str, filters: str) -> Path | None:
    """A file that is there; None when the person thought better of it."""
    first = str(first_folder(Place.MusicLocation, folder))
    name, _ = QFileDialog.getOpenFileName(parent, title, first, filters)
    return Path(name) if name else None


def _save_file(
    parent: QWidget, title: str, suggestion: Path, kind: str, suffix: str
) -> Path | None:
    """A file to write, with its suffix; asks before one is replaced."""
    dialog = QFileDialog(parent, title)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilter(kind)
    # Set here, so that the question about an existing file is about the name with suffix.
    dialog.setDefaultSuffix(suffix.removeprefix("."))
    dialog.setDirectory(str(suggestion.parent))
    dialog.selectFile(suggestion.name)
    chosen = dialog.exec() == QFileDialog.DialogCode.Accepted
    names = dialog.selectedFiles()
    dialog.deleteLater()
    return Path(names[0]) if chosen and names else None
