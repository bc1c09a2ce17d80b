"""The controls beside the live picture."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.buttons import Button
from soundedit.app.clock import clock
from soundedit.app.icons import icon
from soundedit.app.live.lookbar import LookBar
from soundedit.app.live.requests import LiveSource, LiveStatus
from soundedit.app.live.rows import LearnButton, Pad, Row
from soundedit.app.meter import LevelMeter
from soundedit.app.newedit import WordsField
from soundedit.document.commands import REACTIVITIES
from soundedit.document.model import Edit
from soundedit.engine.pace import PaceReport

SENSITIVITY = (-24.0, 36.0)
SMOOTHING = (0.0, 3.0)
STRENGTH = (-2.0, 2.0)
DEFAULT_SMOOTHING = 0.3
REACTIVITY = "reactivity"
EDIT_TARGET = "edit:"


class Choice(QComboBox):
    """A choice that no letter changes: letters are the window's keys, on a stage above all."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text().isprintable() and event.text().strip():
            event.ignore()
        else:
            super().keyPressEvent(event)


class LivePanel(QWidget):
    """Says what the person wants; the rows of edits follow the project."""

    source_chosen = Signal(object)
    """A `LiveSource`, or None for a file that is still to be asked for."""
    moved = Signal(str, float)
    """A slider's target and its value."""
    automatic_switched = Signal(bool)
    """Whether the sensitivity follows the room."""
    frozen = Signal(bool)
    darkened = Signal(bool)
    scene_wanted = Signal()
    """Go over to the scene of another seed."""
    words_chosen = Signal(str)
    """A new edit of a word or phrase."""
    typing_ended = Signal()
    """The keys are the window's again."""
    monitored = Signal(bool)
    recorded = Signal(bool)
    """Begin, or end, recording the performance."""
    full_screen = Signal()
    learn = Signal(str, bool)
    """The target that a controller is to be learned for, and whether it is still wanted."""
    forgotten = Signal(str)
    """The target that no controller is to move any more."""
    removed = Signal(str)
    """The target of an edit that is to go."""
    remote_switched = Signal(str, bool)
    """`midi`, `osc` or `camera` on or off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sources = Choice(self)
        self.sources.setAccessibleName(self.tr("What is heard"))
        self.sources.setMinimumContentsLength(12)
        self.sources.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.sources.activated.connect(
            lambda index: self.source_chosen.emit(self.sources.itemData(index))
        )
        self.meter = LevelMeter(self)
        self.heard = QLabel(self)
        self.heard.setAccessibleName(self.tr("What it sounds like"))
        self.rows: dict[str, Row] = {}
        self.pads: dict[str, Pad] = {}
        self.remotes: dict[str, QCheckBox] = {}
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        form.addRow(self.tr("&Input"), self.sources)
        form.addRow(self.tr("Level"), self.meter)
        form.addRow(self.tr("Heard"), self.heard)
        sensitivity = self._row("sensitivity", self.tr("Sensitivity in dB"), *SENSITIVITY, 0.0)
        sensitivity.slider.number.setDecimals(0)
        sensitivity.slider.number.setSuffix(self.tr(" dB"))
        form.addRow(self.tr("Sensitivity"), sensitivity)
        self.automatic = QCheckBox(self.tr("Follow the &room"), self)
        self.automatic.setToolTip(
            self.tr("Raise the sensitivity in a quiet room and lower it in a loud one, slowly")
        )
        self.automatic.toggled.connect(self.automatic_switched)
        self.gain = QLabel(self)
        self.gain.setAccessibleName(self.tr("Automatic gain"))
        adapting = QHBoxLayout()
        adapting.addWidget(self.automatic)
        adapting.addStretch(1)
        adapting.addWidget(self.gain)
        form.addRow("", adapting)
        smoothing = self._row("smoothing", self.tr("Smoothing"), *SMOOTHING, DEFAULT_SMOOTHING)
        smoothing.slider.number.setSuffix(self.tr(" s"))
        form.addRow(self.tr("Smoothing"), smoothing)
        reactivity = self._row(REACTIVITY, self.tr("Reactivity"), *REACTIVITIES, 1.0)
        reactivity.slider.slider.setToolTip(
            self.tr("How far the sound moves the picture away from its start; 0 is the start")
        )
        form.addRow(self.tr("Reactivity"), reactivity)
        self.looks = LookBar(self)
        form.addRow(self.tr("Looks"), self.looks)
        self.freeze = QCheckBox(self.tr("&Freeze the picture"), self)
        self.freeze.toggled.connect(self.frozen)
        self.black = QCheckBox(self.tr("Fade to &black"), self)
        self.black.toggled.connect(self.darkened)
        self.scene = Button(self)
        self.scene.setText(self.tr("Another scene (N)"))
        self.scene.setIcon(icon("dice"))
        self.scene.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.scene.setToolTip(self.tr("Glide to the scene of a new seed"))
        self.scene.clicked.connect(lambda: self.scene_wanted.emit())
        self.monitor = QCheckBox(self.tr("&Hear the input (use headphones)"), self)
        self.monitor.toggled.connect(self.monitored)
        self.edits = QGroupBox(self.tr("Edits"), self)
        self._edits_form = QFormLayout(self.edits)
        self._edits_form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        self.words = WordsField(self.edits)
        self.words.chosen.connect(self.words_chosen)
        self.words.chosen.connect(lambda _: self.typing_ended.emit())
        self.words.left.connect(self.typing_ended)
        self._edits_form.addRow(self.words)
        self.notes = QLabel(self.edits)
        self.notes.setWordWrap(True)
        self.notes.setAccessibleName(self.tr("What the edits cannot do"))
        self.notes.hide()
        self._edits_form.addRow(self.notes)
        self.record = Button(self)
        self.record.setCheckable(True)
        self.record.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.record.toggled.connect(self._record_toggled)
        self.displays = Choice(self)
        self.displays.setAccessibleName(self.tr("Display for full screen"))
        self.show_full = Button(self)
        self.show_full.setText(self.tr("Full screen (F11)"))
        self.show_full.clicked.connect(lambda: self.full_screen.emit())
        remotes = QGroupBox(self.tr("Controllers and outputs"), self)
        remotes_column = QVBoxLayout(remotes)
        for name, text in (
            ("midi", self.tr("&MIDI controllers")),
            ("osc", self.tr("&OSC on port 9000")),
            ("camera", self.tr("&Virtual camera")),
        ):
            box = QCheckBox(text, remotes)
            box.toggled.connect(lambda on, name=name: self._remote_toggled(name, on))
            remotes_column.addWidget(box)
            self.remotes[name] = box
        self.pace = QLabel(self)
        self.pace.setAccessibleName(self.tr("Rate and delay"))
        self.pace.setWordWrap(True)
        self.trouble = QLabel(self)
        self.trouble.setWordWrap(True)
        self.trouble.setAccessibleName(self.tr("What there is to say"))
        self.trouble.hide()
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.addLayout(form)
        column.addWidget(self._pad("scene", self.tr("Another scene"), self.scene))
        column.addWidget(self._pad("freeze", self.tr("Freeze the picture"), self.freeze))
        column.addWidget(self._pad("black", self.tr("Fade to black"), self.black))
        column.addWidget(self.monitor)
        column.addWidget(self.edits)
        column.addWidget(self._pad("record", self.tr("Record the performance"), self.record))
        display = QHBoxLayout()
        display.addWidget(self.displays, 1)
        display.addWidget(self.show_full)
        column.addLayout(display)
        column.addWidget(remotes)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidget(inner)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll, 1)
        whole.addWidget(self.trouble)
        whole.addWidget(self.pace)
        self.setMinimumWidth(330)
        self.set_running(False)

    def set_running(self, running: bool) -> None:
        """Show whether anything is heard; only what is heard can be recorded or frozen."""
        for widget in (self.record, self.freeze, self.monitor):
            widget.setEnabled(running)
        if not running:
            self.set_recording(False)
            self.meter.reset()
            self.heard.clear()
            self.gain.clear()

    def set_sources(self, sources: Sequence[LiveSource], chosen: LiveSource | None) -> None:
        """Offer these inputs, and a file."""
        self.sources.clear()
        for source in sources:
            self.sources.addItem(source.name, source)
        self.sources.addItem(self.tr("A sound file..."), None)
        if chosen is not None:
            if chosen not in sources:
                self.sources.insertItem(0, chosen.name, chosen)
            self.sources.setCurrentIndex(self.sources.findText(chosen.name))

    def set_edits(self, edits: Sequence[Edit], strengths: Mapping[str, float]) -> None:
        """Show one slider for each edit; one that was there stays where it is."""
        wanted = {EDIT_TARGET + edit.id: edit for edit in edits}
        for target in [t for t in self.rows if t.startswith(EDIT_TARGET) and t not in wanted]:
            self._edits_form.removeRow(self.rows.pop(target))
        for target, edit in wanted.items():
            if target not in self.rows:
                row = self._row(target, edit.name, *STRENGTH, 0.0, removable=True)
                row.removed.connect(lambda target=target: self.removed.emit(target))
                row.slider.set_value(strengths.get(edit.id, edit.strength))
                self._edits_form.addRow(edit.name, row)

    def show_status(self, status: LiveStatus) -> None:
        """Show what is heard."""
        self.meter.set_level(status.rms, status.peak)
        heard = f"{status.heard} {round(100 * status.score)} %" if status.heard else ""
        self.heard.setText(heard)
        self.gain.setText(self.tr("{0} dB").format(f"{status.gain:+.0f}") if status.gain else "")
        # The worker says so for a moment after it was asked to stop.
        if status.recorded is not None and self.record.isChecked():
            self.record.setText(self.tr("Stop recording ({0})").format(clock(status.recorded, 0)))

    def show_pace(
        self, report: PaceReport | None, size: int | None, latency: float, lost: int
    ) -> None:
        """Show the true rate and delay, the side of pictures in pixels, the sound device's own
        delay in seconds, and how many blocks of sound were lost.
        """
        parts = []
        if report is not None and size is not None:
            parts.append(self.tr("{0} frames/s").format(f"{report.rate:.1f}"))
            delay = f"{report.delay:.0f} ms, p95 {report.delay_p95:.0f} ms"
            parts.append(self.tr("delay {0}").format(delay))
            if latency:
                parts.append(self.tr("sound device {0} ms").format(f"{1000 * latency:.0f}"))
            parts.append(f"{size} px")
        if lost:
            parts.append(self.tr("{0} blocks of sound lost").format(lost))
        self.pace.setText(", ".join(parts))

    def set_recording(self, on: bool) -> None:
        """Show whether the performance is being recorded, without asking for it."""
        self.record.blockSignals(True)
        self.record.setChecked(on)
        self.record.blockSignals(False)
        self._record_toggled(on, tell=False)

    def set_remote(self, name: str, on: bool) -> None:
        """Show whether a controller or output is on, without asking for it."""
        box = self.remotes[name]
        box.blockSignals(True)
        box.setChecked(on)
        box.blockSignals(False)
        self._show_learn()

    def say(self, trouble: str) -> None:
        """Say what happened, or does not work; nothing when empty."""
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))

    def note(self, notes: str) -> None:
        """Say what the edits cannot do; nothing when empty."""
        self.notes.setText(notes)
        self.notes.setVisible(bool(notes))

    def end_learning(self, but: str | None = None) -> None:
        """Let every learn button go, but the one of a target."""
        for target, learn in self._learners().items():
            if target != but:
                learn.setChecked(False)

    def show_controllers(self, controllers: Mapping[str, str]) -> None:
        """Show which controller moves each target."""
        for target, learn in self._learners().items():
            learn.show_controller(controllers.get(target, ""))

    def _learners(self) -> dict[str, LearnButton]:
        rows = {target: row.learn for target, row in self.rows.items()}
        return rows | {target: pad.learn for target, pad in self.pads.items()}

    def _row(
        self,
        target: str,
        name: str,
        low: float,
        high: float,
        default: float,
        *,
        removable: bool = False,
    ) -> Row:
        row = Row(name, low, high, default, self, removable=removable)
        row.slider.changed.connect(lambda value: self.moved.emit(target, value))
        self.rows[target] = row
        self._listen(target, row.learn)
        return row

    def _pad(self, target: str, name: str, button: QAbstractButton) -> Pad:
        pad = self.pads[target] = Pad(name, button, self)
        self._listen(target, pad.learn)
        return pad

    def _listen(self, target: str, learn: LearnButton) -> None:
        learn.learning.connect(lambda on: self.learn.emit(target, on))
        learn.forgotten.connect(lambda: self.forgotten.emit(target))
        self._show_learn()

    def _show_learn(self) -> None:
        able = any(box.isChecked() for name, box in self.remotes.items() if name != "camera")
        for learn in self._learners().values():
            learn.setVisible(able)

    def _remote_toggled(self, name: str, on: bool) -> None:
        self._show_learn()
        self.remote_switched.emit(name, on)

    def _record_toggled(self, on: bool, *, tell: bool = True) -> None:
        self.record.setIcon(icon("stop" if on else "record"))
        self.record.setText(
            self.tr("Stop recording") if on else self.tr("Record the performance (R)")
        )
        self.record.setAccessibleName(self.record.text())
        if tell:
            self.recorded.emit(on)
