"""The questions about files, in one place so that they can be answered without a person."""

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from soundedit.app.samples import SOUND_SUFFIXES, VIDEO_SUFFIXES


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

    def video_to_write(self, parent: QWidget, suggestion: Path) -> Path | None:
        """Where to write the video; asks before a file is replaced."""
        dialog = QFileDialog(parent, parent.tr("Export the video"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(parent.tr("MP4 video (*.mp4)"))
        # Set here, so that the question about an existing file is about the name with suffix.
        dialog.setDefaultSuffix("mp4")
        dialog.setDirectory(str(suggestion.parent))
        dialog.selectFile(suggestion.name)
        chosen = dialog.exec() == QFileDialog.DialogCode.Accepted
        names = dialog.selectedFiles()
        dialog.deleteLater()
        return Path(names[0]) if chosen and names else None
