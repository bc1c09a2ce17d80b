from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from soundedit.app.playback import Playback
from soundedit.media.playback import Player
from soundedit.media.scrub import Scrubber
from soundedit.media.simulated import SimulatedBackend, SimulatedClock

MakeSound = Callable[..., Path]


class Deck:
    """Playback on a simulated card; time passes in `advance` alone."""

    def __init__(self, qtbot: QtBot, sound: Path, seconds: float) -> None:
        self.qtbot = qtbot
        self.clock = SimulatedClock()
        self.card = SimulatedBackend(self.clock, outputs=("Headphones", "Speakers"), latency=0.02)
        self.player = Player(backend=self.card, clock=self.clock, threaded=False)
        self.scrubber = Scrubber(backend=self.card, clock=self.clock, threaded=False)
        self.playback = Playback(lambda: self.player, scrubber=lambda: self.scrubber)
        self.playback.set_sound(sound, seconds)
        self.at: list[float] = []
        self.told: list[str] = []
        self.playback.position_changed.connect(self.at.append)
        self.playback.told.connect(self.told.append)

    def advance(self, seconds: float, step: float = 0.02) -> float:
        for _ in range(round(seconds / step)):
            self.player.service()
            self.scrubber.service()
            self.card.advance(step)
        self.player.service()
        self.playback._tick()
        self.qtbot.wait(1)
        return self.at[-1] if self.at else 0.0


@pytest.fixture
def deck(qtbot: QtBot, make_sound: MakeSound) -> Iterator[Deck]:
    made = Deck(qtbot, make_sound(20.0), 20.0)
    yield made
    made.playback.close()


def test_space_plays_and_stays_where_it_stops(deck: Deck) -> None:
    deck.playback.toggle(3.0)
    here = deck.advance(1.0)
    assert here == pytest.approx(4.0, abs=0.06)
    deck.playback.toggle(here)
    assert not deck.playback.playing and deck.at[-1] == pytest.approx(4.0, abs=0.06)


def test_space_can_go_back_to_where_it_began(deck: Deck) -> None:
    deck.playback.returns = True
    deck.playback.toggle(3.0)
    deck.advance(1.0)
    deck.playback.toggle(4.0)
    assert deck.at[-1] == 3.0
    deck.playback.shuttle(3.0, 1)
    here = deck.advance(0.5)
    deck.playback.pause()
    assert deck.at[-1] == here


def test_j_k_l(deck: Deck) -> None:
    speeds: list[float] = []
    deck.playback.speed_changed.connect(speeds.append)
    deck.playback.shuttle(10.0, 1)
    first = deck.advance(1.0)
    assert first == pytest.approx(11.0, abs=0.06)
    for _ in range(3):
        deck.playback.shuttle(first, 1)
    assert deck.playback.speed == 4.0
    fast = deck.advance(1.0)
    assert fast - first == pytest.approx(4.0, abs=0.3)
    deck.playback.shuttle(fast, -1)
    back = deck.advance(1.0)
    assert back - fast == pytest.approx(-1.0, abs=0.1)
    deck.playback.shuttle(back, -1)
    assert deck.advance(1.0) - back == pytest.approx(-2.0, abs=0.15)
    deck.playback.pause()
    assert speeds == [2.0, 4.0, -1.0, -2.0, 1.0]


def test_shuttle_at_the_ends_stays_there(deck: Deck) -> None:
    deck.playback.shuttle(0.0, -1)
    assert not deck.playback.playing
    deck.playback.shuttle(20.0, 1)
    assert not deck.playback.playing
    deck.playback.shuttle(0.5, -1)
    deck.advance(1.0)
    assert not deck.playback.playing and deck.at[-1] == 0.0
    assert deck.playback.speed == 1.0


def test_loop_over_the_range_and_the_whole(deck: Deck) -> None:
    deck.playback.set_range((5.0, 7.0))
    deck.playback.set_looping(True)
    deck.playback.play(6.0)
    seen = [deck.advance(0.1) for _ in range(60)]
    assert max(seen) <= 7.0 and min(seen) >= 5.0
    assert np.sum(np.diff(seen) < 0) == 3
    deck.playback.set_range((10.0, 12.0))
    deck.advance(6.5)
    assert 10.0 <= deck.at[-1] <= 12.0
    deck.playback.set_looping(False)
    deck.advance(4.0)
    assert deck.at[-1] > 12.0
    deck.playback.pause()
    deck.playback.set_looping(True)
    deck.playback.play(1.0)
    assert deck.at[-1] == 10.0
    deck.playback.pause()
    deck.playback.set_range(None)
    deck.playback.play(19.5)
    deck.advance(1.0)
    assert deck.playback.playing and deck.at[-1] == pytest.approx(0.5, abs=0.1)


def test_speed_goes_on_from_here_and_is_kept(deck: Deck) -> None:
    deck.playback.play(2.0)
    here = deck.advance(1.0)
    deck.playback.choose_speed(0.5)
    assert deck.advance(1.0) - here == pytest.approx(0.5, abs=0.06)
    deck.playback.pause()
    deck.playback.play(10.0)
    assert deck.advance(1.0) == pytest.approx(10.5, abs=0.06)
    deck.playback.choose_speed(99)
    assert deck.playback.speed == 4.0


def test_a_device_that_vanishes_is_told_and_the_next_one_plays(deck: Deck) -> None:
    silent: list[str | None] = []
    deck.playback.why_silent_changed.connect(silent.append)
    deck.playback.play(1.0)
    deck.advance(1.0)
    deck.card.unplug("Headphones")
    deck.advance(3.0)
    deck.qtbot.waitUntil(lambda: bool(deck.told))
    assert "Headphones" in deck.told[0] and 'goes on with "Speakers"' in deck.told[0]
    assert deck.playback.playing and silent == []
    deck.card.unplug("Speakers")
    deck.advance(3.0)
    assert deck.playback.playing and "Speakers" in str(silent[-1])
    here = deck.at[-1]
    assert deck.advance(1.0) == pytest.approx(here + 1.0, abs=0.05)
    deck.card.outputs = ["Speakers"]
    deck.playback.devices_changed()
    deck.advance(0.5)
    assert silent[-1] is None


def test_scrubbing_is_heard_unless_turned_off_or_playing(deck: Deck) -> None:
    def loud() -> int:
        return sum(int(np.count_nonzero(out)) for _, out in deck.card.heard)

    deck.playback.scrub(15.0)
    deck.advance(0.3)
    heard = loud()
    assert heard > 0
    deck.playback.scrub_sound = False
    deck.playback.scrub(16.0)
    deck.advance(0.3)
    assert loud() == heard
    deck.playback.scrub_sound = True
    deck.playback.scrub(17.0)
    deck.advance(0.04)
    assert deck.card.streams[-1].active
    scrubbing = deck.card.streams[-1]
    deck.playback.play(2.0)
    deck.advance(0.1)
    assert scrubbing.closed and deck.card.streams[-1].active
    deck.playback.scrub(3.0)
    deck.advance(0.1)
    assert sum(stream.active for stream in deck.card.streams) == 1
