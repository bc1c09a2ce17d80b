"""Play and scrub at random and look for what is left over.

Ten seconds, or as many as SOUNDEDIT_SOAK_SECONDS says (120 for the long one).
"""

import gc
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from soundedit.app.lane import Lane
from soundedit.app.settings import CACHE_MEGABYTES, Settings

from .conftest import Rig

MakeSound = Callable[..., Path]
SECONDS = float(os.environ.get("SOUNDEDIT_SOAK_SECONDS", "10"))
WARM_UP = 0.4
"""Share of the time after which nothing may grow any more."""
MEGABYTES = 24.0
"""What the allocator may still take; a leaked picture a step would be many times that."""
SOUND_SECONDS = 8.0


def megabytes() -> float:
    """Resident memory; 0 where the system does not tell it in /proc."""
    if not sys.platform.startswith("linux"):
        return 0.0
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


class Census:
    """What there is now: threads, objects of Qt under a window by class, running timers, memory."""

    def __init__(self, window: QWidget) -> None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        self.threads = Counter(thread.name for thread in threading.enumerate())
        self.objects = Counter(type(child).__name__ for child in window.findChildren(QObject))
        self.timers = sum(timer.isActive() for timer in window.findChildren(QTimer))
        self.windows = len(QApplication.topLevelWidgets())
        self.megabytes = megabytes()


class Hand:
    """Somebody who does not know what they want."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self.rig, self.random = rig, random.Random(seed)
        self.done: Counter[str] = Counter()
        window = rig.window
        self.lanes: list[Lane] = [
            window.timeline.ruler,
            window.timeline.waveform,
            window.timeline.heard,
            window.timeline.thumbnails,
        ]
        commands = (
            *("play", "forwards", "backwards", "stop", "loop", "faster", "slower", "snap"),
            *("next_frame", "previous_frame", "next_second", "start", "end", "zoom_in"),
            *("zoom_out", "zoom_fit", "spectrogram", "marker", "remove_marker", "in_point"),
            *("out_point", "clear_range", "next_onset", "next_marker", "undo", "redo"),
        )
        self.acts: list[tuple[str, Callable[[], object]]] = [
            (id_, lambda id_=id_: rig.do(id_)) for id_ in commands if id_ in window.actions_by_id
        ]
        self.acts += [("scrub", self.scrub), ("wheel", self.wheel), ("range", self.range)] * 6

    def act(self) -> None:
        name, call = self.random.choice(self.acts)
        self.done[name] += 1
        call()
        self.rig.window.timeline.markers.end_naming()

    def scrub(self) -> None:
        self.drag(self.random.choice(self.lanes), 25.0)

    def range(self) -> None:
        self.drag(self.rig.window.timeline.ruler, 4.0)

    def drag(self, lane: Lane, y: float) -> None:
        x = self.random.uniform(0, lane.width())
        moves = [QEvent.Type.MouseMove] * self.random.randrange(12)
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        for kind in (QEvent.Type.MouseButtonPress, *moves, QEvent.Type.MouseButtonRelease):
            x += self.random.uniform(-60, 60)
            at = QPointF(x, y)
            button = none if kind == QEvent.Type.MouseMove else left
            held = none if kind == QEvent.Type.MouseButtonRelease else left
            event = QMouseEvent(
                kind, at, lane.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier
            )
            QApplication.sendEvent(lane, event)
            self.rig.card.advance(0.01)
            self.rig.qtbot.wait(3)

    def wheel(self) -> None:
        lane = self.random.choice(self.lanes)
        at = QPointF(self.random.uniform(0, lane.width()), 10)
        keys = self.random.choice(
            [Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier]
        )
        step = QPointF(0, self.random.choice([-120, 120])).toPoint()
        event = QWheelEvent(
            at, lane.mapToGlobal(at), QPointF().toPoint(), step,
            Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(lane, event)

    def calm_down(self) -> None:
        """Into the state in which the census is taken: nothing plays, no markers, all in view."""
        window = self.rig.window
        self.rig.do("stop")
        for marker in window.session.project.markers:
            window.control.marking.remove(marker.id)
        self.rig.do("clear_range")
        self.rig.do("zoom_fit")
        window.axis.seek(1.0)
        for _ in range(40):
            self.rig.card.advance(0.05)
            self.rig.clock.now += 0.05
            self.rig.qtbot.wait(5)
        self.rig.card.heard.clear()
        self.rig.card.streams[:] = [one for one in self.rig.card.streams if not one.closed]


@pytest.fixture
def soaked(rig: Rig, settings: Settings, make_sound: MakeSound) -> Iterator[Hand]:
    """A hand on a window with a movie; fails if after the test more is there than before."""
    settings.set(CACHE_MEGABYTES, 1)
    rig.window.control.apply_settings()
    rig.begin()
    rig.open(make_sound(SOUND_SECONDS))
    rig.wait(lambda: rig.controller.spectrogram is not None)
    rig.generate()
    hand = Hand(rig, seed=5)
    # What is made when it is first used must be there before the census.
    for command in ("forwards", "stop", "marker", "spectrogram", "undo"):
        rig.do(command)
    hand.drag(rig.window.timeline.ruler, 25.0)
    run_for(hand, SECONDS * WARM_UP)
    before = Census(rig.window)
    yield hand
    hand.calm_down()
    after = Census(rig.window)
    assert after.threads == before.threads
    assert after.windows == before.windows
    assert after.timers <= before.timers
    assert after.objects == before.objects
    assert after.megabytes - before.megabytes < MEGABYTES


def run_for(hand: Hand, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        hand.act()
        hand.rig.card.advance(0.03)
        hand.rig.qtbot.wait(5)
    hand.calm_down()


@pytest.mark.timeout(300 + 3 * SECONDS)
def test_playing_and_scrubbing_at_random_leaves_nothing(soaked: Hand) -> None:
    run_for(soaked, SECONDS * (1 - WARM_UP))
    window = soaked.rig.window
    assert window.errors.dialog is None
    assert sum(soaked.done.values()) > 3 * SECONDS
    assert soaked.done["scrub"] > 0 and soaked.done["play"] >= 0
    assert 0 <= window.axis.playhead <= SOUND_SECONDS
    soaked.rig.wait(lambda: soaked.rig.controller.feed.is_ready(24))
    movie = soaked.rig.controller.movie
    assert movie is not None
    soaked.rig.wait(lambda: soaked.rig.shown()[1] == movie.frame_at(window.axis.playhead))
