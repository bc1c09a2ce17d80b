import threading
from itertools import islice

import numpy as np
import pytest

from soundedit.errors import DeviceError, MediaError
from soundedit.media.playback import Player
from soundedit.media.playback_source import Span, pieces, sample_at, spans
from soundedit.media.simulated import SimulatedBackend, SimulatedClock
from soundedit.media.sound import Sound, read_sound, write_sound

RATE = 8000
FRAME = 1 / 24


def ramp(seconds, rate=RATE):
    """A sound whose every sample tells its own time: value = time / seconds."""
    n = round(seconds * rate)
    return Sound((np.arange(n, dtype=np.float32) / n)[None], rate)


class Bench:
    """A player on a simulated card; time passes in steps with the player's round in each."""

    def __init__(self, sound=None, **card):
        card = {"sample_rate": RATE, "block": 256, "output_channels": 1, **card}
        self.clock = SimulatedClock()
        self.card = SimulatedBackend(self.clock, **card)
        self.player = Player(backend=self.card, clock=self.clock, threaded=False)
        self.ended = []
        self.player.on_ended = lambda: self.ended.append(self.clock.now)
        if sound is not None:
            self.player.open(sound)

    def advance(self, seconds, step=0.02):
        for _ in range(round(seconds / step)):
            self.player.service()
            self.card.advance(step)
        self.player.service()

    def heard(self, since=0.0):
        """What the loudspeaker gave so far: times of the samples and samples."""
        times, samples = [], []
        for at, out in self.card.heard:
            t = at + np.arange(len(out)) / (self.card.sample_rate * self.card.skew)
            keep = (t >= since) & (t <= self.clock.now)
            times.append(t[keep])
            samples.append(out[keep])
        return np.concatenate(times), np.concatenate(samples)


def test_position_is_what_the_loudspeaker_gives_now():
    bench = Bench(ramp(10.0))
    bench.player.play(2.0)
    bench.advance(0.1)
    for _ in range(60):
        bench.advance(0.06)
        _, samples = bench.heard()
        assert bench.player.position() == pytest.approx(max(2.0, 10 * samples[-1, 0]), abs=0.002)
    assert bench.player.silent_reason is None


def test_latency_of_the_card_is_taken_off():
    bench = Bench(ramp(10.0), latency=0.5)
    bench.player.play()
    bench.advance(0.4)
    assert bench.player.position() == 0.0
    bench.advance(1.0)
    assert bench.player.position() == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("skew", [1.0, 1.0005, 0.9995])
def test_no_drift_in_ten_minutes(skew):
    bench = Bench(ramp(700.0), skew=skew)
    bench.player.play()
    worst, shown = 0.0, []
    for _ in range(1500):
        bench.advance(0.4, step=0.1)
        shown.append(bench.player.position())
        heard = bench.card.heard[-20:]
        bench.card.heard = heard
        at, out = next((a, o) for a, o in reversed(heard) if a <= bench.clock.now)
        true = 700.0 * out[0, 0] + (bench.clock.now - at) * skew
        worst = max(worst, abs(shown[-1] - true))
    assert bench.clock.now == pytest.approx(600.0)
    assert abs(shown[-1] - 600.0 * skew) < 0.15  # the card's clock, not the machine's
    assert worst <= FRAME
    assert min(np.diff(shown)) > 0


def test_position_never_goes_back_when_the_card_reports_jitter():
    bench = Bench(ramp(20.0))
    rng = np.random.default_rng(0)
    fill = bench.player._fill
    bench.player._fill = lambda out, at: fill(out, at + rng.normal(0, 0.004))
    bench.player.play()
    shown = []
    for _ in range(2000):
        bench.advance(0.004, step=0.004)
        shown.append(bench.player.position())
    assert min(np.diff(shown)) >= 0.0
    assert shown[-1] == pytest.approx(8.0 - 0.08, abs=0.03)


def test_without_a_device_time_passes_all_the_same():
    bench = Bench(ramp(3.0), outputs=())
    bench.player.play(1.0)
    bench.advance(0.5)
    assert bench.player.position() == pytest.approx(1.5)
    assert bench.player.playing
    assert bench.player.silent_reason == "No simulated sound device is free; plug one in."
    bench.advance(2.0)
    assert (bench.player.position(), bench.player.playing) == (3.0, False)
    assert bench.ended == [pytest.approx(3.0 - 1.0, abs=0.03)]


