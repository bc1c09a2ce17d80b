"""Items under way when it is stopped, early and too late."""

import threading

import pytest

from soundedit.engine.pump import WAITING, Pump
from soundedit.errors import Cancelled
from soundedit.progress import CancelToken


class Sink:
    """Holds each item back until `gate` is set, and its end until `finished` is."""

    def __init__(self) -> None:
        self.gate, self.finishing = threading.Event(), threading.Event()
        self.finished = threading.Event()
        self.items: list[int] = []
        self.whole: bool | None = None

    def write(self, item: int) -> None:
        self.gate.wait(30)
        self.items.append(item)

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finishing.set()
            self.finished.wait(30)
        self.whole = kind is None


def test_what_waits_and_what_is_in_hand_is_left() -> None:
    sink, cancel = Sink(), CancelToken()
    left: list[int] = []

    def full() -> None:
        cancel.cancel()
        sink.gate.set()

    with pytest.raises(Cancelled), Pump(sink, left.append, cancel) as pump:
        for item in range(WAITING + 10):
            pump.put(item, full)
    assert len(left) > 0 and sink.whole is False
    assert sorted([*sink.items, *left]) == list(range(max(left) + 1))


def test_a_stop_that_comes_too_late_is_none() -> None:
    sink = Sink()
    sink.gate.set()

    def stop() -> None:
        if sink.finishing.is_set():
            sink.finished.set()
            raise Cancelled

    with Pump(sink, lambda item: None) as pump:
        pump.put(1, stop)
        pump.finish(stop)
    assert sink.items == [1] and sink.whole is True
