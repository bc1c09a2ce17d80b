"""The microphone's part of the window: which there are, recording, and the finished take."""

import time
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction

from soundedit.app.devices import FoundDevices, SoundDevices
from soundedit.app.icons import icon
from soundedit.app.jobs import Jobs
from soundedit.app.preferences import chosen_output
from soundedit.app.recording import Hearing, Recording, leftover_recordings
from soundedit.app.requests import new_id
from soundedit.app.settings import (
    MICROPHONE,
    MICROPHONE_API,
    MONITOR,
    PREROLL,
    RECORDINGS_KNOWN,
    Settings,
)
from soundedit.app.soundspanel import SoundsPanel
from soundedit.media.portaudio import AudioDevice


class Microphone(QObject):
    """Joins devices, recording, the Sounds panel and the record action."""

    recorded = Signal(Path)
    kept = Signal(Path)
    """The newest of the recordings that a crash kept from being told of."""
    why_silent_changed = Signal(object)
    """A sentence why nothing can be heard, or None."""
    devices_found = Signal(object)
    """The `FoundDevices` there are now."""
    failed = Signal(object)
    said = Signal(str)
    """A sentence for the status bar."""

    def __init__(
        self,
        devices: SoundDevices,
        recording: Recording,
        panel: SoundsPanel,
        action: QAction,
        settings: Settings,
        jobs: Jobs,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.devices = devices
        self.recording = recording
        self._panel = panel
        self._action = action
        self._settings = settings
        self._jobs, self._job = jobs, 0
        self._outputs: tuple[AudioDevice, ...] = ()
        self._lent = self._asked = False
        self._why_not: str | None = None
        panel.set_listening(max(settings.get(PREROLL), 0), settings.get(MONITOR))
        # Answers come from a thread.
        devices.found.connect(self._found, Qt.ConnectionType.QueuedConnection)
        recording.recording_changed.connect(self._recording_changed)
        recording.finishing_changed.connect(self._finishing_changed)
        recording.level_changed.connect(panel.meter.set_level)
        recording.finished.connect(self._finished)
        recording.failed.connect(self.failed)
        recording.monitor_failed.connect(self._monitor_failed)
        panel.microphone_chosen.connect(self._chosen)
        panel.preroll_changed.connect(self._preroll_changed)
        panel.monitor_changed.connect(self._monitor_changed)

    def toggle(self) -> None:
        """Start recording, or stop and keep what was recorded."""
        if self.recording.recording:
            self.recording.stop()
        else:
            self._hear()
            self.recording.start()

    def look_again(self) -> None:
        """Look for devices that were plugged in since; not while recording or live, which it would
        end.
        """
        if not (self.recording.recording or self._lent):
            self.recording.pause(True)
            self._asked = True
            self.recording.when_free(lambda: self.devices.look(again=True))

    def lend(self, lent: bool) -> None:
        """Leave the microphone to live while nothing is recorded, or take it back."""
        self._lent = lent
        self._hear()

    def follow_settings(self) -> None:
        """Another output may have been chosen."""
        if self.recording.hearing:
            self._hear()

    def offer_leftovers(self) -> None:
        """Put the recordings that a crash left untold among the recent sounds."""
        known = self._settings.get(RECORDINGS_KNOWN)
        recent = self._settings.recent()
        left = leftover_recordings(self.recording.folder, known) if known else []
        new = [path for path in left if path not in recent]
        for path in new:
            self._settings.add_recent(path)
        self.mark_known()
        if new:
            self.kept.emit(new[-1])

    def mark_known(self) -> None:
        """Whatever was recorded until now, live's performances too, somebody was told of."""
        self._settings.set(RECORDINGS_KNOWN, time.time())

    def close(self) -> None:
        """Keep what is being recorded and wait for the threads."""
        self.recording.close()
        self.devices.stop()

    def _found(self, found: FoundDevices) -> None:
        name, api = self._settings.get(MICROPHONE), self._settings.get(MICROPHONE_API)
        chosen = next(
            (one for one in found.microphones if (one.name, one.host_api) == (name, api)), None
        )
        self._panel.set_microphones(found.microphones, chosen)
        self._panel.set_why_no_recording(found.why_no_recording)
        self._action.setEnabled(found.why_no_recording is None or self.recording.recording)
        self._outputs = found.outputs
        self._why_not = found.why_no_recording
        self._hear()
        self.why_silent_changed.emit(found.why_silent)
        self.devices_found.emit(found)
        if self._asked:
            self._asked = False
            count = len(found.microphones), len(found.outputs)
            self.said.emit(self.tr("Sound inputs found: {0}, outputs: {1}").format(*count))

    def _recording_changed(self, recording: bool) -> None:
        self._action.setIcon(icon("stop" if recording else "record"))
        self._action.setText(self.tr("&Stop recording") if recording else self.tr("&Record"))
        self._panel.microphones.setEnabled(not recording)
        self._panel.meter.reset()

    def _finishing_changed(self, finishing: bool) -> None:
        if finishing:
            self._job = new_id()
            self._jobs.begin(self._job, self.tr("Finishing the recording"))
        else:
            self._jobs.end(self._job)

    def _finished(self, path: Path) -> None:
        self._settings.add_recent(path)
        self.recorded.emit(path)

    def _chosen(self, device: AudioDevice | None) -> None:
        self._settings.set(MICROPHONE, device.name if device else "")
        self._settings.set(MICROPHONE_API, device.host_api if device else "")
        self._hear()

    def _preroll_changed(self, seconds: int) -> None:
        self._settings.set(PREROLL, seconds)
        self._hear()

    def _monitor_changed(self, on: bool) -> None:
        self._settings.set(MONITOR, on)
        self._hear()

    def _monitor_failed(self) -> None:
        self._settings.set(MONITOR, False)
        self._panel.set_listening(max(self._settings.get(PREROLL), 0), False)
        self._hear()

    def _hear(self) -> None:
        self.recording.hear(
            Hearing(
                self._panel.microphone(),
                max(self._settings.get(PREROLL), 0),
                self._settings.get(MONITOR),
                chosen_output(self._settings, self._outputs),
            ),
            paused=self._lent or self._why_not is not None,
        )