def test_the_next_play_tries_the_device_again():
    bench = Bench(ramp(3.0), outputs=())
    bench.player.play()
    bench.advance(0.2)
    bench.card.outputs = ["Speakers"]
    bench.player.play()
    bench.advance(0.4)
    assert bench.player.silent_reason is None
    assert bench.heard()[1].max() > 0


def test_a_device_that_vanishes_leaves_a_silent_clock():
    bench = Bench(ramp(60.0))
    bench.player.play()
    bench.advance(2.0)
    before = bench.player.position()
    bench.card.unplug("Speakers")
    bench.advance(2.0)
    assert '"Speakers" stopped answering' in str(bench.player.silent_reason)
    assert bench.card.streams[0].closed
    resumed = bench.player.position()
    assert before <= resumed < before + 0.8  # stood still while the card did not answer
    bench.advance(3.0)
    assert bench.player.position() - resumed == pytest.approx(3.0)
    bench.player.seek(10.0)
    bench.advance(1.0)
    assert bench.player.position() == pytest.approx(11.0, abs=0.03)


def test_a_device_that_vanishes_pauses_and_the_next_one_goes_on():
    bench = Bench(ramp(60.0), outputs=("Headphones", "Speakers"))
    told = []
    bench.player.on_moved = told.append
    bench.player.play()
    bench.advance(2.0)
    before = bench.player.position()
    bench.card.unplug("Headphones")
    bench.advance(1.0)
    assert bench.player.position() == pytest.approx(before, abs=0.2)  # stands still meanwhile
    assert told == []
    bench.advance(2.0)
    assert told == [
        'The sound device "Headphones" stopped answering; playback goes on with "Speakers".'
    ]
    assert bench.player.silent_reason is None
    headphones, speakers = bench.card.streams
    assert headphones.closed and speakers.active and speakers.device.name == "Speakers"
    here = bench.player.position()
    since = bench.clock.now
    bench.advance(1.0)
    assert bench.player.position() == pytest.approx(here + 1.0, abs=0.01)
    _, samples = bench.heard(since)
    assert samples[-1, 0] * 60 == pytest.approx(bench.player.position(), abs=0.04)


def test_a_lost_device_is_passed_over_until_devices_are_looked_for_again():
    bench = Bench(ramp(60.0), outputs=("Headphones", "Speakers"))
    bench.player.play()
    bench.advance(1.0)
    bench.card.unplug("Headphones")
    bench.advance(3.0)
    bench.card.outputs = ["Headphones", "Speakers"]
    bench.player.pause()
    bench.player.play()
    bench.advance(0.5)
    assert bench.card.streams[-1].device.name == "Speakers"
    bench.player.pause()
    bench.player.devices_changed()
    bench.player.play()
    bench.advance(0.5)
    assert bench.card.streams[-1].device.name == "Headphones"


def test_the_only_device_is_tried_again_when_play_is_pressed():
    bench = Bench(ramp(60.0))
    bench.player.play()
    bench.advance(1.0)
    bench.card.unplug("Speakers")
    bench.advance(3.0)
    assert bench.player.silent_reason
    bench.card.outputs = ["Speakers"]
    bench.player.pause()
    bench.player.play()
    bench.advance(0.5)
    assert bench.player.silent_reason is None and bench.card.streams[-1].active


def test_a_rescan_during_playback_leaves_a_silent_clock():
    bench = Bench(ramp(60.0))
    bench.player.play()
    bench.advance(1.0)
    bench.card.rescan()
    bench.advance(1.0)
    assert bench.player.playing and bench.player.silent_reason
    assert bench.player.position() > 1.5


def test_a_card_that_swallows_sound_does_not_race_through_it():
    bench = Bench(ramp(60.0))
    bench.player.play()
    bench.advance(1.0)
    out = np.empty((256, 1), np.float32)
    for _ in range(1000):  # 32 s of callbacks in no time, as after an underrun
        bench.player.service()
        bench.player._fill(out, bench.clock.now + 0.08)
    bench.advance(1.0)
    assert bench.player.position() == pytest.approx(2.0, abs=0.7)


def test_pause_stays_and_frees_the_device():
    bench = Bench(ramp(10.0))
    bench.player.play(1.0)
    bench.advance(1.0)
    bench.player.pause()
    here = bench.player.position()
    assert here == pytest.approx(1.92, abs=0.03)
    bench.advance(1.0)
    assert (bench.player.position(), bench.player.playing, bench.ended) == (here, False, [])
    assert bench.card.streams[0].closed
    bench.player.play()
    bench.advance(0.5)
    assert bench.player.position() == pytest.approx(here + 0.42, abs=0.03)


