"""The export dialog: presets, settings, range and file, with what is wrong told as one types."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.clock import clock
from soundedit.app.dialogs import Dialogs
from soundedit.app.exports.choices import PRESET_TITLES, shown
from soundedit.app.exports.form import SettingsForm
from soundedit.app.exports.framing import FramingView
from soundedit.app.exports.job import ExportJob
from soundedit.app.exports.listmodel import bytes_text
from soundedit.app.exports.plan import (
    Plan,
    Subject,
    free_name,
    notes,
    problem,
    size_estimate,
    time_estimate,
)
from soundedit.app.exports.presetbook import PresetBook
from soundedit.app.numberbox import TimeBox
from soundedit.errors import ExportError, SoundeditError
from soundedit.media.formats import Kind, format_of
from soundedit.media.presets import ExportSettings, default_name

WHOLE, IN_OUT, OTHER = range(3)


class ExportDialog(QDialog):
    """Asks what to export and where to; `planned` tells it when the person agrees.

    Args:
        subject: what there is to export.
        settings: what to begin with.
        folder: where to, to begin with.
        book: the presets.
        jobs: the exports in the list, whose files are taken.
        dialogs: asks for folders, names, and whether a file may be replaced.
        picture: one of the video, uint8 (H, W, 3), by which frames of other shapes are shown.
    """

    planned = Signal(object)

    def __init__(
        self,
        subject: Subject,
        settings: ExportSettings,
        folder: Path,
        book: PresetBook,
        jobs: Callable[[], Sequence[ExportJob]],
        dialogs: Dialogs,
        parent: QWidget | None = None,
        picture: NDArray[np.uint8] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export the video"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._subject, self._book, self._jobs, self._dialogs = subject, book, jobs, dialogs
        self._suffix = ""
        self.preset = QComboBox(self)
        self.preset.setAccessibleName(self.tr("Preset"))
        self.keep = QPushButton(self.tr("&Save as a preset..."), self)
        self.forget = QPushButton(self.tr("&Delete"), self)
        self.forget.setAccessibleName(self.tr("Delete the preset"))
        self.form = SettingsForm(subject, self)
        self.range = QComboBox(self)
        self.range.setAccessibleName(self.tr("Range"))
        self.start, self.end = self._time(self.tr("From")), self._time(self.tr("To"))
        self.name = QLineEdit(self)
        self.name.setAccessibleName(self.tr("Name"))
        self.folder = QLineEdit(str(folder), self)
        self.folder.setAccessibleName(self.tr("Folder"))
        self.browse = QPushButton(self.tr("&Browse..."), self)
        self.framing = FramingView(picture, self)
        self.estimate = QLabel(self)
        self.estimate.setWordWrap(True)
        self.estimate.setAccessibleName(self.tr("Estimate"))
        self.said = QLabel(self)
        self.said.setWordWrap(True)
        self.said.setAccessibleName(self.tr("What is wrong"))
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.add = self.buttons.addButton(
            self.tr("&Add to the queue"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.add.setDefault(True)
        self._lay_out()
        self._fill_ranges()
        self._fill_presets()
        self.form.set_settings(settings)
        self._suggested = self._suggestion(settings)
        self.name.setText(self._suggested)
        self._suffix = settings.kind.suffix
        self._connect()
        self._refresh()
        self.name.setFocus()
        self.name.setSelection(0, len(self._suggested) - len(self._suffix))

    def plan(self) -> Plan:
        """What is asked for; `ExportError` if no file can be like that."""
        folder = Path(self.folder.text()).expanduser()
        settings = self.form.settings()
        # The boxes show a chosen range rounded.
        start, end = self.range.currentData() or (self.start.value(), self.end.value())
        return Plan(settings, folder / _with_suffix(self.name.text(), settings), start, end)

    def accept(self) -> None:
        """Tell the plan, once the person agreed that a file is replaced; make its folder."""
        plan = self.plan()
        if self._wrong(plan):
            return
        if plan.path.exists():
            if not self._dialogs.may_replace(self, plan.path):
                return
            plan = replace(plan, overwrite=True)
        folder = plan.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            text = self.tr("The folder {0} cannot be made ({1}); choose another.")
            self._say(text.format(folder, error.strerror), wrong=True)
            return
        self.planned.emit(plan)
        super().accept()

    def _time(self, name: str) -> TimeBox:
        box = TimeBox(self)
        box.setDecimals(3)
        box.setRange(0, max(self._subject.seconds, 0.001))
        box.setSuffix(self.tr(" s"))
        box.setAccessibleName(name)
        return box

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.preset, 1)
        top.addWidget(self.keep)
        top.addWidget(self.forget)
        span = QHBoxLayout()
        span.addWidget(self.range)
        for widget in (self.start, QLabel(self.tr("to"), self), self.end):
            span.addWidget(widget)
        span.addStretch(1)
        where = QHBoxLayout()
        where.addWidget(self.folder, 1)
        where.addWidget(self.browse)
        form = self.form.layout()
        assert isinstance(form, QFormLayout)
        form.insertRow(0, self.tr("Preset"), top)
        form.addRow(self.tr("Range"), span)
        form.addRow(self.tr("Name"), self.name)
        form.addRow(self.tr("Folder"), where)
        line = QFrame(self)
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Sunken)
        layout = QVBoxLayout(self)
        layout.addWidget(self.form)
        layout.addWidget(line)
        words = QVBoxLayout()
        words.addWidget(self.estimate)
        words.addWidget(self.said)
        words.addStretch(1)
        below = QHBoxLayout()
        below.addWidget(self.framing)
        below.addLayout(words, 1)
        layout.addLayout(below)
        layout.addStretch(1)
        layout.addWidget(self.buttons)
        # Two lines at once, so that a message does not move the window about.
        self.estimate.setMinimumHeight(self.estimate.fontMetrics().lineSpacing())
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        self.said.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setMinimumWidth(560)

    def _connect(self) -> None:
        self.preset.activated.connect(self._use_preset)
        self.keep.clicked.connect(self._keep_preset)
        self.forget.clicked.connect(self._forget_preset)
        self.form.changed.connect(self._refresh)
        self.range.currentIndexChanged.connect(self._range_chosen)
        for box in (self.start, self.end):
            box.valueChanged.connect(self._time_typed)
        self.name.textChanged.connect(self._refresh)
        self.folder.textChanged.connect(self._refresh)
        self.browse.clicked.connect(self._browse)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)

    def _fill_ranges(self) -> None:
        subject = self._subject
        whole = self.tr("All of it, {0}").format(clock(subject.seconds, 1))
        self.range.addItem(whole, (0.0, subject.seconds))
        marked = subject.start is not None or subject.end is not None
        start, end = subject.start or 0.0, min(subject.end or subject.seconds, subject.seconds)
        if marked:
            span = f"{clock(start, 1)} - {clock(end, 1)}"
            self.range.addItem(self.tr("From in to out, {0}").format(span), (start, end))
        self.range.addItem(self.tr("Other"), None)
        self.range.setCurrentIndex(1 if marked else 0)
        self.start.setValue(start)
        self.end.setValue(end)

    def _range_chosen(self) -> None:
        span = self.range.currentData()
        if span is not None:
            for box, value in zip((self.start, self.end), span, strict=True):
                box.blockSignals(True)
                box.setValue(value)
                box.blockSignals(False)
        self._refresh()

    def _time_typed(self) -> None:
        self.range.blockSignals(True)
        self.range.setCurrentIndex(self.range.count() - 1)
        self.range.blockSignals(False)
        self._refresh()

    def _fill_presets(self) -> None:
        self.preset.clear()
        own = self._book.own
        for name in own:
            self.preset.addItem(name, name)
        if own:
            self.preset.insertSeparator(len(own))
        for name in self._book.shipped:
            if name not in own:
                self.preset.addItem(shown(PRESET_TITLES.get(name, name)), name)
        self.preset.insertSeparator(self.preset.count())
        self.preset.addItem(self.tr("Own settings"), None)

    def _use_preset(self) -> None:
        name = self.preset.currentData()
        if name is not None:
            self.form.set_settings(self._book.settings(name))

    def _keep_preset(self) -> None:
        name = self._dialogs.preset_name(self, self._book.own_name(self.preset.currentData()))
        if not name:
            return
        try:
            self._book.save(name, self.form.settings())
        except SoundeditError as error:
            self._say(str(error), wrong=True)
            return
        self._fill_presets()
        self._refresh()

    def _forget_preset(self) -> None:
        try:
            self._book.delete(self.preset.currentData())
        except SoundeditError as error:
            self._say(str(error), wrong=True)
            return
        self._fill_presets()
        self._refresh()

    def _browse(self) -> None:
        folder = self._dialogs.export_folder(self, Path(self.folder.text()))
        if folder is not None:
            self.folder.setText(str(folder))

    def _refresh(self) -> None:
        try:
            settings = self.form.settings()
        except ExportError as error:
            self.preset.setCurrentIndex(self.preset.count() - 1)
            self.forget.setEnabled(False)
            self.estimate.clear()
            self._say(str(error), wrong=True)
            self.add.setEnabled(False)
            return
        self._show_preset(settings)
        self._follow_suffix(settings)
        pictures = settings.kind.kind is not Kind.LATENTS
        self.framing.show_frame(
            settings.size(self._subject.side) if pictures else None, settings.fit
        )
        plan = self.plan()
        wrong = self._wrong(plan)
        self.add.setEnabled(not wrong)
        if wrong:
            self.estimate.clear()
            self._say(wrong, wrong=True)
            return
        size = size_estimate(plan, self._subject)
        parts = [self.tr("{0} frames").format(plan.frames(self._subject))]
        if size is not None:
            parts.append(self.tr("about {0}").format(bytes_text(size)))
        seconds = time_estimate(plan, self._subject, self._jobs())
        parts.append(self.tr("about {0} to make").format(clock(seconds + 0.5)))
        self.estimate.setText(", ".join(parts))
        self._say(" ".join(notes(plan, self._subject)), wrong=False)

    def _wrong(self, plan: Plan) -> str:
        if not self.name.text().strip():
            return self.tr("The file needs a name.")
        return problem(plan, self._subject, self._jobs())

    def _show_preset(self, settings: ExportSettings) -> None:
        name = self._book.name_of(settings)
        index = next(
            (n for n in range(self.preset.count()) if self.preset.itemData(n) == name),
            self.preset.count() - 1,
        )
        # A separator has no data either.
        self.preset.setCurrentIndex(index if name is not None else self.preset.count() - 1)
        self.forget.setEnabled(name in self._book.own)

    def _follow_suffix(self, settings: ExportSettings) -> None:
        """The name ends as the format has it."""
        suffix = settings.kind.suffix
        if suffix == self._suffix:
            return
        name, old, self._suffix = self.name.text(), self._suffix, suffix
        if name == self._suggested:
            name = self._suggested = self._suggestion(settings)
        elif name.endswith(old):
            stem = name.removesuffix(old) if old else re.sub(r"-frames( \d+)?$", r"\1", name)
            name = default_name(stem, settings)
        self.name.blockSignals(True)
        self.name.setText(name)
        self.name.blockSignals(False)

    def _suggestion(self, settings: ExportSettings) -> str:
        folder = Path(self.folder.text()).expanduser()
        return free_name(folder / default_name(self._subject.title, settings), self._jobs()).name

    def _say(self, text: str, *, wrong: bool) -> None:
        self.said.setText(("\u26a0 " if wrong and text else "") + text)


def _with_suffix(name: str, settings: ExportSettings) -> str:
    """A name as its file will have it; one with the ending of another format stays, to be told."""
    suffix, stripped = settings.kind.suffix, name.strip(". ")
    ending = Path(name).suffix
    if not suffix or f".{stripped}" in (".", suffix) or ending.lower() == suffix:
        return name
    if format_of(ending) is not None:
        return name
    return name.rstrip(".") + suffix
