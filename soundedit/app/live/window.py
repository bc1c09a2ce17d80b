"""The live window: the picture, its controls, and the picture alone on another display."""

import time

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QScreen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from soundedit.app.live.panel import LivePanel
from soundedit.app.viewer import Viewer
from soundedit.document.looks import SLOTS


class LiveScreen(QWidget):
    """The picture alone, full screen on one display; Escape or a double click closes it."""

    key_pressed = Signal(object)

    def __init__(self, screen: QScreen, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle(self.tr("Live picture"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.viewer = Viewer(self)
        self.viewer.set_dark(True)
        self.viewer.setAcceptDrops(False)
        self.viewer.double_clicked.connect(self.close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.viewer)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setScreen(screen)
        self.setGeometry(screen.geometry())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F11):
            self.close()
        else:
            self.key_pressed.emit(event)


class LiveWindow(QWidget):
    """Shows pictures and tells when each was painted; Escape leaves full screen, then live."""

    left = Signal()
    """The window was closed."""
    painted = Signal(float)
    """The monotonic time at which a picture was painted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("Live - soundedit"))
        self.viewer = Viewer(self)
        self.viewer.setAcceptDrops(False)
        self.viewer.set_hint(self.tr("Opening the input..."))
        self.viewer.painted.connect(self._painted)
        self.panel = LivePanel(self)
        self.panel.full_screen.connect(self.toggle_screen)
        self.panel.typing_ended.connect(self.setFocus)
        self.viewer.double_clicked.connect(self.toggle_screen)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 6)
        layout.addWidget(self.viewer, 1)
        layout.addWidget(self.panel)
        self.screen_window: LiveScreen | None = None
        self._waiting = False
        self._screens: list[QScreen] = []
        self.show_displays()
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.connect(self.show_displays)
        app.screenRemoved.connect(self.show_displays)
        self.resize(1080, 720)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFocus()

    def show_displays(self) -> None:
        """Offer the displays there are, the ones the window is not on first."""
        here = self.screen()
        self._screens = sorted(QGuiApplication.screens(), key=lambda screen: screen is here)
        self.panel.displays.clear()
        for screen in self._screens:
            size = screen.size()
            self.panel.displays.addItem(f"{screen.name()} ({size.width()} x {size.height()})")

    def show_picture(self, picture: NDArray[np.uint8]) -> None:
        """Show a picture here and on the chosen display."""
        self._waiting = True
        self.viewer.show_picture(picture)
        if self.screen_window is not None:
            self.screen_window.viewer.show_picture(picture)

    def toggle_screen(self) -> None:
        """Show the picture alone on the chosen display, or no longer."""
        if self.screen_window is not None:
            self.screen_window.close()
            return
        index = max(self.panel.displays.currentIndex(), 0)
        screen = LiveScreen(self._screens[index], self)
        screen.destroyed.connect(self._screen_gone)
        screen.key_pressed.connect(self.keyPressEvent)
        self.screen_window = screen
        screen.showFullScreen()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            if self.screen_window is not None:
                self.screen_window.close()
            elif self.panel.record.isChecked():
                # Esc is also how full screen is left; pressed once more, it would end the show.
                self.panel.say(self.tr("The recording goes on; R ends it, then Esc closes live."))
            else:
                self.close()
        elif key == Qt.Key.Key_F11:
            self.toggle_screen()
        elif key == Qt.Key.Key_R and not event.isAutoRepeat():
            self.panel.record.click()
        elif key == Qt.Key.Key_F and not event.isAutoRepeat():
            self.panel.freeze.click()
        elif key == Qt.Key.Key_B and not event.isAutoRepeat():
            self.panel.black.click()
        elif key == Qt.Key.Key_N and not event.isAutoRepeat():
            self.panel.scene.click()
        elif (slot := key - Qt.Key.Key_0) in SLOTS and not event.isAutoRepeat():
            kept = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            looks = self.panel.looks
            (looks.kept if kept else looks.called).emit(slot)
        elif key == Qt.Key.Key_K and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.activateWindow()
            self.panel.words.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.screen_window is not None:
            self.screen_window.close()
        super().closeEvent(event)
        self.left.emit()

    def _painted(self) -> None:
        # Paints for other reasons than a new picture say nothing about its delay.
        if self._waiting:
            self._waiting = False
            self.painted.emit(time.monotonic())

    def _screen_gone(self) -> None:
        self.screen_window = None
