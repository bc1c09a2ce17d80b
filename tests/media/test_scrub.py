import threading
import time

import numpy as np
import pytest

from soundedit.media.scrub import BURST_SECONDS, REST_SECONDS, Scrubber
from soundedit.media.simulated import SimulatedBackend, SimulatedClock
from soundedit.media.sound import Sound, write_sound

RATE = 8000
SECONDS = 20.0


def ramp():
    """A sound whose every sample tells its own time: value = time / seconds."""
    n = round(SECONDS * RATE)
    return Sound((np.arange(n, dtype=np.float32) / n)[None], RATE)


class Bench:
    def __init__(self, sound=None, **card):
        card = {"sample_rate": RATE, "block": 64, "output_channels": 1, **card}
        self.clock = SimulatedClock()
        self.card = SimulatedBackend(self.clock, **card)
        self.scrubber = Scrubber(backend=self.card, clock=self.clock, threaded=False)
        self.scrubber.open(sound if sound is not None else ramp(), SECONDS)

    def advance(self, seconds, step=0.01):
        for _ in range(round(seconds / step)):
            self.scrubber.service()
            self.card.advance(step)

    def heard(self):
        return np.concatenate([out[:, 0] for _, out in self.card.heard])


@pytest.mark.parametrize("at", [1.0, 4.0, 12.34])
def test_a_move_is_heard_as_one_burst_of_that_place(at):
    bench = Bench()
    bench.scrubber.move(at)
    bench.advance(0.3)
    heard = bench.heard()
    (loud,) = np.nonzero(heard)
    count = round(BURST_SECONDS * RATE)
    assert abs(len(loud) - count) <= 2
    middle = heard[loud[0] : loud[-1] + 1]
    assert middle.max() * SECONDS == pytest.approx(at, rel=0.005)
    assert middle[0] < 0.001 and middle[-1] < 0.001  # no clicks
    assert int(np.argmax(middle)) == pytest.approx(count / 2, abs=5)


def test_of_many_moves_the_newest_is_heard():
    bench = Bench()
    bench.scrubber.move(2.0)
    bench.advance(0.01)
    for at in np.linspace(3, 15, 50):
        bench.scrubber.move(float(at))
    bench.advance(0.4)
    peaks = bench.heard() * SECONDS
    assert peaks.max() == pytest.approx(15, rel=0.01)
    assert np.count_nonzero(peaks) < 2.2 * BURST_SECONDS * RATE


def test_at_rest_the_device_is_let_go_and_opened_again_for_the_next_move():
    bench = Bench()
    bench.scrubber.move(2.0)
    bench.advance(0.2)
    assert bench.card.streams[0].active
    bench.advance(REST_SECONDS)
    assert bench.card.streams[0].closed
    bench.scrubber.move(3.0)
    bench.advance(0.1)
    assert bench.card.streams[1].active
    bench.scrubber.release()
    bench.advance(0.01)
    assert bench.card.streams[1].closed


def test_ends_of_the_sound_and_beyond():
    bench = Bench()
    for at in (-1.0, 0.0, SECONDS, SECONDS + 5):
        bench.scrubber.move(at)
        bench.advance(0.2)
    assert bench.heard().max() == pytest.approx(1.0, abs=0.05)


def test_without_a_device_nothing_happens():
    bench = Bench(outputs=())
    bench.scrubber.move(2.0)
    bench.advance(0.2)
    bench.scrubber.move(3.0)
    bench.advance(0.2)
    assert bench.card.streams == []


def test_a_file_is_heard_as_it_reads_and_one_that_goes_away_is_silent(tmp_path):
    path = tmp_path / "ramp.wav"
    write_sound(path, ramp())
    bench = Bench(path)
    bench.scrubber.move(6.0)
    bench.advance(0.2)
    assert bench.heard().max() * SECONDS == pytest.approx(6.0, rel=0.01)
    path.unlink()
    before = len(np.nonzero(bench.heard())[0])
    bench.scrubber.move(7.0)  # the block is still in memory
    bench.advance(0.2)
    bench.scrubber.move(18.0)
    bench.advance(0.2)
    assert bench.heard().max() * SECONDS == pytest.approx(7.0, rel=0.01)
    assert len(np.nonzero(bench.heard())[0]) > before


def test_its_thread_ends():
    clock = SimulatedClock()
    card = SimulatedBackend(clock, sample_rate=RATE)
    scrubber = Scrubber(backend=card, clock=clock)
    scrubber.open(ramp(), SECONDS)
    scrubber.move(3.0)
    for _ in range(500):
        if card.streams:
            break
        time.sleep(0.01)
    assert card.streams
    scrubber.close()
    assert card.streams[0].closed
    assert "scrub" not in [thread.name for thread in threading.enumerate()]
