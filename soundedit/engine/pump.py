"""Frames handed to a writer in a thread of its own, so that synthesis and encoding overlap."""

import queue
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Generic, Protocol, Self, TypeVar

from soundedit.errors import Cancelled
from soundedit.progress import CancelToken

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
WAITING = 24
_POLL_SECONDS = 0.02


class Sink(Protocol[T_contra]):
    """What is written to; used as a context manager, which finishes it or leaves nothing."""

    def write(self, item: T_contra) -> None:
        """Append one item."""


class Pump(Generic[T]):
    """Writes what is put, in order, with at most `WAITING` items under way.

    A context manager: left by an exception, or without `finish`, the sink is left as after one,
    and `left` is called with each item that still waits, in the thread that leaves.
    """

    def __init__(
        self,
        sink: AbstractContextManager[Sink[T]],
        left: Callable[[T], None],
        cancel: CancelToken | None = None,
    ) -> None:
        self._sink, self._left, self._cancel = sink, left, cancel
        self._waiting: queue.Queue[tuple[T] | None] = queue.Queue(WAITING)
        self._given_up = threading.Event()
        self._error: BaseException | None = None
        self._finished = False
        self._thread = threading.Thread(target=self._run, name="export-writer")
        self._thread.start()

    def put(self, item: T, while_full: Callable[[], None]) -> None:
        """Append an item, calling `while_full` now and then until there is room.

        Raises what the sink raised, and `Cancelled`; the item is left then as those that wait are.
        """
        try:
            self._send((item,), while_full)
        except BaseException:
            self._left(item)
            raise

    def finish(self, while_busy: Callable[[], None]) -> None:
        """Let the sink finish, calling `while_busy` now and then; raises what the sink raised.

        What `while_busy` raises is raised once the sink ended; not `Cancelled` where that was too
        far to stop and finished whole.
        """
        self._send(None, while_busy)
        try:
            while self._thread.is_alive():
                self._thread.join(_POLL_SECONDS)
                while_busy()
        except BaseException as error:
            self._given_up.set()
            self._thread.join()
            if not (self._finished and isinstance(error, Cancelled)):
                raise
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._given_up.set()
        self._thread.join()
        while not self._waiting.empty():
            if (item := self._waiting.get_nowait()) is not None:
                self._left(item[0])

    def _send(self, item: tuple[T] | None, while_full: Callable[[], None]) -> None:
        while True:
            if self._cancel is not None:
                self._cancel.check()
            if self._error is not None:
                raise self._error
            try:
                return self._waiting.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                while_full()

    def _run(self) -> None:
        try:
            with self._sink as sink:
                while (item := self._next()) is not None:
                    sink.write(item[0])
            self._finished = True
        except _GivenUp:
            pass
        except BaseException as error:  # raised again in the thread that exports
            self._error = error

    def _next(self) -> tuple[T] | None:
        while not self._given_up.is_set():
            try:
                return self._waiting.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
        raise _GivenUp


class _GivenUp(Exception):
    """The exporting thread left; the sink is to leave nothing."""
