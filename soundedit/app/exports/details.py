"""All there is to know of one export, with the last lines that ffmpeg said."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.clock import clock
from soundedit.app.exports.job import ExportJob


class DetailsDialog(QDialog):
    """Where the file goes, what it is made of, how the job stands, and ffmpeg's own words."""

    def __init__(self, job: ExportJob, status: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Export of {0}").format(job.path.name))
        form = QFormLayout()
        span = f"{clock(job.start, 2)} - {clock(job.end, 2)}"
        frames = self.tr("{0}, {1} frames").format(span, job.frames)
        if job.reused:
            frames += self.tr(", {0} of them kept from before").format(job.reused)
        for name, text in (
            (self.tr("File"), str(job.path)),
            (self.tr("Format"), job.settings.kind.title),
            (self.tr("Range"), frames),
            (self.tr("Status"), status),
            (self.tr("Notes"), job.error if job.error != status else ""),
        ):
            if text:
                label = QLabel(text, self)
                label.setWordWrap(True)
                label.setTextInteractionFlags(
                    Qt.TextInteractionFlag.TextSelectableByMouse
                    | Qt.TextInteractionFlag.TextSelectableByKeyboard
                )
                form.addRow(name, label)
        self.log = QPlainTextEdit(job.log, self)
        self.log.setReadOnly(True)
        self.log.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.log.setAccessibleName(self.tr("The last lines of ffmpeg"))
        self.log.setPlaceholderText(self.tr("ffmpeg said nothing."))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        copy = buttons.addButton(self.tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        everything = "\n".join(filter(None, (str(job.path), status, job.error, job.log)))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(everything))
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(QLabel(self.tr("The last lines of ffmpeg"), self))
        layout.addWidget(self.log, 1)
        layout.addWidget(buttons)
        self.resize(620, 380)
