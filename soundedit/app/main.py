"""Start the app."""

import argparse
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QLibraryInfo, QLocale, QSocketNotifier, Qt, QTimer, QTranslator
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from soundedit import __version__
from soundedit.app.icons import app_icon
from soundedit.app.logs import catch_everything, log_folder, start_logging
from soundedit.app.settings import COLOUR_SCHEME, Settings
from soundedit.app.theme import set_colour_scheme
from soundedit.app.window import MainWindow


def run(argv: Sequence[str]) -> int:
    """Open the window and stay until it is closed.

    Args:
        argv: arguments without the program's name: at most one sound or video to open, or
            --live, with or without a sound to hear in place of the microphone.

    Returns:
        The process's exit code.
    """
    parser = argparse.ArgumentParser(prog="soundedit", add_help=False)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--live", nargs="?", type=Path, const=Path())
    options, rest = parser.parse_known_args(list(argv))
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    app = QApplication([sys.argv[0] if sys.argv else "soundedit", *rest])
    app.setApplicationName("soundedit")
    app.setApplicationVersion(__version__)
    app.setWindowIcon(app_icon())
    stop_logging = start_logging(log_folder())
    translator = QTranslator(app)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if translator.load(QLocale(), "qtbase", "_", folder):
        app.installTranslator(translator)
    settings = Settings()
    set_colour_scheme(settings.get(COLOUR_SCHEME))
    app.styleHints().colorSchemeChanged.connect(
        # Qt says so before it takes the palette of the new scheme.
        lambda: QTimer.singleShot(0, lambda: set_colour_scheme(settings.get(COLOUR_SCHEME)))
    )
    window = MainWindow(settings)
    catch_everything(window.errors.report)
    interrupt = _Interrupt(window)
    window.show()
    heard = None if options.live == Path() else options.live
    window.begin(options.file, live=options.live is not None, live_sound=heard)
    code = app.exec()
    interrupt.close()
    stop_logging()
    return code


class _Interrupt:
    """Closes the window on Ctrl-C or SIGTERM, so that an export leaves no half file.

    Python handles a signal only when it runs; the wake-up byte makes Qt's loop run it.
    """

    def __init__(self, window: MainWindow) -> None:
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        self._old = {
            number: signal.signal(number, lambda *_: window.end())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._drain)

    def _drain(self) -> None:
        self._near.recv(64)

    def close(self) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._near.close()
        self._far.close()
