"""The order in which the window's work begins."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, SignalInstance

from soundedit.app.controller import Controller
from soundedit.app.viewer import Viewer

UNPAINTED_MILLISECONDS = 400
"""A minimised window is never painted; after this it is not waited for."""

LINKING_MILLISECONDS = 2000
"""After this libraries that are still being linked, from a cold disk, are not waited for."""


class Starting(QObject):
    """Begins the engine once the window is on screen, and the rest once its libraries are linked.

    While the system links libraries it lets nobody start a thread or load a library of his own:
    a GUI thread that tries, or waits for one who does, would stand for a third of a second.
    """

    def __init__(
        self, controller: Controller, viewer: Viewer, rest: Callable[[], None], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller, self._viewer, self._rest = controller, viewer, rest
        self._step = 0

    def begin(self) -> None:
        """Wait for the window to be painted."""
        self._wait(UNPAINTED_MILLISECONDS, self._start_engine, self._viewer.painted)

    def stop(self) -> None:
        """Begin nothing any more."""
        self._step += 1

    def _start_engine(self) -> None:
        # The engine tells what it does next as soon as its libraries are linked.
        jobs, engine = self._controller.jobs.changed, self._controller.engine_changed
        self._wait(LINKING_MILLISECONDS, self._rest, jobs, engine)
        self._controller.start()

    def _wait(self, most: int, then: Callable[[], None], *signals: SignalInstance) -> None:
        """Go on at the first of some signals, at the latest after `most` milliseconds."""
        self._step += 1
        step = self._step

        def go_on() -> None:
            # A queued signal comes even when it was disconnected.
            if step == self._step:
                self._step += 1
                timer.stop()
                for connection in connections:
                    QObject.disconnect(connection)
                then()

        timer = QTimer(self, singleShot=True, interval=most)
        queued = Qt.ConnectionType.QueuedConnection
        connections = [signal.connect(go_on, queued) for signal in (*signals, timer.timeout)]
        timer.start()
