"""A pack made with a network of another program, in its own process, while the window works on."""

import json
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from soundedit.app.jobs import Jobs
from soundedit.app.requests import new_id
from soundedit.errors import PackError

_END_MILLISECONDS = 5000


class PackImport(QObject):
    """Runs `soundedit packs import`, one at a time, as one of the window's jobs."""

    imported = Signal(Path)
    """The folder of the new pack."""
    said = Signal(str)
    failed = Signal(object)
    """A PackError."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._id = 0
        self._file = Path()
        self._cancelled = False
        self._result: Path | None = None
        self._process: QProcess | None = None

    @property
    def running(self) -> bool:
        """Whether a network is being imported."""
        return self._process is not None

    def start(self, file: Path, device: str = "auto", base: str = "") -> None:
        """Import a network onto the pack `base`, if empty the one that the command takes.

        `failed` tells if another one is not done yet.
        """
        if self.running:
            self.failed.emit(
                PackError(f"{self._file.name} is still being imported, so wait for it.")
            )
            return
        self._file, self._result, self._cancelled = file, None, False
        self._id = new_id()
        process = QProcess(self)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONIOENCODING", "utf-8")
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._broken)
        self._process = process
        self._jobs.begin(self._id, self.tr("Importing {0}").format(file.name), self.cancel)
        words = ["-m", "soundedit", "packs", "import", str(file), "--json-lines"]
        words += ["--device", device, *(["--pack", base] if base else [])]
        process.start(sys.executable, words)

    def cancel(self) -> None:
        """Stop; no half pack stays."""
        self._cancelled = True
        if self._process is not None:
            self._process.terminate()
            if sys.platform == "win32":
                # Programs without a window do not hear the gentle way there.
                self._process.kill()

    def close(self) -> None:
        """Stop and wait for the end."""
        process = self._process
        if process is not None:
            self.cancel()
            if not process.waitForFinished(_END_MILLISECONDS):
                process.kill()
                process.waitForFinished(_END_MILLISECONDS)

    def _read(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            try:
                said = json.loads(bytes(process.readLine().data()))
            except ValueError:
                continue
            if "pack" in said:
                self._result = Path(said["pack"])
            elif "progress" in said:
                text = self.tr("Importing {0}: {1}").format(self._file.name, said["text"])
                self._jobs.advance(self._id, said["progress"], text)

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._end()
            self.failed.emit(PackError("The process that imports could not be started."))

    def _finished(self) -> None:
        process = self._process
        if process is None:
            return
        self._read()
        lines = bytes(process.readAllStandardError().data()).decode(errors="replace").splitlines()
        result = self._result
        self._end()
        if result is not None:
            self.imported.emit(result)
        elif self._cancelled:
            self.said.emit(self.tr("Import cancelled; no pack was left"))
        else:
            last = next((line.strip() for line in reversed(lines) if line.strip()), "")
            why = last.removeprefix("soundedit: ")
            self.failed.emit(PackError(why or f"The import of {self._file.name} was ended."))

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.deleteLater()
        self._jobs.end(self._id)
