"""The beats of the take: typed, tapped, or found in the sound, and shown at once."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from statistics import median

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.numberbox import NumberBox, TimeBox
from soundedit.app.rows import beside
from soundedit.app.session import ProjectSession
from soundedit.app.timeaxis import TimeAxis
from soundedit.document.beats import BARS, TEMPOS, set_beats
from soundedit.document.model import Beats
from soundedit.media.tempo import Tempo

TAPS = 9
"""So many taps in a row give a tempo."""
STEADY = 0.5
"""What is found of a beat less steady than this is said to be so."""
LONGEST_TAP = 3.0
"""Seconds after which a tap begins another row."""


class BeatsDialog(QDialog):
    """Sets the project's beats while it is open; all of it is one step to undo.

    Args:
        find: gives the tempo of the sound, or None.
        clock: seconds that only go up, for taps.
    """

    def __init__(
        self,
        session: ProjectSession,
        axis: TimeAxis,
        find: Callable[[], Tempo | None],
        parent: QWidget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Beats"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._session, self._axis, self._find, self._clock = session, axis, find, clock
        self._beats = session.project.beats or Beats()
        self._taps: deque[float] = deque(maxlen=TAPS)
        self._showing = False
        self.on = QCheckBox(self.tr("Show beats, and snap to them"), self)
        self.bpm = self._number(NumberBox(self), TEMPOS, 2, self.tr("Beats a minute"))
        self.first = self._number(TimeBox(self), (0.0, 1e5), 3, self.tr("First beat"))
        self.first.setSuffix(self.tr(" s"))
        self.bar = QSpinBox(self)
        self.bar.setRange(*BARS)
        self.bar.setAccessibleName(self.tr("Beats in a bar"))
        self.half = self._button(self.tr("\u00f7 2"), self.tr("Half as fast"))
        self.twice = self._button(self.tr("\u00d7 2"), self.tr("Twice as fast"))
        self.tap = self._button(self.tr("&Tap"), self.tr("Press it on each beat"))
        self.here = self._button(
            self.tr("At the &playhead"), self.tr("The beat that begins a bar is where it is")
        )
        self.search = self._button(
            self.tr("&Find in the sound"),
            self.tr("The tempo of the minute from the in point, or from the beginning, on"),
        )
        self.said = QLabel(self)
        self.said.setWordWrap(True)
        self._lay_out()
        self.on.toggled.connect(self._edited)
        for spin in (self.bpm, self.first, self.bar):
            spin.valueChanged.connect(self._edited)
        self.half.clicked.connect(lambda: self.bpm.setValue(self.bpm.value() / 2))
        self.twice.clicked.connect(lambda: self.bpm.setValue(self.bpm.value() * 2))
        self.tap.pressed.connect(self._tapped)
        self.here.clicked.connect(lambda: self._put(replace(self._beats, first=axis.playhead)))
        self.search.clicked.connect(self._search)
        session.changed.connect(self._follow)
        self._show(self._beats, session.project.beats is not None)

    def done(self, result: int) -> None:
        # However it is closed, what was set stays, and Undo takes it back.
        self._session.close_merge()
        super().done(result)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow(self.tr("Beats a minute"), beside(self.bpm, self.half, self.twice, self.tap))
        form.addRow(self.tr("First beat"), beside(self.first, self.here))
        form.addRow(self.tr("Beats in a bar"), beside(self.bar))
        form.addRow("", beside(self.search))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        # Return takes the number that was typed.
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.addWidget(self.on)
        layout.addLayout(form)
        layout.addWidget(self.said)
        layout.addWidget(buttons)

    def _number(
        self, spin: NumberBox, limits: tuple[float, float], decimals: int, name: str
    ) -> NumberBox:
        spin.setRange(*limits)
        spin.setDecimals(decimals)
        spin.setAccessibleName(name)
        spin.setKeyboardTracking(False)
        return spin

    def _button(self, text: str, tip: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        return button

    def _show(self, beats: Beats, on: bool) -> None:
        self._showing = True
        self._beats = beats
        self.on.setChecked(on)
        self.bpm.setValue(beats.bpm)
        self.first.setValue(beats.first)
        self.bar.setValue(beats.bar)
        self._showing = False

    def _follow(self) -> None:
        """Something else changed the project, such as Undo."""
        beats = self._session.project.beats
        if beats is None:
            self._show(self._beats, False)
        elif beats != self._beats or not self.on.isChecked():
            self._show(beats, True)

    def _edited(self) -> None:
        if self._showing:
            return
        # What is shown is rounded: what nobody changed stays as fine as it was.
        new = self._beats
        if round(new.bpm, self.bpm.decimals()) != self.bpm.value():
            new = replace(new, bpm=self.bpm.value())
        if round(new.first, self.first.decimals()) != self.first.value():
            new = replace(new, first=self.first.value())
        new = replace(new, bar=self.bar.value())
        changed = new != self._beats
        self._put(new, on=self.on.isChecked() or changed)

    def _put(self, beats: Beats, on: bool = True) -> None:
        project = set_beats(self._session.project, beats if on else None)
        self._beats = project.beats or beats
        name = self.tr("set the beats") if on else self.tr("hide the beats")
        self._session.do(name, project, "beats")
        self._show(self._beats, self._session.project.beats is not None)

    def _tapped(self) -> None:
        now = self._clock()
        if self._taps and now - self._taps[-1] > LONGEST_TAP:
            self._taps.clear()
        self._taps.append(now)
        taps = list(self._taps)
        if len(taps) < 3:
            self.said.setText(self.tr("Go on tapping..."))
            return
        between = median(b - a for a, b in pairwise(taps))
        bpm = min(max(60 / max(between, 1e-3), TEMPOS[0]), TEMPOS[1])
        self.said.setText("")
        self._put(replace(self._beats, bpm=round(bpm, 1)))

    def _search(self) -> None:
        found = self._find()
        if found is None:
            self.said.setText(
                self.tr(
                    "No steady beat was found, or the sound is still being read; type the tempo or"
                    " tap it."
                )
            )
            return
        steady = self.tr("Found {0} beats a minute, steady to {1} %.")
        unsteady = self.tr("Found {0} beats a minute, but steady to {1} % only; listen to it.")
        self.said.setText(
            (steady if found.steadiness >= STEADY else unsteady).format(
                f"{found.bpm:.2f}", round(found.steadiness * 100)
            )
        )
        self._put(replace(self._beats, bpm=found.bpm, first=found.first))
