"""The preview size: how large pictures are made while playing and scrubbing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from soundedit.app.framefeed import FrameFeed
from soundedit.app.requests import (
    FrameReady,
    FramesDone,
    FramesRequest,
    Loaded,
    PreviewSize,
    Request,
)
from soundedit.app.settings import PREVIEW_SIZE, Settings
from soundedit.app.worker import EngineWorker

from .conftest import Rig
from .standin import RESOLUTION, StandIn, movie
from .test_worker import Inbox

MakeSound = Callable[..., Path]
SIDE = 8


class Bench:
    """A feed whose requests are answered in pictures of the size that was asked for."""

    def __init__(self, preview: PreviewSize) -> None:
        self.asked: list[FramesRequest] = []
        self.feed = FrameFeed(self._submit, 2**20)
        self.sides: list[int] = []
        self.stored: list[int] = []
        self.feed.shown.connect(lambda index, picture: self.sides.append(len(picture)))
        self.feed.stored.connect(lambda index, picture: self.stored.append(len(picture)))
        self.feed.set_preview(preview)
        self.feed.set_movie(movie(20))

    def _submit(self, request: Request) -> None:
        assert isinstance(request, FramesRequest)
        self.asked.append(request)

    def answer(self, request: FramesRequest, size: int | None, took: float = 0.01) -> None:
        for index in request.indices:
            side = SIDE if size is None else size
            picture = np.full((side, side, 3), index, np.uint8)
            self.feed.on_frame(
                FrameReady(
                    request.id, request.movie.key, index, size, picture, took, request.urgent
                )
            )

    def work(self, took: float = 0.01) -> list[int | None]:
        """Answer all that is asked for ahead until nothing is; the sizes it was asked in."""
        sizes = []
        while self.feed._ahead is not None:
            request = self.feed._ahead
            sizes.append(request.size)
            self.answer(request, request.size, took)
            self.feed.on_done(FramesDone(request.id, False))
        return sizes


@pytest.mark.parametrize(("preview", "size"), [(PreviewSize.HALF, 4), (PreviewSize.QUARTER, 2)])
def test_work_ahead_is_small_and_the_frame_at_rest_whole(preview: PreviewSize, size: int) -> None:
    bench = Bench(preview)
    bench.feed.want(0.1)
    urgent = next(one for one in bench.asked if one.urgent)
    assert urgent.preview is preview
    bench.answer(urgent, None)
    assert bench.sides == [SIDE]
    # What was asked for before a whole picture told the size is whole.
    assert set(bench.work()[1:]) == {size}
    assert {SIDE, size} == set(bench.stored)
    bench.feed.want(0.7)
    assert bench.sides[-1] == size
    again = bench.asked[-1]
    assert (again.urgent, again.indices) == (True, (16,))
    bench.answer(again, None)
    assert bench.sides[-1] == SIDE
    bench.feed.set_playing(True)
    bench.feed.want(0.5)
    assert bench.sides[-1] == size


def test_full_is_never_small_however_slow() -> None:
    bench = Bench(PreviewSize.FULL)
    bench.feed.set_playing(True)
    bench.feed.want(0.0)
    assert set(bench.work(took=3.0)) == {None}


def test_automatic_is_small_only_while_playing_too_slowly() -> None:
    bench = Bench(PreviewSize.AUTOMATIC)
    bench.feed.want(0.0)
    bench.answer(bench.asked[0], None, took=0.1)
    assert set(bench.work(took=0.1)) == {None}
    bench.feed.set_movie(movie(20, key="b"))
    bench.feed.set_playing(True)
    bench.feed.want(0.0)
    assert set(bench.work(took=0.1)) == {SIDE // 2}


def test_sizes_are_kept_apart_and_found_again() -> None:
    bench = Bench(PreviewSize.HALF)
    bench.feed.want(0.0)
    bench.answer(bench.asked[0], None)
    bench.work()
    bench.feed.set_preview(PreviewSize.QUARTER)
    assert set(bench.work()) == {2}
    bench.feed.set_preview(PreviewSize.HALF)
    assert bench.work() == []
    bench.feed.set_preview(PreviewSize.FULL)
    assert set(bench.work()) == {None}
    bench.feed.set_preview(PreviewSize.QUARTER)
    assert bench.work() == []


@pytest.fixture
def engine() -> StandIn:
    return StandIn()


@pytest.fixture
def worker(engine: StandIn) -> Iterator[EngineWorker]:
    worker = EngineWorker(lambda progress: engine)
    yield worker
    worker.stop()


@pytest.mark.parametrize(
    ("preview", "sizes"),
    [
        (PreviewSize.AUTOMATIC, [None]),
        (PreviewSize.FULL, [None]),
        (PreviewSize.HALF, [RESOLUTION // 2, None]),
        (PreviewSize.QUARTER, [RESOLUTION // 4, None]),
    ],
)
def test_worker_makes_the_small_picture_first(
    worker: EngineWorker, qtbot: QtBot, preview: PreviewSize, sizes: list[int | None]
) -> None:
    inbox = Inbox(worker)
    worker.start()
    qtbot.waitUntil(lambda: bool(inbox.of(Loaded)), timeout=20_000)
    request = FramesRequest(movie(), (7,), urgent=True, preview=preview)
    worker.submit(request)
    qtbot.waitUntil(lambda: bool(inbox.of(FramesDone, request.id)), timeout=20_000)
    made = [one for one in inbox.of(FrameReady, request.id) if isinstance(one, FrameReady)]
    assert [one.size for one in made] == sizes
    assert [len(one.image) for one in made] == [size or RESOLUTION for size in sizes]


def test_switch_is_reached_by_key_works_and_is_remembered(
    rig: Rig, make_sound: MakeSound, settings: Settings
) -> None:
    rig.begin()
    rig.open(make_sound())
    rig.generate()
    switch, feed = rig.window.transport.preview, rig.controller.feed
    assert feed.preview is PreviewSize.AUTOMATIC
    assert switch.currentText() == "Auto"
    assert switch.accessibleName() == "Preview size"
    assert switch.focusPolicy() & Qt.FocusPolicy.TabFocus
    switch.setFocus()
    for name, size in (("Full", 1), ("Half", 2), ("Quarter", 4)):
        rig.qtbot.keyClick(switch, Qt.Key.Key_Down)
        assert switch.currentText() == name
        assert feed.preview == settings.get(PREVIEW_SIZE) == size
    rig.window.axis.seek(1.0)
    rig.wait(lambda: rig.shown() == (0, 24, 0))
    rig.wait(lambda: feed.picture() is not None)
    picture = feed.picture()
    assert picture is not None and len(picture) == RESOLUTION


def test_nonsense_in_the_settings_is_automatic(settings: Settings, rig: Rig) -> None:
    settings.set(PREVIEW_SIZE, 3)
    rig.window.control.apply_settings()
    assert rig.controller.feed.preview is PreviewSize.AUTOMATIC
