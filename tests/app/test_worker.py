import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt
from pytestqt.qtbot import QtBot

from soundedit.app.requests import (
    Answer,
    Ended,
    FrameReady,
    FramesDone,
    FramesRequest,
    Generated,
    GenerateRequest,
    Inverted,
    InvertRequest,
    Listened,
    ListenRequest,
    Loaded,
)
from soundedit.app.worker import EngineWorker
from soundedit.document.model import Media, MediaKind, Project, Take

from .standin import StandIn, movie

MakeSound = Callable[..., Path]


class Inbox(QObject):
    """Keeps the answers, as they reach the GUI thread."""

    def __init__(self, worker: EngineWorker) -> None:
        super().__init__()
        self.answers: list[Answer] = []
        self.threads: set[str] = set()
        worker.answered.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def _take(self, answer: Answer) -> None:
        self.answers.append(answer)
        self.threads.add(threading.current_thread().name)

    def of(self, kind: type, id_: int | None = None) -> list[Answer]:
        return [one for one in self.answers if isinstance(one, kind) and id_ in (None, one.id)]


class Desk:
    def __init__(self, qtbot: QtBot) -> None:
        self.qtbot = qtbot
        self.engine = StandIn()
        self.worker = EngineWorker(lambda progress: self.engine)
        self.inbox = Inbox(self.worker)
        self.worker.start()
        self.wait(lambda: bool(self.inbox.of(Loaded)))

    def wait(self, ready: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(ready, timeout=20_000)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    made = Desk(qtbot)
    yield made
    made.engine.gate.set()
    made.worker.stop()


def generate_request(sound: Path) -> GenerateRequest:
    media = Media("m", sound.name, MediaKind.SOUND)
    project = Project(take=Take("m", 2.0), media=(media,))
    return GenerateRequest(project, {"m": sound}, sound)


def test_answers_come_in_the_gui_thread_with_the_requests_id(
    desk: Desk, make_sound: MakeSound
) -> None:
    request = InvertRequest(make_sound(), 9)
    desk.worker.submit(request)
    desk.wait(lambda: bool(desk.inbox.of(Inverted)))
    (answer,) = desk.inbox.of(Inverted, request.id)
    assert isinstance(answer, Inverted)
    assert answer.picture[0, 0].tolist() == [9, 0, 0]
    assert desk.inbox.threads == {threading.main_thread().name}


def test_latest_wins_over_waiting_and_running(desk: Desk, make_sound: MakeSound) -> None:
    sound = make_sound()
    desk.engine.gate.clear()
    requests = [InvertRequest(sound, seed) for seed in (1, 2, 3)]
    desk.worker.submit(requests[0])
    desk.wait(lambda: desk.engine.calls == ["invert 1"])
    # Both before the worker, which learns that it is to leave the first, takes the next one.
    with desk.worker._condition:
        desk.worker.submit(requests[1])
        desk.worker.submit(requests[2])
    desk.engine.gate.set()
    desk.wait(lambda: bool(desk.inbox.of(Inverted)))
    assert [answer.id for answer in desk.inbox.of(Inverted)] == [requests[2].id]
    assert desk.engine.calls == ["invert 1", "invert 3"]
    assert [answer.id for answer in desk.inbox.of(Ended)] == [requests[0].id]


def test_urgent_frame_goes_before_the_rest_of_the_work_ahead(desk: Desk) -> None:
    film = movie()
    desk.engine.gate.clear()
    ahead = FramesRequest(film, tuple(range(8)))
    desk.worker.submit(ahead)
    desk.worker.submit(FramesRequest(film, (150,), urgent=True))
    desk.engine.gate.set()
    desk.wait(lambda: len(desk.inbox.of(FrameReady)) == 9)
    order = [answer.index for answer in desk.inbox.of(FrameReady)]
    assert order.index(150) <= 1
    assert [index for index in order if index != 150] == list(range(8))


def test_pictures_ahead_are_left_half_made_for_one_that_is_waited_for(desk: Desk) -> None:
    film = movie()
    desk.engine.gate.clear()
    desk.worker.submit(FramesRequest(film, tuple(range(3))))
    desk.wait(lambda: desk.engine.begun == 1)
    desk.worker.submit(FramesRequest(film, (150,), urgent=True))
    desk.wait(lambda: desk.engine.begun == 2)
    assert desk.engine.made == []
    desk.engine.gate.set()
    desk.wait(lambda: len(desk.inbox.of(FramesDone)) == 2)
    assert [answer.index for answer in desk.inbox.of(FrameReady)] == [150, 0, 1, 2]
    assert desk.engine.begun == 5


def test_the_whole_picture_of_what_is_left_is_not_finished(desk: Desk) -> None:
    film = movie()
    desk.engine.step_seconds = 0.06
    desk.worker.submit(FramesRequest(film, (1,), urgent=True))
    desk.wait(lambda: len(desk.inbox.of(FramesDone)) == 1)
    desk.engine.step_seconds = 0.0
    desk.engine.whole.clear()
    for index in (2, 3):
        desk.worker.submit(FramesRequest(film, (index,), urgent=True))
        desk.wait(lambda: desk.inbox.of(FrameReady)[-1].index == index)  # noqa: B023
    desk.engine.whole.set()
    desk.wait(lambda: len(desk.inbox.of(FramesDone)) == 3)
    found = [(one.index, one.size) for one in desk.inbox.of(FrameReady)]
    assert found == [(1, None), (2, 32), (3, 32), (3, None)]


def test_frames_are_served_while_listening(desk: Desk, make_sound: MakeSound) -> None:
    desk.engine.gate.clear()
    listen = ListenRequest(make_sound(20.0))
    desk.worker.submit(listen)
    desk.wait(lambda: "listen" in desk.engine.calls)
    desk.worker.submit(FramesRequest(movie(), (5,), urgent=True))
    desk.engine.gate.set()
    desk.wait(lambda: bool(desk.inbox.of(Listened)))
    kinds = [type(one) for one in desk.inbox.answers]
    assert kinds.index(FrameReady) < kinds.index(Listened)


def test_cancel_ends_without_an_error(desk: Desk, make_sound: MakeSound) -> None:
    desk.engine.gate.clear()
    request = generate_request(make_sound())
    desk.worker.submit(request)
    desk.wait(lambda: "generate" in desk.engine.calls)
    request.cancel.cancel()
    desk.wait(lambda: bool(desk.inbox.of(Ended)))
    (ended,) = desk.inbox.of(Ended, request.id)
    assert isinstance(ended, Ended) and ended.error is None
    assert not desk.inbox.of(Generated)


def test_half_size_first_when_the_full_picture_is_slow(desk: Desk) -> None:
    film = movie()
    desk.engine.step_seconds = 0.06
    desk.worker.submit(FramesRequest(film, (1,), urgent=True))
    desk.wait(lambda: len(desk.inbox.of(FrameReady)) == 1)
    desk.worker.submit(FramesRequest(film, (2,), urgent=True))
    desk.wait(lambda: len(desk.inbox.of(FrameReady)) == 3)
    assert [(one.index, one.size) for one in desk.inbox.of(FrameReady)] == [
        (1, None),
        (2, 32),
        (2, None),
    ]


def test_stop_while_a_long_job_runs_ends_the_thread(desk: Desk, make_sound: MakeSound) -> None:
    desk.engine.gate.clear()
    desk.worker.submit(generate_request(make_sound()))
    desk.wait(lambda: "generate" in desk.engine.calls)
    desk.worker.stop()
    assert desk.engine.closed
    assert "engine-worker" not in [thread.name for thread in threading.enumerate()]


def test_what_waits_when_the_engine_is_left_is_ended(desk: Desk, make_sound: MakeSound) -> None:
    sound = make_sound()
    desk.engine.gate.clear()
    running, waiting = InvertRequest(sound, 1), generate_request(sound)
    desk.worker.submit(running)
    desk.wait(lambda: desk.engine.calls == ["invert 1"])
    desk.worker.submit(waiting)
    desk.worker.reload(lambda progress: StandIn())
    desk.wait(lambda: len(desk.inbox.of(Loaded)) == 2)
    for request in (running, waiting):
        (ended,) = desk.inbox.of(Ended, request.id)
        assert isinstance(ended, Ended) and ended.error is None and ended.kind is request.kind
    again = InvertRequest(sound, 7)
    desk.worker.submit(again)
    desk.wait(lambda: bool(desk.inbox.of(Inverted, again.id)))
