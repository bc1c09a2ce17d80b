"""The questions about files, in one place so that they can be answered without a person."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from soundedit.app.samples import PICTURE_SUFFIXES, SOUND_SUFFIXES, VIDEO_SUFFIXES

MAX_SEED = 2**31 - 1


class Dialogs:
    """Asks for files with the system's dialogs."""

    def sound_to_open(self, parent: QWidget, folder: str) -> Path | None:
        """The sound or video to open; None when the person thought better of it."""
        patterns = " ".join(f"*{suffix}" for suffix in (*SOUND_SUFFIXES, *VIDEO_SUFFIXES))
        name, _ = QFileDialog.getOpenFileName(
            parent,
            parent.tr("Open a sound"),
            folder,
            parent.tr("Sounds and videos ({0});;All files (*)").format(patterns),
        )
        return Path(name) if name else None

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

    def preset_name(self, parent: QWidget, suggestion: str) -> str:
        """What to call a preset; empty when the person thought better of it."""
        name, agreed = QInputDialog.getText(
            parent,
            parent.tr("Save as a preset"),
            parent.tr("Name of the preset:"),
            text=suggestion,
        )
        return name.strip() if agreed else ""

    def picture_to_open(self, parent: QWidget, folder: str) -> Path | None:
        """A picture whose style is mixed in."""
        patterns = " ".join(f"*{suffix}" for suffix in PICTURE_SUFFIXES)
        name, _ = QFileDialog.getOpenFileName(
            parent,
            parent.tr("Open a picture"),
            folder,
            parent.tr("Pictures ({0});;All files (*)").format(patterns),
        )
        return Path(name) if name else None

    def seed_to_mix(self, parent: QWidget, seed: int) -> int | None:
        """The seed of a scene whose style is mixed in."""
        value, chosen = QInputDialog.getInt(
            parent,
            parent.tr("Mix in a seed"),
            parent.tr("The seed of the scene whose style is mixed in:"),
            seed,
            0,
            MAX_SEED,
        )
        return value if chosen else None
