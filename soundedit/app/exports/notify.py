"""Tell a person who looks elsewhere that something is ready."""

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

SHOWN_MILLISECONDS = 8000


class Notifier(QObject):
    """The desktop's notifications, where it has them, and a mark on the window's task."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._tray: QSystemTrayIcon | None = None
        self._hide = QTimer(self, singleShot=True, interval=SHOWN_MILLISECONDS)
        self._hide.timeout.connect(self.close)

    def tell(self, title: str, text: str) -> None:
        """Say it, unless the person is looking at the window."""
        if self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.messageClicked.connect(self._window.activateWindow)
        self._tray.show()
        self._tray.showMessage(title, text, self._window.windowIcon(), SHOWN_MILLISECONDS)
        # The icon is only there for as long as its message.
        self._hide.start()

    def close(self) -> None:
        """Take the icon away."""
        self._hide.stop()
        if self._tray is not None:
            self._tray.hide()