def test_seek_while_playing_is_heard_and_shown_at_once():
    bench = Bench(ramp(10.0))
    bench.player.play()
    bench.advance(1.0)
    bench.player.seek(7.0)
    assert bench.player.position() == 7.0
    at = bench.clock.now
    bench.advance(0.6)
    _, samples = bench.heard(since=at + 0.15)  # what the card already had still sounds
    assert samples.min() >= 0.7 - 1e-3
    assert bench.player.position() == pytest.approx(10 * samples[-1, 0], abs=0.002)
    bench.player.seek(99.0)
    assert bench.player.position() == 10.0


def test_the_end_is_told_once_when_it_was_heard():
    bench = Bench(ramp(1.0))
    bench.player.play()
    bench.advance(2.0)
    assert bench.ended == [pytest.approx(1.08, abs=0.06)]
    assert (bench.player.position(), bench.player.playing) == (1.0, False)
    samples = bench.heard()[1]
    assert np.count_nonzero(samples) == RATE - 1
    bench.player.play()
    assert bench.player.position() == 0.0


@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0, -1.0, -2.0])
def test_speed(speed):
    bench = Bench(ramp(20.0))
    bench.player.speed = speed
    bench.player.play(10.0)
    bench.advance(2.0)
    assert bench.player.position() == pytest.approx(10.0 + speed * 1.92, abs=0.03 * abs(speed))
    assert bench.player.position() == pytest.approx(20 * bench.heard()[1][-1, 0], abs=0.01)


def test_change_of_speed_while_playing_goes_on_from_here():
    bench = Bench(ramp(20.0), outputs=())
    bench.player.play(5.0)
    bench.advance(1.0)
    bench.player.speed = -2.0
    bench.advance(1.0)
    assert bench.player.position() == pytest.approx(4.0, abs=0.05)
    with pytest.raises(ValueError, match="outside"):
        bench.player.speed = 5.0


@pytest.mark.parametrize("outputs", [("Speakers",), ()], ids=["card", "silent"])
@pytest.mark.parametrize("speed", [1.0, -1.0])
def test_loop(outputs, speed):
    bench = Bench(ramp(10.0), outputs=outputs)
    bench.player.loop = (4.0, 4.7)
    bench.player.speed = speed
    start = 3.8 if speed > 0 else 4.9
    bench.player.play(start)
    lap = []
    for _ in range(300):
        bench.advance(0.02)
        position = bench.player.position()
        lap.append(position)
        if outputs and bench.clock.now > 0.2:
            off = abs(position - 10 * bench.heard()[1][-1, 0])
            assert min(off, abs(off - 0.7)) < 0.003  # the seam is in both places
    assert min(lap) >= min(start, 4.0) and max(lap) <= max(start, 4.7)
    wraps = np.count_nonzero(np.diff(lap) * speed < -0.3)
    assert wraps == 8  # 6 s less the way in, in laps of 0.7 s
    assert not bench.ended


def test_a_loop_behind_is_not_entered():
    assert list(spans(5.0, 1.0, (1.0, 2.0), 9.0)) == [Span(5.0, 9.0, False)]
    assert list(spans(1.0, -1.0, (1.0, 2.0), 9.0)) == [Span(1.0, 0.0, False)]
    assert list(islice(spans(1.5, 1.0, (1.0, 2.0), 9.0), 2)) == [
        Span(1.5, 2.0, False),
        Span(1.0, 2.0, True),
    ]


def test_a_loop_too_short_is_refused():
    bench = Bench(ramp(10.0))
    with pytest.raises(ValueError, match="shorter than"):
        bench.player.loop = (2.0, 2.01)


def test_a_file_plays_as_it_reads(tmp_path):
    rng = np.random.default_rng(3)
    sound = Sound(rng.uniform(-0.9, 0.9, (2, 3 * RATE)).astype(np.float32), RATE)
    path = tmp_path / "noise.wav"
    write_sound(path, sound)
    bench = Bench(output_channels=2)
    bench.player.open(path)
    assert bench.player.seconds == 3.0
    bench.player.play(0.5)
    bench.advance(3.0)
    _, samples = bench.heard()
    played = samples[np.flatnonzero(samples.any(axis=1))]
    expected = read_sound(path, start=0.5).samples.T
    np.testing.assert_array_equal(played, expected)


