"""The settings dialog: what it shows is remembered and takes effect at once."""

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from soundedit.app.keymap import Keymap
from soundedit.app.keyspage import KeysPage
from soundedit.app.settings import (
    CACHE_MEGABYTES,
    COLOUR_SCHEME,
    DEVICE,
    FOLLOW,
    OUTPUT,
    OUTPUT_API,
    RETURN_ON_STOP,
    SCRUB_SOUND,
    SNAP,
    Option,
    Settings,
)
from soundedit.app.theme import SCHEMES, scheme_names, set_colour_scheme
from soundedit.media.portaudio import AudioDevice

T = TypeVar("T", bool, int, float, str, list[str])

CACHE_RANGE = (64, 65_536)
PLAYBACK, PICTURES, WINDOW, KEYS = range(4)


class Preferences(QObject):
    """Tells when the person changed something that is remembered."""

    changed = Signal()
    """Something takes effect now; whoever it concerns reads the settings again."""
    device_changed = Signal()
    """Pictures are to be made on another device."""

    def __init__(self, settings: Settings, keymap: Keymap, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.settings = settings
        self.keymap = keymap
        self.outputs: Sequence[AudioDevice] = ()
        """The sound outputs that were found."""

    def set(self, option: Option[T], value: T) -> None:
        """Remember a value and tell."""
        if self.settings.get(option) != value:
            self.settings.set(option, value)
            self.changed.emit()

    def show(self, parent: QWidget, page: int = PLAYBACK) -> None:
        """Open the dialog."""
        dialog = PreferencesDialog(self, parent)
        dialog.tabs.setCurrentIndex(page)
        dialog.open()


class PreferencesDialog(QDialog):
    """Pages for playback, pictures, window and keys; changes need no OK."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.setWindowTitle(self.tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.tabs = QTabWidget(self)
        self.keys = KeysPage(preferences.keymap, self)
        self.tabs.addTab(self._playback_page(), self.tr("&Playback"))
        self.tabs.addTab(self._pictures_page(), self.tr("P&ictures"))
        self.tabs.addTab(self._window_page(), self.tr("&Window"))
        self.tabs.addTab(self.keys, self.tr("&Keys"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs)
        layout.addWidget(buttons)
        self.resize(560, 520)

    def _playback_page(self) -> QWidget:
        page = QWidget(self)
        form = QFormLayout(page)
        self.output = self._output_box(page)
        form.addRow(self.tr("Sound &output"), self.output)
        self.returns = self._check(
            RETURN_ON_STOP, self.tr("On stop, &go back to where playback began")
        )
        self.scrub = self._check(SCRUB_SOUND, self.tr("&Hear the sound while scrubbing"))
        self.follow = self._check(FOLLOW, self.tr("The view &follows the playhead by page"))
        self.snap = self._check(
            SNAP, self.tr("Snap to &playhead, markers, beats, onsets and keyframes")
        )
        for box in (self.returns, self.scrub, self.follow, self.snap):
            form.addRow(box)
        return page

    def _pictures_page(self) -> QWidget:
        page = QWidget(self)
        form = QFormLayout(page)
        self.cache = QSpinBox(page)
        self.cache.setRange(*CACHE_RANGE)
        self.cache.setSingleStep(256)
        self.cache.setSuffix(self.tr(" MB"))
        self.cache.setKeyboardTracking(False)
        self.cache.setValue(self._preferences.settings.get(CACHE_MEGABYTES))
        self.cache.setAccessibleName(self.tr("Memory for finished frames"))
        self.cache.valueChanged.connect(lambda value: self._preferences.set(CACHE_MEGABYTES, value))
        form.addRow(self.tr("&Memory for finished frames"), self.cache)
        self.device = QComboBox(page)
        self.device.setAccessibleName(self.tr("Pictures are made on"))
        for name, value in (
            (self.tr("The graphics card where there is one"), DEVICE.default),
            (self.tr("The processor"), "cpu"),
            (self.tr("The graphics card (CUDA)"), "cuda"),
        ):
            self.device.addItem(name, value)
        chosen = self._preferences.settings.get(DEVICE)
        self.device.setCurrentIndex(max(self.device.findData(chosen), 0))
        self.device.currentIndexChanged.connect(self._device_chosen)
        form.addRow(self.tr("Pictures are made &on"), self.device)
        return page

    def _window_page(self) -> QWidget:
        page = QWidget(self)
        form = QFormLayout(page)
        self.colours = QComboBox(page)
        self.colours.setAccessibleName(self.tr("Colours"))
        for name in SCHEMES:
            self.colours.addItem(scheme_names()[name], name)
        chosen = self._preferences.settings.get(COLOUR_SCHEME)
        self.colours.setCurrentIndex(max(self.colours.findData(chosen), 0))
        self.colours.currentIndexChanged.connect(self._colours_chosen)
        form.addRow(self.tr("&Colours"), self.colours)
        return page

    def _check(self, option: Option[bool], text: str) -> QCheckBox:
        box = QCheckBox(text, self)
        box.setChecked(self._preferences.settings.get(option))
        box.toggled.connect(lambda on: self._preferences.set(option, on))
        return box

    def _output_box(self, page: QWidget) -> QComboBox:
        box = QComboBox(page)
        box.setAccessibleName(self.tr("Sound output"))
        box.addItem(self.tr("As the system"), None)
        settings = self._preferences.settings
        wanted = (settings.get(OUTPUT), settings.get(OUTPUT_API))
        for device in self._preferences.outputs:
            box.addItem(f"{device.name} ({device.host_api})", device)
            if (device.name, device.host_api) == wanted:
                box.setCurrentIndex(box.count() - 1)
        box.currentIndexChanged.connect(self._output_chosen)
        return box

    def _output_chosen(self, index: int) -> None:
        device: AudioDevice | None = self.output.itemData(index)
        settings = self._preferences.settings
        settings.set(OUTPUT_API, device.host_api if device else "")
        settings.set(OUTPUT, device.name if device else "")
        self._preferences.changed.emit()

    def _device_chosen(self, index: int) -> None:
        self._preferences.set(DEVICE, self.device.itemData(index))
        self._preferences.device_changed.emit()

    def _colours_chosen(self, index: int) -> None:
        name = self.colours.itemData(index)
        set_colour_scheme(name)
        self._preferences.set(COLOUR_SCHEME, name)


def chosen_output(settings: Settings, outputs: Sequence[AudioDevice]) -> AudioDevice | None:
    """The output the person chose, where it is there; None is the system's."""
    wanted = (settings.get(OUTPUT), settings.get(OUTPUT_API))
    return next((one for one in outputs if (one.name, one.host_api) == wanted), None)
