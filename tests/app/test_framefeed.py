from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from soundedit.app.framefeed import CHUNK, FrameFeed
from soundedit.app.requests import FrameReady, FramesDone, FramesRequest, Request

from .standin import movie

PIXELS = 4 * 4 * 3
TEN = Fraction(10)


class Bench:
    """A feed whose requests are kept, and answered when the test says so."""

    def __init__(self, cache_frames: int = 1000, frames: int = 100) -> None:
        self.asked: list[FramesRequest] = []
        self.feed = FrameFeed(self._submit, cache_frames * PIXELS)
        self.shown: list[int] = []
        self.feed.shown.connect(lambda index, picture: self.shown.append(index))
        self.movie = movie(frames, TEN)
        self.feed.set_movie(self.movie)

    def _submit(self, request: Request) -> None:
        assert isinstance(request, FramesRequest)
        self.asked.append(request)

    def urgent(self) -> list[FramesRequest]:
        return [request for request in self.asked if request.urgent]

    def ahead(self) -> FramesRequest:
        return next(request for request in reversed(self.asked) if not request.urgent)

    def answer(self, request: FramesRequest, took: float = 0.01, size: int | None = None) -> None:
        for index in request.indices:
            picture = np.full((4, 4, 3), index, np.uint8)
            self.feed.on_frame(
                FrameReady(
                    request.id, request.movie.key, index, size, picture, took, request.urgent
                )
            )

    def finish(self, request: FramesRequest, took: float = 0.01) -> None:
        self.answer(request, took)
        self.feed.on_done(FramesDone(request.id, request.urgent))


def test_playhead_first_then_ahead() -> None:
    bench = Bench()
    bench.feed.want(2.0)
    assert [request.indices for request in bench.urgent()] == [(20,)]
    assert bench.ahead().indices == tuple(range(20, 20 + CHUNK))
    bench.finish(bench.urgent()[0])
    assert bench.shown == [20]


def test_cached_frame_is_shown_at_once_and_not_asked_for_again() -> None:
    bench = Bench()
    bench.feed.want(2.0)
    bench.finish(bench.urgent()[0])
    bench.feed.want(3.0)
    bench.feed.want(2.0)
    assert bench.shown == [20, 20] or bench.shown == [20]
    assert [request.indices for request in bench.urgent()] == [(20,), (30,)]


def test_same_frame_is_not_asked_for_twice_while_it_is_made() -> None:
    bench = Bench()
    bench.feed.want(2.0)
    bench.feed.want(2.05)
    assert len(bench.urgent()) == 1


def test_frame_on_the_way_is_shown_but_an_older_one_never_replaces_it() -> None:
    bench = Bench()
    for seconds in (1.0, 2.0, 3.0):
        bench.feed.want(seconds)
    first, second, third = bench.urgent()
    bench.answer(second)
    assert bench.shown == [20]
    bench.answer(first)
    assert bench.shown == [20]
    bench.answer(third)
    assert bench.shown == [20, 30]


def test_answer_asked_before_the_playhead_reached_a_cached_frame_is_not_shown() -> None:
    bench = Bench()
    bench.feed.want(1.0)
    bench.finish(bench.urgent()[0])
    bench.feed.want(2.0)
    bench.feed.want(1.0)
    late = bench.urgent()[-1]
    bench.answer(late)
    assert bench.shown[-1] == 10


def test_frames_of_another_movie_are_dropped() -> None:
    bench = Bench()
    bench.feed.want(1.0)
    stale = bench.urgent()[0]
    bench.feed.set_movie(movie(100, TEN, "b"))
    bench.answer(stale)
    assert bench.shown == []
    assert len(bench.feed.cache) == 0


def test_a_smaller_one_is_shown_until_the_full_one_and_never_after() -> None:
    bench = Bench()
    bench.feed.want(2.0)
    request = bench.urgent()[0]
    bench.answer(request, size=1)
    assert (bench.shown, len(bench.feed.cache)) == ([20], 0)
    bench.answer(request)
    assert (bench.shown, len(bench.feed.cache)) == ([20, 20], 1)
    bench.answer(request, size=1)
    assert bench.shown == [20, 20]


def test_thumbnails_in_view_come_before_the_rest() -> None:
    bench = Bench()
    bench.feed.set_overview([0, 33, 66])
    assert bench.ahead().indices == (0, 33, 66)
    bench.finish(bench.ahead())
    assert bench.ahead().indices == tuple(range(1, 1 + CHUNK))


def test_everything_is_made_in_the_end_and_then_nothing_more_is_asked() -> None:
    bench = Bench()
    bench.feed.want(9.0)
    for _ in range(100):
        if bench.asked and len(bench.feed.cache) < 100:
            bench.finish(bench.ahead())
    assert len(bench.feed.cache) == 100
    count = len(bench.asked)
    bench.feed.want(9.0)
    assert len(bench.asked) == count