def test_a_file_backwards_is_the_file_reversed(tmp_path):
    path = tmp_path / "ramp.wav"
    write_sound(path, ramp(9.0))
    got = np.concatenate([p.frames[:, 0] for p in pieces(path, 9.0, -1.0, None, 9.0, RATE, 1)])
    expected = read_sound(path).samples[0, ::-1]
    assert len(got) == len(expected)
    np.testing.assert_allclose(got, expected, atol=2e-4)


def test_a_file_that_goes_away_is_said_and_time_goes_on(tmp_path):
    path = tmp_path / "gone.wav"
    write_sound(path, ramp(5.0))
    bench = Bench()
    bench.player.open(path)
    path.unlink()
    bench.player.play()
    bench.advance(1.0)
    assert "gone.wav" in str(bench.player.silent_reason)
    assert bench.player.position() == pytest.approx(1.0, abs=0.05)
    with pytest.raises(MediaError, match=r"gone\.wav"):
        bench.player.open(path)


@pytest.mark.parametrize(("channels", "expected"), [(1, [0.2, 0.2]), (3, [0.3, 0.4])])
def test_channels_are_fitted_to_the_card(channels, expected):
    values = np.array([[0.2], [0.4], [0.4]], np.float32)[:channels]
    sound = Sound(np.repeat(values, RATE, axis=1), RATE)
    piece = next(pieces(sound, 0.0, 1.0, None, 1.0, RATE, 2))
    np.testing.assert_allclose(piece.frames[0], expected)
    mono = next(pieces(sound, 0.0, 1.0, None, 1.0, RATE, 1))
    np.testing.assert_allclose(mono.frames[0], [values.mean()], rtol=1e-6)


def test_another_sample_rate_keeps_pitch_and_level():
    t = np.arange(44100) / 44100
    sound = Sound(0.5 * np.sin(2 * np.pi * 1000 * t).astype(np.float32)[None], 44100)
    out = np.concatenate([p.frames[:, 0] for p in pieces(sound, 0.0, 1.0, None, 1.0, 48000, 1)])
    assert len(out) == 48000
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    assert np.abs(out - expected)[100:-100].max() < 1e-3


def test_faster_does_not_alias():
    t = np.arange(RATE) / RATE
    high = np.sin(2 * np.pi * 3000 * t).astype(np.float32)[None]
    out = sample_at(high, np.arange(100, RATE - 100, 2.0), 2.0)
    assert np.abs(out).max() < 0.01
    kept = sample_at(
        np.sin(2 * np.pi * 500 * t).astype(np.float32)[None], np.arange(0, RATE, 2.0), 2.0
    )
    assert np.abs(kept).max() == pytest.approx(1.0, abs=0.02)


def test_choosing_another_device_moves_the_sound_there():
    bench = Bench(ramp(10.0), outputs=("Speakers", "Headphones"))
    bench.player.play()
    bench.advance(1.0)
    bench.player.device = bench.card.output_devices()[1]
    bench.advance(1.0)
    first, second = bench.card.streams
    assert first.closed and second.active and second.device.name == "Headphones"
    assert bench.player.position() == pytest.approx(2.0, abs=0.25)


def test_a_busy_device_is_a_reason_not_an_error():
    bench = Bench(ramp(10.0))
    bench.card.busy.add("Speakers")
    with pytest.raises(DeviceError):
        bench.card.open_output(None, lambda out, at: None)
    bench.player.play()
    bench.advance(0.1)
    assert bench.player.silent_reason


def test_with_its_own_thread_it_plays_ends_and_closes():
    ended = threading.Event()
    clock = SimulatedClock()
    player = Player(backend=SimulatedBackend(clock, outputs=()), threaded=True)
    player.on_ended = ended.set
    player.open(ramp(0.3))
    player.play()
    assert ended.wait(20)
    assert (player.position(), player.playing) == (0.3, False)
    player.close()
    assert "playback" not in [t.name for t in threading.enumerate()]


def test_playing_nothing_does_nothing():
    bench = Bench()
    bench.player.play()
    bench.player.seek(3.0)
    assert (bench.player.playing, bench.player.position(), bench.player.seconds) == (
        False,
        0.0,
        0.0,
    )
