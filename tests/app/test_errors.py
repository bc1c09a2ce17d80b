import logging
import threading
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from soundedit.app.errors import ErrorReporter
from soundedit.app.logs import start_logging
from soundedit.errors import Cancelled, MediaError


def test_one_dialog_at_a_time(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    reporter = ErrorReporter(window)
    for text in ("First; do this.", "Second; do that.", "Second; do that."):
        reporter.report(MediaError(text))
    reporter.report(Cancelled("Stopped."))
    texts = []
    for _ in range(2):
        qtbot.waitUntil(lambda: reporter.dialog is not None)
        assert reporter.dialog is not None
        texts.append(reporter.dialog.text())
        reporter.dialog.accept()
    qtbot.wait(20)
    assert reporter.dialog is None
    assert texts == ["First; do this.", "Second; do that."]


@pytest.mark.logs_errors
def test_unexpected_errors_from_any_thread_are_logged(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    reporter = ErrorReporter(window)
    thread = threading.Thread(target=lambda: reporter.report(KeyError("lost")))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: reporter.dialog is not None)
    assert reporter.dialog is not None
    assert "lost" not in reporter.dialog.text()
    assert "log" in reporter.dialog.informativeText()
    assert "KeyError: 'lost'" in caplog.text
    reporter.close()


@pytest.mark.logs_errors
def test_log_file_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    root = logging.getLogger("soundedit")
    before = list(root.handlers)
    stop = start_logging(folder)
    try:
        logging.getLogger("soundedit.app").error("something odd")
    finally:
        stop()
    assert root.handlers == before
    assert "something odd" in (folder / "soundedit.log").read_text("utf-8")
