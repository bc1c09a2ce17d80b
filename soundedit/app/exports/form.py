"""The settings of an export as controls: what is chosen, and nothing of where it goes."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from soundedit.app.clock import rate_text
from soundedit.app.exports.choices import (
    FIT_TITLES,
    QUALITY_TITLES,
    RATES,
    SIZES,
    format_titles,
    shown,
)
from soundedit.app.exports.plan import Subject, qualities
from soundedit.app.numberbox import NumberBox
from soundedit.app.rows import beside
from soundedit.errors import ExportError
from soundedit.media.formats import FORMATS, Kind, Quality
from soundedit.media.presets import (
    GLIDE,
    LARGEST_SIDE,
    LONGEST_FADE,
    LONGEST_GLIDE,
    ExportSettings,
    Fit,
)

Size = tuple[int | None, int | None]
OWN: Size = (None, None)


class SettingsForm(QWidget):
    """Controls for `ExportSettings`."""

    changed = Signal()

    def __init__(self, subject: Subject, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subject = subject
        self._showing = True
        self.format = self._combo(self.tr("Format"))
        for name, title in format_titles().items():
            self.format.addItem(title, name)
        self.sizes = self._combo(self.tr("Size"))
        own = self.tr("As it is made ({0} \u00d7 {0})").format(subject.side)
        self.sizes.addItem(own, OWN)
        for width, height in SIZES:
            self.sizes.addItem(f"{width} \u00d7 {height}", (width, height))
        self.sizes.addItem(self.tr("Other"), None)
        self.wide, self.high = self._side(self.tr("Width")), self._side(self.tr("Height"))
        self.fit = self._combo(self.tr("Shape"))
        for fit, title in FIT_TITLES.items():
            self.fit.addItem(shown(title), fit)
        self.rate = self._combo(self.tr("Frames a second"))
        self.rate.addItem(self.tr("The project's ({0})").format(rate_text(subject.fps)), None)
        for fps in RATES:
            self.rate.addItem(rate_text(fps), fps)
        self.quality = self._combo(self.tr("Quality"))
        for quality, title in QUALITY_TITLES.items():
            self.quality.addItem(shown(title), quality)
        self.sound = self._box(self.tr("With the sound"))
        self.normalise = self._box(self.tr("Bring it to"))
        self.normalise.setToolTip(self.tr("Otherwise the loudness is left alone"))
        self.loudness = NumberBox(self)
        self.loudness.setRange(-70, -5)
        self.loudness.setDecimals(1)
        self.loudness.setSuffix(self.tr(" LUFS (EBU R128)"))
        self.loudness.setAccessibleName(self.tr("Loudness"))
        self.loudness.valueChanged.connect(self._edited)
        self.loop = self._box(self.tr("The end glides into the beginning, for"))
        self.loop.setToolTip(
            self.tr("So that it repeats without a seam; the sound is left as it is")
        )
        self.glide = self._seconds(self.tr("Seconds in which the end glides"), 0.1, LONGEST_GLIDE)
        self.fade_in = self._seconds(self.tr("Fade in"), 0.0, LONGEST_FADE)
        self.fade_out = self._seconds(self.tr("Fade out"), 0.0, LONGEST_FADE)
        for box in (self.fade_in, self.fade_out):
            box.setToolTip(self.tr("Pictures from and to black, the sound from and to silence"))
        self.metadata = self._box(self.tr("Title, seed, edits, and that it was synthesised"))
        self._lay_out()
        self.sizes.currentIndexChanged.connect(self._size_chosen)
        self.set_settings(ExportSettings())

    def settings(self) -> ExportSettings:
        """What is chosen; `ExportError` if no file can be like that."""
        width, height = self._size()
        return ExportSettings(
            format=self.format.currentData(),
            width=width,
            height=height,
            fit=Fit(self.fit.currentData()),
            fps=self.rate.currentData(),
            quality=Quality(self.quality.currentData()),
            sound=self.sound.isChecked(),
            normalise=self.normalise.isChecked(),
            loudness=self.loudness.value(),
            metadata=self.metadata.isChecked(),
            glide=self.glide.value() if self.loop.isChecked() else 0.0,
            fade_in=self.fade_in.value(),
            fade_out=self.fade_out.value(),
        )

    def set_settings(self, settings: ExportSettings) -> None:
        """Show these, and tell that once."""
        self._showing = True
        self._choose(self.format, settings.format)
        width, height = settings.size(self._subject.side)
        self.wide.setValue(width)
        self.high.setValue(height)
        own = settings.width is None and settings.height is None
        index = self._index(self.sizes, OWN if own else (width, height))
        self.sizes.setCurrentIndex(index if index >= 0 else self.sizes.count() - 1)
        self._choose(self.fit, settings.fit)
        if settings.fps is not None and self._index(self.rate, settings.fps) < 0:
            self.rate.addItem(rate_text(settings.fps), settings.fps)
        self._choose(self.rate, settings.fps)
        self._choose(self.quality, settings.quality)
        self.sound.setChecked(settings.sound)
        self.normalise.setChecked(settings.normalise)
        self.loudness.setValue(settings.loudness)
        self.metadata.setChecked(settings.metadata)
        self.loop.setChecked(settings.glide > 0)
        self.glide.setValue(settings.glide or GLIDE)
        self.fade_in.setValue(settings.fade_in)
        self.fade_out.setValue(settings.fade_out)
        self._showing = False
        self._edited()

    @property
    def kind(self) -> Kind:
        """What the chosen format makes."""
        return FORMATS[self.format.currentData()].kind

    def _size(self) -> Size:
        if self.sizes.currentData() == OWN:
            return OWN
        return self.wide.value(), self.high.value()

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignRight)
        form.addRow(self.tr("Format"), self.format)
        form.addRow(self.tr("Quality"), self.quality)
        form.addRow(
            self.tr("Size"),
            beside(self.sizes, self.wide, QLabel("\u00d7", self), self.high),
        )
        form.addRow(self.tr("Shape"), self.fit)
        form.addRow(self.tr("Frames/s"), self.rate)
        form.addRow(self.tr("Sound"), beside(self.sound, self.normalise, self.loudness))
        form.addRow(self.tr("Loop"), beside(self.loop, self.glide))
        out = QLabel(self.tr("out"), self)
        form.addRow(self.tr("Fade in"), beside(self.fade_in, out, self.fade_out))
        form.addRow(self.tr("Write in it"), self.metadata)

    def _combo(self, name: str) -> QComboBox:
        combo = QComboBox(self)
        combo.setAccessibleName(name)
        combo.currentIndexChanged.connect(self._edited)
        return combo

    def _seconds(self, name: str, least: float, most: float) -> NumberBox:
        box = NumberBox(self)
        box.setRange(least, most)
        box.setDecimals(1)
        box.setSingleStep(0.5)
        box.setSuffix(self.tr(" s"))
        box.setAccessibleName(name)
        box.valueChanged.connect(self._edited)
        return box

    def _side(self, name: str) -> QSpinBox:
        box = QSpinBox(self)
        # Wider than what is possible, so that what is typed is told about and not changed.
        box.setRange(1, 4 * LARGEST_SIDE)
        box.setSingleStep(2)
        box.setAccessibleName(name)
        box.valueChanged.connect(self._side_typed)
        return box

    def _box(self, text: str) -> QCheckBox:
        box = QCheckBox(text, self)
        box.toggled.connect(self._edited)
        return box

    def _choose(self, combo: QComboBox, value: object) -> None:
        combo.setCurrentIndex(max(self._index(combo, value), 0))

    @staticmethod
    def _index(combo: QComboBox, value: object) -> int:
        # Not findData, which compares Python's objects by identity.
        return next((n for n in range(combo.count()) if combo.itemData(n) == value), -1)

    def _size_chosen(self) -> None:
        size = self.sizes.currentData()
        if self._showing or size is None:
            return
        width, height = size
        self._showing = True
        self.wide.setValue(width or self._subject.side)
        self.high.setValue(height or self._subject.side)
        self._showing = False
        self._edited()

    def _side_typed(self) -> None:
        if self._showing:
            return
        self._showing = True
        size = (self.wide.value(), self.high.value())
        index = self._index(self.sizes, size)
        self.sizes.setCurrentIndex(index if index >= 0 else self.sizes.count() - 1)
        self._showing = False
        self._edited()

    def _edited(self) -> None:
        if self._showing:
            return
        form = FORMATS[self.format.currentData()]
        pictures = form.kind is not Kind.LATENTS
        for widget in (self.sizes, self.wide, self.high):
            widget.setEnabled(pictures)
        self.fit.setEnabled(pictures and self.wide.value() != self.high.value())
        self.quality.setEnabled(pictures and self._has_qualities())
        can_sound = form.sound is not None and self._subject.has_sound
        self.sound.setEnabled(can_sound)
        self.normalise.setEnabled(can_sound and self.sound.isChecked())
        self.loudness.setEnabled(self.normalise.isEnabled() and self.normalise.isChecked())
        self.glide.setEnabled(self.loop.isChecked())
        self.fade_in.setEnabled(pictures)
        self.fade_out.setEnabled(pictures)
        self.changed.emit()

    def _has_qualities(self) -> bool:
        try:
            return qualities(self.settings())
        except ExportError:
            return True