def test_small_cache_is_not_churned_by_work_ahead() -> None:
    bench = Bench(cache_frames=20)
    bench.feed.want(0.0)
    done = 0
    while bench.asked and done < 50:
        request = bench.asked.pop()
        bench.finish(request)
        done += 1
    assert done < 10
    assert len(bench.feed.cache) <= 20


def test_playing_shows_the_newest_frame_not_later_than_now() -> None:
    bench = Bench()
    bench.feed.want(0.0)
    bench.finish(bench.urgent()[0])
    bench.feed.set_playing(True)
    bench.finish(bench.ahead())
    bench.feed.want(0.45)
    assert bench.shown[-1] == 4
    last = max(index for request in bench.asked for index in request.indices)
    bench.feed.want((last + 2) / 10)
    assert bench.shown[-1] <= last + 2


def test_playing_gives_up_frames_that_would_be_late() -> None:
    bench = Bench()
    bench.feed.want(0.0)
    bench.finish(bench.urgent()[0], took=0.3)
    bench.feed.set_playing(True)
    old = bench.ahead()
    bench.feed.want(5.0)
    assert old.cancel.cancelled
    new = bench.ahead()
    assert new is not old
    # 0.3 s a frame at 10 frames/s is too slow; half of the size takes half of the time or less,
    # so the first that can be on time is three frames on.
    assert (new.indices[0], new.size) == (53, 2)
    assert not [request for request in bench.urgent() if request.indices != (0,)]


def test_playing_too_slowly_shows_small_pictures_in_their_time_and_full_ones_at_rest() -> None:
    bench = Bench()
    bench.feed.want(0.0)
    bench.finish(bench.urgent()[0], took=0.3)
    bench.feed.set_playing(True)
    request = bench.ahead()
    assert request.size == 2
    bench.answer(request, size=2)
    assert bench.shown == [0]
    for index in (2, 3, 4):
        bench.feed.want(index / 10)
    assert bench.shown == [0, 3, 4]
    bench.feed.set_playing(False)
    bench.feed.want(0.4)
    assert bench.urgent()[-1].indices == (4,)
    bench.finish(bench.urgent()[-1])
    assert bench.shown == [0, 3, 4, 4, 4]
    bench.feed.want(0.3)
    assert bench.shown[-1] == 3 and bench.urgent()[-1].indices == (3,)


def test_playing_backwards_makes_what_comes_before() -> None:
    bench = Bench()
    bench.feed.want(5.0)
    bench.finish(bench.urgent()[0])
    bench.feed.set_course(-1.0, None)
    bench.feed.set_playing(True)
    assert bench.ahead().indices == tuple(range(48, 48 - CHUNK, -1))
    bench.finish(bench.ahead())
    bench.feed.want(4.55)
    assert bench.shown[-1] == 45
    bench.feed.want(4.05)
    assert bench.shown[-1] == 41


def test_playing_faster_skips_frames_and_a_loop_begins_again() -> None:
    bench = Bench()
    bench.feed.want(4.0)
    bench.finish(bench.urgent()[0])
    bench.feed.set_course(2.0, (1.0, 5.0))
    bench.feed.set_playing(True)
    assert bench.ahead().indices == (42, 44, 46, 48, 10, 12, 14, 16)
    request = bench.ahead()
    bench.feed.want(4.9)
    assert not request.cancel.cancelled
    bench.finish(request)
    bench.feed.want(1.1)
    assert bench.shown[-1] == 10


def test_work_ahead_in_a_full_hour_does_not_look_at_every_frame_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench(cache_frames=5000, frames=4000)
    while bench.asked:
        bench.finish(bench.asked.pop())
    bench.feed.want(0.0)
    looked: list[object] = []
    monkeypatch.setattr(
        type(bench.feed.cache), "__contains__", lambda cache, key: looked.append(key) or False
    )
    bench.feed.want(30.0)
    assert looked == []


def test_a_smaller_bound_forgets_frames_that_are_then_made_again() -> None:
    bench = Bench()
    bench.feed.want(0.0)
    while bench.asked:
        bench.finish(bench.asked.pop())
    assert bench.feed.is_ready(50)
    bench.feed.set_cache_limit(10 * PIXELS)
    assert len(bench.feed.cache) == 10
    assert sum(bench.feed.is_ready(index) for index in range(100)) == 10


def test_frames_that_an_edit_leaves_alone_stay() -> None:
    bench = Bench()
    bench.feed.want(0.0)
    for _ in range(4):
        bench.finish(bench.ahead())
    assert bench.feed.is_ready(3) and bench.feed.is_ready(20)
    keys = bench.movie.frame_keys.copy()
    keys[10:] += np.uint64(1)
    bench.feed.change_movie(replace(bench.movie, key="edited", frame_keys=keys), 0)
    assert bench.feed.is_ready(3) and not bench.feed.is_ready(20)
    assert bench.ahead().indices[0] == 10
