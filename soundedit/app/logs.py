"""The log file, and what catches everything nobody else caught."""

import faulthandler
import logging
import sys
import threading
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

import platformdirs
from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

log = logging.getLogger("soundedit.app")

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def log_folder() -> Path:
    """The person's log folder for soundedit, as the system has it."""
    return Path(platformdirs.user_log_dir("soundedit", appauthor=False))


def log_file() -> Path:
    """The newest log file."""
    return log_folder() / "soundedit.log"


def start_logging(folder: Path) -> Callable[[], None]:
    """Log to a rotating file in `folder`, Qt's messages too, and crashes of native code.

    Returns:
        A function that ends the logging and closes the files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            folder / "soundedit.log", maxBytes=1_000_000, backupCount=3, encoding="utf-8"
        )
        crashes = (folder / "crash.log").open("a", encoding="utf-8")
    except OSError as error:
        print(f"soundedit: there is no log: {error}", file=sys.stderr)
        return lambda: None
    faulthandler.enable(crashes)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s %(threadName)s: %(message)s")
    )
    root = logging.getLogger("soundedit")
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    qInstallMessageHandler(_qt_message)

    def stop() -> None:
        qInstallMessageHandler(None)
        root.removeHandler(handler)
        handler.close()
        faulthandler.disable()
        crashes.close()

    return stop


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger("soundedit.qt").log(_LEVELS.get(kind, logging.WARNING), message)


def catch_everything(report: Callable[[BaseException], None]) -> None:
    """Give exceptions that nobody caught, in any thread, to `report` (it must be thread-safe)."""

    def uncaught(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        report(error)

    def uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            report(args.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
