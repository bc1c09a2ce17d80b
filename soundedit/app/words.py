"""What embeds words and pictures, made ready on a thread of its own: its import takes seconds."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from soundedit.app.heavyimports import heavy_imports
from soundedit.app.requests import EngineLike, Request

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 15.0
"""So long in all the import rests while others work, unless somebody waits for words."""
REST_SECONDS = 0.25
"""So long at most before one module."""


class Words:
    """Embeds a first phrase with an engine, after which every other one is quick.

    `done` is called on the thread when that is over. A failure is over as well: whoever needs words
    then is told by the engine itself.
    """

    def __init__(self, engine: EngineLike, done: Callable[[], None]) -> None:
        self._engine, self._done = engine, done
        self._over = threading.Event()
        self._free = threading.Event()
        self._free.set()
        self._held = 0
        self._patience = PATIENCE_SECONDS
        self._thread: threading.Thread | None = None

    def needed(self, request: Request) -> bool:
        """Whether a request cannot be served without words."""
        return request.needs_words or (request.needs_classes and not self._engine.knows_classes)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the import rest while the engine makes what somebody waits for; from one thread."""
        self._held += 1
        self._free.clear()
        try:
            yield
        finally:
            self._held -= 1
            if not self._held:
                self._free.set()

    def hurry(self) -> None:
        """Somebody waits for words: rest no more."""
        self._patience = 0.0
        self._free.set()
        self.begin()

    @property
    def begun(self) -> bool:
        """True from `begin` on."""
        return self._thread is not None

    @property
    def ready(self) -> bool:
        """True once nobody has to wait any more."""
        return self._over.is_set()

    def begin(self) -> None:
        """Start the thread, unless it was before; from one thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="words")
            self._thread.start()

    def close(self) -> None:
        """Wait for the thread: an import cannot be stopped half-way."""
        self._patience = 0.0
        self._free.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            with heavy_imports(self._rest):
                self._engine.embed_text("a landscape")
        except Exception:  # whoever needs words is told
            log.exception("words cannot be embedded")
        finally:
            self._over.set()
            self._done()

    def _rest(self) -> None:
        if self._patience > 0 and not self._free.is_set():
            begun = time.monotonic()
            self._free.wait(REST_SECONDS)
            self._patience -= time.monotonic() - begun
